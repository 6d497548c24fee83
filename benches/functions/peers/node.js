// Node: plain servers, one on each of the ports given, and Hono on the last.
import { createServer } from "node:http";
import { serve } from "@hono/node-server";
import { fib } from "./fib.js";
import hono from "./hono.js";
import { transform } from "./json.js";

const [helloPort, jsonPort, fibPort, honoPort] = process.argv.slice(2).map(Number);

function send(response, value) {
    const body = JSON.stringify(value);
    const length = Buffer.byteLength(body);
    response.writeHead(200, { "content-type": "application/json", "content-length": length });
    response.end(body);
}

function listen(port, handler) {
    createServer(handler).listen(port, "127.0.0.1");
}

listen(helloPort, (_, response) => send(response, { message: "hello", time: Date.now() }));
listen(fibPort, (_, response) => send(response, { fib: fib(25) }));
listen(jsonPort, (request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => send(response, transform(JSON.parse(Buffer.concat(chunks)))));
});
serve({ fetch: hono.fetch, port: honoPort, hostname: "127.0.0.1" });
