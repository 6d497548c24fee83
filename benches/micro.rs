//! Small parts by themselves: finding a file, making a change durable, answering a request.
//!
//! The database lies beside cargo's own files, on a real disk: a commit is as slow as it is.

use std::cell::Cell;
use std::io::{Cursor, Write};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::test;
use anyhow::Context;
use criterion::{BenchmarkId, Criterion, Throughput};
use fazt::config::NodeConfig;
use fazt::node::Node;
use fazt::request_counters::{Answered, RequestKind};
use fazt_actors::content::ContentHash;
use fazt_actors::contents::ContentId;
use fazt_actors::deployer::path::FilePath;
use fazt_actors::deployer::stored_manifest::StoredManifest;
use fazt_actors::deployer::{DeployArchive, DeployRequest};
use fazt_actors::encoding::Encodings;
use fazt_actors::limits::Limits;
use fazt_actors::name::{AppId, AppName};
use fazt_actors::router::headers::HeaderRules;
use fazt_actors::router::host::HostRules;
use fazt_actors::router::index::{FileRow, ReleaseIndex, ReleaseParts, Resolved};
use fazt_actors::router::redirects::RedirectRules;
use fazt_actors::router::table::{Destination, RouteTable, RoutedApp};
use fazt_actors::settings::rows::SetSettings;
use fazt_actors::store::{NODE_MIGRATIONS, Owner, Store};
use fazt_actors::timestamp::Timestamp;
use fazt_actors::tokens::{NewToken, Scope};

/// Apps of the table in which one is looked up.
const APPS: i64 = 10_000;

/// Files of the release in which one is looked up.
const FILES: i64 = 1_000;

/// Writers that commit side by side.
const WRITERS: [u64; 3] = [1, 8, 64];

fn main() -> anyhow::Result<()> {
    let beside = Path::new(env!("CARGO_BIN_EXE_fazt")).parent().context("no build folder")?;
    let folder = tempfile::Builder::new().prefix("bench-micro-").tempdir_in(beside)?;
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20)
        .without_plots()
        .configure_from_args();
    look_up(&mut criterion);
    let system = actix::System::new();
    commits(&mut criterion, &system, folder.path())?;
    requests(&mut criterion, &system, folder.path())?;
    criterion.final_summary();
    Ok(())
}

fn look_up(criterion: &mut Criterion) {
    let app = |id| RoutedApp { id, name: format!("app{id}").into(), live: Some(id), generation: 1 };
    let table = RouteTable::new(HostRules::new(None), (0..APPS).map(app).collect(), Arc::default());
    let file = |id| FileRow {
        path: FilePath::from_stored(format!("pages/{id}.html")),
        content: ContentId(id),
        hash: ContentHash::of(&id.to_le_bytes()),
        size: 1024,
        encodings: Encodings::from_bits(0),
        modified: Timestamp(0),
    };
    let mut files: Vec<FileRow> = (0..FILES).map(file).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let index = ReleaseIndex::build(ReleaseParts {
        files,
        manifest: StoredManifest::default(),
        headers: HeaderRules::default(),
        redirects: RedirectRules::default(),
        earlier: Vec::new(),
    });
    let mut group = criterion.benchmark_group("router");
    group.bench_function("host of 10,000", |bencher| {
        bencher.iter(|| table.find(std::hint::black_box("App4711.localhost:4698"), None));
    });
    group.bench_function("path of 1,000", |bencher| {
        bencher.iter(|| is_file(&index, std::hint::black_box("/pages/471.html")));
    });
    group.bench_function("host and path", |bencher| {
        bencher.iter(|| {
            let host = std::hint::black_box("app4711.localhost:4698");
            let found = table.find(host, None);
            let is_app = matches!(found, Destination::App(_));
            is_app && is_file(&index, std::hint::black_box("/pages/471"))
        });
    });
    group.finish();
}

fn is_file(index: &ReleaseIndex, path: &str) -> bool {
    matches!(index.resolve(path), Resolved::File(_))
}

