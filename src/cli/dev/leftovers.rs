//! Data of runs that were killed: the next run removes it, and nothing else.
//!
//! The system's temporary folder is everybody's, and a person may well keep a folder there
//! whose name begins as ours do. So a folder is removed only when all about it is as a run
//! leaves it, file by file: something that no run has made stays, and its folder with it.

use std::fs::{self, DirEntry, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use fazt_actors::store::Owner;
use rustix::process::geteuid;
use tempfile::TempDir;

/// How the folders with the data begin.
const PREFIX: &str = "fazt-dev-";

/// Letters and digits behind the prefix.
const RANDOM_CHARS: usize = 6;

/// What the owner may do in such a folder, and nobody else.
const MODE: u32 = 0o700;

/// The database. Whatever lies beside it has a name that begins with this.
const DATABASE: &str = "data.db";

/// What its owner holds; without it nothing shows that a run has made the folder.
const LOCK: &str = "data.db.lock";

/// A folder without an owner is removed when it is this old: a younger one may be about to
/// get its owner.
const AGE_MIN: Duration = Duration::from_secs(60);

/// Entries of the system's temporary folder that are looked at.
const ENTRIES_MAX: usize = 10_000;

/// Files that a run keeps beside its database at most; there are four.
const FILES_MAX: usize = 16;

/// Makes the folder of one run in `temporary`.
///
/// # Errors
/// `temporary` takes none.
pub(super) fn new_folder(temporary: &Path) -> io::Result<TempDir> {
    let for_the_owner = Permissions::from_mode(MODE);
    tempfile::Builder::new()
        .prefix(PREFIX)
        .rand_bytes(RANDOM_CHARS)
        .permissions(for_the_owner)
        .tempdir_in(temporary)
}

/// The database in the folder of a run.
pub(super) fn database_in(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

/// Removes from `temporary` the data of runs that were killed; never the folder `served`, nor
/// one that it lies in. What cannot be removed now is tried again by the next run.
pub(super) fn remove_leftovers(temporary: &Path, served: &Path) {
    let Ok(served) = served.canonicalize() else { return };
    for entry in fs::read_dir(temporary).into_iter().flatten().take(ENTRIES_MAX).flatten() {
        let path = entry.path();
        let is_ours = entry.file_name().to_str().is_some_and(is_name)
            && entry.metadata().is_ok_and(|meta| is_folder_of_a_run(&meta))
            && path.canonicalize().is_ok_and(|path| !served.starts_with(path));
        if is_ours {
            let _tried_again = remove_data(&path);
        }
    }
}

fn is_name(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).unwrap_or_default();
    random.len() == RANDOM_CHARS && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether it is a folder, and as old, as private and as much this user's as a leftover is.
fn is_folder_of_a_run(meta: &Metadata) -> bool {
    let age = meta.modified().ok().and_then(|at| at.elapsed().ok());
    meta.is_dir()
        && meta.uid() == geteuid().as_raw()
        && meta.mode() & 0o777 == MODE
        && age.is_some_and(|age| age > AGE_MIN)
}

/// Removes a folder that holds a database without an owner and nothing else.
fn remove_data(folder: &Path) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder)?.take(FILES_MAX).collect::<io::Result<Vec<_>>>()?;
    for entry in &entries {
        let is_data = entry.file_name().to_str().is_some_and(|name| name.starts_with(DATABASE));
        if !is_data || !entry.file_type()?.is_file() {
            bail!("{} is not of a run", entry.path().display());
        }
    }
    // To take the database would make a lock where there is none.
    let lock = entries.iter().find(|entry| entry.file_name() == LOCK);
    let lock = lock.context("nobody ever took the database")?.path();
    let _owner = Owner::take(&database_in(folder))?;
    // The lock is the proof, so it goes last: a removal that is interrupted can go on.
    for path in entries.iter().map(DirEntry::path).filter(|path| *path != lock) {
        fs::remove_file(path)?;
    }
    fs::remove_file(lock)?;
    // Fails if something has come meanwhile.
    Ok(fs::remove_dir(folder)?)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// What a run that was killed has left.
    fn leftover(temporary: &Path) -> PathBuf {
        let folder = new_folder(temporary).unwrap().keep();
        fs::write(database_in(&folder), "pages").unwrap();
        fs::write(folder.join("data.db-wal"), "log").unwrap();
        drop(Owner::take(&database_in(&folder)).unwrap());
        folder
    }

    fn make_old(folder: &Path) {
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        fs::File::open(folder).unwrap().set_modified(hour_ago).unwrap();
    }

    #[test]
    fn only_what_a_killed_run_has_left_is_removed() {
        type Change = fn(&Path) -> PathBuf;
        let changes: [(&str, Change); 8] = [
            ("nothing", |folder| folder.to_owned()),
            ("a name of somebody else", |folder| {
                let named = folder.with_file_name("fazt-dev-x");
                fs::rename(folder, &named).unwrap();
                named
            }),
            ("a name that is a word", |folder| {
                let named = folder.with_file_name("fazt-dev-my-app");
                fs::rename(folder, &named).unwrap();
                named
            }),
            ("open to others", |folder| {
                fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
                folder.to_owned()
            }),
            ("no lock", |folder| {
                fs::remove_file(folder.join(LOCK)).unwrap();
                folder.to_owned()
            }),
            ("another file", |folder| {
                fs::write(folder.join("thesis.txt"), "years").unwrap();
                folder.to_owned()
            }),
            ("a folder called as data", |folder| {
                fs::create_dir(folder.join("data.db-old")).unwrap();
                folder.to_owned()
            }),
            ("a lock that lies elsewhere", |folder| {
                fs::rename(folder.join(LOCK), folder.with_file_name("lock")).unwrap();
                std::os::unix::fs::symlink("../lock", folder.join(LOCK)).unwrap();
                folder.to_owned()
            }),
        ];
        for (index, (what, change)) in changes.into_iter().enumerate() {
            let temporary = tempfile::tempdir().unwrap();
            let folder = change(&leftover(temporary.path()));
            let before = fs::read_dir(&folder).unwrap().count();
            make_old(&folder);
            remove_leftovers(temporary.path(), Path::new("/"));
            assert_eq!(folder.exists(), index > 0, "{what}");
            let after = fs::read_dir(&folder).map_or(before, Iterator::count);
            assert_eq!(after, before, "{what}");
        }
    }

    #[test]
    fn the_folder_that_is_served_stays_and_so_does_one_that_holds_it() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = leftover(temporary.path());
        make_old(&folder);
        remove_leftovers(temporary.path(), &folder);
        assert!(folder.exists());
        let above = temporary.path().join("link");
        std::os::unix::fs::symlink(&folder, &above).unwrap();
        remove_leftovers(temporary.path(), &above);
        assert!(folder.exists());
        remove_leftovers(temporary.path(), &temporary.path().join("gone"));
        assert!(folder.exists(), "it is not known where the served folder is");
        remove_leftovers(temporary.path(), temporary.path());
        assert!(!folder.exists());
    }

    #[test]
    fn a_new_folder_is_one_that_is_known_again() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = new_folder(temporary.path()).unwrap();
        let name = folder.path().file_name().unwrap().to_str().unwrap();
        assert!(is_name(name), "{name}");
        assert_eq!(folder.path().metadata().unwrap().mode() & 0o777, MODE);
    }
}
