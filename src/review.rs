//! What a change of compute means, and which one a plan refuses.

pub mod range;
