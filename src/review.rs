//! What a change of compute means: which one a plan refuses, what it grants, and what a reader
//! should notice.

pub mod capacity;
pub mod compute;
pub mod range;
