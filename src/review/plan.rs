//! A plan as `terraform show -json` prints it, read as a stream: it may be much larger than what its
//! reader should take of memory.
//!
//! What is kept of a resource is what the review speaks of, and resources of the official provider
//! read like ours. Start reading at [`read`].

mod document;
mod official;
mod resource;

use std::io::BufRead;

use crate::compute::Compute;

pub use document::ReadError;

/// A plan.
#[derive(Debug, Default)]
pub struct Plan {
    /// The version of Terraform that made it.
    pub terraform_version: String,
    /// Whether it leads all the way to the configuration.
    pub complete: bool,
    /// Whether planning ended with an error.
    pub errored: bool,
    /// What happens to each project, branch and endpoint, in the plan's order.
    pub changes: Vec<Change>,
}

/// What happens to one object.
#[derive(Debug)]
pub struct Change {
    /// Its address in the configuration, with its instance key.
    pub address: String,
    /// The address that it moves away from.
    pub previous_address: Option<String>,
    /// The key of an object that a failed replacement left behind.
    pub deposed: Option<String>,
    /// The resource type, e.g. `lakebase_endpoint`.
    pub resource_type: String,
    /// What Terraform does.
    pub action: Action,
    /// Whether it is imported on the way.
    pub imported: bool,
    /// Whether a create may take over an object that exists.
    pub replace_existing: bool,
    /// Its full name before, as far as it is known.
    pub name_before: Option<String>,
    /// Its full name after, as far as it is known.
    pub name_after: Option<String>,
    /// What it is.
    pub object: Object,
}

/// What Terraform does with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    None,
    /// It makes it.
    Create,
    /// It changes it.
    Update,
    /// It destroys it and makes it anew, in either order.
    Replace,
    /// It destroys it.
    Delete,
    /// It leaves it alone from now on.
    Forget,
}

/// What a project, a branch or an endpoint is, as far as compute goes.
#[derive(Debug)]
pub enum Object {
    /// A project.
    Project {
        /// The settings of endpoints to come.
        defaults: Sides,
        /// The settings of the endpoint that a new project comes with.
        initial: Option<Compute>,
    },
    /// A branch.
    Branch {
        /// Whether it comes and goes with its project.
        is_root: bool,
    },
    /// An endpoint.
    Endpoint {
        /// Whether it comes and goes with its branch.
        is_read_write: bool,
        /// Its compute.
        sides: Sides,
    },
}

/// Something before the apply and after it; `None` where it does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sides {
    /// Before.
    pub before: Option<Compute>,
    /// After.
    pub after: Option<Compute>,
}

/// Reads a plan.
///
/// *Errors.* What is no plan that can be reviewed, in one line that says what to do.
pub fn read(input: impl BufRead) -> Result<Plan, ReadError> {
    document::read(input)
}
