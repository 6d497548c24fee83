// The guestbook: what it came with, and what this visitor has signed. A name that begins with
// `_` makes no route of a file.

const COOKIE = "entries";
const NAME_LENGTH_MAX = 40;
const TEXT_LENGTH_MAX = 280;
// Browsers keep 4,096 bytes of a cookie, with its name and attributes.
const COOKIE_LENGTH_MAX = 3800;

const FIRST = [
    { id: 1, name: "Grace", text: "First!" },
    { id: 2, name: "Linus", text: "A book without a database." },
];

// Entries of this visitor, from the cookie: [{ id, name, text }].
function own(req) {
    const cookies = (req.headers.cookie ?? "").split("; ");
    const found = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`));
    if (!found) return [];
    try {
        const entries = JSON.parse(decodeURIComponent(found.slice(COOKIE.length + 1)));
        return Array.isArray(entries) ? entries.filter(isEntry) : [];
    } catch {
        // Visitors may send any cookie: one that cannot be read is an empty book.
        return [];
    }
}

function isEntry(entry) {
    return Number.isSafeInteger(entry?.id) && check(entry) === undefined;
}

// What is wrong with an entry, or undefined.
function check({ name, text }) {
    if (typeof name !== "string" || name.trim() === "") return "name is missing";
    if (typeof text !== "string" || text.trim() === "") return "text is missing";
    if (name.length > NAME_LENGTH_MAX) return `name is longer than ${NAME_LENGTH_MAX}`;
    if (text.length > TEXT_LENGTH_MAX) return `text is longer than ${TEXT_LENGTH_MAX}`;
    return undefined;
}

// The header that makes the visitor keep these entries, or undefined when they are too many.
function keep(entries) {
    const value = encodeURIComponent(JSON.stringify(entries));
    if (value.length > COOKIE_LENGTH_MAX) return undefined;
    const age = entries.length > 0 ? 365 * 24 * 3600 : 0;
    return `${COOKIE}=${value}; Path=/api; Max-Age=${age}; HttpOnly; SameSite=Lax`;
}

module.exports = { FIRST, own, check, keep };
