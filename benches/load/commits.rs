//! Durable changes a second, by 64 writers that each wait for their answer.

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use fazt_actors::settings::rows::SetSettings;
use fazt_actors::store::{NODE_MIGRATIONS, Store};

use super::figures::Wanted;
use super::plan::{Plan, median, note};
use super::report::Report;

/// Writers, each with one change under way.
const WRITERS: usize = 64;

/// Fills the row about commits. They run in this process, on all cores.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("commits by 64 writers …")?;
    let database = dir.join("commits.db");
    let length = Duration::from_secs(plan.seconds);
    let speeds = actix::System::new().block_on(async {
        let store = Store::open(&database, &NODE_MIGRATIONS, None)?;
        let mut speeds = Vec::new();
        for _ in 0..plan.rounds {
            speeds.push(commits_a_second(&store, length).await?);
        }
        store.close().await;
        anyhow::Ok(speeds)
    })?;
    let what = "commits/s, 64 writers, synchronous=FULL";
    report.single(what, median(speeds), "", Wanted::AtLeast(60_000.0));
    Ok(())
}

async fn commits_a_second(store: &Store, length: Duration) -> anyhow::Result<f64> {
    let started = Instant::now();
    let done = Rc::new(Cell::new(0_u64));
    let writers: Vec<_> = (0..WRITERS)
        .map(|nth| {
            let (writer, done) = (store.writer.clone(), Rc::clone(&done));
            actix::spawn(async move {
                while started.elapsed() < length {
                    let value = format!("{nth}-{}", done.get());
                    writer.commit(SetSettings(vec![("server.domain", value)])).await?;
                    done.set(done.get() + 1);
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for writer in writers {
        writer.await.context("a writer was interrupted")??;
    }
    Ok(done.get() as f64 / started.elapsed().as_secs_f64())
}
