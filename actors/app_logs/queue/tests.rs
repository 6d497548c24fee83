use super::*;

fn line(app: i64, second: i64, message: &str) -> NewLine {
    let at = Timestamp(second * 1_000);
    let message = message.to_owned();
    NewLine { app, level: Level::Info, message, source: None, request_id: None, at }
}

fn is_kept(queue: &Queue, line: NewLine) -> bool {
    matches!(queue.push(line), Pushed::Kept { .. })
}

/// Takes all and gives its room back; answers the reports.
fn written(queue: &Queue, second: i64) -> (usize, Vec<String>) {
    let now = Timestamp(second * 1_000);
    let taken = queue.take(now);
    queue.release(taken.lines.len(), taken.lines.iter().map(bytes_of).sum());
    let reports = taken.dropped.iter().map(|(app, dropped)| dropped.report(*app, now).message);
    (taken.lines.len(), reports.collect())
}

#[test]
fn an_app_that_says_too_much_leaves_room_for_others() {
    let queue = Queue::default();
    let kept = (0..10_000).filter(|_| is_kept(&queue, line(1, 5, "loud"))).count();
    assert_eq!(kept, LINES_PER_SECOND);
    // The same shard, another shard.
    assert!(is_kept(&queue, line(17, 5, "quiet")) && is_kept(&queue, line(2, 5, "quiet")));
    // The second is not over: drops may become more, and are told of once.
    assert_eq!(written(&queue, 5), (LINES_PER_SECOND + 2, Vec::new()));
    assert!(queue.has_unreported());
    assert!(!is_kept(&queue, line(1, 5, "still the same second")));
    let report = "9001 lines were dropped: an app may say 1000 lines or 1 MiB in a second";
    assert_eq!(written(&queue, 6), (0, vec![report.to_owned()]));
    assert!(!queue.has_unreported());
    assert!(is_kept(&queue, line(1, 6, "again")));
    assert_eq!(written(&queue, 7), (1, Vec::new()));
}

#[test]
fn long_lines_are_bounded_by_their_bytes() {
    let queue = Queue::default();
    let long = "x".repeat(64 * 1024);
    let kept = (0..100).filter(|_| is_kept(&queue, line(1, 5, &long))).count();
    assert_eq!(kept, 15, "with what a line takes beside its text");
    assert!(is_kept(&queue, line(2, 5, &long)));
}

#[test]
fn nobody_gets_more_room_while_nothing_is_written() {
    let queue = Queue::default();
    let kept = (0..20).flat_map(|second| (0..1_000).map(move |_| second));
    let kept = kept.filter(|second| is_kept(&queue, line(1, *second, "x"))).count();
    assert_eq!(kept, LINES_PER_SECOND, "twenty seconds passed, and nobody emptied the queue");
    let others = (2..20).flat_map(|app| (0..1_000).map(move |_| app));
    let others = others.filter(|app| is_kept(&queue, line(*app, 20, "x"))).count();
    assert_eq!(kept + others, WAITING_LINES_MAX);
    assert_eq!(queue.waiting(), WAITING_LINES_MAX);
    let (lines, reports) = written(&queue, 21);
    assert_eq!(lines, WAITING_LINES_MAX);
    assert!(reports[0].ends_with("lines were dropped: the node could not store them in time"));
    assert_eq!(queue.waiting(), 0);
    assert_eq!(queue.bytes.load(Ordering::SeqCst), 0);
}

#[test]
fn whoever_writes_is_woken_by_the_first_line_and_by_a_full_batch() {
    let queue = Queue::default();
    let wakes = |outcome| match outcome {
        Pushed::Kept { wakes } | Pushed::Dropped { wakes } => wakes,
    };
    let woken: Vec<usize> = (1..=1_500).filter(|_| wakes(queue.push(line(1, 5, "x")))).collect();
    assert_eq!(woken, [1, FULL_BATCH_LINES, LINES_PER_SECOND + 1]);
}

#[test]
fn a_clock_that_is_set_back_silences_nobody() {
    let queue = Queue::default();
    for second in [1_000, 10, 999, 5] {
        assert!(is_kept(&queue, line(1, second, "x")), "{second}");
        written(&queue, second);
    }
}

#[test]
fn lines_that_could_not_be_written_are_reported() {
    let queue = Queue::default();
    assert!(is_kept(&queue, line(1, 5, "x")));
    let taken = queue.take(Timestamp(5_000));
    queue.release(1, taken.lines.iter().map(bytes_of).sum());
    queue.lost(&[(1, taken.lines[0].at)]);
    let reports = queue.take(Timestamp(6_000)).dropped;
    queue.give_back(&reports, Timestamp(6_000));
    let report = "1 line was dropped: the node could not store them in time";
    assert_eq!(written(&queue, 7), (0, vec![report.to_owned()]));
    assert_eq!(written(&queue, 8), (0, Vec::new()), "once");
}

#[test]
fn a_closed_queue_takes_nothing_and_tells_all() {
    let queue = Queue::default();
    for _ in 0..=LINES_PER_SECOND {
        queue.push(line(1, 5, "x"));
    }
    queue.close();
    assert!(!is_kept(&queue, line(2, 5, "late")));
    let (lines, reports) = written(&queue, 5);
    assert_eq!((lines, reports.len()), (LINES_PER_SECOND, 2));
    assert_eq!(queue.waiting(), 0);
}
