//! Which changes of the folder are seen, and which are none.

use std::fs;
use std::io::Write;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::run::Dev;
use super::site;
use crate::process::{Machine, files, until};

/// All releases that were printed.
fn deployed(dev: &Dev) -> Vec<Value> {
    let events = dev.printed();
    events.into_iter().filter(|event| event["event"] == "deployed").collect()
}

#[test]
fn what_is_not_deployed_makes_no_release() {
    let machine = Machine::new();
    let mut files = site();
    files.insert(".gitignore".to_owned(), b"*.log\n/out\n".to_vec());
    files.insert("node_modules/a/index.js".to_owned(), b"1".to_vec());
    files.insert(".git/HEAD".to_owned(), b"1".to_vec());
    let dev = Dev::start(&machine, &files);
    for path in ["a.log", "out/a.html", ".index.html.swp", ".git/HEAD", "node_modules/a/index.js"] {
        dev.write(path, "2");
    }
    // The same content again is no change either.
    dev.write("style.css", "p { color: red }");
    dev.write("index.html", "two");
    dev.wait_for("/", "two");
    let all = until("the second release", || Some(deployed(&dev)).filter(|all| all.len() > 1));
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[1]["changed"], json!(["index.html"]));

    // An ignore file is read anew each time.
    dev.write(".gitignore", "/out\n");
    until("a.log", || (dev.get("/a.log").status == 200).then_some(()));
    dev.write(".gitignore", "*.log\n");
    until("out/a.html", || (dev.get("/out/a.html").status == 200).then_some(()));
    assert_eq!(dev.get("/a.log").status, 404, "it is gone at once, as it is online");
}

#[test]
fn editors_save_in_their_own_ways() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    let page = dev.path("index.html");

    // A new file takes the name of the old one.
    let temporary = dev.path(".index.html.tmp");
    fs::write(&temporary, "renamed").unwrap();
    fs::rename(&temporary, &page).unwrap();
    dev.wait_for("/", "renamed");

    // The old one is kept under another name.
    fs::rename(&page, dev.path("index.html~")).unwrap();
    fs::write(&page, "kept").unwrap();
    fs::remove_file(dev.path("index.html~")).unwrap();
    dev.wait_for("/", "kept");
    until("the end of the copy", || (dev.get("/index.html~").status == 404).then_some(()));

    // It is emptied and written piece by piece; what was seen in between does not stay.
    let mut file = fs::File::create(&page).unwrap();
    for part in ["first ", "second ", "third"] {
        file.write_all(part.as_bytes()).unwrap();
        file.sync_all().unwrap();
        dev.wait_for("/", part);
    }
    drop(file);
    assert!(dev.get("/").text().ends_with("first second third"));

    // As long as before, in the same moment.
    dev.write("index.html", "first second thirD");
    dev.wait_for("/", "thirD");
    dev.write("index.html", "first second THIRD");
    dev.wait_for("/", "THIRD");

    fs::remove_file(&page).unwrap();
    until("the end of the page", || (dev.get("/").status == 404).then_some(()));
}

#[test]
fn folders_come_and_go() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    dev.write("a/b/c/page.html", "new");
    dev.wait_for("/a/b/c/page", "new");
    dev.write("a/b/c/page.html", "edited");
    dev.wait_for("/a/b/c/page", "edited");

    // A folder that moves is watched where it is now.
    fs::rename(dev.path("a/b"), dev.path("moved")).unwrap();
    dev.wait_for("/moved/c/page", "edited");
    assert_eq!(dev.get("/a/b/c/page").status, 404);
    dev.write("moved/c/page.html", "after the move");
    dev.wait_for("/moved/c/page", "after the move");

    // So is one that takes the place of another, be it at once.
    fs::rename(dev.path("moved"), dev.path("a/b")).unwrap();
    dev.write("moved/c/page.html", "another");
    dev.wait_for("/moved/c/page", "another");
    dev.write("a/b/c/page.html", "back");
    dev.wait_for("/a/b/c/page", "back");
    fs::remove_dir_all(dev.path("moved")).unwrap();
    dev.write("moved/c/page.html", "once more");
    dev.wait_for("/moved/c/page", "once more");
    dev.write("moved/c/page.html", "and edited");
    dev.wait_for("/moved/c/page", "and edited");
}

