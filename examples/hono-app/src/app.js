import { Hono } from "hono";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { stream } from "hono/streaming";
import { notes } from "./notes.js";

const app = new Hono().basePath("/api");

app.use(async (c, next) => {
    await next();
    c.header("X-Powered-By", "Hono on fazt");
});

app.get("/", (c) => c.json({ routes: app.routes.length, runtime: "fazt" }));
app.get("/hello/:name", (c) => c.text(`Hello, ${c.req.param("name")}!`));
app.get("/add/:a{[0-9]+}/:b{[0-9]+}", (c) => {
    const { a, b } = c.req.param();
    return c.json({ sum: Number(a) + Number(b) });
});
app.post("/echo", async (c) => c.json({ got: await c.req.json() }, 201));
app.get("/count/:to", (c) => {
    const to = Math.min(Number(c.req.param("to")) || 0, 100);
    return stream(c, async (answer) => {
        for (let number = 1; number <= to; number += 1) await answer.write(`${number}\n`);
    });
});
app.use("/notes/*", etag());
app.route("/notes", notes);

app.notFound((c) => c.json({ error: `nothing at ${c.req.path}` }, 404));
app.onError((error, c) => {
    if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
    throw error;
});

export default app;
