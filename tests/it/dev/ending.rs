//! How `fazt dev` begins and ends: it takes a free port, and leaves nothing behind.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use rustix::process::Signal;

use super::run::{Dev, entries};
use super::site;
use crate::process::{Machine, until};
use crate::wire;

/// Nothing of a run is left: no data, no socket, no known node, no process, no listener.
#[track_caller]
fn assert_nothing_left(machine: &Machine, dev: &Dev) {
    assert_eq!(dev.leftovers(), Vec::<PathBuf>::new());
    for folder in ["home", "config", "node"] {
        assert_eq!(entries(&machine.path(folder)), Vec::<PathBuf>::new(), "{folder}");
    }
    assert!(wire::tcp(dev.port).is_err(), "somebody still listens");
}

#[test]
fn every_way_to_stop_leaves_nothing() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let machine = Machine::new();
        let mut dev = Dev::start(&machine, &site());
        assert_eq!(dev.leftovers().len(), 1, "the data is in one folder");
        let stream = dev.listen();
        dev.write("index.html", "changed in the last moment");
        assert_eq!(dev.children(), "");
        dev.signal(signal);
        // It may tell of that change, and then it ends.
        stream.read_to_end();
        assert_eq!(dev.wait().code(), Some(0));
        assert_nothing_left(&machine, &dev);
    }
}

#[test]
fn a_folder_that_is_gone_is_no_reason_to_stay() {
    let machine = Machine::new();
    let mut dev = Dev::start(&machine, &site());
    fs::remove_dir_all(&dev.folder).unwrap();
    dev.event("problem", 0);
    dev.signal(Signal::INT);
    assert_eq!(dev.wait().code(), Some(0));
    assert_nothing_left(&machine, &dev);
}

#[test]
fn a_run_that_cannot_begin_leaves_nothing_either() {
    let machine = Machine::new();
    machine.folder("site", &site());
    machine.folder("api", &site());
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (words, complaint) in [
        (&["dev", "nowhere"][..], "cannot read nowhere"),
        (&["dev", "site/index.html"], "is not a folder"),
        (&["dev", "api"], "choose one with --name"),
        (&["dev", "site", "--name", "a.b"], "`a.b` cannot name an app here"),
        (&["dev", "site", "--port", &port], "is it taken?"),
    ] {
        let temporary = machine.path("tmp");
        fs::create_dir_all(&temporary).unwrap();
        let mut command = machine.fazt(words);
        command.env("TMPDIR", &temporary);
        let said = machine.finish(&mut command).fails(1);
        assert!(said.contains(complaint), "{words:?}: {said}");
        assert_eq!(entries(&temporary), Vec::<PathBuf>::new(), "{words:?}");
    }
}

#[test]
fn the_next_free_port_is_taken() {
    let machine = Machine::new();
    let first = Dev::spawn(&machine, &site(), &[]);
    let second = Dev::spawn(&machine, &site(), &["--name", "other"]);
    for port in [first.port, second.port] {
        assert!((4698..4698 + 32).contains(&port), "{port}");
    }
    assert_ne!(first.port, second.port);
}

#[test]
fn nobody_reads_what_is_printed() {
    let machine = Machine::new();
    machine.folder("site", &site());
    let temporary = machine.path("tmp");
    fs::create_dir_all(&temporary).unwrap();
    let script = "\"$0\" dev site --port 0 | head -n 1";
    let mut command = machine.isolated("sh", &["-c", script, env!("CARGO_BIN_EXE_fazt")]);
    command.env("TMPDIR", &temporary);
    let ran = machine.finish(&mut command);
    assert_eq!(ran.stderr, "", "{ran:?}");
    until("the end of the data", || entries(&temporary).is_empty().then_some(()));
}

/// What a run that was killed has left is removed by the next one, unless it is young or runs.
#[test]
fn leftovers_of_a_killed_run_are_removed() {
    let machine = Machine::new();
    let mut killed = Dev::start(&machine, &site());
    killed.signal(Signal::KILL);
    killed.wait();
    let [left] = killed.leftovers().try_into().unwrap();
    let start = |name: &str| {
        let mut command = machine.fazt(&["dev", killed.folder.to_str().unwrap(), "--port", "0"]);
        command.env("TMPDIR", &killed.temporary).args(["--name", name]);
        let server = machine.spawn(command);
        until("another run", || (entries(&killed.temporary).len() > 1).then_some(()));
        server
    };
    let young = start("young");
    assert!(left.exists(), "it may be about to begin");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    fs::File::open(&left).unwrap().set_modified(long_ago).unwrap();
    let running: Vec<PathBuf> =
        entries(&killed.temporary).into_iter().filter(|path| *path != left).collect();
    fs::File::open(&running[0]).unwrap().set_modified(long_ago).unwrap();
    let _old = start("old");
    until("the end of the leftover", || (!left.exists()).then_some(()));
    assert!(running[0].exists(), "somebody works with it");
    drop(young);
}

/// The system's temporary folder is everybody's.
#[test]
fn a_folder_of_somebody_else_is_no_leftover() {
    let machine = Machine::new();
    let temporary = Dev::start(&machine, &site()).temporary.clone();
    let [left] = entries(&temporary).try_into().unwrap();
    let foreign = ["fazt-dev-x", "fazt-dev-sketch"].map(|name| temporary.join(name));
    for folder in &foreign {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("thesis.txt"), "years").unwrap();
    }
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for folder in foreign.iter().chain([&left]) {
        fs::File::open(folder).unwrap().set_modified(long_ago).unwrap();
    }
    let _next = Dev::start(&machine, &site());
    assert!(!left.exists(), "the run before was killed");
    for folder in &foreign {
        assert_eq!(fs::read_to_string(folder.join("thesis.txt")).unwrap(), "years");
    }
}
