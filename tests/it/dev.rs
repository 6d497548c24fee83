//! `fazt dev`: an open page follows the folder, and says why when it cannot.

mod ending;
mod run;
mod watching;

use std::time::Duration;

use fazt_actors::timestamp::Timestamp;

use crate::process::{Files, Machine, files, until, within};
use crate::wire::{self, Request};
use run::{Dev, SCRIPT, SITE};

/// A page, a style sheet, a picture and a fragment.
fn site() -> Files {
    files(&[
        ("index.html", "<!doctype html><html><head><title>one</title></head></html>"),
        ("style.css", "p { color: red }"),
        ("picture.bin", "0123456789"),
        ("404.html", "<p>lost"),
    ])
}

#[test]
fn an_edit_reloads_the_page() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    let mut stream = dev.listen();
    let before = dev.get("/").text();
    assert!(before.contains(&format!("<head>{SCRIPT} ")), "{before}");
    assert!(before.contains("data-release=\"1\" defer></script><title>one"), "{before}");

    dev.write("index.html", "<!doctype html><title>two</title>");
    let state = stream.expect("reload");
    assert_eq!((&state["release"], &state["reload"]), (&2.into(), &2.into()), "{state}");
    let after = dev.get("/").text();
    assert!(after.starts_with(&format!("<!doctype html>{SCRIPT} ")), "{after}");
    assert!(after.ends_with("data-release=\"2\" defer></script><title>two</title>"), "{after}");
    assert_eq!(dev.state(), state, "who asks learns the same as who listens");
    let printed = dev.event("deployed", 2);
    assert_eq!(printed["changed"], serde_json::json!(["index.html"]), "{printed}");
}

#[test]
fn style_sheets_are_swapped_in_an_open_page() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    let mut stream = dev.listen();
    dev.write("style.css", "p { color: green }");
    let state = stream.expect("css");
    assert_eq!((&state["release"], &state["reload"]), (&2.into(), &1.into()), "{state}");
    assert_eq!(dev.get("/style.css").text(), "p { color: green }");
    // A page that connects later, or was away, compares the same numbers.
    dev.write("index.html", "<title>two</title>");
    let state = stream.expect("reload");
    assert_eq!((&state["release"], &state["reload"]), (&3.into(), &3.into()), "{state}");
}

#[test]
fn nothing_of_the_app_is_kept_and_pages_are_whole() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    let page = dev.get("/");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("content-length"), Some(&*page.body.len().to_string()));
    for name in ["etag", "last-modified", "accept-ranges", "content-encoding"] {
        assert_eq!(page.header(name), None, "{name}");
    }
    let mut head = Request::get(SITE, "/").closing();
    head.method = "HEAD";
    let mut connection = wire::tcp(dev.port).unwrap();
    std::io::Write::write_all(&mut connection, &head.head()).unwrap();
    let head = wire::Answer::read_head(connection).unwrap();
    assert_eq!(head.length(), page.body.len() as u64, "HEAD tells the length of GET");

    // What a browser kept of another node under this address is no answer.
    let picture = dev.get("/picture.bin");
    let tag = picture.header("etag").unwrap();
    let again = dev.ask(Request::get(SITE, "/picture.bin").with(&format!("If-None-Match: {tag}")));
    assert_eq!((again.status, again.header("cache-control")), (200, Some("no-store")));
    let part = dev.ask(Request::get(SITE, "/picture.bin").with("Range: bytes=2-4"));
    assert_eq!((part.status, part.text().as_str()), (206, "234"));

    // A page that is missing may come; a fragment that a script fetches stays what it is.
    let missing = dev.get("/missing");
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains(SCRIPT) && missing.text().contains("<p>lost"));
    let fragment = dev.ask(Request::get(SITE, "/").with("Sec-Fetch-Dest: empty"));
    assert!(!fragment.text().contains(SCRIPT), "{}", fragment.text());
    let framed = dev.ask(Request::get(SITE, "/").with("Sec-Fetch-Dest: iframe"));
    assert!(framed.text().contains(SCRIPT), "{}", framed.text());
}

