//! Notices that something in the folder has changed, and when it is quiet again.
//!
//! What the system tells is only a reason to look: the folder is read anew each time, so an
//! event that was lost, or came for a file that does not count, does no harm. Each folder is
//! watched by itself where that is how the system works, so that `node_modules` costs nothing.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// How long nothing may happen before the folder is looked at: an editor writes, renames and
/// removes within less.
const QUIET: Duration = Duration::from_millis(30);

/// How long a change waits for quiet at most.
const BURST_MAX: Duration = Duration::from_millis(150);

/// How often the folder is looked at where the system tells nothing.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Whether the system watches one folder at a time. Elsewhere it watches whole trees.
const IS_BY_FOLDER: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Dot-files that decide about others, or that are served.
const DOT_NAMES: [&str; 3] = [".gitignore", ".faztignore", ".well-known"];

/// Watches a folder.
pub(super) struct Watch {
    seen: Arc<Seen>,
    watcher: Option<RecommendedWatcher>,
    is_polling: bool,
}

/// What the system's thread has seen.
#[derive(Default)]
struct Seen {
    wake: Notify,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the first change happened that nobody has looked at.
    since: Option<Instant>,
    /// The folders that are watched.
    folders: HashSet<PathBuf>,
    /// Whether some of them may be watched no more: they were moved or removed.
    is_stale: bool,
}

impl Watch {
    /// Watches nothing yet; `is_polling`: never asks the system at all.
    pub(super) fn new(is_polling: bool) -> Watch {
        Watch { seen: Arc::default(), watcher: None, is_polling }
    }

    /// Returns when something has changed and it is quiet again, with the time of the change;
    /// after `pause` at the latest, where there is one.
    pub(super) async fn changed(&self, pause: Option<Duration>) -> Instant {
        let pause = if self.is_polling { Some(POLL_INTERVAL) } else { pause };
        let first = self.seen.wake.notified();
        match pause {
            None => first.await,
            Some(pause) if tokio::time::timeout(pause, first).await.is_err() => {
                return Instant::now();
            }
            Some(_) => {}
        }
        let deadline = tokio::time::Instant::now() + BURST_MAX;
        loop {
            let quiet_at = (tokio::time::Instant::now() + QUIET).min(deadline);
            if tokio::time::timeout_at(quiet_at, self.seen.wake.notified()).await.is_err() {
                break;
            }
        }
        self.seen.state().since.take().unwrap_or_else(Instant::now)
    }

    /// Watches exactly these folders, the topmost first. Answers whether some of them were not
    /// watched before: what happened in them until now went unseen.
    ///
    /// # Errors
    /// Why the system cannot watch them all; from then on changes are looked for by the clock.
    pub(super) fn follow(&mut self, folders: &[PathBuf]) -> Result<bool, notify::Error> {
        if self.is_polling {
            return Ok(false);
        }
        let (wanted, mode) = match IS_BY_FOLDER {
            true => (folders, RecursiveMode::NonRecursive),
            false => (&folders[..folders.len().min(1)], RecursiveMode::Recursive),
        };
        let new = self.seen.take_new(wanted);
        if new.is_empty() {
            return Ok(false);
        }
        let watched = self.watch(&new, mode);
        if watched.is_err() {
            self.watcher = None;
            self.is_polling = true;
        }
        watched.map(|()| true)
    }

    fn watch(&mut self, new: &New, mode: RecursiveMode) -> Result<(), notify::Error> {
        if new.is_all {
            // Watches follow a folder that is moved: the only sure way is to begin anew.
            self.watcher = None;
        }
        let watcher = match &mut self.watcher {
            Some(watcher) => watcher,
            None => {
                let seen = Arc::clone(&self.seen);
                self.watcher.insert(notify::recommended_watcher(move |event| seen.note(event))?)
            }
        };
        for folder in &new.folders {
            match watcher.watch(folder, mode) {
                Ok(()) => {}
                // Gone already; where it was is watched, or is gone itself.
                Err(error) if is_not_found(&error) => self.seen.forget(folder),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Folders to watch.
struct New {
    folders: Vec<PathBuf>,
    /// Whether those that were watched before are watched no more.
    is_all: bool,
}

impl New {
    fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }
}

impl Seen {
    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic left is still a list of folders.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of the folders to be watched, before they are: nothing that happens in them
    /// from now on is taken for something else.
    fn take_new(&self, wanted: &[PathBuf]) -> New {
        let mut state = self.state();
        let still: HashSet<&PathBuf> = wanted.iter().collect();
        let has_lost = state.folders.iter().any(|folder| !still.contains(folder));
        let is_all = std::mem::take(&mut state.is_stale) || has_lost;
        if is_all {
            state.folders.clear();
        }
        let folders = wanted.iter().filter(|folder| !state.folders.contains(*folder));
        let folders: Vec<PathBuf> = folders.cloned().collect();
        state.folders.extend(folders.iter().cloned());
        New { folders, is_all }
    }

    fn forget(&self, folder: &Path) {
        let mut state = self.state();
        state.folders.remove(folder);
        state.is_stale = true;
    }

    /// Called by the system's thread.
    fn note(&self, event: notify::Result<Event>) {
        let mut state = self.state();
        match event {
            Ok(event) if event.need_rescan() => state.is_stale = true,
            Ok(event) => {
                let is_watched = event.paths.iter().any(|path| state.folders.contains(path));
                let may_move = matches!(
                    event.kind,
                    EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
                );
                state.is_stale |= is_watched && may_move;
                if !is_reason(&event, is_watched) {
                    return;
                }
            }
            Err(_) => state.is_stale = true,
        }
        state.since.get_or_insert_with(Instant::now);
        drop(state);
        self.wake.notify_one();
    }
}

/// Whether an event is a reason to look at the folder. To read a file is none, or looking
/// would never end.
fn is_reason(event: &Event, is_watched: bool) -> bool {
    let is_change = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    is_change && (is_watched || event.paths.iter().any(|path| may_count(path)))
}

/// Whether a path may belong to the app: most dot-files, such as what an editor keeps beside
/// the file that it shows, never do.
fn may_count(path: &Path) -> bool {
    let Some(name) = path.file_name() else { return true };
    let name = name.to_string_lossy();
    !name.starts_with('.') || DOT_NAMES.contains(&name.as_ref())
}

fn is_not_found(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(cause) => cause.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
