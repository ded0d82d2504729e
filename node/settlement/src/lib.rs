//! The client of the contracts on L1: outbox, follower, finality.
#![forbid(unsafe_code)]
