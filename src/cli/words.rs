//! What is rewritten before clap reads the words.
//!
//! `fazt @home app list` becomes `fazt app list --to=home`, for each command that has a
//! `--to`. The original wrote long flags with one dash; they get their second one.

use std::ffi::OsString;

use clap::error::ErrorKind;

/// Commands that are about this machine or name their peers themselves.
const LOCAL_COMMANDS: [(&str, &str); 7] = [
    ("server", "is about the node on this machine"),
    ("dev", "runs a node on this machine"),
    ("backup", "is about a database on this machine"),
    ("remote", "names its peers itself, such as `fazt remote status NAME`"),
    ("servers", "names its peers itself"),
    ("client", "names its peers with --to"),
    ("completions", "is about this machine's shell"),
];

/// Long flags of the original's commands, all of which could be written with one dash.
const ORIGINAL_FLAGS: [&str; 20] = [
    "check", "db", "desc", "domain", "env", "help", "limit", "name", "password", "path", "port",
    "scopes", "server", "site", "to", "token", "url", "username", "version", "yes",
];

/// The words that clap is to read; `known` are the commands that there are.
///
/// # Errors
/// A peer is named in front of a command that acts on none.
pub(super) fn understood(
    words: Vec<OsString>,
    mut known: clap::Command,
) -> Result<Vec<OsString>, clap::Error> {
    let mut words = two_dashes(words);
    if let [_, flag] = words.as_mut_slice()
        && flag == "-v"
    {
        *flag = "version".into();
    }
    let Some(peer) = words.get(1).and_then(|word| word.to_str()?.strip_prefix('@')) else {
        return Ok(words);
    };
    let peer = peer.to_owned();
    words.remove(1);
    match refusal(&peer, &words, &known) {
        Verdict::Refused(sentence) => Err(known.error(ErrorKind::ArgumentConflict, sentence)),
        Verdict::LeftToClap => Ok(words),
        Verdict::ActsOnPeer => {
            // Before a `--`, behind which no option is one.
            let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
            words.insert(end, format!("--to={peer}").into());
            Ok(words)
        }
    }
}

/// What becomes of words with a peer in front.
enum Verdict {
    ActsOnPeer,
    /// clap has the better words: for help, and for what is misspelt.
    LeftToClap,
    Refused(String),
}

fn refusal(peer: &str, words: &[OsString], known: &clap::Command) -> Verdict {
    if peer.is_empty() || peer.contains("://") {
        let sentence = "write a peer's name after the @, such as `fazt @home app list`; a URL is \
                        named with --to";
        return Verdict::Refused(sentence.to_owned());
    }
    let Some(first) = words.get(1) else {
        let sentence = format!("what is to be done on {peer}? Such as: `fazt @{peer} app list`");
        return Verdict::Refused(sentence);
    };
    if asks_for_help(words) {
        return Verdict::LeftToClap;
    }
    let first = first.to_string_lossy();
    if let Some((_, why)) = LOCAL_COMMANDS.iter().find(|(name, _)| *name == first) {
        return Verdict::Refused(format!("`fazt {first}` {why}; leave out @{peer}"));
    }
    match leaf(words, known) {
        None => Verdict::LeftToClap,
        Some(command) if has_to(command) => Verdict::ActsOnPeer,
        Some(_) => Verdict::Refused(format!("`fazt {first}` asks no node; leave out @{peer}")),
    }
}

/// The command that the words spell; none where one is missing or misspelt.
fn leaf<'a>(words: &[OsString], known: &'a clap::Command) -> Option<&'a clap::Command> {
    let mut command = known;
    for word in words.iter().skip(1) {
        // The words behind the last command are its own.
        if !command.has_subcommands() {
            break;
        }
        command = command.find_subcommand(word)?;
    }
    (!command.has_subcommands()).then_some(command)
}

fn has_to(command: &clap::Command) -> bool {
    command.get_arguments().any(|argument| argument.get_long() == Some("to"))
}

fn asks_for_help(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--help" || word == "-h")
        || words.get(1).is_some_and(|word| word == "help")
}

/// Gives the original's long flags with one dash their second: `-path=x` is `--path=x`.
fn two_dashes(words: Vec<OsString>) -> Vec<OsString> {
    let mut is_flag_possible = true;
    let rewritten = words.into_iter().map(|word| {
        is_flag_possible &= word != "--";
        match word.to_str() {
            Some(text) if is_flag_possible && is_original_flag(text) => {
                OsString::from(format!("-{text}"))
            }
            _ => word,
        }
    });
    rewritten.collect()
}

fn is_original_flag(text: &str) -> bool {
    let Some(flag) = text.strip_prefix('-') else { return false };
    let name = flag.split('=').next().unwrap_or_default();
    ORIGINAL_FLAGS.contains(&name)
}

#[cfg(test)]
mod tests;
