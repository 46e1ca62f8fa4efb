//! Says whether a value is null, unknown or known: nothing here hides the difference.

/// What an attribute holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Tf<T> {
    /// Not set.
    Null,
    /// Not known before the apply.
    Unknown,
    /// A value.
    Known(T),
}

impl<T> Tf<T> {
    /// The value, if it is known; null and unknown give none.
    pub fn known(self) -> Option<T> {
        match self {
            Tf::Known(it) => Some(it),
            Tf::Null | Tf::Unknown => None,
        }
    }
}
