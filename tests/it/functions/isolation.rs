//! What an app sees of others, of the node, and of itself: logs, variables, errors.

use std::io::Write as _;

use super::{call, host, start};
use crate::process::{Machine, files, until};
use crate::wire::{self, Answer, Request};

#[test]
fn apps_see_nothing_of_each_other() {
    let machine = Machine::new();
    let server = start(&machine);
    let app = files(&[(
        "api/x.js",
        "globalThis.seen = (globalThis.seen ?? 0) + 1;
         export default (req) => Response.json({
           seen: globalThis.seen, name: fazt.app.name, env: process.env,
           headers: { ...req.headers }, deno: typeof Deno, host: typeof __fazt,
         });",
    )]);
    server.deploy("one", &app);
    server.deploy("two", &app);
    machine.run(&["app", "env", "set", "one", "SECRET", "s1", "--db", &machine.db()]).ok();
    let one = call(&server, "one", "/api/x").json();
    let two = call(&server, "two", "/api/x").json();
    assert_eq!((&one["name"], &one["env"]["SECRET"]), (&"one".into(), &"s1".into()));
    assert_eq!((&two["name"], &two["env"]), (&"two".into(), &serde_json::json!({})));
    assert_eq!(
        (&two["seen"], &two["deno"], &two["host"]),
        (&1.into(), &"undefined".into(), &"undefined".into())
    );
    // The node's credentials stay with the node, and the app's own pass.
    let two = host("two");
    let request = Request::get(&two, "/api/x")
        .with("authorization: Bearer fazt_abc_def")
        .with("cookie: fazt=secret; a=1; __Host-fazt=secret")
        .closing();
    let reply = request.exchange(wire::tcp(server.port).unwrap()).unwrap().json();
    assert_eq!(reply["headers"]["cookie"], "a=1");
    assert!(reply["headers"]["authorization"].is_null(), "{reply}");
    // A variable that changes is seen by the next call.
    machine.run(&["app", "env", "set", "one", "SECRET", "s2", "--db", &machine.db()]).ok();
    assert_eq!(call(&server, "one", "/api/x").json()["env"]["SECRET"], "s2");
    // A preview runs its own release, without secrets.
    let preview = call(&server, "v1--one", "/api/x").json();
    assert_eq!(preview["env"], serde_json::json!({}));
    server.stop();
}

#[test]
fn a_deploy_replaces_the_code() {
    let machine = Machine::new();
    let server = start(&machine);
    let version =
        |text: &str| files(&[("api/x.js", &*format!("function handler() {{ return '{text}'; }}"))]);
    server.deploy("app", &version("first"));
    assert_eq!(call(&server, "app", "/api/x").text(), "first");
    server.deploy("app", &version("second"));
    assert_eq!(call(&server, "app", "/api/x").text(), "second");
    assert_eq!(call(&server, "v1--app", "/api/x").text(), "first");
    machine.run(&["app", "rollback", "app", "--db", &machine.db()]).ok();
    assert_eq!(call(&server, "app", "/api/x").text(), "first");
    server.stop();
}

#[test]
fn what_is_said_and_what_fails_is_in_the_log() {
    let machine = Machine::new();
    let server = start(&machine);
    let source = "interface Thing { name: string }\n\
                  export default function (req: { path: string }): string {\n\
                  \x20 console.warn('careful', { at: req.path });\n\
                  \x20 throw new TypeError('it broke');\n}\n";
    server.deploy("app", &files(&[("api/x.ts", source)]));
    let reply = call(&server, "app", "/api/x");
    assert_eq!(reply.status, 500);
    let error = reply.json()["error"].clone();
    let id = error["request_id"].as_str().unwrap().to_owned();
    assert_eq!(reply.header("x-request-id"), Some(&*id));
    // Visitors learn nothing of the code.
    assert!(!reply.text().contains("broke"), "{}", reply.text());
    let lines = until("the lines of the call", || {
        let logs = server.api(&format!("/api/logs?site_id=app&request_id={id}"));
        let lines = logs["logs"].as_array().unwrap().clone();
        (lines.len() == 2).then_some(lines)
    });
    let (failed, said) = (&lines[0], &lines[1]);
    assert_eq!((&said["level"], &said["source"]), (&"warn".into(), &"api/x.ts:3".into()));
    assert_eq!(said["message"], "careful { at: \"/api/x\" }");
    assert_eq!((&failed["level"], &failed["source"]), (&"error".into(), &"api/x.ts:4".into()));
    let message = failed["message"].as_str().unwrap();
    assert!(message.starts_with("TypeError: it broke"), "{message}");
    assert!(message.contains("api/x.ts:4:"), "{message}");
    server.stop();
}

