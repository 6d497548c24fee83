use std::fmt::Write as _;

use proptest::prelude::*;

use super::{HEADERS_PER_RULE_MAX, HeaderAction, parse};
use crate::kind::{ErrorKind, Fault};
use crate::limits::DeployLimits;
use crate::router::rule::RuleError;

/// What a file does to a path on `app.example.org`, one action a line.
fn actions(file: &str, path: &str) -> Result<String, RuleError> {
    let rules = parse(file, &DeployLimits::default())?;
    let mut text = String::new();
    for action in rules.matching("app.example.org", path) {
        match action {
            HeaderAction::Set { name, value } => writeln!(text, "{name}: {value}").unwrap(),
            HeaderAction::Remove { name } => writeln!(text, "! {name}").unwrap(),
        }
    }
    Ok(text)
}

#[track_caller]
fn check(file: &str, path: &str, expect: &[&str]) {
    let actions = actions(file, path).unwrap();
    assert_eq!(actions.lines().collect::<Vec<_>>(), expect, "{path}");
}

#[track_caller]
fn refuse(file: &str, line: usize, expect: &str) {
    let error = actions(file, "/").unwrap_err();
    assert_eq!((error.file, error.line), ("_headers", line), "{error}");
    assert!(error.to_string().contains(expect), "{error}");
}

#[test]
fn rules_apply_in_the_order_of_the_file() {
    let file = "\u{feff}# All pages\r\n/*\r\n  X-Frame-Options: DENY\r\n\n\
                /static/*   # pictures\n\tCache-Control:max-age=60\n  ! X-Frame-Options\n\
                /about\nX-Note: # is no comment here\n/nothing\n";
    check(file, "/", &["x-frame-options: DENY"]);
    check(
        file,
        "/static/a.png",
        &["x-frame-options: DENY", "cache-control: max-age=60", "! x-frame-options"],
    );
    check(file, "/about/", &["x-frame-options: DENY", "x-note: # is no comment here"]);
    check("", "/", &[]);
}

#[test]
fn repeated_names_are_joined_and_cookies_are_not() {
    check(
        "/*\n  Cache-Control: max-age=0\n  X-A: 1\n  cache-control: no-cache\n",
        "/",
        &["cache-control: max-age=0, no-cache", "x-a: 1"],
    );
    check(
        "/*\n  Set-Cookie: a=1; Path=/\n  Set-Cookie: b=2\n",
        "/",
        &["set-cookie: a=1; Path=/", "set-cookie: b=2"],
    );
}

#[test]
fn values_take_up_what_the_path_matched() {
    check(
        "/movies/:title/*\n  X-Title: \":title\" in :splat, :other, https://a:80\n",
        "/movies/Das Boot/é/2",
        &["x-title: \"Das%20Boot\" in %C3%A9/2, :other, https://a:80"],
    );
    check("/:a\n  X-A: :a\n", "/\";x=1,y", &["x-a: %22%3Bx%3D1%2Cy"]);
    // No placeholder spells an attribute that is forbidden in the file.
    check("/:a\n  Set-Cookie: a=b; :a=example.org\n", "/domain", &[]);
    check("/:a\n  Set-Cookie: a=:a\n", "/x; Domain=y", &["set-cookie: a=x%3B%20Domain%3Dy"]);
}

#[test]
fn a_rule_may_be_about_one_host() {
    let file = "https://app.example.org/*\n  X-A: 1\nhttps://other.org/*\n  X-B: 2\n\
                https://:app.example.org/*\n  X-App: :app\n";
    check(file, "/x", &["x-a: 1", "x-app: app"]);
}

#[test]
fn wrong_lines_are_named() {
    refuse("X-A: 1", 1, "put a line such as `/*` above");
    refuse("# c\n\n/*\n  X-A", 4, "`X-A` is no header");
    refuse("/*\n  X A: 1", 2, "is no header");
    refuse("/*\n  : 1", 2, "is no header");
    refuse("/*\n  X-A:", 2, "is no header");
    refuse("/*\n  X-A: é", 2, "printable ASCII");
    refuse("/*\n  X-A: a\u{b}b", 2, "printable ASCII");
    refuse("/*\n  X-A: a\rb", 2, "printable ASCII");
    refuse("/*\n  !", 2, "is no header");
    refuse("/a b\n  X-A: 1", 1, "%20");
    refuse("/*/*\n  X-A: 1", 1, "cannot match `/*/*`");
    for name in ["Content-Length", "transfer-encoding", "CONNECTION", "Keep-Alive", "Upgrade"] {
        refuse(&format!("/*\n  {name}: 1"), 2, "set by the server");
        refuse(&format!("/*\n  ! {name}"), 2, "set by the server");
    }
    refuse("/*\n  Set-Cookie: a=b; Path=/; dOmain = example.org", 2, "remove the `Domain`");
    refuse("/*\n  Set-Cookie: a=b;domain", 2, "remove the `Domain`");
    refuse(&format!("/:a\n  X-A: {}", ":a".repeat(17)), 2, "more than 16 placeholders");
    check("/*\n  Set-Cookie: domain=b", "/", &["set-cookie: domain=b"]);
}

#[test]
fn counts_have_bounds() {
    let limits = DeployLimits { header_rules_max: 2, ..DeployLimits::default() };
    let error = parse("/a\n  A: 1\n/b\n/c\n", &limits).unwrap_err();
    assert_eq!((error.line, error.kind()), (4, ErrorKind::TooLarge));
    assert_eq!(error.code(), "TOO_MANY_RULES");
    let many = "/a\n".to_owned() + &"X-A: 1\n! X-A\n".repeat(HEADERS_PER_RULE_MAX / 2 + 1);
    refuse(&many, HEADERS_PER_RULE_MAX + 2, "more than 64 headers");
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn no_action_can_break_a_response(
        file in "(/(:a|\\*|x/:b|)\n\
                 ( ([A-Za-z!: -]{0,8}|X): ?(:a|:splat|\\PC{0,12}|domain;=)\n){0,3}){1,3}\
                 |\\PC{0,60}",
        path in "/\\PC{0,20}",
    ) {
        let Ok(rules) = parse(&file, &DeployLimits::default()) else { return Ok(()) };
        for action in rules.matching("a.b", &path) {
            if let HeaderAction::Set { name, value } = action {
                prop_assert!(name.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')));
            }
        }
    }
}
