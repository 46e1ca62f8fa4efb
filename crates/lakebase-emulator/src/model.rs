//! Defines what a kind of object is, and what the pretended workspace holds. The two know each other:
//! an object knows its kind, and the hooks of a kind see the world.
//!
//! Start reading at [`kind::Kind`], then at [`world::World`].

pub(crate) mod kind;
pub(crate) mod operations;
pub(crate) mod stale;
pub(crate) mod store;
pub(crate) mod world;
