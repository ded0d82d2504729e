//! SP1's prover with one program: started once, and again only after a proof was given up.
#![forbid(unsafe_code)]

mod progress;

mod engine;

pub use engine::{Engine, program_of};
pub use progress::Progress;
