//! The journal, snapshots, and replay.
#![forbid(unsafe_code)]
