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
        self.lock(scope(name)).await
    }

    /// Waits for a turn on the whole project, for a change in a branch that has its turn there:
    /// none, where that turn is the project's already. Nobody who has a project's turn waits for a
    /// branch's, so these two never wait for each other.
    pub async fn wider_turn(&self, name: &str) -> Option<Turn> {
        let project = first(name, 2);
        if scope(name) == project { None } else { Some(self.lock(project).await) }
    }

    async fn lock(&self, scope: &str) -> Turn {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(scope.to_owned()).or_default().clone()
        };
        Turn(lock.lock_owned().await)
    }
}

/// The project of a project or a branch, else the branch.
fn scope(name: &str) -> &str {
    first(name, if name.split('/').count() <= 4 { 2 } else { 4 })
}

fn first(name: &str, segments: usize) -> &str {
    name.match_indices('/').nth(segments - 1).map_or(name, |(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::{first, scope};

    #[test]
    fn turns_are_taken_by_project_or_by_branch() {
        assert_eq!(scope("projects/p"), "projects/p");
        assert_eq!(scope("projects/p/branches/b"), "projects/p");
        assert_eq!(scope("projects/p/branches/b/endpoints/e"), "projects/p/branches/b");
        assert_eq!(scope("projects/p/branches/b/roles/r"), "projects/p/branches/b");
        // The collection, where a create is sent.
        assert_eq!(scope("projects/p/branches/b/endpoints"), "projects/p/branches/b");
        assert_eq!(first("projects/p/branches/b/endpoints", 2), "projects/p");
    }
}
