use futures_util::FutureExt;
use futures_util::future::join_all;
use rusqlite::Transaction;

use super::*;
use crate::store::{Migrations, Store};

const SCHEMA: Migrations =
    Migrations { application_id: 1, steps: &["CREATE TABLE notes (text TEXT UNIQUE) STRICT"] };

/// Notes a text, and then behaves as told.
struct Note {
    text: String,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    Succeed,
    Fail,
    Panic,
}

impl Write for Note {
    type Output = usize;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<usize> {
        let notes = tx.execute("INSERT INTO notes VALUES (?1)", [self.text])?;
        match self.then {
            Then::Succeed => Ok(notes),
            Then::Fail => Err(rusqlite::Error::InvalidQuery),
            Then::Panic => panic!("a defect, for the test"),
        }
    }
}

fn note(text: &str, then: Then) -> Note {
    Note { text: text.to_owned(), then }
}

async fn notes(store: &Store) -> Vec<String> {
    let read = store.readers.read(|c| {
        c.prepare("SELECT text FROM notes ORDER BY text")?
            .query_map([], |row| row.get(0))?
            .collect()
    });
    read.await.unwrap()
}

/// Runs a test on a store of its own.
fn with_store<F: Future<Output = ()>>(test: impl FnOnce(Store) -> F) {
    let dir = tempfile::tempdir().unwrap();
    actix::System::new().block_on(async {
        let store = Store::open(&dir.path().join("data.db"), &SCHEMA, None).unwrap();
        test(store).await;
    });
}

#[test]
fn a_failure_undoes_only_itself() {
    with_store(|store| async move {
        let outcomes = join_all([
            store.writer.commit(note("a", Then::Succeed)),
            store.writer.commit(note("b", Then::Fail)),
            store.writer.commit(note("c", Then::Panic)),
            store.writer.commit(note("a", Then::Succeed)),
            store.writer.commit(note("d", Then::Succeed)),
        ])
        .await;
        let shown: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
        assert_eq!(shown, [true, false, false, false, true]);
        assert!(matches!(outcomes[2], Err(StoreError::Panicked)));
        assert_eq!(notes(&store).await, ["a", "d"]);
        assert_eq!(store.counters().panics(), 1);
    });
}

#[test]
fn those_who_wait_share_a_commit() {
    with_store(|store| async move {
        let texts: Vec<String> = (0..64).map(|n| n.to_string()).collect();
        let before = store.counters().commits();
        let writes = texts.iter().map(|text| store.writer.commit(note(text, Then::Succeed)));
        assert!(join_all(writes).await.iter().all(Result::is_ok));
        let commits = store.counters().commits() - before;
        assert!(commits < 64, "64 changes took {commits} commits");
        assert_eq!(notes(&store).await.len(), 64);
    });
}

#[test]
fn a_change_outlives_an_impatient_caller() {
    with_store(|store| async move {
        // Polled once, so that it is sent, and dropped before the answer.
        let answered = store.writer.commit(note("sent", Then::Succeed)).now_or_never();
        assert!(answered.is_none());
        store.writer.commit(note("later", Then::Succeed)).await.unwrap();
        assert_eq!(notes(&store).await, ["later", "sent"]);
    });
}

#[test]
fn what_waits_is_applied_before_the_writer_closes() {
    with_store(|store| async move {
        let bulk = store.writer.commit_bulk(note("bulk", Then::Succeed), 4096);
        let (bulk, ()) = futures_util::future::join(bulk, store.close()).await;
        bulk.unwrap();
        assert_eq!(notes(&store).await, ["bulk"]);
        let log = crate::store::migrate::beside(store.path(), "-wal");
        assert_eq!(std::fs::metadata(log).unwrap().len(), 0);
    });
}

#[test]
fn a_file_takes_its_page_size_and_vacuum_mode_when_it_is_made() {
    with_store(|store| async move {
        let pragma = |name: &'static str| {
            store
                .readers
                .read(move |c| c.pragma_query_value(None, name, |row| row.get::<_, i64>(0)))
        };
        assert_eq!(pragma("page_size").await.unwrap(), 8192);
        assert_eq!(pragma("auto_vacuum").await.unwrap(), 2);
    });
}

#[test]
fn a_log_that_is_held_is_emptied_by_its_holder() {
    const CHANGES: usize = 28;
    let mebibyte = "x".repeat(1024 * 1024);
    with_store(|store| async move {
        let hold = store.hold_log();
        let reader = store.open_reader().unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM notes").unwrap();
        for n in 0..CHANGES {
            store.writer.commit(note(&format!("{n}{mebibyte}"), Then::Succeed)).await.unwrap();
        }
        // More than the writer lets pass at other times (each text is in its index as well).
        assert!(hold.log_bytes() > 50 * 1024 * 1024, "{}", hold.log_bytes());
        assert_eq!(store.counters().checkpoints(), 0);
        drop(reader);
        hold.end().unwrap();
        assert_eq!(store.counters().checkpoints(), 1, "and the writer has nothing to do");
        store.writer.commit(note("next", Then::Succeed)).await.unwrap();
        assert!(store.counters().wal_bytes() < 1024 * 1024, "the log has started over");
        assert_eq!(store.counters().checkpoints(), 1);
        assert_eq!(notes(&store).await.len(), CHANGES + 1);
    });
}

#[test]
fn bulk_changes_go_on_although_a_reader_pins_the_log() {
    const CHANGES: usize = 28;
    let mebibyte = "x".repeat(1024 * 1024);
    with_store(|store| async move {
        let reader = store.open_reader().unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM notes").unwrap();
        for n in 0..CHANGES {
            let text = format!("{n}{mebibyte}");
            store.writer.commit_bulk(note(&text, Then::Succeed), text.len()).await.unwrap();
        }
        assert!(store.counters().wal_bytes() > crate::store::checkpoint::WAL_BULK_BYTES_MAX);
        drop(reader);
        assert_eq!(notes(&store).await.len(), CHANGES);
    });
}
