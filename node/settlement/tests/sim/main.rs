//! The client against the simulated L1, in the deterministic runtime: reorgs, kills, fees and endpoints that fail.

mod cursors;
mod exchange;
mod kills;
mod latency;
mod pool;
mod refusals;
mod reorgs;
mod strangers;
mod versions;