#[test]
fn a_problem_is_shown_with_its_place_until_it_is_mended() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    let mut stream = dev.listen();
    dev.write("_redirects", "/a /b\n\n/c https://example.org/:x/ 200\n");
    let state = stream.expect("problem");
    let problem = &state["problem"];
    assert_eq!((&problem["file"], &problem["line"]), (&"_redirects".into(), &3.into()), "{state}");
    let message = problem["message"].as_str().unwrap();
    assert!(message.contains("of another host"), "{message}");
    assert_eq!(problem["excerpt"][2]["text"], "/c https://example.org/:x/ 200", "{state}");
    assert_eq!(state["release"], 1);
    assert!(dev.get("/").text().contains("<title>one"), "the release before stays");

    // One problem takes the place of another.
    dev.write("fazt.json", "{\n  \"spa\": maybe\n}\n");
    let state = stream.expect("problem");
    let problem = &state["problem"];
    assert_eq!((&problem["file"], &problem["line"]), (&"fazt.json".into(), &2.into()), "{state}");
    assert!(problem["column"].as_u64().is_some_and(|column| column > 9), "{state}");

    dev.write("fazt.json", "{\"spa\": \"yes\"}");
    let state = stream.expect("problem");
    let problem = &state["problem"];
    assert_eq!((&problem["file"], &problem["line"]), (&"fazt.json".into(), &1.into()), "{state}");
    let message = problem["message"].as_str().unwrap();
    assert_eq!(message, "key `spa` must be true or false, found a string");

    // Mended without a difference to what is live: nothing to reload.
    std::fs::remove_file(dev.path("_redirects")).unwrap();
    std::fs::remove_file(dev.path("fazt.json")).unwrap();
    let state = stream.expect("ok");
    assert_eq!((&state["release"], &state["problem"]), (&1.into(), &().into()), "{state}");
    dev.event("ok", 2);

    dev.write("fazt.json", "{\"spa\": 1}");
    stream.expect("problem");
    dev.write("fazt.json", "{\"spa\": true}");
    let state = stream.expect("reload");
    assert_eq!((&state["release"], &state["problem"]), (&2.into(), &().into()), "{state}");
}

#[test]
fn a_folder_that_is_wrong_from_the_start_can_be_mended() {
    let machine = Machine::new();
    let mut wrong = site();
    wrong.insert("_headers".to_owned(), b"X-Lost: <here>\n".to_vec());
    let dev = Dev::spawn(&machine, &wrong, &["--port", "0"]);
    dev.event("problem", 0);
    let mut stream = dev.listen();
    let page = dev.get("/any/path");
    assert_eq!(page.status, 503);
    let text = page.text();
    assert!(text.contains(SCRIPT) && text.contains("_headers:1"), "{text}");
    assert!(text.contains("belongs to no path"), "{text}");

    std::fs::remove_file(dev.path("_headers")).unwrap();
    assert_eq!(stream.expect("reload")["release"], 1);
    assert!(dev.get("/").text().contains("<title>one"));
}

#[test]
fn an_empty_folder_waits_for_its_first_file() {
    let machine = Machine::new();
    let dev = Dev::spawn(&machine, &files(&[(".keep", "")]), &["--port", "0"]);
    let problem = dev.event("problem", 0);
    let message = problem["problem"]["message"].as_str().unwrap();
    assert!(message.contains("nothing to deploy"), "{problem}");
    let mut stream = dev.listen();
    dev.write("index.html", "hello");
    stream.expect("reload");
    assert!(dev.get("/").text().ends_with("hello"));
}