fn commits(
    criterion: &mut Criterion,
    system: &actix::SystemRunner,
    folder: &Path,
) -> anyhow::Result<()> {
    let store = system
        .block_on(async { Store::open(&folder.join("commits.db"), &NODE_MIGRATIONS, None) })?;
    let mut group = criterion.benchmark_group("commits");
    // Shown as elements a second: changes that are durable and answered.
    group.throughput(Throughput::Elements(1));
    let mut failure = None;
    for writers in WRITERS {
        group.bench_function(BenchmarkId::new("writers", writers), |bencher| {
            bencher.iter_custom(|count| match system.block_on(commit(&store, writers, count)) {
                Ok(took) => took,
                Err(error) => {
                    failure = Some(error);
                    Duration::from_secs(1)
                }
            });
        });
    }
    group.finish();
    system.block_on(store.close());
    failure.map_or(Ok(()), Err)
}

/// `count` changes by some writers, each of which waits for one before it asks for the next.
async fn commit(store: &Store, writers: u64, count: u64) -> anyhow::Result<Duration> {
    let begun = Rc::new(Cell::new(0));
    let started = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (writer, begun) = (store.writer.clone(), Rc::clone(&begun));
            actix::spawn(async move {
                while begun.get() < count {
                    begun.set(begun.get() + 1);
                    let value = begun.get().to_string();
                    writer.commit(SetSettings(vec![("server.domain", value)])).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await.context("a writer was interrupted")??;
    }
    Ok(started.elapsed())
}

fn requests(
    criterion: &mut Criterion,
    system: &actix::SystemRunner,
    folder: &Path,
) -> anyhow::Result<()> {
    let database = folder.join("node.db");
    let owner = Owner::take(&database)?;
    let opening = Node::open(&database, &owner, NodeConfig::default(), Limits::default());
    let node = Arc::new(system.block_on(opening)?);
    system.block_on(deploy(&node))?;
    let app = system.block_on(test::init_service(fazt::http::app(Arc::clone(&node))));
    criterion.bench_function("request/two looks at the clock, counted", |bencher| {
        bencher.iter(|| {
            let started = Instant::now();
            node.requests.count(Answered {
                kind: RequestKind::Site,
                status: 200,
                took: started.elapsed(),
                body_bytes: 1024,
            });
        });
    });
    criterion.bench_function("request/1 KB page, in process", |bencher| {
        bencher.iter_custom(|count| {
            system.block_on(async {
                let started = Instant::now();
                for _ in 0..count {
                    let asked =
                        test::TestRequest::get().uri("/").insert_header(("Host", "blog.localhost"));
                    let answer = test::call_service(&app, asked.to_request()).await;
                    assert_eq!(test::read_body(answer).await.len(), 1024);
                }
                started.elapsed()
            })
        });
    });
    let at = Timestamp::now();
    let new =
        NewToken { name: "bench".to_owned(), scopes: vec![Scope::Read], expires_at: None, at };
    let (_, token) = system.block_on(node.tokens.create(new))?;
    criterion.bench_function("token check", |bencher| {
        bencher.iter(|| {
            system.block_on(async {
                node.tokens.authenticate(std::hint::black_box(&token), at).is_ok()
            })
        });
    });
    system.block_on(node.store.close());
    Ok(())
}

/// Deploys the app `blog` with one page of 1 KB.
async fn deploy(node: &Node) -> anyhow::Result<()> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("index.html", zip::write::SimpleFileOptions::default())?;
    zip.write_all(&[b'x'; 1024])?;
    let mut archive = tempfile::tempfile()?;
    archive.write_all(&zip.finish()?.into_inner())?;
    let request = DeployRequest {
        app: AppName::parse("blog", None)?,
        new_app_id: AppId::generate([7; 16]),
        deployed_by: "owner".to_owned(),
        purge: false,
        at: Timestamp::now(),
    };
    node.deployer.ask(DeployArchive { request, archive }).await??;
    Ok(())
}
