//! A machine with its program: executions, and a proof for each segment of one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ashlar_prover_wire::{Failure, FailureKind, Watch};
use openvm_circuit::arch::hasher::poseidon2::vm_poseidon2_hasher;
use openvm_circuit::arch::instructions::exe::VmExe;
use openvm_circuit::arch::{ContinuationVmProof, PreflightExecutionOutput, Streams, VirtualMachine, VmInstance};
use openvm_circuit::system::memory::merkle::public_values::{UserPublicValuesProof, extract_public_values};
use openvm_stark_backend::StarkEngine;
use openvm_stark_backend::keygen::types::MultiStarkVerifyingKey;
use openvm_stark_backend::p3_field::PrimeCharacteristicRing;
use openvm_stark_sdk::config::{MAX_APP_LOG_STACKED_HEIGHT, app_params_with_100_bits_security};
use openvm_transpiler::FromElf;
use openvm_transpiler::elf::Elf;
use openvm_transpiler::openvm_platform::memory::MEM_SIZE;

use crate::config::{Builder, Config};
use crate::{F, SC, Stark};

/// Memory that a proof of one segment is expected to take at most, where nothing else is asked for. What is held beside it comes on top.
pub const SEGMENT_BYTES: usize = 2 << 30;

/// The bytes that the guest reveals: a SHA-256.
pub(crate) const REVEALED: usize = 32;

/// Why there is no result.
#[derive(Debug)]
pub enum MachineError {
    /// The file is no program for this machine.
    Program(String),
    /// There is no prover for it.
    Start(String),
    /// A key is not that of proofs.
    Key(String),
    /// The execution stopped.
    Execution(String),
    /// Making a proof failed.
    Proof(String),
}

impl fmt::Display for MachineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(error) => write!(f, "the program cannot be read: {error}"),
            Self::Start(error) => write!(f, "the prover cannot be started: {error}"),
            Self::Key(error) => write!(f, "the key cannot be read: {error}"),
            Self::Execution(error) => write!(f, "the execution stopped: {error}"),
            Self::Proof(error) => write!(f, "the proof failed: {error}"),
        }
    }
}

impl std::error::Error for MachineError {}

/// What came of an execution.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Executed {
    /// What the guest revealed.
    pub revealed: Vec<u8>,
    /// Instructions.
    pub instructions: u64,
    /// Parts that are proven each for itself.
    pub segments: u64,
    /// By each chip, how many rows of how many cells were used. A cell is a field element, and the work of a proof is proportional to them.
    pub rows: BTreeMap<String, (u64, u64)>,
}

/// One segment: how many instructions, and how many rows each chip has in it.
struct Segment {
    instructions: u64,
    heights: Vec<u32>,
}

/// A machine and its program.
pub struct Machine {
    instance: VmInstance<Stark, Builder>,
    key: Arc<MultiStarkVerifyingKey<SC>>,
}

impl Machine {
    /// The machine with the program of this file, proving segments in about so much memory. Takes some seconds.
    pub fn new(elf: &[u8], segment_bytes_max: usize) -> Result<Machine, MachineError> {
        let elf = Elf::decode(elf, MEM_SIZE as u32).map_err(|error| MachineError::Program(error.to_string()))?;
        let exe =
            VmExe::from_elf(elf, Config::transpiler()).map_err(|error| MachineError::Program(error.to_string()))?;
        let stark = Stark::new(app_params_with_100_bits_security(MAX_APP_LOG_STACKED_HEIGHT));
        let config = Config::new(segment_bytes_max);
        let (vm, key) = VirtualMachine::new_with_keygen(stark, Builder, config)
            .map_err(|error| MachineError::Start(error.to_string()))?;
        let code = vm.commit_program_on_device(&exe.program);
        let instance =
            VmInstance::new(vm, Arc::new(exe), code).map_err(|error| MachineError::Start(error.to_string()))?;
        Ok(Machine { instance, key: Arc::new(key.get_vk()) })
    }

    /// With which a proof of a segment is checked.
    pub(crate) fn key(&self) -> &Arc<MultiStarkVerifyingKey<SC>> {
        &self.key
    }

