//! Whose turn it is: the service makes one change at a time.
//!
//! Calls on a project and its branches take turns by project, calls on what a branch holds by
//! branch, first come first served. So nobody needs `depends_on` for the service's sake.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

/// The turns that are being taken.
#[derive(Default)]
pub struct Queue(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

/// A turn; it ends when it is dropped.
pub struct Turn(#[expect(dead_code, reason = "held, not read")] OwnedMutexGuard<()>);

impl Queue {
    /// Waits for a turn to change the object of that name.
    pub async fn turn(&self, name: &str) -> Turn {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(scope(name).to_owned()).or_default().clone()
        };
        Turn(lock.lock_owned().await)
    }
}

/// The project of a project or a branch, else the branch.
fn scope(name: &str) -> &str {
    let segments = name.split('/').count();
    let kept = if segments <= 4 { 2 } else { 4 };
    name.match_indices('/').nth(kept - 1).map_or(name, |(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::scope;

    #[test]
    fn turns_are_taken_by_project_or_by_branch() {
        assert_eq!(scope("projects/p"), "projects/p");
        assert_eq!(scope("projects/p/branches/b"), "projects/p");
        assert_eq!(scope("projects/p/branches/b/endpoints/e"), "projects/p/branches/b");
        assert_eq!(scope("projects/p/branches/b/roles/r"), "projects/p/branches/b");
    }
}
