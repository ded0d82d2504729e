//! The benchmarks: what each measures is in docs/benchmarks.md.

pub mod book;
pub mod core;
pub mod da;
#[cfg(feature = "devnet")]
pub mod l1;
pub mod node;
pub mod prove;
pub mod state;
pub mod sync;
