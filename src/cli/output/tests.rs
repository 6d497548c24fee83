use anyhow::Context;

use super::*;

fn sample() -> List {
    let mut list = List::new(&["NAME", "SIZE", "UPDATED"]);
    list.push(vec![
        Cell::text("blog"),
        Cell::of("1.5 KB", "1536").right(),
        Cell::of("3 days ago", "2026-01-01T00:00:00Z"),
    ]);
    list.push(vec![
        Cell::text("a-longer-name"),
        Cell::of("20 MB", "20971520").right(),
        Cell::of("never", ""),
    ]);
    list
}

#[test]
fn people_see_aligned_columns_without_borders() {
    let expect = "\
NAME           SIZE    UPDATED
blog           1.5 KB  3 days ago
a-longer-name   20 MB  never
";
    assert_eq!(sample().for_people(None), expect);
}

#[test]
fn a_narrow_terminal_wraps_instead_of_spilling() {
    let shown = sample().for_people(Some(24));
    assert!(shown.lines().all(|line| line.chars().count() <= 24), "{shown}");
}

#[test]
fn programs_get_raw_values_between_tabs() {
    let expect = "blog\t1536\t2026-01-01T00:00:00Z\na-longer-name\t20971520\t\n";
    assert_eq!(sample().for_programs(), expect);
    let mut list = List::new(&["NAME", "NOTE"]);
    list.push(vec![Cell::text("a\tb"), Cell::text("c\nd")]);
    assert_eq!(list.for_programs(), "a b\tc d\n");
}

#[test]
fn facts_align_for_people_and_split_for_programs() {
    let facts = [("Name", Cell::text("blog")), ("Size", Cell::of("1.5 KB", "1536"))];
    assert_eq!(fact_lines(&facts, true), "Name:  blog\nSize:  1.5 KB\n");
    assert_eq!(fact_lines(&facts, false), "Name\tblog\nSize\t1536\n");
}

#[test]
fn an_error_is_shown_with_its_causes_and_nothing_twice() {
    let root = anyhow::anyhow!("permission denied");
    let error = root.context("cannot read index.html").context("cannot deploy \"blog\"");
    let expect = "error: cannot deploy \"blog\"\n  because: cannot read index.html\n  \
                  because: permission denied\n";
    assert_eq!(error_text(&error), expect);

    let repeated = anyhow::anyhow!("no such file").context("data.db: no such file");
    assert_eq!(error_text(&repeated), "error: data.db: no such file\n");
}

#[test]
fn a_closed_pipe_is_told_from_a_failure() {
    let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
    assert!(is_closed_pipe(&anyhow::Error::from(closed())));
    let other: anyhow::Result<()> = Err(io::Error::from(io::ErrorKind::NotFound).into());
    assert!(!is_closed_pipe(&other.context("cannot print").unwrap_err()));
    // A connection that broke is a failure, whatever lies at the bottom of it.
    let upload = anyhow::Error::from(fazt_actors::outbound::OutboundError::Broken {
        at: "http://localhost".to_owned(),
        source: closed(),
    });
    assert!(!is_closed_pipe(&upload));
}

#[test]
fn what_others_wrote_does_not_command_the_terminal() {
    let evil = "a\u{1b}[2Jb\u{9b}31mc\u{7f}\u{7}";
    let mut list = List::new(&["NAME"]);
    list.push(vec![Cell::text(evil)]);
    let tidy = "a\u{fffd}[2Jb\u{fffd}31mc\u{fffd}\u{fffd}";
    assert_eq!(list.for_people(None), format!("NAME\n{tidy}\n"));
    let json = escaped(&serde_json::to_string(evil).unwrap());
    assert_eq!(json, "\"a\\u001b[2Jb\\u009b31mc\\u007f\\u0007\"");
    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), evil);
    assert_eq!(harmless(&format!("x\n\t{evil}")), format!("x\n\t{tidy}"));
}
