//! Source files of functions: what is wrong with one refuses the deploy that brings it.

use crate::node::TestNode;
use crate::zips::{archive, stored};

const HOST: &str = "blog.localhost";

fn site() -> TestNode {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "<h1>before</h1>"), ("api/a.js", "exports.a = 1")]);
    node
}

/// Sends an archive with a good page and these files, both ways that there are. Nothing must
/// have changed.
#[track_caller]
fn check(node: &TestNode, files: &[(&str, &str)], failure: &str, message: &str) {
    let mut all = vec![stored("index.html", b"<h1>after</h1>"), stored("api/ok.js", b"1")];
    all.extend(files.iter().map(|(path, text)| stored(path, text.as_bytes())));
    let by_archive = node.deploy_archive("blog", &archive(&all));
    let by_difference = node.upload("blog", Some(1), files, &[]);
    for response in [by_archive, by_difference] {
        assert_eq!(response.failure(), failure, "{message}: {}", response.text());
        assert!(response.message().contains(message), "{message}: {}", response.message());
        assert_eq!(node.get(HOST, "/").text(), "<h1>before</h1>");
        assert_eq!(node.releases("blog"), "[1]");
    }
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let node = site();
    for (path, text, message) in [
        ("api/users.ts", "type A = 1\n\nexport defolt 1", "api/users.ts:3:8: Unexpected token"),
        ("api/users.js", "let a = 1\nlet a = 2", "api/users.js:1:5: "),
        ("api/_lib/x.mts", "export const a: = 1", "api/_lib/x.mts:1:17: "),
        ("api/x.test.js", "(", "api/x.test.js:1:2: "),
        ("api/deep.js", &"[".repeat(100_000), "api/deep.js:1:1: the code is nested too deeply"),
        ("api/a.tsx", "export default 1", "api/a.tsx:1:1: JSX is not supported"),
        ("api/a.jsx", "export default 1", "esbuild --bundle"),
    ] {
        check(&node, &[(path, text)], "400 INVALID_FUNCTION", message);
    }
    // The first by path is told, whatever their order.
    let two = [("api/c.js", ")"), ("api/b.js", "(")];
    check(&node, &two, "400 INVALID_FUNCTION", "api/b.js:1:2: ");
}

#[test]
fn one_mistake_is_found_among_many_files() {
    let node = site();
    let names: Vec<String> = (0..600).map(|index| format!("api/f{index:03}.ts")).collect();
    let text = |index| if index == 555 { "const a: = 1" } else { "export default 1 as number" };
    let files: Vec<(&str, &str)> =
        names.iter().enumerate().map(|(index, name)| (name.as_str(), text(index))).collect();
    check(&node, &files, "400 INVALID_FUNCTION", "api/f555.ts:1:10: ");
}

#[test]
fn files_for_functions_have_a_bound_together() {
    let node = site();
    let half = "x".repeat(17 * 1024 * 1024);
    let files = [("api/1.txt", half.as_str()), ("api/2.txt", half.as_str())];
    check(&node, &files, "413 FUNCTIONS_TOO_LARGE", "allowed are 33554432");
}

#[test]
fn what_no_function_is_made_of_is_not_looked_at() {
    let node = site();
    let broken = "<<< no script";
    node.deploy(
        "blog",
        &[
            ("index.html", "<h1>after</h1>"),
            ("main.js", broken),
            ("script.js", broken),
            ("api/a.js", "export default 1"),
            ("api/data.json", broken),
            ("api/page.html", broken),
            ("api/_views/a.tsx", broken),
            ("api/types.d.ts", broken),
        ],
    );
    assert_eq!(node.get(HOST, "/").text(), "<h1>after</h1>");
    // A folder that only happens to be called `api`.
    node.deploy("manual", &[("index.html", "x"), ("api/index.html", broken)]);
    assert_eq!(node.releases("manual"), "[1]");
}

#[test]
fn a_root_main_is_code_without_an_index() {
    let node = TestNode::start();
    let response = node.deploy_archive("old", &archive(&[stored("main.js", b"respond(")]));
    assert_eq!(response.failure(), "400 INVALID_FUNCTION");
    assert!(response.message().starts_with("main.js:1:9: "), "{}", response.message());
    node.deploy("old", &[("main.js", "respond(request.path)")]);
}
