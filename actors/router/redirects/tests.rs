use proptest::prelude::*;

use super::{RedirectQuery, language, parse};
use crate::limits::DeployLimits;

mod urls;

/// Asks for a URL on `app.example.org`, without `!` only.
fn find(file: &str, url: &str, forced_only: bool) -> Option<String> {
    let rules = parse(file, &DeployLimits::default()).unwrap();
    let (url, accept_language) = match url.split_once('|') {
        Some((url, languages)) => (url, Some(languages)),
        None => (url, None),
    };
    let (path, query) = match url.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (url, None),
    };
    let request = RedirectQuery { host: "app.example.org", path, query, accept_language };
    let redirect = rules.find(&request, forced_only)?;
    Some(format!("{} {}", redirect.status, redirect.target))
}

/// Checks each `URL => status target` line against the file; `-` is no redirect.
#[track_caller]
fn check(file: &str, expectations: &[(&str, &str)]) {
    for (url, expect) in expectations {
        let found = find(file, url, false);
        assert_eq!(found.as_deref().unwrap_or("-"), *expect, "{url}");
    }
}

#[track_caller]
fn refuse(file: &str, line: usize, expect: &str) {
    let error = parse(file, &DeployLimits::default()).unwrap_err();
    assert_eq!((error.file, error.line), ("_redirects", line), "{error}");
    assert!(error.to_string().contains(expect), "{error}");
}

#[test]
fn paths_statuses_and_comments() {
    let file = "\u{feff}# moved\r\n/home  /   # the start page\r\n/a /b 302\n/c /d 307\n\
                /spa/* /spa/index.html 200\n/gone /gone.html 410\n/shop /closed 404\n\
                /feed https://feeds.example.com/all\n/x/* 404\n";
    check(
        file,
        &[
            ("/home", "301 /"),
            ("/home/", "301 /"),
            ("/a", "302 /b"),
            ("/c", "307 /d"),
            ("/spa/x/y", "200 /spa/index.html"),
            ("/gone", "410 /gone.html"),
            ("/shop", "404 /closed"),
            ("/feed", "301 https://feeds.example.com/all"),
            ("/x/y", "404 /x/y"),
            ("/other", "-"),
            ("/b", "-"),
        ],
    );
}

#[test]
fn the_first_rule_of_the_file_wins() {
    check(
        "/a /1\n/a /2\n/b/* /3\n/b/c /4\n/d/e /5\n/d/* /6\n",
        &[("/a", "301 /1"), ("/b/c", "301 /3"), ("/d/e", "301 /5"), ("/d/f", "301 /6")],
    );
}

#[test]
fn rules_with_an_exclamation_mark_come_before_files() {
    let file = "/a /1\n/a /2 302!\n/b/* /3\n/b/c /4 301!\n/b/:x /5 200!\n";
    for (url, forced, any) in [
        ("/a", Some("302 /2"), Some("301 /1")),
        ("/b/c", Some("301 /4"), Some("301 /3")),
        ("/b/d", Some("200 /5"), Some("301 /3")),
        ("/c", None, None),
    ] {
        assert_eq!(find(file, url, true).as_deref(), forced, "{url}");
        assert_eq!(find(file, url, false).as_deref(), any, "{url}");
    }
    assert_eq!(find("/a /1\n", "/a", true), None);
}

#[test]
fn placeholders_are_filled_in() {
    check(
        "/news/:year/:slug /blog/:slug-:year.html\n/old/* /new/:splat\n/t/:a /t?a=:a#:a\n\
         /:user/profile https://:user.example.com/me\n/talk/*  /wiki/Talk:x/:splat\n",
        &[
            ("/news/2024/hi", "301 /blog/hi-2024.html"),
            ("/news/2024", "-"),
            ("/old/a/b", "301 /new/a/b"),
            ("/old", "301 /new/"),
            ("/t/1&b=2", "301 /t?a=1%26b%3D2#1%26b%3D2"),
            ("/ann/profile", "301 https://ann.example.com/me"),
            ("/a_b/profile", "-"),
            ("/talk/y", "301 /wiki/Talk:x/y"),
        ],
    );
}

#[test]
fn queries_are_conditions_and_are_handed_on() {
    check(
        "/s id=:id tag=x /p/:id 302\n/s id=:id /q/:id?a=1\n/s flag /f\n/s /none\n\
         /find q=:q /find?query=:q\n/frag /to#part\n",
        &[
            ("/s?tag=x&id=7", "302 /p/7?tag=x&id=7"),
            ("/s?tag=y&id=7", "301 /q/7?a=1"),
            ("/s?id=a%20b%2Fc+d", "301 /q/a%20b/c%20d?a=1"),
            ("/s?id=", "301 /none?id="),
            ("/s?flag", "301 /f?flag"),
            ("/s", "301 /none"),
            ("/find?q=a%26b", "301 /find?query=a%26b"),
            ("/find?query=a", "-"),
            ("/frag?x=1", "301 /to?x=1#part"),
        ],
    );
}

