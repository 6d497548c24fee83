//! The same handlers on fazt and on its peers, in turns.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::apps::{self, HONO_HOST, HOST};
use super::figures::Wanted;
use super::http::{Client, request};
use super::node::Node;
use super::peers::{self, Peer};
use super::plan::{Plan, median, note};
use super::report::{AtLeast, Numbers, Report, SERVERS};
use super::wrk::{self, Ask, Load};

/// Seconds of load before each row, in which the handlers are compiled.
const WARM_UP_SECONDS: u64 = 2;

/// What one request is.
enum Sent {
    /// `GET` of the row's path.
    Plain,
    /// The document of 10 KB, by `POST`.
    Document,
    /// The routes of the app made with Hono, in turn.
    Routes,
}

/// The routes of the app made with Hono.
const ROUTES: [&str; 5] =
    ["/api/status", "/api/users", "/api/users/7", "/api/posts/3/comments/9", "/api/search?q=lamp"];

/// What is asked for, and what is wanted of the answers.
struct Row {
    what: &'static str,
    host: &'static str,
    path: &'static str,
    sent: Sent,
    /// Which of a peer's ports answers the same.
    listener: usize,
    wanted: &'static [AtLeast],
    /// Milliseconds.
    p99: Wanted,
}

const fn times(times: f64, server: usize) -> AtLeast {
    AtLeast { times, server }
}

const ROWS: [Row; 5] = [
    Row {
        what: "{message, time}, returned",
        host: HOST,
        path: "/api/hello",
        sent: Sent::Plain,
        listener: 0,
        wanted: &[times(2.2, 1), times(1.0, 2)],
        p99: Wanted::AtMost(6.0),
    },
    Row {
        what: "{message, time}, Response.json",
        host: HOST,
        path: "/api/response",
        sent: Sent::Plain,
        listener: 0,
        wanted: &[times(1.5, 1)],
        p99: Wanted::Nothing,
    },
    Row {
        what: "10 KB JSON",
        host: HOST,
        path: "/api/json",
        sent: Sent::Document,
        listener: 1,
        wanted: &[times(1.3, 1)],
        p99: Wanted::Nothing,
    },
    Row {
        what: "fib(25)",
        host: HOST,
        path: "/api/fib",
        sent: Sent::Plain,
        listener: 2,
        wanted: &[times(0.95, 1)],
        p99: Wanted::Nothing,
    },
    Row {
        what: "Hono, five routes",
        host: HONO_HOST,
        path: "/api/status",
        sent: Sent::Routes,
        listener: 3,
        wanted: &[times(1.0, 1)],
        p99: Wanted::Nothing,
    },
];

/// Fills the rows of the comparison.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    let has_hono = match peers::prepare() {
        Ok(()) => true,
        Err(error) => {
            note(&format!("without what npm would have installed: {error:#}"))?;
            false
        }
    };
    let peers = peers::start_all()?;
    let node = apps::start(dir, "compare")?;
    if has_hono {
        let app = dir.join("hono");
        peers::write_hono_app(&app)?;
        node.deploy(&app, "hono")?;
    }
    node.wait_until_idle()?;
    let pair = Servers { node, peers };
    for row in &ROWS {
        if matches!(row.sent, Sent::Routes) && !has_hono {
            report.against(row.what, [None; SERVERS.len()], row.wanted);
            continue;
        }
        note(&format!("{} …", row.what))?;
        pair.compare(row, report, plan, dir)
            .with_context(|| format!("cannot measure {}", row.what))?;
    }
    report.beside("memory after it", pair.memory()?, "MB", Wanted::Nothing);
    pair.node.stop()
}

/// fazt and the peers that run.
struct Servers {
    node: Node,
    peers: Vec<Peer>,
}

impl Servers {
    /// Columns and ports of those that answer a row.
    fn ports(&self, row: &Row) -> Vec<(usize, u16)> {
        let mut ports = vec![(0, self.node.port)];
        ports.extend(self.peers.iter().map(|peer| (peer.server, peer.ports[row.listener])));
        ports
    }

