// GET /api/entries lists all entries, POST adds one.

const { FIRST, own, check, keep } = require("../_book.js");

function handler(req) {
    if (req.method === "GET") return [...FIRST, ...own(req)];
    if (req.method === "POST") return sign(req);
    return { status: 405, headers: { Allow: "GET, POST" }, body: { error: "GET or POST" } };
}

function sign(req) {
    const problem = check(req.body ?? {});
    if (problem) return { status: 400, body: { error: problem } };
    const entries = own(req);
    const last = entries.at(-1) ?? FIRST.at(-1);
    const { name, text } = req.body;
    const entry = { id: last.id + 1, name, text };
    const cookie = keep([...entries, entry]);
    if (!cookie) return { status: 409, body: { error: "your page of the book is full" } };
    const headers = { "Set-Cookie": cookie, Location: `/api/entries/${entry.id}` };
    return { status: 201, headers, body: entry };
}
