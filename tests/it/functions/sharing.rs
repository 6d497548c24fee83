//! Calls that share an isolate: who is told what when one of them breaks a limit.

use std::time::Instant;

use super::{CALLER_WAITS, call, start};
use crate::process::{Machine, files};

#[test]
fn the_call_that_loops_is_told_so_and_not_its_neighbours_fault() {
    let machine = Machine::new();
    let server = start(&machine);
    // The module is loaded by the first calls, all in one isolate.
    let source = "export default async (req) => {
        if (req.query.loop) for (;;);
        await new Promise((done) => setTimeout(done, 30));
        return 'waited';
    };";
    for round in 0..3 {
        let app = format!("round-{round}");
        server.deploy(&app, &files(&[("api/x.js", source)]));
        let began = Instant::now();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let asked = ["/api/x", "/api/x?loop=1", "/api/x", "/api/x"].map(|path| {
                let (server, app) = (&server, &app);
                scope.spawn(move || call(server, app, path).status)
            });
            asked.map(|thread| thread.join().unwrap()).to_vec()
        });
        assert_eq!(statuses[1], 504, "{statuses:?}");
        for neighbour in [statuses[0], statuses[2], statuses[3]] {
            assert!([200, 503].contains(&neighbour), "{statuses:?}");
        }
        assert!(began.elapsed() < CALLER_WAITS, "{:?}", began.elapsed());
    }
    server.stop();
}
