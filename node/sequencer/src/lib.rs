//! Admits, orders, executes and batches commands.
#![forbid(unsafe_code)]
