use clap::error::ErrorKind;

use super::*;

fn parse(words: &str) -> Result<Command, clap::Error> {
    let words = std::iter::once("fazt").chain(words.split_whitespace());
    Cli::try_parse_from(words).map(|cli| cli.command)
}

/// The parsed command's debug text holds every part.
#[track_caller]
fn check(words: &str, parts: &[&str]) {
    let command = parse(words).unwrap_or_else(|error| panic!("{words}: {error}"));
    let text = format!("{command:?}");
    for part in parts {
        assert!(text.contains(part), "{words}: {part} is not in {text}");
    }
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn commands_read_their_words() {
    for (words, parts) in [
        ("deploy site", &["Deploy(", "dir: Some(\"site\")", "name: None", "purge: false"][..]),
        (
            "deploy site --name blog --to https://example.org --purge --json",
            &["name: Some(\"blog\")", "to: Some(\"https://example.org\")", "purge: true"],
        ),
        ("deploy . --db /srv/data.db", &["db: Some(\"/srv/data.db\")"]),
        ("app list --deleted", &["deleted: true"]),
        ("app rollback blog", &["app: \"blog\"", "release: None"]),
        ("app rollback blog v3 --to home", &["release: Some(3)", "to: Some(\"home\")"]),
        ("app files blog --release 12", &["release: Some(12)"]),
        ("app pull blog out --release v2 --force", &["dir: \"out\"", "force: true"]),
        ("app delete blog --purge -y", &["purge: true", "yes: true"]),
        (
            "token create --name ci --scopes read,deploy:blog --expires 90d",
            &["scopes: [\"read\", \"deploy:blog\"]", "expires: Some(7776000)"],
        ),
        ("token revoke abc", &["id: \"abc\""]),
        ("server create-key --name me", &["CreateKey(", "scopes: []"]),
        (
            "server start --port 80 --listen :: --access-log --log-format json",
            &["port: Some(80)", "listen: Some(::)", "access_log: true", "log_format: Json"],
        ),
        ("server start --listen [::1]", &["listen: Some(::1)"]),
        ("server start", &["port: None", "listen: None", "log_format: Text"]),
        ("server stop --db x.db", &["db: Some(\"x.db\")"]),
        ("dev", &["Dev(", "dir: None", "port: None", "poll: false"]),
        (
            "dev site --name blog --port 0 --open --poll",
            &["dir: Some(\"site\")", "port: Some(0)", "open: true"],
        ),
        ("backup create", &["file: None", "force: false", "keep: 7", "no_verify: false"]),
        ("backup create a.backup --force", &["file: Some(\"a.backup\")", "force: true"]),
        ("backup create --keep 30 --db x.db", &["keep: 30", "db: Some(\"x.db\")"]),
        ("backup restore a.backup --db x.db", &["file: \"a.backup\"", "force: false"]),
        ("completions zsh", &["Zsh"]),
        ("remote", &["Remote(", "command: None", "json: false"]),
        ("remote --json", &["command: None", "json: true"]),
        (
            "remote add home --url https://Example.org/ --token-stdin --desc mine",
            &["host: \"example.org\"", "token_stdin: true", "description: Some(\"mine\")"],
        ),
        ("remote status", &["Status(", "peer: None"]),
        ("remote apps home --json", &["peer: Some(\"home\")", "json: true"]),
        ("remote deploy dist home", &["dir: Some(\"dist\")", "peer: Some(\"home\")"]),
        (
            "remote deploy --name blog dist --to home",
            &["dir: Some(\"dist\")", "name: Some(\"blog\")", "to: Some(\"home\")"],
        ),
    ] {
        check(words, parts);
    }
}

#[test]
fn the_originals_spellings_keep_working() {
    for (words, parts) in [
        ("deploy --path site --domain blog", &["path: Some(\"site\")", "name: Some(\"blog\")"][..]),
        (
            "deploy --path site --domain blog --server http://localhost:4698",
            &["to: Some(\"http://localhost:4698\")"],
        ),
        (
            "client deploy --path=site --domain=blog --to home",
            &["Deploy(", "path: Some(\"site\")", "to: Some(\"home\")"],
        ),
        (
            "remote add home --url https://example.org --token abc --desc mine",
            &["token: Some(\"abc\")", "no_check: false"],
        ),
        ("servers", &["Servers(", "command: None"]),
        ("servers add home --url https://example.org --token abc", &["name: \"home\""]),
        ("servers ping home", &["Ping", "Some(\"home\")"]),
        ("client apps --to home", &["Apps(", "to: Some(\"home\")"]),
        ("client sites --server http://localhost:4698", &["Apps(", "localhost"]),
        ("client logs --site blog --limit 5", &["site: \"blog\"", "limit: 5"]),
        ("client delete --site blog --yes", &["Delete(", "yes: true"]),
        ("client set-auth-token --token abc", &["SetAuthToken(", "port: Some(4698)"]),
        ("version", &["Version"]),
    ] {
        check(words, parts);
    }
    let help = Cli::command().render_help().to_string();
    assert!(!help.contains("client") && !help.contains("servers"), "{help}");
    let mut command = Cli::command();
    let deploy = command.find_subcommand_mut("deploy").unwrap().render_help().to_string();
    assert!(!deploy.contains("--path") && !deploy.contains("--domain"), "{deploy}");
}

#[test]
fn what_cannot_be_understood_is_a_usage_error() {
    for words in [
        "deploy",
        "deploy a b",
        "deploy a --path b",
        "deploy a --to home --db data.db",
        "app",
        "app rollback blog latest",
        "app delete",
        "token create",
        "token create --name x --expires soon",
        "server start --port 65536",
        "server start --listen localhost:80",
        "dev site --listen 0.0.0.0",
        "server start --config x.json",
        "completions tcsh",
        "frobnicate",
        "remote add home",
        "remote add home --url example.org",
        "remote add home --url https://example.org --token a --token-stdin",
        "remote deploy",
        "remote deploy dist home --to work",
        "remote deploy dist home --db data.db",
        "remote frobnicate",
        "client delete",
    ] {
        let error = parse(words).expect_err(words);
        assert_eq!(error.exit_code(), 2, "{words}");
    }
    assert_eq!(parse("--version").unwrap_err().kind(), ErrorKind::DisplayVersion);
    assert_eq!(parse("app --help").unwrap_err().exit_code(), 0);
}
