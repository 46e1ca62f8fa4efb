//! What goes wrong when values are read or written, and where in the value.

use std::{error, fmt};

use crate::{Path, Step};

/// Why something is not a value of its type, and where. `Display` says both, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(Fault);

/// Why a value cannot be written as its type, and where: a bug in the provider. `Display` says
/// both, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError(Fault);

impl DecodeError {
    /// Where it happened; the empty path is the whole value.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl EncodeError {
    /// Where it happened; the empty path is the whole value.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl From<Fault> for DecodeError {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<Fault> for EncodeError {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl error::Error for DecodeError {}
impl error::Error for EncodeError {}

/// A problem and the way to it, which grows from its far end while the recursion unwinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    path: Path,
    problem: String,
}

impl Fault {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { path: Path::default(), problem: problem.into() }
    }

    /// The same fault, seen from the value that holds the faulty one at that step.
    pub(crate) fn within(mut self, step: Step) -> Self {
        self.path.prepend(step);
        self
    }

    /// The same fault, seen from a list or tuple.
    pub(crate) fn within_index(self, index: usize) -> Self {
        self.within(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// The same fault, seen from a set, whose elements no path reaches.
    pub(crate) fn within_set(self) -> Self {
        Self { path: Path::default(), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.steps().is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "`{}`: {}", self.path, self.problem)
        }
    }
}
