//! Remembers what reads show instead of the current state, and for how many reads.

use std::collections::BTreeMap;

use serde_json::Value as Json;

#[derive(Debug, Default)]
pub(crate) struct StaleReads {
    reads: BTreeMap<String, (u32, Option<Json>)>,
}

impl StaleReads {
    /// Lets the next `reads` reads of a name show what was there before.
    pub(crate) fn add(&mut self, name: String, reads: u32, was: Option<Json>) {
        self.reads.insert(name, (reads, was));
    }

    pub(crate) fn clear(&mut self) {
        self.reads.clear();
    }

    /// What a read of this name shows, if not the current state. Does not count as a read.
    pub(crate) fn get(&self, name: &str) -> Option<&Option<Json>> {
        self.reads.get(name).map(|(_, was)| was)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.reads.keys()
    }

    /// Counts a read.
    pub(crate) fn count(&mut self, name: &str) {
        if let Some((reads, _)) = self.reads.get_mut(name) {
            *reads = reads.saturating_sub(1);
            if *reads == 0 {
                self.reads.remove(name);
            }
        }
    }
}
