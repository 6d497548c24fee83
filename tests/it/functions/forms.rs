//! What a handler may be, what it gets, and what becomes of what it returns.

use super::{call, host};
use crate::process::{Files, Machine, Server, files};
use crate::wire::{self, Reply, Request};

/// Sends a body to a function.
#[track_caller]
fn send(server: &Server, method: &str, path: &str, kind: &str, body: &[u8]) -> Reply {
    let host = host("app");
    let mut request = Request::get(&host, path).with(&format!("content-type: {kind}")).closing();
    request.method = method;
    request.body = body.to_vec();
    request.exchange(wire::tcp(server.port).unwrap()).unwrap()
}

#[track_caller]
fn with_app(app: &Files, check: impl FnOnce(&Server)) {
    let machine = Machine::new();
    let server = machine.start();
    server.deploy("app", app);
    check(&server);
    server.stop();
}

/// One function, and what it answers: status, type, text.
#[track_caller]
fn check(server: &Server, path: &str, status: u16, kind: Option<&str>, text: &str) {
    let reply = call(server, "app", path);
    let shown = reply.text();
    assert_eq!((reply.status, &*shown), (status, text), "{path}");
    assert_eq!(reply.header("content-type"), kind, "{path}");
}

const JSON: Option<&str> = Some("application/json");
const TEXT: Option<&str> = Some("text/plain; charset=utf-8");
const HTML: Option<&str> = Some("text/html; charset=utf-8");

#[test]
fn handlers_may_have_any_of_the_forms() {
    let app = files(&[
        ("api/classic.js", "function handler(req) { return { at: req.path, q: req.query }; }"),
        ("api/later.js", "async function handler(req) { await null; return 'later'; }"),
        ("api/arrow.js", "const handler = (req) => req.method;"),
        ("api/commonjs.js", "module.exports = (req) => require('./lib/_sum.js').sum(2, 3);"),
        ("api/lib/_sum.js", "exports.sum = (a, b) => a + b;"),
        ("api/default.js", "export default (req) => Response.json({ method: req.method });"),
        ("api/methods.js", "export function GET(request) { return new Response('got'); }"),
        (
            "api/fetch.js",
            "export default { fetch: (request, env, ctx) => \
             new Response(`${request.method} ${typeof env} ${typeof ctx.waitUntil}`) };",
        ),
        ("api/v09.js", "var name = request.query.name; respond(201, { hello: name });"),
        ("api/value.js", "var a = 20; a + 22;"),
        ("api/typed.ts", "enum E { A = 'a' }\nexport default (req: { path: string }) => E.A;"),
        (
            "api/json.js",
            "import data from './data.json' with { type: 'json' };\n\
                         export default () => data.list;",
        ),
        ("api/data.json", "{\"list\":[1,2]}"),
        ("api/dynamic.js", "export default async () => (await import('./_part.mjs')).part;"),
        ("api/_part.mjs", "export const part = 'part';"),
        (
            // What routers do with requests.
            "api/routed.js",
            "export const GET = (request) => {
               const id = request.params;
               Object.assign(request, { params: { id: 1 }, query: { a: 2 }, path: '/p' });
               const { params, query, path, constructor } = request;
               return Response.json([id, params, query, path, constructor === Request]);
             };",
        ),
        ("api/users/[id].js", "export const GET = (request) => Response.json(request.params);"),
        ("api/files/[...rest].js", "export default (req) => req.params.rest;"),
    ]);
    with_app(&app, |server| {
        check(
            server,
            "/api/classic?a=1&a=2&b=",
            200,
            JSON,
            "{\"at\":\"/api/classic\",\"q\":{\"a\":[\"1\",\"2\"],\"b\":\"\"}}",
        );
        check(server, "/api/later", 200, TEXT, "later");
        check(server, "/api/arrow", 200, TEXT, "GET");
        check(server, "/api/commonjs", 200, JSON, "5");
        check(server, "/api/default", 200, JSON, "{\"method\":\"GET\"}");
        check(server, "/api/methods", 200, Some("text/plain;charset=UTF-8"), "got");
        check(server, "/api/fetch", 200, Some("text/plain;charset=UTF-8"), "GET object function");
        check(server, "/api/v09?name=x", 201, JSON, "{\"hello\":\"x\"}");
        check(server, "/api/value", 200, JSON, "42");
        check(server, "/api/typed", 200, TEXT, "a");
        check(server, "/api/json", 200, JSON, "[1,2]");
        check(server, "/api/dynamic", 200, TEXT, "part");
        let routed = "[{},{\"id\":1},{\"a\":2},\"/p\",true]";
        check(server, "/api/routed", 200, JSON, routed);
        check(server, "/api/users/7%20b", 200, JSON, "{\"id\":\"7 b\"}");
        check(server, "/api/files/a/b", 200, TEXT, "a/b");
        let refused = send(server, "DELETE", "/api/methods", "text/plain", b"");
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, OPTIONS, HEAD")));
        let options = send(server, "OPTIONS", "/api/methods", "text/plain", b"");
        assert_eq!((options.status, options.header("allow")), (204, Some("GET, OPTIONS, HEAD")));
        // Sources are never served.
        for path in ["/api/classic.js", "/api/data.json", "/api/lib/_sum.js", "/api/lib/_sum"] {
            assert_eq!(call(server, "app", path).status, 404, "{path}");
        }
    });
}

