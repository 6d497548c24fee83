use clap::CommandFactory;

use super::*;
use crate::cli::Cli;

fn rewritten(words: &str) -> Result<String, String> {
    let words = std::iter::once("fazt").chain(words.split_whitespace()).map(OsString::from);
    match understood(words.collect(), Cli::command()) {
        Ok(words) => {
            let words: Vec<_> = words.iter().skip(1).map(|word| word.to_string_lossy()).collect();
            Ok(words.join(" "))
        }
        Err(error) => {
            assert_eq!(error.exit_code(), 2);
            Err(error.to_string())
        }
    }
}

#[test]
fn a_peer_in_front_is_the_peer_to_ask() {
    for (words, expect) in [
        ("@home app list", "app list --to=home"),
        ("@home deploy . --name blog", "deploy . --name blog --to=home"),
        ("@home app rollback blog v3", "app rollback blog v3 --to=home"),
        ("@home token list --json", "token list --json --to=home"),
        ("@home app info -- -odd", "app info --to=home -- -odd"),
        // clap finds out about both.
        ("@home app list --to work", "app list --to work --to=home"),
        // What clap says better.
        ("@home app", "app"),
        ("@home app lisst", "app lisst"),
        ("@home frobnicate", "frobnicate"),
        ("@home app list --help", "app list --help"),
        ("@home help app", "help app"),
        // Only in front.
        ("app list @home", "app list @home"),
        ("deploy @folder", "deploy @folder"),
    ] {
        assert_eq!(rewritten(words).as_deref(), Ok(expect), "{words}");
    }
}

#[test]
fn a_peer_in_front_of_what_asks_none_is_refused() {
    for (words, part) in [
        ("@home", "`fazt @home app list`"),
        ("@", "a peer's name after the @"),
        ("@https://example.org app list", "--to"),
        ("@home server start", "`fazt server` is about the node on this machine"),
        ("@home remote list", "`fazt remote status NAME`"),
        ("@home dev .", "this machine"),
        ("@home backup create x.db", "this machine"),
        ("@home completions bash", "leave out @home"),
        ("@home version", "asks no node"),
    ] {
        let complaint = rewritten(words).expect_err(words);
        assert!(complaint.contains(part), "{words}: {part} is not in {complaint}");
    }
}

#[test]
fn the_originals_flags_have_one_dash_or_two() {
    for (words, expect) in [
        ("deploy -path site -domain=blog", "deploy --path site --domain=blog"),
        ("client delete -site x -yes", "client delete --site x --yes"),
        ("-version", "--version"),
        ("-v", "version"),
        ("app delete blog -y", "app delete blog -y"),
        ("app info -- -path", "app info -- -path"),
        ("deploy -odd", "deploy -odd"),
    ] {
        assert_eq!(rewritten(words).as_deref(), Ok(expect), "{words}");
    }
}
