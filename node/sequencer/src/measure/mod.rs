//! What the node counts and times, rendered as Prometheus text.
//!
//! 1. Every metric and every label value is a field or a constant here: nothing that comes from outside can add one.
//! 2. Recording is an atomic addition; nothing on the way of a command allocates or waits for it.

mod histogram;
mod metrics;
mod trace;

pub use histogram::Histogram;
pub use metrics::{Counter, Metrics};
pub use trace::{STEPS, TraceId};

use commonware_runtime::Clock;
use std::time::UNIX_EPOCH;

/// Microseconds since the Unix epoch.
pub(crate) fn micros<E: Clock>(context: &E) -> u64 {
    let since = context.current().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Milliseconds since the Unix epoch.
pub(crate) fn millis<E: Clock>(context: &E) -> u64 {
    micros(context) / 1_000
}
