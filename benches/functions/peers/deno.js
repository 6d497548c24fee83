// Deno: one server on each of the ports given.
import fib from "./fib.js";
import hono from "./hono.js";
import json from "./json.js";
import response from "./response.js";

const handlers = [response, json, fib, hono.fetch];
handlers.forEach((handler, nth) => {
    const port = Number(Deno.args[nth]);
    Deno.serve({ port, hostname: "127.0.0.1", onListen() {} }, handler);
});
