//! How one table of fields becomes everything that Terraform and the service want of a resource.
//!
//! A resource is declared once, as a [`Table`](table::Table) of [`Field`](field::Field)s. From it
//! follow, each in its room:
//!
//! | room | from | to |
//! |---|---|---|
//! | [`schema`] | table | protocol schema |
//! | [`validate`] | configuration | diagnostics |
//! | [`plan`] | prior state and configuration | planned state and replacements |
//! | [`encode`] | prior and planned state | request body, query, update mask |
//! | [`decode`] | the service's answer | state, and with it drift |
//! | [`adoption`] | an existing object and a planned create | diagnostics |
//! | [`takeover`] | another provider's state | state |
//! | [`markdown`] | table | documentation |
//!
//! [`expiry`] is what all objects that expire have in common; [`meaning`] knows when two spellings
//! mean the same; [`tf`] is how Rust code sees values.
//! No room here knows a particular resource, the API's client, or what waiting is.
//! Start reading at [`field`], then [`plan`].

pub mod address;
pub mod adoption;
mod check;
pub mod decode;
pub mod encode;
pub mod expiry;
pub mod field;
pub mod id;
pub mod life;
pub mod markdown;
pub mod meaning;
pub mod plan;
pub mod schema;
pub mod table;
pub mod takeover;
pub mod tf;
pub mod upgrade;
pub mod validate;

#[cfg(test)]
mod properties;
