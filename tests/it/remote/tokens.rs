//! Where tokens come from, which peer keeps them, and to whom they are sent.

use super::{token_of, with_token};
use crate::commands::rows;
use crate::fake_peer::{FakePeer, ORIGINAL_TOKEN};
use crate::process::Machine;

#[track_caller]
fn set_auth_token(machine: &Machine, token: &str, url: &str) -> String {
    machine.run(&["client", "set-auth-token", "--token", token, "--server", url]).ok()
}

/// Name, address and description of each peer.
fn peers(machine: &Machine) -> Vec<[String; 3]> {
    let listed = machine.run(&["remote", "list", "--json"]).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let peers = listed.as_array().unwrap().iter();
    peers.map(|peer| ["name", "url", "description"].map(|field| text(&peer[field]))).collect()
}

#[test]
fn the_originals_token_replaces_no_other_peer() {
    let machine = Machine::new();
    let add = ["remote", "add", "x-org", "--url", "https://other.org", "--desc", "mine"];
    machine.run(&[&add[..], &["--token", "abcd", "--no-check"]].concat()).ok();
    let said = set_auth_token(&machine, "efgh\n", "https://admin.x.org");
    assert!(said.contains("the peer x-org-443, the default"), "{said}");
    let mine = ["x-org", "https://other.org", "mine"].map(str::to_owned);
    let new = ["x-org-443", "https://admin.x.org", ""].map(str::to_owned);
    assert_eq!(peers(&machine), [mine.clone(), new.clone()]);

    // A peer that is known there gets the token and nothing else.
    let said = set_auth_token(&machine, "ijkl", "https://other.org/");
    assert!(said.contains("the peer x-org, the default"), "{said}");
    assert_eq!(peers(&machine), [mine, new]);

    // Both names are taken now.
    let words = ["client", "set-auth-token", "--token", "m", "--server", "https://x.org"];
    let complaint = machine.run(&words).fails(1);
    for part in ["https://x.org", "x-org and x-org-443", "fazt remote add NAME"] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    for token in ["", " \n", "two words", "a\r\nX-Evil: 1"] {
        let words = ["client", "set-auth-token", "--token", token, "--server", "https://y.org"];
        let complaint = machine.run(&words).fails(1);
        assert!(complaint.contains("token"), "{token:?}: {complaint}");
    }
    assert_eq!(peers(&machine).len(), 2);
}

#[test]
fn the_node_of_this_machine_stays_what_its_start_made_it() {
    let machine = Machine::new();
    let server = machine.start();
    let token = token_of(&machine, "own", "admin");
    let said = set_auth_token(&machine, &token, &server.url());
    assert!(said.contains("the peer local, the default"), "{said}");
    server.stop();
    // On another port: the start may still write the peer, and the token still holds.
    let server = machine.start();
    assert_eq!(peers(&machine)[0][1], format!("http://127.0.0.1:{}", server.port));
    machine.run(&["app", "list"]).ok();
    let tokens = machine.run(&["token", "list", "--json"]).json();
    let names: Vec<&str> =
        tokens.as_array().unwrap().iter().map(|token| token["name"].as_str().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| **name == "local").count(), 1, "{names:?}");
    server.stop();
}

#[test]
fn the_nodes_own_token_goes_to_the_address_that_it_has_bound() {
    let machine = Machine::new();
    let server = machine.start();
    let local = format!("http://127.0.0.1:{}", server.port);
    assert_eq!(peers(&machine)[0][..2], ["local".to_owned(), local.clone()]);
    for host in ["localhost", "127.0.0.1", "blog.localhost"] {
        let url = format!("http://{host}:{}", server.port);
        let status = machine.run(&["remote", "status", &url]).ok();
        assert!(status.contains(&format!("URL\t{local}\n")), "{host}: {status}");
        machine.run(&["app", "list", "--to", &url]).ok();
    }
    // Anybody of this machine may listen there.
    for host in ["127.0.0.2", "[::1]"] {
        let url = format!("http://{host}:{}", server.port);
        let complaint = machine.run(&["app", "list", "--to", &url]).fails(1);
        assert!(complaint.contains("no token is known"), "{host}: {complaint}");
    }
    server.stop();
}

#[test]
fn an_address_and_a_token_need_no_home() {
    let machine = Machine::new();
    let peer = FakePeer::original();
    let folder = machine.folder("blog", &crate::process::files(&[("index.html", "x")]));
    for words in [
        &["deploy", &folder, "--to", &peer.url()][..],
        &["remote", "status", &peer.url()],
        &["remote", "apps", &peer.url()],
        &["client", "apps", "--server", &peer.url()],
        &["servers", "ping", &peer.url()],
    ] {
        let mut command = with_token(&machine, ORIGINAL_TOKEN, words);
        machine.finish(command.env_remove("HOME").env_remove("XDG_CONFIG_HOME")).ok();
        let mut command = machine.fazt(words);
        command.env_remove("HOME").env_remove("XDG_CONFIG_HOME");
        let complaint = machine.finish(&mut command).fails(1);
        assert!(complaint.contains("HOME"), "{words:?}: {complaint}");
    }
}

#[test]
fn a_token_of_the_environment_may_end_in_a_line_break() {
    let machine = Machine::new();
    let peer = FakePeer::original();
    let words = ["client", "apps", "--server", &peer.url()];
    let token = format!(" {ORIGINAL_TOKEN}\r\n");
    let said = machine.finish(&mut with_token(&machine, &token, &words)).ok();
    assert_eq!(rows(&said)[0][0], "old");
    for token in ["two words", "a\nb"] {
        let complaint = machine.finish(&mut with_token(&machine, token, &words)).fails(1);
        for part in ["FAZT_TOKEN cannot be used", "that is no token"] {
            assert!(complaint.contains(part), "{part} is not in {complaint}");
        }
        assert!(!complaint.contains(token), "{complaint}");
    }
    let complaint = machine.finish(&mut with_token(&machine, "\n", &words)).fails(1);
    assert!(complaint.contains("no token is known"), "{complaint}");
}
