//! The C interface of the public matching-engine benchmark over `ashlar-benchmark-engine`. Reports leave through the ring
//! of the live engine, or with the feature `harness-queue` through the benchmark's own queue.

mod abi;
mod exports;
#[cfg(feature = "harness-queue")]
mod queue;
#[cfg(not(feature = "harness-queue"))]
mod transport;

pub use abi::Transport;
