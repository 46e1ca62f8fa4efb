//! Defines what a kind of object is, and what the emulated workspace holds. The two refer to each
//! other: an object has a kind, and the hooks of a kind read the world.
//!
//! Start reading at [`kind::Kind`], then at [`world::World`].

pub(crate) mod kind;
pub(crate) mod operations;
pub(crate) mod stale;
pub(crate) mod store;
pub(crate) mod world;
