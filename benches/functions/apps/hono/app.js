import { Hono } from "hono";

const users = new Map([1, 2, 3, 7].map((id) => [String(id), { id, name: `user ${id}` }]));

const app = new Hono().basePath("/api");
app.get("/status", (c) => c.json({ service: "shop", version: 1 }));
app.get("/users", (c) => c.json([...users.values()]));
app.get("/users/:id", (c) => {
    const user = users.get(c.req.param("id"));
    return user ? c.json(user) : c.json({ error: "no such user" }, 404);
});
app.get("/posts/:post/comments/:comment", (c) => c.json(c.req.param()));
app.get("/search", (c) => c.json({ query: c.req.query("q"), found: 0 }));

export default app;
