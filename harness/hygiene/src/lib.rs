//! The rules of the house, as ordinary tests.
//!
//! Each module holds one rule as a function from text to findings, and shows on a small bad sample that it can fail.
//! `tests/house.rs` applies all of them to the repository.
//!
//! 1. A finding says where, what, and what to do.
//! 2. Nothing here reads the network; licences come from what Cargo has already fetched.
#![forbid(unsafe_code)]

pub mod tree;

pub mod markdown;
pub mod tokens;

pub mod arrows;
pub mod changelog;
pub mod dependencies;
pub mod licences;
pub mod links;
pub mod metadata;
pub mod names;
pub mod purity;
pub mod requirements;
pub mod size;
pub mod spec;
