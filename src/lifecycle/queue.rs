//! Whose turn it is: the service makes one change at a time.
//!
//! Calls on a project and its branches take turns by project, calls on what a branch holds by
//! branch, first come first served. So nobody needs `depends_on` for the service's sake.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::model::address::Scope;

/// The turns that are being taken.
#[derive(Default)]
pub struct Queue(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

/// A turn; it ends when it is dropped.
pub struct Turn(#[expect(dead_code, reason = "held, not read")] Vec<OwnedMutexGuard<()>>);

impl Queue {
    /// Waits for a turn.
    ///
    /// What is shared comes first, then the branch, then the project: in this order, nobody waits for
    /// somebody who waits for them.
    pub async fn turn(&self, scope: &Scope) -> Turn {
        let mut guards = Vec::new();
        for name in scope.shared.iter().chain([&scope.own]) {
            guards.push(self.lock(name).await);
        }
        Turn(guards)
    }

    /// Waits for a turn on the whole project, for a change in a branch that has its turn there:
    /// none, where that turn is the project's already. Nobody who has a project's turn waits for a
    /// branch's, so these two never wait for each other.
    pub async fn wider_turn(&self, scope: &Scope) -> Option<Turn> {
        match &scope.wider {
            Some(wider) => Some(Turn(vec![self.lock(wider).await])),
            None => None,
        }
    }

    async fn lock(&self, scope: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(scope.to_owned()).or_default().clone()
        };
        lock.lock_owned().await
    }
}
