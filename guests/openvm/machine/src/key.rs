//! With what proofs are checked, and the name of a program.

use std::fmt;
use std::sync::Arc;

use openvm_circuit::arch::SystemConfig;
use openvm_circuit::system::memory::dimensions::MemoryDimensions;
use openvm_circuit::system::program::trace::compute_exe_commit_from_mem_config;
use openvm_stark_backend::keygen::types::MultiStarkVerifyingKey;
use openvm_stark_sdk::config::baby_bear_poseidon2::Digest as Commitment;
use openvm_verify_stark_host::vk::{VerificationBaseline, VmStarkVerifyingKey};
use sha2::{Digest, Sha256};

use crate::SC;
use crate::join::Joiner;
use crate::machine::{Machine, MachineError, REVEALED};

/// A program in a machine: the SHA-256 of the key with which joined proofs of it are checked.
///
/// The key has in it the commitment to the program's code, its first memory and its start, and commitments to the circuits of the machine and to those that join
/// proofs. So one name says what was executed, on what, and how that was proven.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Program([u8; 32]);

impl Program {
    /// Its bytes.
    pub const fn hash(&self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn write(key: &VmStarkVerifyingKey) -> Result<Vec<u8>, MachineError> {
    bitcode::serialize(key).map_err(|error| MachineError::Key(error.to_string()))
}

fn name_of(key: &[u8]) -> Program {
    Program(Sha256::digest(key).into())
}

/// What proofs of one program are checked with.
#[derive(Clone)]
pub struct Keys {
    /// Of the machine, for a segment; whoever has read the key of joined proofs has none.
    pub(crate) machine: Option<Arc<MultiStarkVerifyingKey<SC>>>,
    /// For joined proofs.
    pub(crate) joined: Arc<VmStarkVerifyingKey>,
    pub(crate) program: Program,
}

impl Keys {
    pub(crate) fn new(machine: &Machine, joiner: &Joiner) -> Result<Keys, MachineError> {
        let instance = machine.instance();
        let system = AsRef::<SystemConfig>::as_ref(instance.vm.config());
        let app_exe_commit =
            compute_exe_commit_from_mem_config(instance.program_commitment(), instance.exe(), &system.memory_config);
        let baseline = VerificationBaseline {
            app_exe_commit,
            memory_dimensions: system.memory_config.memory_dimensions(),
            num_user_pvs: REVEALED,
            app_vk_commit: joiner.leaf().get_vk_commit(false),
            leaf_vk_commit: joiner.internal().get_vk_commit(false),
            internal_for_leaf_vk_commit: joiner.recursive().get_vk_commit(false),
            internal_recursive_vk_commit: joiner.recursive().get_vk_commit(true),
            expected_def_hook_commit: None,
        };
        let joined = VmStarkVerifyingKey { mvk: joiner.recursive().get_vk().as_ref().clone(), baseline };
        let program = name_of(&write(&joined)?);
        Ok(Keys { machine: Some(machine.key().clone()), joined: Arc::new(joined), program })
    }

    /// Of joined proofs alone, from the bytes of their key. Whose they are, the program's name says.
    pub fn read(bytes: &[u8]) -> Result<Keys, MachineError> {
        let joined = bitcode::deserialize(bytes).map_err(|error| MachineError::Key(error.to_string()))?;
        Ok(Keys { machine: None, joined: Arc::new(joined), program: name_of(bytes) })
    }

    /// The bytes of the key of joined proofs.
    pub fn write(&self) -> Result<Vec<u8>, MachineError> {
        write(&self.joined)
    }

    /// The program's name.
    pub const fn program(&self) -> Program {
        self.program
    }

    pub(crate) fn code(&self) -> Commitment {
        self.joined.baseline.app_exe_commit
    }

    pub(crate) fn memory(&self) -> MemoryDimensions {
        self.joined.baseline.memory_dimensions
    }
}