#[test]
fn what_is_returned_becomes_a_response() {
    let app = files(&[(
        "api/[what].js",
        "const answers = {
           nothing: () => undefined, null: () => null, number: () => 42, list: () => [1, 'a'],
           object: () => ({ a: 1 }), text: () => 'text', html: () => ' <p>x</p>',
           json: () => '{\"a\":1}', brace: () => '{no json', empty: () => '',
           bytes: () => new Uint8Array([65, 66]), buffer: () => new Uint8Array([67]).buffer,
           status: () => ({ status: 418, body: 'teapot', headers: { 'X-A': 'b' } }),
           cookies: () => ({ status: 200, headers: { 'set-cookie': ['a=1', 'b=2; Domain=x.y'] } }),
           texted: () => ({ status: 'x', body: 1 }), blob: () => new Blob(['z'], { type: 'a/b' }),
           stream: () => new Blob(['streamed']).stream(),
           redirect: () => Response.redirect('https://example.org/', 303),
           length: () => new Response('abc', { headers: { 'content-length': '99' } }),
         };
         function handler(req) { return answers[req.params.what](); }",
    )]);
    with_app(&app, |server| {
        check(server, "/api/nothing", 204, None, "");
        check(server, "/api/null", 204, None, "");
        check(server, "/api/number", 200, JSON, "42");
        check(server, "/api/list", 200, JSON, "[1,\"a\"]");
        check(server, "/api/object", 200, JSON, "{\"a\":1}");
        check(server, "/api/text", 200, TEXT, "text");
        check(server, "/api/html", 200, HTML, " <p>x</p>");
        check(server, "/api/json", 200, JSON, "{\"a\":1}");
        check(server, "/api/brace", 200, TEXT, "{no json");
        check(server, "/api/empty", 200, TEXT, "");
        check(server, "/api/bytes", 200, Some("application/octet-stream"), "AB");
        check(server, "/api/buffer", 200, Some("application/octet-stream"), "C");
        check(server, "/api/texted", 200, JSON, "{\"status\":\"x\",\"body\":1}");
        check(server, "/api/blob", 200, Some("a/b"), "z");
        check(server, "/api/stream", 200, Some("application/octet-stream"), "streamed");
        check(server, "/api/length", 200, Some("text/plain;charset=UTF-8"), "abc");
        let status = call(server, "app", "/api/status");
        assert_eq!((status.status, status.header("x-a")), (418, Some("b")));
        let cookies = call(server, "app", "/api/cookies").headers;
        let set = cookies.iter().filter(|(name, _)| name == "set-cookie");
        assert_eq!(set.map(|(_, value)| &**value).collect::<Vec<_>>(), ["a=1", "b=2"]);
        let redirect = call(server, "app", "/api/redirect");
        assert_eq!(redirect.status, 303);
        assert_eq!(redirect.header("location"), Some("https://example.org/"));
    });
}

#[test]
fn bodies_come_in_whole_or_as_streams() {
    let app = files(&[
        (
            "api/classic.js",
            "function handler(req) {
               const { body } = req;
               return { kind: typeof body, body: typeof body === 'string' ? body.length : body,
                        bytes: req.bytes.length };
             }",
        ),
        (
            "api/stream.js",
            "export async function POST(request) {
               let length = 0;
               for await (const chunk of request.body) length += chunk.length;
               return Response.json({ length });
             }",
        ),
        (
            "api/form.js",
            "export async function POST(request) {
               const form = await request.formData();
               const file = form.get('f');
               return Response.json([form.get('a'), file.name, await file.text()]);
             }",
        ),
        ("api/echo.js", "export const POST = (request) => new Response(request.body);"),
    ]);
    with_app(&app, |server| {
        let json = send(server, "POST", "/api/classic", "application/json", b"{\"a\":[1]}");
        assert_eq!(json.text(), "{\"kind\":\"object\",\"body\":{\"a\":[1]},\"bytes\":9}");
        let wrong = send(server, "POST", "/api/classic", "application/json", b"{\"a\"");
        assert_eq!(wrong.text(), "{\"kind\":\"string\",\"body\":4,\"bytes\":4}");
        let text = send(server, "PUT", "/api/classic", "text/plain", b"abc");
        assert_eq!(text.text(), "{\"kind\":\"string\",\"body\":3,\"bytes\":3}");
        // A body of more than 1 MiB is only for handlers that stream it.
        let large = vec![7; 3 * 1024 * 1024];
        assert_eq!(send(server, "POST", "/api/classic", "a/b", &large).status, 413);
        let streamed = send(server, "POST", "/api/stream", "a/b", &large);
        assert_eq!(streamed.text(), "{\"length\":3145728}");
        let echoed = send(server, "POST", "/api/echo", "a/b", &large);
        assert!(echoed.body == large, "{} bytes came back", echoed.body.len());
        let form = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\n\
            Content-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\n\r\n\
            file\r\n--b--\r\n";
        let form = send(server, "POST", "/api/form", "multipart/form-data; boundary=b", form);
        assert_eq!(form.text(), "[\"1\",\"x.txt\",\"file\"]");
    });
}

#[test]
fn the_originals_main_js_answers_every_path() {
    let app = files(&[
        (
            "main.js",
            "if (req.path === '/json') { res.json({ q: req.query, ua: req.headers['X-Test'] }); }
             else if (req.path === '/status') { res.status(404); res.send('none'); }
             else { res.header('X-Made', 'by script'); res.send('a'); res.send(req.method); }",
        ),
        ("style.css", "a {}"),
    ]);
    with_app(&app, |server| {
        check(server, "/", 200, HTML, "aGET");
        check(server, "/style.css", 200, HTML, "aGET");
        check(server, "/main.js", 200, HTML, "aGET");
        check(server, "/status", 404, HTML, "none");
        let host = host("app");
        let request = Request::get(&host, "/json?a=1").with("x-test: yes").closing();
        let reply = request.exchange(wire::tcp(server.port).unwrap()).unwrap();
        assert_eq!(reply.text(), "{\"q\":\"a=1\",\"ua\":\"yes\"}");
    });
}
