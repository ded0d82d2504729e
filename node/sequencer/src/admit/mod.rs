//! The door: what comes from outside is measured, its signature checked, and handed on in the order in which it came.
//!
//! 1. Nothing unsigned reaches the engine, and nothing that a key or an address is not entitled to (SPEC ).
//! 2. Every queue is bounded. What does not fit is refused at once, with the time after which to come back (SPEC Q-9).
//! 3. Checking runs on threads of its own; a bad signature costs its sender, never its neighbours in the group.

mod check;
mod desk;
mod directory;
mod gate;
mod rates;

pub use check::{Checker, Vouched};
pub use directory::Directory;
pub use gate::{Gate, opens_risk};
pub use rates::{Rate, Rates};

pub(crate) use desk::{Desk, Reply, Submission, Tolls, Waiting};
