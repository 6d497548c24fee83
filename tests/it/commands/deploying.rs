//! `fazt deploy`.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use fazt_actors::limits::DeployLimits;

use crate::process::{Files, Machine, SetAtEnd, files, noise};

/// What a deploy of one changed file may send.
const CHANGE_BYTES_MAX: u64 = 64 * 1024;

/// Deploys under way while a file is written over and over.
const DEPLOYS_OF_A_CHANGING_FILE: usize = 12;

/// A few hundred KB in a few files.
fn site() -> Files {
    let mut site = files(&[("index.html", "<h1>one</h1>"), ("docs/guide.html", "<h1>guide</h1>")]);
    site.extend((0..20).map(|n| (format!("img/{n}.png"), noise(n, 20_000))));
    site
}

/// The bytes in `…; sent 12 KB in 0.10 s.`
#[track_caller]
fn sent_bytes(said: &str) -> u64 {
    let sent = said.split("sent ").nth(1).and_then(|rest| rest.split(" in ").next());
    let sent = sent.unwrap_or_else(|| panic!("nothing about what was sent in {said}"));
    let (amount, unit) = sent.split_once(' ').unwrap();
    let unit = match unit {
        "B" => 1.0,
        "KB" => 1024.0,
        "MB" => 1024.0 * 1024.0,
        other => panic!("{other} in {said}"),
    };
    (amount.parse::<f64>().unwrap() * unit) as u64
}

#[test]
fn only_what_changed_is_sent() {
    let machine = Machine::new();
    let server = machine.start();
    let mut site = site();
    let folder = machine.folder("blog", &site);

    let said = machine.run(&["deploy", &folder]).ok();
    let url = format!("http://blog.localhost:{}/\n", server.port);
    assert!(said.starts_with(&url), "the URL comes first: {said}");
    assert!(said.contains("Deployed blog v1: 22 files, 391 KB; sent"), "{said}");
    assert!(sent_bytes(&said) > 400_000, "{said}");
    assert_eq!(server.get("blog.localhost", "/docs/guide").text(), "<h1>guide</h1>");

    let said = machine.run(&["deploy", &folder]).ok();
    assert!(said.contains("Deployed blog v2: 22 files"), "{said}");
    assert!(sent_bytes(&said) < 1024, "{said}");

    site.insert("index.html".to_owned(), b"<h1>two</h1>".to_vec());
    site.remove("docs/guide.html");
    let folder = machine.folder("blog", &site);
    let said = machine.run(&["deploy", &folder]).ok();
    assert!(said.contains("Deployed blog v3: 21 files"), "{said}");
    assert!(sent_bytes(&said) < CHANGE_BYTES_MAX, "{said}");
    assert_eq!(server.get("blog.localhost", "/").text(), "<h1>two</h1>");
    assert_eq!(server.get("blog.localhost", "/docs/guide").status, 404);
    server.stop();
}

#[test]
fn the_result_is_also_for_programs() {
    let machine = Machine::new();
    let server = machine.start();
    let folder = machine.folder("Meine Seite", &files(&[("index.html", "hallo")]));
    let result = machine.run(&["deploy", &folder, "--name", "seite", "--json"]).json();
    for (key, value) in [
        ("site", serde_json::json!("seite")),
        ("release", 1.into()),
        ("previous_release", serde_json::Value::Null),
        ("file_count", 1.into()),
        ("size_bytes", 5.into()),
        ("url", format!("http://seite.localhost:{}/", server.port).into()),
    ] {
        assert_eq!(result[key], value, "{key}");
    }
    assert!(result["app_id"].as_str().unwrap().starts_with("app_"));
    server.stop();
}

