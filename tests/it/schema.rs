//! The schema that a new node has: a change of it must be a migration, and meant.

use crate::node::TestNode;

#[test]
fn a_new_database_has_this_schema() {
    let node = TestNode::start();
    let read = node.node.store.readers.read(|connection| {
        connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")?
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<Result<Vec<_>, _>>()
    });
    insta::assert_snapshot!(node.wait(read).unwrap().join(";\n\n"));
}

#[test]
fn a_new_database_is_marked_and_laid_out() {
    let node = TestNode::start();
    let read = node.node.store.readers.read(|connection| {
        let pragma = |name: &str| {
            connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
        };
        let names = [
            "application_id",
            "user_version",
            "page_size",
            "auto_vacuum",
            "journal_mode",
            "encoding",
        ];
        names
            .iter()
            .map(|name| Ok(format!("{name} {:?}", pragma(name)?)))
            .collect::<Result<Vec<_>, _>>()
    });
    insta::assert_snapshot!(node.wait(read).unwrap().join("\n"), @r#"
    application_id Integer(1717664372)
    user_version Integer(2)
    page_size Integer(8192)
    auto_vacuum Integer(2)
    journal_mode Text("wal")
    encoding Text("UTF-8")
    "#);
}
