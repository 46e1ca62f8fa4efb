//! Gives each run of the tests a directory of its own: `target/terraform/<number>`.
//!
//! Two runs in one checkout, an editor's and `make test`, never touch each other's files. A run holds
//! a lock on its directory until its process ends. The next run removes the directories whose lock is
//! free, except for the newest ones in which a test failed: their transcripts are what people read.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// How many directories with failed tests remain.
const KEPT: usize = 5;

/// The file whose lock says that a run still uses the directory.
const LOCK: &str = ".lock";

/// A directory that belongs to this process, for as long as the value lives.
struct Claim {
    folder: PathBuf,
    _lock: File,
}

/// The directory of this run.
pub(super) fn of_this_run() -> &'static Path {
    // Not in cargo's target directory, which several checkouts may share.
    static CLAIM: LazyLock<Claim> =
        LazyLock::new(|| claim(&Path::new(env!("CARGO_MANIFEST_DIR")).join("target/terraform")));
    &CLAIM.folder
}

/// Removes what ended runs left, and creates the directory with the next number.
fn claim(parent: &Path) -> Claim {
    fs::create_dir_all(parent).expect("the target directory can be written to");
    // One run at a time: between its creation and its lock, a directory looks like one that ended.
    let gate = locked(&parent.join(LOCK));
    let mut numbers = numbers(parent);
    numbers.sort_unstable_by_key(|number| Reverse(*number));
    let next = numbers.first().map_or(1, |newest| newest + 1);

    let mut kept = 0;
    for number in numbers {
        let folder = parent.join(number.to_string());
        if is_in_use(&folder) {
            continue;
        }
        if holds_a_failed_test(&folder) && kept < KEPT {
            kept += 1;
            continue;
        }
        // A provider that outlived its run may still write: the next run tries again.
        let _ = fs::remove_dir_all(&folder);
    }

    let folder = parent.join(next.to_string());
    fs::create_dir(&folder).expect("the target directory can be written to");
    let lock = locked(&folder.join(LOCK));
    drop(gate);
    Claim { folder, _lock: lock }
}

fn numbers(parent: &Path) -> Vec<u64> {
    let entries = fs::read_dir(parent).expect("the target directory can be read").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn locked(file: &Path) -> File {
    let file = File::create(file).expect("the target directory can be written to");
    file.lock().expect("files can be locked");
    file
}

fn is_in_use(folder: &Path) -> bool {
    File::open(folder.join(LOCK)).is_ok_and(|file| file.try_lock().is_err())
}

/// A test that passes removes its directory.
fn holds_a_failed_test(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name() != LOCK)
}

#[test]
fn two_runs_at_once_have_a_directory_each() {
    let parent = tempfile::tempdir().expect("a directory can be created");
    let (one, other) = (claim(parent.path()), claim(parent.path()));
    assert_ne!(one.folder, other.folder);
    drop(other);
    let third = claim(parent.path());
    assert!(one.folder.exists(), "a run lost its directory to another one");
    assert_eq!(third.folder, parent.path().join("3"));
    assert_eq!(numbers(parent.path()).len(), 2, "the directory of an ended run stays");
}

#[test]
fn failed_tests_of_the_newest_ended_runs_stay() {
    let parent = tempfile::tempdir().expect("a directory can be created");
    let running = claim(parent.path());
    for _ in 0..KEPT + 2 {
        let run = claim(parent.path());
        fs::create_dir(run.folder.join("a_test")).expect("a directory can be created");
    }
    let now = claim(parent.path());
    let mut left = numbers(parent.path());
    left.sort_unstable();
    assert_eq!(left, [1, 4, 5, 6, 7, 8, 9]);
    assert!(running.folder.ends_with("1") && now.folder.ends_with("9"));
}
