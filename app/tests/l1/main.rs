//! An exchange on an L1 as people use it, through the binary: in, trading, out, forced, and out against the operator's will.
//!
//! The operator of most of these tests is honest until it stops. It commits, proves and finalizes through the same client as a node; its proofs are
//! those of the development verifier, made after the guest's own code accepted each batch. Where a story needs more of a node than that, the binary
//! is that node.

mod anvil;
mod chain;
mod command;
#[path = "../support/ending.rs"]
mod ending;
mod node;
mod operator;
#[path = "../support/ports.rs"]
mod ports;
mod traders;
mod venue;
mod world;

mod reorgs;
mod stories;

mod ethrex;
mod proven;
mod publishing;
mod refusals;
mod rehearsal;
mod unwound;
mod upgrade;
