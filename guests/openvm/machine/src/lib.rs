//! The OpenVM machine that the guest is written for: its instructions, executions, proofs, and what checks them (docs/adr/0047-openvm-proofs.md).
//!
//! 1. A machine runs one program, which is given to it when it is made.
//! 2. A proof stops between two of its steps when it is no longer wanted.
//! 3. What checks a proof panics on no bytes: where a verifier of OpenVM's does, the proof is refused. Nor do any bytes make it take more memory than in
//!    proportion to them.
#![forbid(unsafe_code)]

mod config;

mod machine;

mod join;

mod key;

mod extent;

mod verify;

mod engine;

pub use config::Config;
pub use engine::Engine;
pub use key::{Keys, Program};
pub use machine::{Executed, Machine, MachineError, SEGMENT_BYTES};
pub use verify::Refusal;

use openvm_stark_sdk::config::baby_bear_poseidon2::{BabyBearPoseidon2Config, BabyBearPoseidon2CpuEngine};

/// The field.
pub(crate) type F = openvm_stark_sdk::config::baby_bear_poseidon2::F;
/// The proof system.
pub(crate) type SC = BabyBearPoseidon2Config;
/// What proves, on processors.
pub(crate) type Stark = BabyBearPoseidon2CpuEngine;
