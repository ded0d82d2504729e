//! Captures witnesses, and has every batch proven (docs/spec/proving.md).
//!
//! 1. [`Capture`] owns the authenticated state. It runs each batch a second time, off the hot path, and gives its header and
//!    everything that a guest needs to prove it.
//! 2. [`execute`] runs the guest natively, over evidence as it travels.
#![forbid(unsafe_code)]

mod capture;

mod evidence;

pub use capture::{Answers, Capture, CaptureError, Captured, Threads};
pub use evidence::{EvidenceError, Unpacked, execute};
