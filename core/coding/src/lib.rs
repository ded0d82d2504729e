//! Erasure codes, commitments to coded data, and sampling.
#![no_std]
#![forbid(unsafe_code)]