#[test]
fn the_name_is_said_or_written_or_the_folders() {
    let machine = Machine::new();
    let server = machine.start();
    let named = files(&[("index.html", "x"), ("fazt.json", r#"{"name": "written"}"#)]);
    let plain = files(&[("index.html", "x")]);
    for (folder, site, words, name) in [
        ("plain", &plain, &[][..], "plain"),
        ("folder", &named, &[], "written"),
        ("folder", &named, &["--name", "said"], "said"),
        ("folder", &named, &["--domain", "as-before"], "as-before"),
    ] {
        let folder = machine.folder(folder, site);
        let words = [&["deploy", folder.as_str(), "--json"], words].concat();
        assert_eq!(machine.run(&words).json()["site"], name, "{words:?}");
    }
    // The original's spellings.
    let folder = machine.folder("old", &plain);
    for words in [
        &["deploy", "--path", &folder, "--domain", "old-one", "--json"][..],
        &["client", "deploy", "--path", &folder, "--domain", "old-one", "--json"],
    ] {
        assert_eq!(machine.run(words).json()["site"], "old-one", "{words:?}");
    }
    let complaint = machine.run(&["deploy", &machine.folder("Überblick", &plain)]).fails(1);
    assert!(complaint.contains("--name"), "{complaint}");
    server.stop();
}

#[test]
fn an_empty_deploy_names_the_rule() {
    let machine = Machine::new();
    for (name, site, part) in [
        ("empty", files(&[]), "the folder is empty"),
        (
            "ignored",
            files(&[(".faztignore", "*.html\n"), ("a.html", ""), ("b.html", "")]),
            "`*.html`",
        ),
        (
            "git",
            files(&[(".gitignore", "dist\n"), ("dist/index.html", "")]),
            ".gitignore line `dist`",
        ),
        ("dots", files(&[(".env", "SECRET=1")]), "dot-files are not deployed"),
        ("modules", files(&[("node_modules/a/index.js", "")]), "`node_modules`"),
    ] {
        let folder = machine.folder(name, &site);
        fs::create_dir_all(&folder).unwrap();
        let complaint = machine.run(&["deploy", &folder]).fails(1);
        assert!(complaint.contains(&folder) && complaint.contains(part), "{name}: {complaint}");
    }
}

#[test]
fn a_folder_that_cannot_be_deployed_is_told_why() {
    let machine = Machine::new();
    let bad_json = files(&[("index.html", ""), ("fazt.json", "{\n  \"spa\": maybe\n}")]);
    let backslash = files(&[("a\\b.html", "")]);
    for (name, site, parts) in [
        ("manifest", bad_json, &["fazt.json", "line 2"][..]),
        ("backslash", backslash, &["a\\b.html"]),
    ] {
        let folder = machine.folder(name, &site);
        let complaint = machine.run(&["deploy", &folder]).fails(1);
        for part in parts {
            assert!(complaint.contains(part), "{name}: {part} is not in {complaint}");
        }
    }
    let complaint = machine.run(&["deploy", "nowhere"]).fails(1);
    assert!(complaint.contains("nowhere"), "{complaint}");
    fs::write(machine.path("file.html"), "x").unwrap();
    let complaint = machine.run(&["deploy", "file.html"]).fails(1);
    assert!(complaint.contains("file.html is not a folder"), "{complaint}");
}

#[test]
fn how_many_files_there_may_be_is_the_nodes_to_say() {
    let machine = Machine::new();
    let server = machine.start();
    let files_max = DeployLimits::default().files_max;
    let many: Files = (0..=files_max).map(|n| (format!("{n}"), Vec::new())).collect();
    let folder = machine.folder("many", &many);
    let complaint = machine.run(&["deploy", &folder]).fails(1);
    for part in ["10001 files", "at most 10000 files", ".faztignore", "deploy.files_max"] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    machine.run(&["server", "set-config", "deploy.files_max=10001", "--db", &machine.db()]).ok();
    assert!(machine.run(&["deploy", &folder]).ok().contains("10001 files"));
    server.stop();
}

#[test]
fn what_is_left_out_is_said() {
    let machine = Machine::new();
    let server = machine.start();
    let folder = machine.folder("links", &files(&[("index.html", "x")]));
    symlink("/etc/hostname", format!("{folder}/outside.txt")).unwrap();
    symlink("nowhere", format!("{folder}/dangling.txt")).unwrap();
    let ran = machine.run(&["deploy", &folder]);
    for part in ["outside.txt", "outside the folder", "dangling.txt", "nowhere"] {
        assert!(ran.stderr.contains(part), "{part} is not in {}", ran.stderr);
    }
    assert!(ran.ok().contains("1 file,"));
    server.stop();
}

/// A release is what the folder was, or the command says that it changed.
#[test]
fn a_file_that_changes_meanwhile_is_deployed_whole_or_refused() {
    let machine = Machine::new();
    let server = machine.start();
    let mut site = site();
    site.insert("changing.txt".to_owned(), b"a".repeat(100_000));
    let folder = machine.folder("moving", &site);
    machine.run(&["deploy", &folder]).ok();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let over = SetAtEnd(&is_over);
        let file = format!("{folder}/changing.txt");
        let is_over = &is_over;
        scope.spawn(move || {
            for round in 0_usize.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let letter = [b'a', b'b', b'c'][round % 3];
                fs::write(&file, vec![letter; 50_000 + 1_000 * (round % 7)]).unwrap();
            }
        });
        for _ in 0..DEPLOYS_OF_A_CHANGING_FILE {
            let ran = machine.run(&["deploy", &folder]);
            if !ran.status.success() {
                let complaint = ran.fails(1);
                assert!(complaint.contains("changing.txt"), "{complaint}");
                assert!(complaint.contains("run the command again"), "{complaint}");
            }
            let listed = server.api("/api/apps/moving/releases/live/files");
            let listed = listed.as_array().unwrap();
            let changing = listed.iter().find(|file| file["path"] == "changing.txt").unwrap();
            let served = server.get("moving.localhost", "/changing.txt").body;
            let hash = fazt_actors::content::ContentHash::of(&served).to_string();
            assert_eq!(changing["sha256"], hash);
        }
        drop(over);
    });
    server.stop();
}
