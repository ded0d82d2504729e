//! Captures witnesses, and has every batch proven.
#![forbid(unsafe_code)]
