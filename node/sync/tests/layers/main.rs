//! Auditing, recovery, cursors and reconciliation over histories of real flows and a simulated L1.

mod audit;
mod checkpoints;
mod layers;
mod recovery;
mod sim;
#[path = "../../../replica/tests/state/world.rs"]
mod world;
