//! A whole node with everything around it, from one seed: time, disk, network, L1, stores of data and provers are simulated, and all of them fail.
//!
//! 1. The same seed gives the same run, to the last event; a seed that breaks something is enough to see it again.
//! 2. What runs is the node and the client of L1 as they are. Simulated are the world around them and the people who use it.
//! 3. A run ends in fair weather, and then everything must be well: no acknowledgement lost, nobody left untold, the state that an uninterrupted
//!    replay of L1 and published data comes to, money that adds up, everything final.
#![forbid(unsafe_code)]

mod scenario;

mod clock;
mod outside;
mod people;
mod weather;
mod world;

mod checks;
mod run;

mod latency;

pub use latency::{Latency, sync_latency};
pub use run::{Outcome, Violation, simulate, simulate_scenario};
pub use scenario::{Disk, Scenario};