#[test]
fn languages_are_the_visitors_first_choice() {
    check(
        "/ /de 302 Language=de,gsw\n/ /at 302 Language=fr-CH\n/ /us Country=us\n\
         / /role 302 Role=admin\n/ /both 302 Country=de Language=en\n/ /en 302\n",
        &[
            ("/|de-AT,de;q=0.9,en;q=0.8", "302 /de"),
            ("/|GSW", "302 /de"),
            ("/|en,de;q=0.9", "302 /en"),
            ("/|fr;q=0.5,DE;q=0.75", "302 /de"),
            ("/|den", "302 /en"),
            ("/|fr-ch", "302 /at"),
            ("/|fr", "302 /en"),
            ("/|*", "302 /en"),
            ("/", "302 /en"),
        ],
    );
    for (header, expect) in [
        ("", None),
        ("da, en-gb;q=0.8", Some("da")),
        ("da;q=0, en;q=0.001", Some("en")),
        ("da;q=2, en;q=0.5", Some("en")),
        ("da;q=x,,;,en;q=1.000", Some("en")),
        ("*;q=0.5", None),
    ] {
        assert_eq!(language::preferred(header), expect, "{header:?}");
    }
}

#[test]
fn a_rule_may_be_about_one_host() {
    check(
        "http://other.org/* /no\nhttps://App.example.org:8080/a/* https://new.org/:splat 301!\n\
         https://:sub.example.org/sub /:sub\n",
        &[("/a/b", "301 https://new.org/b"), ("/sub", "301 /app"), ("/x", "-")],
    );
}

#[test]
fn a_redirect_never_leads_to_itself() {
    check(
        "/a /a\n/b /b/ 302\n/c/* https://app.example.org/c/:splat\n/d /d?x=1\n/e/* /e/:splat\n\
         /f /f 200\n/a /after\n/e/* /last\n",
        &[
            ("/a", "301 /after"),
            ("/b", "-"),
            ("/b/", "-"),
            ("/c/x", "-"),
            ("/d", "-"),
            ("/e/é x", "301 /last"),
            ("/f", "200 /f"),
        ],
    );
}

#[test]
fn wrong_lines_are_named() {
    refuse("/a", 1, "write a path or a URL after");
    refuse("/ok /x\n\n/a b 301", 3, "begin the target with");
    refuse("/a //b", 1, "begin with one `/`");
    refuse("a /b", 1, "cannot match `a`");
    refuse("/a/*/* /b", 1, "after `*`");
    refuse("/a /b 300", 1, "unknown status `300`");
    refuse("/a /b 301?", 1, "unknown status `301?`");
    refuse("/a /b 99999!", 1, "unknown status `99999!`");
    refuse("/a /b 301 Browser=ie", 1, "unknown condition `Browser=ie`");
    refuse("/a /b 301 302", 1, "unknown condition `302`");
    refuse("/a id=:id name=:id /b", 1, "each placeholder once");
    refuse("/api/* https://api.example.com/:splat 200", 1, "another host");
    refuse("/api/* HTTPS://api.example.com/:splat 404!", 1, "another host");
    refuse("/a https://bücher.de/", 1, "ASCII form");
    refuse("/a https://", 1, "ASCII form");
    refuse(&format!("/:a /{}", ":a".repeat(17)), 1, "at most 16");
    refuse(&format!("/a /{}", "a".repeat(2048)), 1, "2,048");
    let limits = DeployLimits { redirect_rules_max: 2, ..DeployLimits::default() };
    assert_eq!(parse("/a /b\n#\n/c /d Role=x\n/e /f\n", &limits).unwrap_err().line, 4);
}

#[test]
fn thousands_of_paths_are_found_by_hashing() {
    let file: String = (0..2_100).map(|n| format!("/old/{n} /new/{n}\n")).collect();
    let rules = parse(&file, &DeployLimits::default()).unwrap();
    assert_eq!((rules.literal.len(), rules.patterned.len()), (2_100, 0));
    check(&file, &[("/old/2099", "301 /new/2099"), ("/old/2100", "-")]);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn hashing_changes_nothing(
        rules in prop::collection::vec(
            ("/[ab]{1,2}", "(302|302!)"), 1..8,
        ),
        path in "/[ab]{1,2}/?",
        forced_only in any::<bool>(),
    ) {
        // The same rules twice: found by hashing, and one by one.
        let lines = |condition: &str| -> String {
            let numbered = rules.iter().enumerate();
            let line = |(n, (from, status)): (usize, &(String, String))| {
                format!("{from} {condition} /{n} {status}\n")
            };
            numbered.map(line).collect()
        };
        let hashed = find(&lines(""), &path, forced_only);
        let scanned = find(&lines("x"), &format!("{path}?x"), forced_only);
        prop_assert_eq!(hashed.map(|hit| hit + "?x"), scanned);
    }
}
