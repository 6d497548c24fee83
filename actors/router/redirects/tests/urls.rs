//! What a visitor puts into a target cannot leave its place in the URL.

use proptest::prelude::*;

use super::super::{RedirectQuery, parse};
use super::check;
use crate::limits::DeployLimits;
use crate::router::path::normalise;

#[test]
fn captured_parts_are_escaped_for_their_place() {
    check(
        "/p/* /to/:splat\n/q/* /to?x=:splat\n/f/* /to#:splat\n",
        &[
            ("/p/a b%c\"d", "301 /to/a%20b%25c%22d"),
            ("/p/é#x", "301 /to/%C3%A9%23x"),
            ("/p/x&y=1;z", "301 /to/x&y=1;z"),
            ("/q/x&y=1+é", "301 /to?x=x%26y%3D1%2B%C3%A9"),
            ("/f/x#y", "301 /to#x%23y"),
        ],
    );
}

#[test]
fn no_visitor_chooses_the_host() {
    check(
        "/x* /:splat\n/h/:host https://:host.example.com/\n/y* https://example.com:splat\n",
        &[
            ("/x/evil.org", "301 /evil.org"),
            ("/x//evil.org", "301 /evil.org"),
            ("/h/evil.org@", "-"),
            ("/h/evil.org:80", "-"),
            ("/y/a", "-"),
        ],
    );
}

#[test]
fn what_the_author_wrote_becomes_a_url() {
    check(
        "/a /c%C3%A9 302\n/b /cé\\d\n/c https://example.com:8443/é?q=é#é\n",
        &[
            ("/a", "302 /c%C3%A9"),
            ("/b", "301 /c%C3%A9%5Cd"),
            ("/c", "301 https://example.com:8443/%C3%A9?q=%C3%A9#%C3%A9"),
        ],
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn a_target_is_a_url_on_the_authors_host(
        file in "(/(\\*|:a|x\\*|x/:a/\\*) ((k=:k|j) )?\
                 (/|/y|/y/|https://h\\.org/|/z\\?q=)(:a|:splat|:k){0,3} 302\n){1,3}",
        path in "/(x?/?\\PC{0,20}|x//?[ -~]{0,9})",
        query in prop::option::of("(k=\\PC{0,9}|[ -~]{0,12}|k=[\r\n%0aA]{0,6}|j)"),
    ) {
        let (Ok(rules), Ok(path)) =
            (parse(&file, &DeployLimits::default()), normalise(&path)) else { return Ok(()) };
        let query = query.as_deref();
        let request = RedirectQuery { host: "a.b", path: &path, query, accept_language: None };
        let Some(redirect) = rules.find(&request, false) else { return Ok(()) };
        let target = redirect.target;
        prop_assert!(target.bytes().all(|byte| byte.is_ascii_graphic()), "{}", target);
        prop_assert!(!target.starts_with("//") && !target.contains('\\'));
        prop_assert!(target.starts_with('/') || target.starts_with("https://h.org/"));
        prop_assert!(!target.contains('#'));
    }

    #[test]
    fn any_file_is_rules_or_an_error_with_a_line(
        file in "(\\PC{0,30}\n){0,4}|[/:* a-z0-9=!\n]{0,60}",
    ) {
        if let Err(error) = parse(&file, &DeployLimits::default()) {
            prop_assert!((1..=file.lines().count()).contains(&error.line));
        }
    }
}