#[test]
fn a_thousand_changes_are_a_few_releases() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    for number in 0..1000 {
        dev.write(&format!("pages/{}/{number}.html", number % 40), &format!("page {number}"));
    }
    dev.write("last.html", "the last");
    dev.wait_for("/last", "the last");
    for number in [0, 1, 499, 998, 999] {
        let path = format!("/pages/{}/{number}", number % 40);
        dev.wait_for(&path, &format!("page {number}"));
    }
    let count = |all: &[Value]| -> usize {
        all.iter().map(|event| event["changed"].as_array().unwrap().len()).sum()
    };
    let all = until("all files", || Some(deployed(&dev)).filter(|all| count(all) >= 4 + 1001));
    assert_eq!(count(&all), 4 + 1001, "each file in one release");
    assert!(all.len() < 100, "{} releases", all.len());
    // Still awake.
    dev.write("pages/7/7.html", "the end");
    dev.wait_for("/pages/7/7", "the end");
}

/// The system keeps only so many events; those that it drops must not be missed.
#[test]
fn lost_events_do_no_harm() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    let kept = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let kept: usize = kept.trim().parse().unwrap();
    dev.signal(Signal::STOP);
    // Each of the two names is an event.
    let (one, other) = (dev.path("picture.bin"), dev.path("moved.bin"));
    for _ in 0..=kept / 4 {
        fs::rename(&one, &other).unwrap();
        fs::rename(&other, &one).unwrap();
    }
    dev.write("lost/page.html", "unheard");
    dev.signal(Signal::CONT);
    dev.wait_for("/lost/page", "unheard");
    dev.write("lost/page.html", "heard again");
    dev.wait_for("/lost/page", "heard again");
}

#[test]
fn a_folder_that_vanishes_is_waited_for() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    let mut stream = dev.listen();
    fs::remove_dir_all(&dev.folder).unwrap();
    let state = stream.expect("problem");
    assert!(state["problem"]["message"].as_str().unwrap().contains("cannot read"), "{state}");
    assert!(dev.get("/").text().contains("<title>one"), "the release before stays");
    machine.folder("site", &files(&[("index.html", "rebuilt")]));
    dev.wait_for("/", "rebuilt");
    dev.write("index.html", "and edited");
    dev.wait_for("/", "and edited");
}

#[test]
fn a_build_that_empties_its_folder_first_is_no_problem() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    for edition in ["second", "third"] {
        machine.folder("site", &files(&[("index.html", edition)]));
        dev.wait_for("/", edition);
    }
    let problems = dev.printed().into_iter().filter(|event| event["event"] == "problem");
    assert_eq!(problems.collect::<Vec<_>>(), Vec::<Value>::new());
}

#[test]
fn links_are_followed_inside_the_folder_alone() {
    let machine = Machine::new();
    let dev = Dev::start(&machine, &site());
    fs::write(machine.path("secret.txt"), "secret").unwrap();
    std::os::unix::fs::symlink(machine.path("secret.txt"), dev.path("outside.txt")).unwrap();
    std::os::unix::fs::symlink("index.html", dev.path("inside.html")).unwrap();
    dev.wait_for("/inside", "<title>one");
    assert_eq!(dev.get("/outside.txt").status, 404);
    dev.write("index.html", "both");
    dev.wait_for("/", "both");
    dev.wait_for("/inside", "both");
}

#[test]
fn a_folder_without_events_is_looked_at() {
    let machine = Machine::new();
    let dev = Dev::spawn(&machine, &site(), &["--port", "0", "--poll"]);
    dev.event("deployed", 0);
    let mut stream = dev.listen();
    dev.write("new/index.html", "seen");
    stream.expect("reload");
    dev.write("_redirects", "nonsense\n");
    stream.expect("problem");
    dev.write("new/style.css", "p{}");
    // Still wrong; the same is said once.
    fs::remove_file(dev.path("_redirects")).unwrap();
    stream.expect("css");
    let problems = dev.printed().into_iter().filter(|event| event["event"] == "problem");
    assert_eq!(problems.count(), 1);
}

/// What cannot be deployed ends the walk before all folders are watched.
#[test]
fn a_name_that_cannot_be_deployed_is_waited_out() {
    let machine = Machine::new();
    let mut files = site();
    files.insert("pages/a\\b.html".to_owned(), b"renamed".to_vec());
    let dev = Dev::spawn(&machine, &files, &["--port", "0"]);
    let problem = dev.event("problem", 0);
    let message = problem["problem"]["message"].as_str().unwrap();
    assert!(message.contains("a\\b.html"), "{problem}");
    fs::rename(dev.path("pages/a\\b.html"), dev.path("pages/c.html")).unwrap();
    dev.wait_for("/pages/c", "renamed");

    // The same later, in a folder that is new.
    let seen = dev.printed().len();
    dev.write("new/deep/d\\e.html", "renamed too");
    dev.event("problem", seen);
    fs::rename(dev.path("new/deep/d\\e.html"), dev.path("new/deep/f.html")).unwrap();
    dev.wait_for("/new/deep/f", "renamed too");
    let told = dev.printed().into_iter().filter(|event| event["problem"] == problem["problem"]);
    assert_eq!(told.count(), 1);
}