    pub(crate) fn instance(&self) -> &VmInstance<Stark, Builder> {
        &self.instance
    }

    /// Runs the program over these items of input.
    pub fn execute(&self, items: &[Vec<u8>]) -> Result<Executed, MachineError> {
        let vm = &self.instance.vm;
        let (segments, is_constant, revealed) = self.meter(items)?;
        let mut executed = Executed { revealed, segments: segments.len() as u64, ..Executed::default() };
        for segment in &segments {
            executed.instructions += segment.instructions;
            let chips = vm.pk().per_air.iter().zip(&segment.heights).zip(&is_constant);
            for ((chip, height), is_constant) in chips {
                // Tables are as high in every proof, whatever is executed.
                if *height > 0 && !is_constant {
                    let width = chip.vk.params.width.total_width() as u64;
                    executed.rows.entry(chip.air_name.clone()).or_insert((0, width)).0 += u64::from(*height);
                }
            }
        }
        Ok(executed)
    }

    fn meter(&self, items: &[Vec<u8>]) -> Result<(Vec<Segment>, Vec<bool>, Vec<u8>), MachineError> {
        let vm = &self.instance.vm;
        let meter = vm.build_metered_ctx(self.instance.exe());
        let is_constant = meter.is_trace_height_constant.clone();
        let interpreter =
            vm.metered_interpreter(self.instance.exe()).map_err(|error| MachineError::Execution(error.to_string()))?;
        let (segments, state) = interpreter
            .execute_metered(streams(items), meter)
            .map_err(|error| MachineError::Execution(error.to_string()))?;
        let segments = segments.into_iter();
        let segments = segments.map(|part| Segment { instructions: part.num_insns, heights: part.trace_heights });
        let revealed = extract_public_values(REVEALED, &state.memory.memory);
        Ok((segments.collect(), is_constant, revealed))
    }

    /// Proves one execution, segment by segment; of how many steps in all is known once it is known how many segments there are.
    pub(crate) fn prove(
        &mut self,
        items: &[Vec<u8>],
        watch: &Watch,
        steps: impl Fn(u64) -> u64,
    ) -> Result<ContinuationVmProof<SC>, Failure> {
        let failed = |error: String| Failure::new(FailureKind::Backend, MachineError::Proof(error));
        let (segments, _, _) = self.meter(items).map_err(|error| Failure::new(FailureKind::Backend, error))?;
        let of = steps(segments.len() as u64);
        let exe = self.instance.exe().clone();
        let VmInstance { vm, interpreter, .. } = &mut self.instance;
        let mut state = vm.create_initial_state(&exe, streams(items));
        let mut per_segment = Vec::with_capacity(segments.len());
        for (at, segment) in (0..).zip(segments) {
            watch.check()?;
            watch.progress(at, of, "segments");
            vm.transport_init_memory_to_device(&state.memory);
            let run = vm.execute_preflight(interpreter, state, Some(segment.instructions), &segment.heights);
            let PreflightExecutionOutput { system_records, record_arenas, to_state } =
                run.map_err(|error| failed(error.to_string()))?;
            state = to_state;
            let traces =
                vm.generate_proving_ctx(system_records, record_arenas).map_err(|error| failed(error.to_string()))?;
            per_segment.push(vm.engine.prove(vm.pk(), traces).map_err(|error| failed(error.to_string()))?);
        }
        let top = vm.memory_top_tree().ok_or_else(|| failed("there is no tree of the memory".to_owned()))?;
        let system = AsRef::<openvm_circuit::arch::SystemConfig>::as_ref(vm.config());
        let user_public_values = UserPublicValuesProof::compute(
            system.memory_config.memory_dimensions(),
            system.num_public_values,
            &vm_poseidon2_hasher::<F>(),
            &state.memory.memory,
            top,
        );
        Ok(ContinuationVmProof { per_segment, user_public_values })
    }
}

/// Input as the machine takes it: a field element for each byte.
fn streams(items: &[Vec<u8>]) -> Streams<F> {
    Streams::new(items.iter().map(|item| item.iter().map(|byte| F::from_u8(*byte)).collect()).collect::<Vec<Vec<F>>>())
}
