//! Reads a plan that `terraform show -json` prints, as a stream: it can be much larger than the
//! memory that a review may use.
//!
//! Of a resource only what the review shows is kept, and resources of the official provider read
//! like those of this one. Start reading at [`read`].

mod configuration;
mod document;
mod facts;
mod official;
mod resource;
mod shift;

use std::collections::BTreeMap;
use std::io::BufRead;

use jiff::Timestamp;

pub use configuration::Configuration;
pub use document::ReadError;
pub use facts::{ComputeSettings, Facts, Lifetime, Name, Object};
pub use resource::reviewed;
pub use shift::Shift;

/// A plan.
#[derive(Debug, Default)]
pub struct Plan {
    /// The version of Terraform that made it.
    pub terraform_version: String,
    /// Whether an apply leads all the way to the configuration; `None` if the plan does not say it,
    /// as those of OpenTofu and of Terraform before 1.8.
    pub complete: Option<bool>,
    /// Whether planning ended with an error.
    pub errored: bool,
    /// When it was made.
    pub timestamp: Option<Timestamp>,
    /// What happens to each resource, in the plan's order.
    pub changes: Vec<ResourceChange>,
    /// What has changed outside of Terraform.
    pub drift: Vec<ResourceChange>,
    /// What Terraform leaves for a later plan: the address, and why.
    pub deferred: Vec<(String, String)>,
    /// What exists, and is not among the changes.
    pub stored: Vec<Stored>,
    /// What the configuration refers to.
    pub configuration: Configuration,
    /// How many resources change that a review does not look at, by type.
    pub skipped: BTreeMap<String, usize>,
}

/// An object in the state before the apply: of a resource, or of a data source.
#[derive(Debug)]
pub struct Stored {
    /// The address in the plan, such as `lakebase_branch.dev`.
    pub address: String,
    /// The resource type, such as `lakebase_branch`.
    pub resource_type: String,
    /// Whether a resource manages it; if not, a data source has read it.
    pub managed: bool,
    pub facts: Facts,
}

/// What happens to one object.
#[derive(Debug)]
pub struct ResourceChange {
    /// Its address in the configuration, with its instance key.
    pub address: String,
    /// The address that it moves away from.
    pub previous_address: Option<String>,
    /// The key of an object that a failed replacement left behind.
    pub deposed: Option<String>,
    /// The resource type, e.g. `lakebase_endpoint`.
    pub resource_type: String,
    pub action: Action,
    /// Whether it is imported on the way.
    pub imported: bool,
    /// What it is before; `None` where the state has no such object.
    pub before: Option<Facts>,
    /// What it is after; `None` where the state has no such object then.
    pub after: Option<Facts>,
    /// The settings that change and matter to data rather than to compute.
    pub shifts: Vec<Shift>,
}

/// What Terraform does with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Terraform changes nothing, or only its state.
    None,
    /// Terraform creates the object.
    Create,
    /// Terraform updates the object in place.
    Update,
    /// It destroys it and creates another, in either order.
    Replace,
    /// Terraform destroys the object.
    Delete,
    /// It no longer manages it.
    Forget,
    /// It no longer manages it, and creates another.
    ForgetAndCreate,
}

impl ResourceChange {
    /// The object: as it will be, or as it was.
    pub fn object(&self) -> Option<&Object> {
        self.after.as_ref().or(self.before.as_ref()).map(|facts| &facts.object)
    }
}

/// Reads a plan.
///
/// *Errors.* Input that is not a plan that can be reviewed: one line that says what to do.
pub fn read(input: impl BufRead) -> Result<Plan, ReadError> {
    document::read(input)
}
