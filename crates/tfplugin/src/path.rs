//! Where in a block a value stands.

use std::fmt;

/// One step from a value to a value inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// An attribute or block of that name.
    Attribute(String),
    /// The element of a list at that index.
    Index(i64),
    /// The element of a map under that key.
    Key(String),
}

/// A path from the block's root to a value. Elements of sets have no path: it ends at the set.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

impl Path {
    /// The attribute of that name at the root.
    pub fn root(attribute: impl Into<String>) -> Self {
        Self(vec![Step::Attribute(attribute.into())])
    }

    /// The attribute of that name inside this value.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.with(Step::Attribute(name.into()))
    }

    /// The element at that index of this list.
    #[must_use]
    pub fn index(&self, index: i64) -> Self {
        self.with(Step::Index(index))
    }

    /// The element under that key of this map.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.with(Step::Key(key.into()))
    }

    /// The steps from the root, in order.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The same path, seen from the value that holds its root at that step.
    pub(crate) fn prepend(&mut self, step: Step) {
        self.0.insert(0, step);
    }

    fn with(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

impl From<&str> for Path {
    fn from(attribute: &str) -> Self {
        Self::root(attribute)
    }
}

/// Written as in a configuration: `group.min`, `items[0]`, `tags["team"]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if at == 0 => write!(f, "{name}")?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}
