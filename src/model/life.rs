//! Says which calls create, change and remove the objects of a resource, and what a delete loses.
//!
//! A [`Table`](super::table::Table) carries these words; the lifecycle acts on them. They know no
//! particular resource.

use super::address::Address;

/// The calls that create, change and remove an object.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// How it comes to be.
    pub create: Create,
    /// How it is changed.
    pub update: Update,
    /// How it goes, and what goes with it.
    pub delete: Delete,
    /// Whether Lakebase lists what one parent holds.
    pub listed: bool,
    /// Which changes wait for each other.
    pub turns: Turns,
    /// Whether reads still find it when the operation of its delete is done, until it is gone.
    pub lingers: bool,
}

/// How an object comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// By a POST to its collection, or to its own name where it is in none.
    Post,
    /// By a PATCH: it is there for as long as its parent.
    Patch,
}

/// How an object is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// By a PATCH of the leaves that differ.
    Patch,
    /// Never: every change of a setting replaces it.
    Never,
}

/// How an object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delete {
    /// By a DELETE. Lakebase keeps it for a while, unless a parameter says that it is permanent.
    Soft,
    /// By a DELETE that nothing takes back. It holds data.
    Permanent,
    /// By a DELETE. It holds no data.
    Plain,
    /// By a PATCH that clears its settings.
    Clear,
    /// Not at all: Terraform forgets it, and it stays as it is.
    Forget,
}

/// Which changes wait for each other.
#[derive(Clone, Copy, Debug)]
pub enum Turns {
    /// Those of the same project or branch, as the address says.
    ByAddress,
    /// Those in the object of that address that a field names: its own name does not say where it
    /// is.
    InsideOf(&'static str, &'static Address),
    /// The same, and besides those of objects that have the same text in the first of these fields
    /// that has one: they share a thing that is no object of Lakebase.
    InsideOfSharing(&'static str, &'static Address, &'static [&'static str]),
}

/// What a resource has to do with compute: a review of plans shows nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HasCompute {
    /// Nothing.
    No,
    /// It holds the settings of computes that are created later.
    AsDefaults,
    /// It comes with a compute.
    ComesWith,
    /// It is a compute.
    IsCompute,
}

impl Life {
    /// The life of most objects: POST, PATCH, and a DELETE that Lakebase can take back.
    pub const OBJECT: Self = Self {
        create: Create::Post,
        update: Update::Patch,
        delete: Delete::Soft,
        listed: true,
        turns: Turns::ByAddress,
        lingers: false,
    };

    /// The life of a setting that is there for as long as its parent.
    pub const SETTING: Self =
        Self { create: Create::Patch, delete: Delete::Forget, listed: false, ..Self::OBJECT };

    /// The life of what Lakebase alone creates and deletes: it is only read.
    pub const READ_ONLY: Self = Self { update: Update::Never, listed: true, ..Self::SETTING };
}

impl Delete {
    /// Whether a delete may lose data.
    pub fn loses_data(self) -> bool {
        matches!(self, Self::Soft | Self::Permanent)
    }
}
