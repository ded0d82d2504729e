//! Publishes batches, keeps them, and finds them again.
#![forbid(unsafe_code)]
