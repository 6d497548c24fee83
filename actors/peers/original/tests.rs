use std::fs;

use tempfile::TempDir;

use super::*;
use crate::{kind::Fault, peers::Peers};

/// What a client of fazt 0.9 leaves: the tables of a server, and nothing in most of them.
const CLIENT_DATA: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE migrations (id INTEGER PRIMARY KEY, version INTEGER, name TEXT);
    CREATE TABLE files (site_id TEXT, path TEXT, content BLOB);
    CREATE TABLE api_keys (id INTEGER PRIMARY KEY, name TEXT, key_hash TEXT);
    CREATE TABLE configurations (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE peers (
        id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(8)))), name TEXT UNIQUE NOT NULL,
        url TEXT NOT NULL, token TEXT, description TEXT, is_default INTEGER DEFAULT 0);
    INSERT INTO peers (name, url, token, description, is_default) VALUES
        ('Home', 'https://admin.example.org/', 'aaaa', 'the box', 0),
        ('work', 'https://admin.work.example', NULL, NULL, 1),
        ('odd', 'https://user:secret@example.org', 'bbbb', NULL, 0);";

/// A file of the original where the client's own is looked for.
fn original(more: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fazt/data.db");
    fs::create_dir(path.parent().unwrap()).unwrap();
    let connection = file::open_foreign(&path).unwrap();
    connection.execute_batch(CLIENT_DATA).unwrap();
    connection.execute_batch(more).unwrap();
    (dir, path)
}

#[test]
fn client_data_of_the_original_is_set_aside_and_taken_over() {
    let (_dir, path) = original("");
    let peers = Peers::open(&path, 7).unwrap();
    let [sentence, odd] = peers.taken_over() else { panic!("{:?}", peers.taken_over()) };
    assert!(
        sentence.ends_with("data.db.fazt-0.9 now; the peers in it were taken over: home, work")
    );
    assert!(odd.contains("\"odd\"") && !odd.contains("secret"), "{odd}");
    let home = peers.get("home").unwrap().unwrap();
    assert_eq!(home.url.to_string(), "https://admin.example.org");
    assert_eq!(
        (home.token.as_deref(), home.description.as_deref()),
        (Some("aaaa"), Some("the box"))
    );
    let default = peers.default_peer().unwrap().unwrap();
    assert_eq!((default.name.as_str(), default.token), ("work", None));
    drop(peers);

    // Said once; the other file is whole, for the program that wrote it.
    assert_eq!(Peers::open(&path, 8).unwrap().taken_over(), [""; 0]);
    let aside = path.with_file_name("data.db.fazt-0.9");
    let kept = file::open_foreign(&aside).unwrap();
    assert_eq!(read(&kept).unwrap().len(), 3);
    for file in [&path, &aside] {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

/// Whatever came between the new name and the import: the next command takes the peers over.
#[test]
fn what_was_set_aside_and_not_taken_over_is_taken_over_later() {
    for what_is_there in ["nothing", "an empty file", "no peers", "the node of this machine"] {
        let (_dir, path) = original("");
        assert!(set_aside(&path).unwrap(), "{what_is_there}");
        match what_is_there {
            "nothing" => {}
            "an empty file" => fs::write(&path, "").unwrap(),
            other => {
                file::prepare(&path).unwrap();
                let connection = file::open(&path).unwrap();
                if other != "no peers" {
                    let sql = "INSERT INTO peers (name, url, managed, created_at, updated_at)
                               VALUES ('local', 'http://127.0.0.1:4698', 1, 1, 1)";
                    connection.execute(sql, []).unwrap();
                }
            }
        }
        let peers = Peers::open(&path, 7).unwrap();
        assert_eq!(peers.get("home").unwrap().unwrap().token.as_deref(), Some("aaaa"));
        assert!(peers.taken_over()[0].ends_with("taken over: home, work"), "{what_is_there}");
        // What the user forgets then stays away, and nothing more is said.
        peers.remove("home").unwrap();
        peers.remove("work").unwrap();
        drop(peers);
        let peers = Peers::open(&path, 8).unwrap();
        assert_eq!(peers.taken_over(), [""; 0], "{what_is_there}");
        assert_eq!(peers.get("home").unwrap(), None);
    }
}

#[test]
fn nothing_is_taken_over_where_the_user_has_peers() {
    let (_dir, path) = original("");
    let hidden = path.with_file_name("hidden");
    fs::rename(&path, &hidden).unwrap();
    let new = NewPeer {
        name: "mine".to_owned(),
        url: NodeUrl::parse("https://example.org").unwrap(),
        token: None,
        description: None,
    };
    Peers::open(&path, 1).unwrap().add(&new, false, 1).unwrap();
    fs::rename(&hidden, aside(&path)).unwrap();
    let peers = Peers::open(&path, 2).unwrap();
    assert_eq!(peers.taken_over(), [""; 0]);
    assert_eq!(peers.list().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_read_is_told_and_stops_nobody() {
    let (_dir, path) = original("");
    let aside = path.with_file_name("data.db.fazt-0.9");
    fs::remove_file(&path).unwrap();
    fs::write(&aside, "precious, and long enough to look like a database of some kind").unwrap();
    let peers = Peers::open(&path, 1).unwrap();
    let [sentence] = peers.taken_over() else { panic!("{:?}", peers.taken_over()) };
    assert!(sentence.contains("data.db.fazt-0.9") && sentence.contains("cannot"), "{sentence}");
}

#[test]
fn what_serves_somebody_stays_where_it_is() {
    for more in [
        "INSERT INTO files VALUES ('blog', 'index.html', 'hi')",
        "INSERT INTO api_keys (name, key_hash) VALUES ('ci', 'x')",
        "INSERT INTO configurations VALUES ('auth.password_hash', 'x')",
        "DROP TABLE migrations",
    ] {
        let (_dir, path) = original(more);
        assert_eq!(Peers::open(&path, 0).unwrap_err().code(), "CLIENT_DATA_FOREIGN", "{more}");
        assert!(path.exists() && !path.with_file_name("data.db.fazt-0.9").exists());
    }
}

#[test]
fn a_file_that_was_set_aside_before_is_not_replaced() {
    let (_dir, path) = original("");
    let aside = path.with_file_name("data.db.fazt-0.9");
    fs::write(&aside, "precious").unwrap();
    assert_eq!(Peers::open(&path, 0).unwrap_err().code(), "CLIENT_DATA_FOREIGN");
    assert_eq!(fs::read_to_string(&aside).unwrap(), "precious");
    assert_eq!(read(&file::open_foreign(&path).unwrap()).unwrap().len(), 3);
}
