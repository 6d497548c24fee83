use proptest::prelude::*;

use super::{Captures, Names, PATTERN_BYTES_MAX, Pattern};

/// What a pattern captures on `app.example.org` at this path, joined with `|`; `None`
/// when it is about something else.
fn captured(pattern: &str, path: &str) -> Option<String> {
    let pattern = Pattern::parse(pattern, &mut Names::default()).unwrap();
    let mut captures = Captures::new();
    let matched = pattern.matches("app.example.org", path, &mut captures);
    assert!(matched || captures.is_empty(), "a failed match leaves no captures behind");
    matched.then(|| captures.join("|"))
}

#[track_caller]
fn check(pattern: &str, path: &str, expect: Option<&str>) {
    assert_eq!(captured(pattern, path).as_deref(), expect, "{pattern} on {path}");
}

#[track_caller]
fn refuse(pattern: &str, expect: &str) {
    let error = Pattern::parse(pattern, &mut Names::default()).unwrap_err().to_string();
    assert!(error.contains(expect), "{error}");
}

#[test]
fn literals_with_or_without_the_last_slash() {
    check("/", "/", Some(""));
    check("/", "/a", None);
    check("/a", "/a", Some(""));
    check("/a", "/a/", Some(""));
    check("/a/", "/a", Some(""));
    check("/a/", "/a/", Some(""));
    check("/a", "/ab", None);
    check("/A", "/a", None);
    check("/caf%C3%A9", "/café", Some(""));
    check("/café", "/café", Some(""));
    check("/a%3Ab", "/a:b", Some(""));
    check("/a#fragment", "/a", Some(""));
}

#[test]
fn splats_take_everything() {
    check("/*", "/", Some(""));
    check("/*", "/a/b/", Some("a/b/"));
    check("/blog/*", "/blog/a/b", Some("a/b"));
    check("/blog/*", "/blog/", Some(""));
    check("/blog/*", "/blog", Some(""));
    check("/blog/*", "/blogs", None);
    check("/*.jpg", "/a/b.jpg", Some("a/b"));
    check("/*.jpg", "/a/b.jpeg", None);
    check("/a*", "/a", Some(""));
    check("/aa*aa", "/aaa", None);
}

#[test]
fn placeholders_take_one_segment_or_less() {
    check("/:a", "/x", Some("x"));
    check("/:a", "/x/", Some("x"));
    check("/:a", "/x/y", None);
    check("/:a", "/", None);
    check("/news/:y/:m/:slug", "/news/2024/02/é", Some("2024|02|é"));
    check("/news/:y/:m", "/news/2024", None);
    check("/t-:id.html", "/t-7.html", Some("7"));
    check("/t-:id.html", "/t-.html", None);
    check("/:a-:b", "/1-2-3", Some("1|2-3"));
    check("/:a-:b/c", "/1-2/c", Some("1|2"));
    check("/:a/x/*", "/1/x/2/3", Some("1|2/3"));
    check("/:a/*", "/1", Some("1|"));
    check("/:a/*", "/", None);
    check("/p/:a/*", "/p/1", Some("1|"));
    check("/:a.b/*", "/1.b/c", Some("1|c"));
    check("/:a/", "/1", Some("1"));
    // No letter follows, so it is a colon.
    check("/a:1", "/a:1", Some(""));
}

#[test]
fn a_host_is_compared_without_scheme_and_port() {
    check("https://app.example.org/a", "/a", Some(""));
    check("HTTP://App.Example.org:8080/a", "/a", Some(""));
    check("https://app.example.org", "/", Some(""));
    check("https://app.example.org", "/a", None);
    check("https://other.example.org/*", "/a", None);
    check("https://:sub.example.org/*", "/a", Some("app|a"));
    check("https://:Sub.org/*", "/a", None);
    check("https://*.example.org/:x", "/a", Some("app|a"));
}

#[test]
fn unusable_patterns_are_refused_with_advice() {
    refuse("a", "begin with `/`");
    refuse("ftp://a/b", "begin with `/`");
    refuse("https:///a", "name a host");
    refuse("/a?b=c", "name=value");
    refuse("/*/*", "after `*` only plain text");
    refuse("/*/:a", "after `*` only plain text");
    refuse("/:a*", "between a placeholder and `*`");
    refuse("https://*.org/*", "one `*` in all");
    refuse("/:a/:a", "each placeholder once");
    refuse("/%ff", "UTF-8");
    refuse(&"/:a".repeat(17), "each placeholder once");
    let many: String = ('a'..='q').map(|name| format!("/:{name}")).collect();
    refuse(&many, "at most 16");
    refuse(&format!("/{}", "a".repeat(PATTERN_BYTES_MAX)), "2,048");
}

/// The same question answered by trying everything.
fn matches_naively(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|end| matches_naively(rest, &text[end..])),
        [':', _, rest @ ..] => (1..=text.len())
            .take_while(|&end| text[end - 1] != '/')
            .any(|end| matches_naively(rest, &text[end..])),
        [literal, rest @ ..] => text.first() == Some(literal) && matches_naively(rest, &text[1..]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn one_pass_finds_what_trying_everything_finds(
        pieces in "(/|1|2|-|:){1,8}",
        splat in "(\\*[12/-]{0,2})?",
        path in "(/[12-]{1,3}){1,4}",
    ) {
        let mut names = ('a'..='z').map(|name| format!(":{name}"));
        let mut pattern = String::from("/");
        for piece in pieces.chars() {
            match piece {
                ':' => pattern.push_str(&names.next().unwrap()),
                literal => pattern.push(literal),
            }
        }
        // No literal may be read as the end of a name.
        let spelt = |text: &str| text.replace('1', ".").replace('2', "+");
        let (mut pattern, path) = (spelt(&(pattern + &splat)), spelt(&path));
        // Slashes at the end have rules of their own.
        if pattern.ends_with('/') || pattern.ends_with("/*") {
            pattern.push('+');
        }
        let Ok(parsed) = Pattern::parse(&pattern, &mut Names::default()) else { return Ok(()) };
        let found = parsed.matches("", &path, &mut Captures::new());
        let (pattern, path): (Vec<char>, Vec<char>) =
            (pattern.chars().collect(), path.chars().collect());
        prop_assert_eq!(found, matches_naively(&pattern, &path));
    }

    #[test]
    fn any_text_is_a_pattern_or_an_error(
        pattern in "\\PC{0,20}|[/:*a-c.%h]{0,20}|https://[:*a.]{0,9}/[:*a/]{0,9}",
        path in "/[a-c/.]{0,20}",
    ) {
        let mut names = Names::default();
        if let Ok(parsed) = Pattern::parse(&pattern, &mut names) {
            let mut captures = Captures::new();
            if parsed.matches("a.b", &path, &mut captures) {
                prop_assert_eq!(captures.len(), names.len());
            } else {
                prop_assert!(captures.is_empty());
            }
        }
    }
}
