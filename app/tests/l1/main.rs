//! An exchange on an L1 as people use it, through the binary: in, trading, out, forced, and out against the operator's will.
//!
//! The operator of these tests is honest until it stops. It commits, proves and finalizes through the same client as a node; its proofs are
//! those of the development verifier, made after the guest's own code accepted each batch.

mod anvil;
mod chain;
mod command;
mod operator;
mod traders;
mod world;

mod reorgs;
mod stories;

mod ethrex;
mod publishing;
mod refusals;
mod upgrade;
