//! What a prover and its coordinator say to each other.
#![forbid(unsafe_code)]
