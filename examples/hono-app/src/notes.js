// A part of the app with routes of its own.
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";

const texts = new Map([
    ["milk", "Two bottles."],
    ["birthday", "Ada, on the tenth of December."],
]);

export const notes = new Hono();

notes.get("/", (c) => c.json([...texts.keys()]));
notes.get("/:id", (c) => {
    const id = c.req.param("id");
    const text = texts.get(id);
    if (text === undefined) throw new HTTPException(404, { message: `no note called ${id}` });
    return c.json({ id, text });
});
