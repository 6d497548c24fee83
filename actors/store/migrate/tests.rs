use super::*;
use crate::store::connection::{StoreCounters, open_writer};
use std::sync::Arc;

const ONE: Migrations = Migrations { application_id: 7, steps: &["CREATE TABLE a (x) STRICT"] };

fn open(path: &Path) -> Connection {
    open_writer(path, &Arc::new(StoreCounters::default())).unwrap()
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.db");
    (dir, path)
}

const STEP_ONE: &str = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);";
static FIRST: Migrations = Migrations { application_id: 7, steps: &[STEP_ONE] };
static SECOND: Migrations =
    Migrations { application_id: 7, steps: &[STEP_ONE, "UPDATE a SET x = 2;"] };
static BROKEN: Migrations = Migrations {
    application_id: 7,
    steps: &[STEP_ONE, "UPDATE a SET x = 3; INSERT INTO missing VALUES (1);"],
};

fn value(connection: &Connection) -> i64 {
    connection.query_row("SELECT x FROM a", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_second_step_leaves_a_copy_of_the_first_state() {
    let (_dir, path) = scratch();
    migrate(&mut open(&path), &path, &FIRST).unwrap();
    let mut connection = open(&path);
    migrate(&mut connection, &path, &SECOND).unwrap();
    assert_eq!(value(&connection), 2);
    assert_eq!(value(&open(&beside(&path, ".before-v2"))), 1);
}

#[test]
fn a_step_that_fails_changes_nothing() {
    let (_dir, path) = scratch();
    migrate(&mut open(&path), &path, &FIRST).unwrap();
    let mut connection = open(&path);
    assert!(migrate(&mut connection, &path, &BROKEN).is_err());
    assert_eq!(value(&connection), 1);
    migrate(&mut connection, &path, &SECOND).unwrap();
    assert_eq!(value(&connection), 2);
}

#[test]
fn a_newer_file_is_refused() {
    let (_dir, path) = scratch();
    migrate(&mut open(&path), &path, &SECOND).unwrap();
    let refused = migrate(&mut open(&path), &path, &FIRST).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 2, known: 1, .. }), "{refused}");
}

#[test]
fn files_of_others_are_refused() {
    let (_dir, path) = scratch();
    open(&path).execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    let refused = migrate(&mut open(&path), &path, &FIRST).unwrap_err();
    assert!(matches!(refused, StoreError::Foreign { .. }), "{refused}");
}

#[test]
fn a_file_of_the_original_is_pointed_to_import() {
    let (_dir, path) = scratch();
    open(&path)
        .execute_batch(
            "CREATE TABLE migrations (id); CREATE TABLE files (id); CREATE TABLE api_keys (id)",
        )
        .unwrap();
    let refused = migrate(&mut open(&path), &path, &ONE).unwrap_err();
    assert!(refused.to_string().contains("fazt import"), "{refused}");
}