#[test]
fn a_promise_that_fails_unheard_is_in_the_log_of_its_call() {
    let machine = Machine::new();
    let server = start(&machine);
    let unheard = "interface Why { text: string }\n\
                   export default () => {\n\
                   \x20 Promise.reject(new Error('nobody asked'));\n\
                   \x20 return 'answered';\n};\n";
    let heard = "const seen = [];
        addEventListener('unhandledrejection', (event) => {
          seen.push(event.reason);
          event.preventDefault();
        });
        export default () => {
          const before = seen.length;
          Promise.reject('why');
          const caught = Promise.reject('not this');
          caught.catch(() => {});
          return new Promise((done) => setTimeout(() => done([before, seen]), 1));
        };";
    server.deploy("app", &files(&[("api/unheard.ts", unheard)]));
    server.deploy("listening", &files(&[("api/heard.js", heard)]));
    assert_eq!(call(&server, "listening", "/api/heard").text(), "[0,[\"why\"]]");
    let reply = call(&server, "app", "/api/unheard");
    assert_eq!(reply.text(), "answered");
    let id = reply.header("x-request-id").unwrap();
    let lines = until("the line of the call", || {
        let logs = server.api(&format!("/api/logs?site_id=app&request_id={id}"));
        let lines = logs["logs"].as_array().unwrap().clone();
        (!lines.is_empty()).then_some(lines)
    });
    let message = lines[0]["message"].as_str().unwrap();
    assert!(message.starts_with("Uncaught (in promise) Error: nobody asked"), "{message}");
    assert_eq!((lines.len(), &lines[0]["source"]), (1, &"api/unheard.ts:3".into()));
    server.stop();
}

#[test]
fn an_isolate_serves_a_bounded_number_of_calls() {
    const CALLS_MAX: usize = 20_000;
    let machine = Machine::new();
    let server = start(&machine);
    let count =
        "globalThis.calls = 0;\nfunction handler() { return { calls: ++globalThis.calls }; }";
    server.deploy("app", &files(&[("api/x.js", count)]));
    let host = host("app");
    let head = Request::get(&host, "/api/x").head();
    let mut connection = wire::tcp(server.port).unwrap();
    let mut isolates = 0;
    for _ in 0..=CALLS_MAX {
        connection.write_all(&head).unwrap();
        let (reply, kept) = Answer::read_head(connection).unwrap().body().unwrap();
        connection = kept;
        isolates += usize::from(reply.text() == "{\"calls\":1}");
    }
    assert!(isolates >= 2, "{isolates}");
    server.stop();
}

#[test]
fn two_processes_draw_different_numbers() {
    let draw = || {
        let machine = Machine::new();
        let server = start(&machine);
        let app = files(&[("api/x.js", "function handler() { return Math.random(); }")]);
        server.deploy("app", &app);
        let drawn = call(&server, "app", "/api/x").text();
        server.stop();
        drawn
    };
    assert_ne!(draw(), draw());
}

#[test]
fn timers_and_groups_end_with_their_call() {
    // More timers in all than an isolate may have at once.
    const CALLS: usize = 12;
    let machine = Machine::new();
    let server = start(&machine);
    let app = files(&[(
        "api/x.js",
        "const late = [];
         export default () => {
           for (let count = 0; count < 1000; count += 1) setTimeout(() => {}, 60000);
           setTimeout(() => late.push('late'), 1);
           console.group();
           console.log('line');
           return Response.json(late);
         };",
    )]);
    server.deploy("app", &app);
    for _ in 0..CALLS {
        let reply = call(&server, "app", "/api/x");
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.text(), "[]");
    }
    let lines = until("the lines of all calls", || {
        let logs = server.api("/api/logs?site_id=app&limit=1000");
        let lines = logs["logs"].as_array().unwrap().iter();
        let lines = lines.map(|line| line["message"].as_str().unwrap().to_owned());
        let lines: Vec<String> = lines.filter(|line| line.ends_with("line")).collect();
        (lines.len() == CALLS).then_some(lines)
    });
    assert!(lines.iter().all(|line| line == "  line"), "{lines:?}");
    server.stop();
}
