//! The Web API that functions have, case by case: scripts under `functions/conformance`, each a
//! list of `test(name, function)`, run on the real engine.

use std::collections::BTreeMap;
use std::fs;

use super::{call, cases, host};
use crate::process::{Files, Machine, Server, until};
use crate::wire::{self, Reply, Request};

/// The number that the README tells; a case more is told there too.
const CASES_MIN: usize = 670;

#[test]
fn the_web_api_is_as_its_standards_say() {
    let folder = cases("conformance");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let (head, tail) = (read("_runner_head.js"), read("_runner_tail.js"));
    let mut topics: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".js") && !name.starts_with('_'))
        .collect();
    topics.sort();
    let mut app: Files = BTreeMap::new();
    for topic in &topics {
        let text = format!("{head}{}{tail}", read(topic));
        app.insert(format!("api/{topic}"), text.into_bytes());
    }
    let machine = Machine::new();
    let server = machine.start();
    server.deploy("web", &app);
    let mut passed = 0;
    let mut failed = Vec::new();
    for topic in &topics {
        let stem = topic.strip_suffix(".js").unwrap();
        let path = format!("/api/{stem}");
        let reply = match stem {
            "console" => judge_by_log(&server, &path),
            _ => call(&server, "web", &path),
        };
        assert_eq!(reply.status, 200, "{topic}: {}\n{}", reply.text(), app_log(&machine));
        let result = reply.json();
        passed += usize::try_from(result["passed"].as_u64().unwrap()).unwrap();
        for failure in result["failed"].as_array().unwrap() {
            failed.push(format!("{stem}: {}: {}", failure["name"], failure["error"]));
        }
    }
    assert!(failed.is_empty(), "{passed} passed, {} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(passed >= CASES_MIN, "{passed} cases");
    server.stop();
}

/// Runs cases that look at the app's log: once each to write it, then all to judge it.
fn judge_by_log(server: &Server, path: &str) -> Reply {
    let count = call(server, "web", &format!("{path}?count")).json()["count"].as_u64().unwrap();
    for case in 0..count {
        assert_eq!(call(server, "web", &format!("{path}?record={case}")).status, 200);
    }
    // The last line of all is told by a case of its own number, which no case has.
    assert_eq!(call(server, "web", &format!("{path}?record={count}")).status, 200);
    let end = format!("\u{241e}{count}");
    let lines = until("the whole log", || {
        let lines = all_lines(server);
        lines.last().is_some_and(|line| line.ends_with(&end)).then_some(lines)
    });
    let host = host("web");
    let mut request = Request::get(&host, path).with("content-type: application/json").closing();
    request.method = "POST";
    request.body = serde_json::to_vec(&lines).unwrap();
    request.exchange(wire::tcp(server.port).unwrap()).unwrap()
}

/// All lines of the app's log, the oldest first.
fn all_lines(server: &Server) -> Vec<String> {
    let mut lines = Vec::new();
    let mut after = 0;
    loop {
        let logs = server.api(&format!("/api/logs?site_id=web&limit=1000&after={after}"));
        let mut page = logs["logs"].as_array().unwrap().clone();
        page.sort_by_key(|line| line["id"].as_i64());
        let Some(last) = page.last() else { return lines };
        after = last["id"].as_i64().unwrap();
        let text = |line: &serde_json::Value, key| line[key].as_str().unwrap().to_owned();
        lines.extend(
            page.iter().map(|line| format!("{}: {}", text(line, "level"), text(line, "message"))),
        );
    }
}

fn app_log(machine: &Machine) -> String {
    machine.run(&["app", "logs", "web", "--db", &machine.db()]).ok()
}
