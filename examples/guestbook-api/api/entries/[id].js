// GET /api/entries/3 answers one entry, DELETE takes back one of the visitor's own.

const { FIRST, own, keep } = require("../_book.js");

function handler(req) {
    const id = Number(req.params.id);
    const entries = own(req);
    const entry = [...FIRST, ...entries].find((entry) => entry.id === id);
    if (!entry) return { status: 404, body: { error: `no entry ${req.params.id}` } };
    if (req.method === "GET") return entry;
    if (req.method !== "DELETE") {
        return { status: 405, headers: { Allow: "GET, DELETE" }, body: { error: "GET or DELETE" } };
    }
    if (FIRST.includes(entry)) return { status: 403, body: { error: "this one stays" } };
    const left = entries.filter((kept) => kept !== entry);
    return { status: 204, headers: { "Set-Cookie": keep(left) } };
}
