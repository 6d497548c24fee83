use proptest::prelude::*;

use super::*;

/// Checks which file answers, with its parameters as `file name=value`.
#[track_caller]
fn check(files: &[&str], path: &str, expect: Option<&str>) {
    let routes = FunctionRoutes::new(files.iter().copied(), false);
    let found = routes.find(path).map(|found| {
        let params = found.params.iter().map(|(name, value)| format!(" {name}={value}"));
        format!("{}{}", found.file, params.collect::<String>())
    });
    assert_eq!(found.as_deref(), expect, "{path}");
}

#[test]
fn files_are_routes() {
    let files = [
        "api/hello.js",
        "api/users/index.ts",
        "api/users/[id].js",
        "api/users/[id]/posts/[post].mjs",
        "api/users/me.cjs",
        "api/a.b.js",
        "index.html",
    ];
    check(&files, "/api/hello", Some("api/hello.js"));
    check(&files, "/api/hello/", Some("api/hello.js"));
    check(&files, "/api/hello.js", None);
    check(&files, "/api/hello/x", None);
    check(&files, "/api/Hello", None);
    check(&files, "/api/users", Some("api/users/index.ts"));
    check(&files, "/api/users/", Some("api/users/index.ts"));
    check(&files, "/api/users/index", Some("api/users/[id].js id=index"));
    check(&files, "/api/users/me", Some("api/users/me.cjs"));
    check(&files, "/api/users/ü 7%20", Some("api/users/[id].js id=ü 7%20"));
    check(&files, "/api/users/me/posts/2", Some("api/users/[id]/posts/[post].mjs id=me post=2"));
    check(&files, "/api/users/7/posts", None);
    check(&files, "/api/a.b", Some("api/a.b.js"));
    check(&files, "/api", None);
    check(&files, "/apis/hello", None);
    check(&files, "/hello", None);
    check(&files, "", None);
}

#[test]
fn rests_take_what_is_left() {
    let files = ["api/f/[...path].js", "api/f/[id]/x.js", "api/f/a.js", "api/o/[[...p]].ts"];
    check(&files, "/api/f", None);
    check(&files, "/api/f/a", Some("api/f/a.js"));
    check(&files, "/api/f/b", Some("api/f/[...path].js path=b"));
    check(&files, "/api/f/b/c/d", Some("api/f/[...path].js path=b/c/d"));
    check(&files, "/api/f/b/x", Some("api/f/[id]/x.js id=b"));
    check(&files, "/api/f/a/y", Some("api/f/[...path].js path=a/y"));
    check(&files, "/api/o", Some("api/o/[[...p]].ts"));
    check(&files, "/api/o/1/2", Some("api/o/[[...p]].ts p=1/2"));
    check(&["api/[...all].js", "api/main.js"], "/api/x", Some("api/[...all].js all=x"));
    check(&["api/[...all].js", "api/main.js"], "/api", Some("api/main.js"));
    check(&["api/o/index.js", "api/o/[[...p]].js"], "/api/o", Some("api/o/index.js"));
    // What is no parameter is a name.
    check(&["api/[...a]/b.js"], "/api/x/b", None);
    check(&["api/[...a]/b.js"], "/api/[...a]/b", Some("api/[...a]/b.js"));
    check(&["api/[].js"], "/api/x", None);
    check(&["api/v[id].js"], "/api/v1", None);
}

#[test]
fn the_last_resorts() {
    let both = ["api/index.js", "api/main.js", "api/a.js"];
    check(&both, "/api", Some("api/index.js"));
    check(&both, "/api/", Some("api/index.js"));
    check(&both, "/api/x/y", Some("api/main.js"));
    check(&both, "/api/main", Some("api/main.js"));
    check(&both, "/api/a", Some("api/a.js"));
    check(&["api/index.ts"], "/api/x/y", Some("api/index.ts"));
    check(&["api/main.mjs"], "/api", Some("api/main.mjs"));
    check(&["api/users/main.js"], "/api/users", None);
    check(&["api/users/main.js"], "/api/users/main", Some("api/users/main.js"));
}

#[test]
fn the_main_file_of_the_original_answers_everything() {
    let files = ["main.js", "api/a.js", "style.css"];
    check(&files, "/", Some("main.js"));
    check(&files, "/style.css", Some("main.js"));
    check(&files, "/api/x", Some("main.js"));
    check(&files, "/api/a", Some("api/a.js"));
    let routes = FunctionRoutes::new(files, true);
    assert_eq!(routes.find("/"), None);
    assert_eq!(routes.root_main(), None);
    check(&["main.ts", "sub/main.js"], "/", None);
}

#[test]
fn what_is_no_route() {
    for file in [
        "api/_lib.js",
        "api/_lib/x.js",
        "api/.x.js",
        "api/a/.b/x.js",
        "api/node_modules/x.js",
        "api/x.test.js",
        "api/x.test.mjs",
        "api/x.d.ts",
        "api/x.json",
        "api/x.tsx",
        "api/x.wasm",
        "api/x",
        "docs/api/x.js",
        "private/x.js",
    ] {
        let routes = FunctionRoutes::new([file], false);
        assert!(routes.is_empty(), "{file}");
        assert_eq!(routes.find("/api/x"), None, "{file}");
    }
}

#[test]
fn the_first_of_two_answers_and_the_other_is_told() {
    fn check(files: &[&str], path: &str, used: &str) {
        for turn in 0..files.len() {
            let mut files = files.to_vec();
            files.rotate_left(turn);
            let routes = FunctionRoutes::new(files.iter().copied(), false);
            assert_eq!(routes.find(path).unwrap().file.as_ref(), used);
            let told = routes.conflicts().iter().map(|conflict| &conflict.used);
            assert_eq!(told.collect::<Vec<_>>(), vec![used; files.len() - 1]);
        }
    }
    check(&["api/a.cts", "api/a.ts", "api/a.mjs", "api/a.js"], "/api/a", "api/a.js");
    check(&["api/a/index.js", "api/a.ts"], "/api/a", "api/a.ts");
    check(&["api/[b].js", "api/[a].js"], "/api/x", "api/[a].js");
    check(&["api/[...b].js", "api/[...a].js"], "/api/x", "api/[...a].js");
    check(&["api/index.ts", "api/index.js"], "/api", "api/index.js");
    check(&["api/main.ts", "api/main.mts"], "/api", "api/main.ts");
}

/// Paths of files, most of them odd.
const FILE: &str = "(api/)?([ab_.]|\\[|\\]|\\.\\.\\.|/|index|main){0,6}\\.(js|ts)";

/// Many cases, and no file of failures beside the source.
fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn nothing_panics(
        files in prop::collection::vec(FILE, 0..8),
        path in "/?(api)?([ab/\\[\\].]|index){0,12}",
    ) {
        let routes = FunctionRoutes::new(files.iter().map(String::as_str), false);
        if let Some(found) = routes.find(&path) {
            prop_assert!(files.iter().any(|file| **file == **found.file));
        }
    }

    #[test]
    fn every_file_answers_its_own_path(names in prop::collection::vec("[a-c]{1,2}", 1..4)) {
        let file = format!("api/{}.js", names.join("/"));
        let routes = FunctionRoutes::new([file.as_str()], true);
        let path = format!("/api/{}", names.join("/"));
        prop_assert!(routes.find(&path).is_some_and(|found| **found.file == *file));
    }
}