    fn compare(
        &self,
        row: &Row,
        report: &mut Report,
        plan: &Plan,
        dir: &Path,
    ) -> anyhow::Result<()> {
        let ports = self.ports(row);
        ensure_same_answers(row, &ports)?;
        let script = write_script(row, dir)?;
        let mut loads: [Vec<Load>; SERVERS.len()] = Default::default();
        for nth in 0..=plan.rounds {
            for (server, port) in &ports {
                // The first round only warms all of them up.
                let seconds = if nth == 0 { WARM_UP_SECONDS } else { plan.seconds };
                let fields = [("Host".to_owned(), row.host.to_owned())];
                let script = script.as_deref();
                let ask = Ask { port: *port, path: row.path, fields: &fields, script };
                let load = wrk::run(&ask, seconds)
                    .with_context(|| format!("{} fails", SERVERS[*server]))?;
                if nth > 0 {
                    loads[*server].push(load);
                }
            }
        }
        let numbers = |number: fn(&Load) -> f64| -> Numbers {
            [0, 1, 2, 3].map(|server: usize| {
                let numbers: Vec<f64> = loads[server].iter().map(number).collect();
                (!numbers.is_empty()).then(|| median(numbers))
            })
        };
        let what = row.what;
        report.against(&format!("{what}: requests/s"), numbers(|load| load.per_second), row.wanted);
        report.beside(&format!("{what}: p99"), numbers(|load| load.p99_ms), "ms", row.p99);
        Ok(())
    }

    fn memory(&self) -> anyhow::Result<Numbers> {
        let mut numbers = [None; SERVERS.len()];
        numbers[0] = Some(self.node.usage()?.resident_mb()?);
        for peer in &self.peers {
            numbers[peer.server] = Some(peer.usage()?.resident_mb()?);
        }
        Ok(numbers)
    }
}

/// Asks each server what `wrk` will ask, and compares the answers with fazt's.
fn ensure_same_answers(row: &Row, ports: &[(usize, u16)]) -> anyhow::Result<()> {
    let requests = match row.sent {
        Sent::Plain => vec![request("GET", row.host, row.path, &[], b"")],
        Sent::Routes => {
            ROUTES.iter().map(|path| request("GET", row.host, path, &[], b"")).collect()
        }
        Sent::Document => {
            let fields = [("Content-Type".to_owned(), "application/json".to_owned())];
            let document = apps::document();
            vec![request("POST", row.host, row.path, &fields, document.as_bytes())]
        }
    };
    for asked in requests {
        let mut expected = None;
        for (server, port) in ports {
            let answer = Client::connect(*port)?.send(&asked)?;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let server = SERVERS[*server];
            ensure!(answer.status == 200, "{server} answers {}: {text}", answer.status);
            // Times differ, and so may the order of parameters.
            let mut value: serde_json::Value = serde_json::from_str(&text)?;
            value.as_object_mut().map(|object| object.remove("time"));
            let first = expected.get_or_insert_with(|| value.clone());
            ensure!(value == *first, "{server} answers {text}, and fazt {first}");
        }
    }
    Ok(())
}

/// The script for `wrk`; none where it needs none. It does nothing while it is measured but
/// choose a request that was made before.
fn write_script(row: &Row, dir: &Path) -> anyhow::Result<Option<PathBuf>> {
    let text = match row.sent {
        Sent::Plain => return Ok(None),
        Sent::Document => format!(
            "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\n\
             wrk.body = [[{}]]\n",
            apps::document()
        ),
        Sent::Routes => format!(
            "local requests = {{}}\nlocal turn = 0\n\
             function init()\n  for nth, path in ipairs({{ \"{}\" }}) do\n    \
             requests[nth] = wrk.format(\"GET\", path)\n  end\nend\n\
             function request()\n  turn = turn % #requests + 1\n  return requests[turn]\nend\n",
            ROUTES.join("\", \"")
        ),
    };
    let path = dir.join(format!("listener-{}.lua", row.listener));
    fs::write(&path, text)?;
    Ok(Some(path))
}
