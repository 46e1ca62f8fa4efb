//! The error of reading or writing a value, with the place in the value.

use std::{error, fmt};

use crate::{Path, Step};

/// Why something is not a value of its type, and where. `Display` says both, in a sentence.
///
/// When a value is written, the error is a bug in the provider. The path grows from its far end
/// while the recursion unwinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    path: Path,
    problem: String,
}

impl ValueError {
    /// Where it happened; the empty path is the whole value.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { path: Path::default(), problem: problem.into() }
    }

    /// The same error, seen from the value that holds the wrong one at that step.
    pub(crate) fn within(mut self, step: Step) -> Self {
        self.path.prepend(step);
        self
    }

    /// The same error, seen from a list or tuple.
    pub(crate) fn within_index(self, index: usize) -> Self {
        self.within(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// The same error, seen from a set, whose elements no path reaches.
    pub(crate) fn within_set(self) -> Self {
        Self { path: Path::default(), ..self }
    }
}

impl error::Error for ValueError {}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.steps().is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "`{}`: {}", self.path, self.problem)
        }
    }
}
