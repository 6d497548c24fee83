use notify::event::{CreateKind, DataChange, Flag, MetadataKind, RemoveKind, RenameMode};

use super::*;

/// Tells of one event while `/site` and `/site/a` are watched.
fn after(kind: EventKind, path: &str, flag: Option<Flag>) -> (bool, bool) {
    let seen = Seen::default();
    seen.take_new(&[PathBuf::from("/site"), PathBuf::from("/site/a")]);
    let mut event = Event::new(kind);
    if !path.is_empty() {
        event = event.add_path(path.into());
    }
    if let Some(flag) = flag {
        event = event.set_flag(flag);
    }
    seen.note(Ok(event));
    let state = seen.state();
    (state.since.is_some(), state.is_stale)
}

#[test]
fn events_are_a_reason_to_look_or_to_watch_anew() {
    let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    let closed = |mode| EventKind::Access(AccessKind::Close(mode));
    let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::From));
    let removed = EventKind::Remove(RemoveKind::Folder);
    for (kind, path, flag, expected) in [
        (written, "/site/index.html", None, (true, false)),
        (EventKind::Create(CreateKind::Folder), "/site/new", None, (true, false)),
        (
            EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
            "/site/x",
            None,
            (true, false),
        ),
        (closed(AccessMode::Write), "/site/index.html", None, (true, false)),
        // Reading a file is no change, or to look would be a reason to look.
        (closed(AccessMode::Read), "/site/index.html", None, (false, false)),
        (EventKind::Access(AccessKind::Open(AccessMode::Any)), "/site/a", None, (false, false)),
        (written, "/site/.index.html.swp", None, (false, false)),
        (written, "/site/.gitignore", None, (true, false)),
        (EventKind::Create(CreateKind::Folder), "/site/.well-known", None, (true, false)),
        (renamed, "/site/index.html", None, (true, false)),
        (renamed, "/site/a", None, (true, true)),
        (removed, "/site", None, (true, true)),
        // The system has lost some events.
        (EventKind::Other, "", Some(Flag::Rescan), (true, true)),
    ] {
        assert_eq!(after(kind, path, flag), expected, "{kind:?} {path}");
    }
}

#[test]
fn folders_are_watched_once_and_all_anew_when_one_was_lost() {
    let seen = Seen::default();
    let paths = |text: &str| text.split(' ').map(PathBuf::from).collect::<Vec<_>>();
    for (wanted, new, is_all) in [
        ("/a /a/b", "/a /a/b", false),
        ("/a /a/b", "", false),
        ("/a /a/b /a/c", "/a/c", false),
        ("/a /a/c", "/a /a/c", true),
        ("/a /a/c", "", false),
    ] {
        let found = seen.take_new(&paths(wanted));
        let names: Vec<String> =
            found.folders.iter().map(|path| path.display().to_string()).collect();
        assert_eq!((names.join(" ").as_str(), found.is_all), (new, is_all), "{wanted}");
    }
    seen.forget(Path::new("/a/c"));
    let found = seen.take_new(&paths("/a /a/c"));
    assert_eq!((found.folders.len(), found.is_all), (2, true));
}
