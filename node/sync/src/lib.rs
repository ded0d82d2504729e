//! Keeps three layers one: check, reconcile, recover.
#![forbid(unsafe_code)]
