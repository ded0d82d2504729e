//! The contracts of Ashlar on L1: their interfaces, their compiled code, and in which order they are deployed.
//!
//! The Solidity sources are in `contracts/src`, what they compile to in `contracts/artifacts`, and `.ci/contracts` shows that the
//! two agree. Nothing here talks to a chain. Rules: `docs/spec/l1.md`.
#![forbid(unsafe_code)]

pub mod abi;
mod artifact;
mod key;
mod plan;

pub use artifact::{Artifact, ArtifactError};
pub use key::WrapperKey;
pub use plan::{Action, Plan, PlanError, Profile, ProgramTerms, Terms, VerifierTerms, name};
