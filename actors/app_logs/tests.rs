use super::stored::{Wanted, following, newest};
use super::*;
use crate::store::NODE_MIGRATIONS;

/// A store with the apps 1 and 2, and what writes their lines.
struct Fixture {
    store: Store,
    logs: AppLogs,
}

impl Fixture {
    async fn lines(&self, app: i64) -> Vec<LogLine> {
        let wanted = Wanted::all_of(app);
        self.store.readers.read(move |c| following(c, &wanted, 0, 1_000)).await.unwrap()
    }

    async fn messages(&self, app: i64) -> Vec<String> {
        self.lines(app).await.into_iter().map(|line| line.message).collect()
    }

    async fn count(&self, app: i64) -> usize {
        let sql = "SELECT count(*) FROM app_logs WHERE app_id = ?1";
        let read = self.store.readers.read(move |c| c.query_row(sql, [app], |row| row.get(0)));
        read.await.unwrap()
    }

    fn tell(&self, app: i64, level: Level, message: &str) {
        self.logs.tell(NewLine {
            app,
            level,
            message: message.to_owned(),
            source: Some("api/x.js:12".to_owned()),
            request_id: Some("request1".into()),
            at: Timestamp::now(),
        });
    }

    async fn execute(&self, sql: String) {
        self.store.writer.commit(Sql(sql)).await.unwrap();
    }
}

struct Sql(String);

impl crate::store::Write for Sql {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch(&self.0)
    }
}

fn with_logs<F: Future<Output = ()>>(test: impl FnOnce(Arc<Fixture>) -> F) {
    let dir = tempfile::tempdir().unwrap();
    actix::System::new().block_on(async {
        let store = Store::open(&dir.path().join("data.db"), &NODE_MIGRATIONS, None).unwrap();
        let logs = AppLogs::start(&store).unwrap();
        let fixture = Fixture { store, logs };
        for app in ["a", "b"] {
            let columns = "public_id, name, created_at, updated_at";
            let sql = format!("INSERT INTO apps ({columns}) VALUES ('app_{app}', '{app}', 0, 0)");
            fixture.execute(sql).await;
        }
        let fixture = Arc::new(fixture);
        test(Arc::clone(&fixture)).await;
        fixture.logs.close().await;
        fixture.store.close().await;
    });
}

#[test]
fn lines_are_durable_once_the_log_is_closed_in_the_order_they_were_told() {
    with_logs(|f| async move {
        for number in 0..900 {
            f.tell(1 + number % 2, Level::Info, &number.to_string());
        }
        f.tell(7, Level::Info, "of no app");
        f.logs.close().await;
        f.tell(1, Level::Info, "too late");
        let even: Vec<String> = (0..450).map(|n| (2 * n).to_string()).collect();
        assert_eq!(f.messages(1).await, even);
        assert_eq!(f.count(2).await, 450);
        assert_eq!((f.logs.waiting(), f.logs.dropped()), (0, 1));
        let line = &f.lines(1).await[0];
        assert_eq!((line.level, line.source.as_deref()), (Level::Info, Some("api/x.js:12")));
        assert_eq!(line.request_id.as_deref(), Some("request1"));
    });
}

#[test]
fn a_flood_ends_with_a_line_that_counts_it() {
    with_logs(|f| async move {
        let at = Timestamp::now();
        for number in 0..10_000 {
            let (message, source) = (number.to_string(), None);
            let level = Level::Info;
            f.logs.tell(NewLine { app: 1, level, message, source, request_id: None, at });
        }
        f.tell(2, Level::Info, "quiet");
        f.logs.close().await;
        assert_eq!(f.count(1).await, LINES_PER_SECOND + 1);
        let wanted = Wanted { level: Some(Level::Warn), ..Wanted::all_of(1) };
        let last = f.store.readers.read(move |c| newest(c, &wanted, 0, 10)).await.unwrap();
        assert_eq!(last.len(), 1);
        assert!(last[0].message.starts_with("9000 lines were dropped"), "{last:?}");
        assert_eq!(f.messages(2).await, ["quiet"]);
        assert_eq!(f.logs.dropped(), 9_000);
    });
}

#[test]
fn readers_see_all_lines_in_the_order_of_their_rows() {
    with_logs(|f| async move {
        f.tell(1, Level::Info, "before");
        let mut tail = f.logs.subscribe();
        f.tell(1, Level::Error, "first");
        assert_eq!(tail.recv().await.unwrap().message, "before");
        assert_eq!(tail.recv().await.unwrap().message, "first");
        // What a change writes by itself comes in between.
        let sql = "INSERT INTO app_logs (app_id, at, level, message) VALUES (2, 0, 'info', 'v1')";
        f.execute(sql.to_owned()).await;
        f.logs.noticed(2);
        f.tell(1, Level::Debug, "second");
        let (second, third) = (tail.recv().await.unwrap(), tail.recv().await.unwrap());
        assert_eq!((&*second.message, second.app), ("v1", 2));
        assert_eq!((&*third.message, third.level), ("second", Level::Debug));
        assert!(second.id < third.id);
    });
}

#[test]
fn an_app_keeps_its_newest_lines() {
    with_logs(|f| async move {
        let many = |count: usize, length: usize| {
            format!(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
                 INSERT INTO app_logs (app_id, at, level, message)
                 SELECT 1, 0, 'info', hex(zeroblob({})) FROM n",
                length / 2
            )
        };
        f.execute(many(LINES_KEPT + 500, 2)).await;
        f.tell(1, Level::Info, "newest");
        f.tell(2, Level::Info, "other");
        f.logs.close().await;
        assert_eq!(f.count(1).await, LINES_KEPT);
        assert_eq!(f.count(2).await, 1);
    });
    with_logs(|f| async move {
        let columns = "app_id, at, level, message";
        let long = format!("hex(zeroblob({}))", 512 * 1024);
        for _ in 0..20 {
            let values = format!("VALUES (1, 0, 'info', {long})");
            f.execute(format!("INSERT INTO app_logs ({columns}) {values}")).await;
        }
        f.logs.noticed(1);
        f.logs.close().await;
        assert_eq!(f.count(1).await, BYTES_KEPT / (1024 * 1024));
    });
}

#[test]
fn old_lines_are_forgotten() {
    with_logs(|f| async move {
        let now = Timestamp::now();
        let ages = [Duration::from_secs(60), KEPT_FOR + Duration::from_secs(60)];
        for age in ages {
            let at = now.before(age).0;
            let values = format!("VALUES (1, {at}, 'info', 'x')");
            f.execute(format!("INSERT INTO app_logs (app_id, at, level, message) {values}")).await;
        }
        let is_more = f.store.writer.commit(ForgetOld { at: now }).await.unwrap();
        assert!(!is_more);
        assert_eq!(f.lines(1).await.len(), 1);
        assert!(f.lines(1).await[0].at > now.before(KEPT_FOR));
    });
}

#[test]
fn a_line_that_is_too_long_is_cut() {
    let message = "ü".repeat(MESSAGE_BYTES_MAX);
    let at = Timestamp(0);
    let line = NewLine { app: 1, level: Level::Info, message, source: None, request_id: None, at };
    let message = cut(line).message;
    assert!(message.ends_with("ü…") && message.len() <= MESSAGE_BYTES_MAX + '…'.len_utf8());
}