#[test]
fn only_names_of_this_machine_may_look_inside() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    for (host, status) in [
        (SITE, 200),
        ("SITE.localhost.:80", 200),
        ("other.localhost", 200),
        ("localhost", 200),
        ("127.0.0.1", 200),
        ("[::1]:4698", 200),
        ("example.org", 404),
        ("localhost.example.org", 404),
        ("127.0.0.1.example.org", 404),
        ("notlocalhost", 404),
    ] {
        for path in ["/_fazt/dev/state", "/_fazt/dev/reload.js"] {
            assert_eq!(dev.ask(Request::get(host, path)).status, status, "{host}{path}");
        }
    }
    let mut post = Request::get(SITE, "/_fazt/dev/state");
    post.method = "POST";
    assert_eq!(dev.ask(post).status, 405);
    assert_eq!(dev.get("/_fazt/dev/other").status, 404);
    let dashboard = dev.ask(Request::get("localhost", "/")).text();
    assert!(!dashboard.contains(SCRIPT), "{dashboard}");
}

/// Seconds since midnight, of a time such as `07:05:09`.
fn seconds(time: &str) -> i64 {
    let parts: Vec<i64> = time.split(':').map(|part| part.parse().unwrap()).collect();
    parts.iter().fold(0, |seconds, part| 60 * seconds + part)
}

#[test]
fn people_read_a_line_for_each_release_and_problem() {
    let machine = Machine::new();
    let dev = Dev::launch(&machine, &site(), &["--port", "0"]);
    let line = |stream: usize, part: &str| {
        until(part, || {
            let text = &dev.text()[stream];
            text.lines().find(|line| line.contains(part)).map(str::to_owned)
        })
    };
    assert!(line(0, "http://").starts_with("  http://site.localhost:"));
    let first = line(0, "v1");
    assert!(first.contains("  v1  4 files, "), "{first}");
    let now = Timestamp::now().as_secs() + 7 * 3600;
    let ago = (now - seconds(&first[..8])).rem_euclid(86_400);
    assert!(ago < 300, "{first} was {ago} s ago where TZ says");

    dev.write("style.css", "p {}");
    let second = line(0, "v2");
    assert!(second.contains("  v2  1 file changed: style.css  "), "{second}");
    assert!(second.ends_with(" ms"), "{second}");
    dev.write("_redirects", "/a /b 999\n");
    let said = line(1, "error: ");
    assert!(said.contains("  error: _redirects:1: unknown status `999`"), "{said}");
    assert!(line(1, "> 1").ends_with("> 1 | /a /b 999"));
    std::fs::remove_file(dev.path("_redirects")).unwrap();
    line(0, "  ok  ");
    assert!(!dev.text().concat().contains('\x1b'), "no colours in a file");
}

#[test]
fn streams_are_counted() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    let mut streams: Vec<_> = (0..64).map(|_| dev.listen()).collect();
    let refused = dev.get("/_fazt/dev/events");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    dev.write("index.html", "two");
    for stream in &mut streams {
        stream.expect("reload");
    }
    // Pages that are gone make room at once, not when something is to be told.
    drop(streams);
    let is_open = || {
        let mut connection = wire::tcp(dev.port).unwrap();
        let asked = Request::get(SITE, "/_fazt/dev/events");
        std::io::Write::write_all(&mut connection, &asked.head()).unwrap();
        let mut status = [0; 12];
        std::io::Read::read_exact(&mut connection, &mut status).unwrap();
        (status == *b"HTTP/1.1 200").then_some(())
    };
    within(Duration::from_secs(10), "room for a page", is_open);
}

#[test]
fn an_ordinary_node_knows_nothing_of_it() {
    let machine = Machine::new();
    let server = machine.start();
    server.deploy("site", &files(&[("index.html", "<title>one</title>")]));
    assert_eq!(server.get(SITE, "/").text(), "<title>one</title>");
    for path in ["reload.js", "state", "events"] {
        for host in [SITE, "localhost"] {
            let path = format!("/_fazt/dev/{path}");
            assert_eq!(server.get(host, &path).status, 404, "{host}{path}");
        }
    }
    server.stop();
}
