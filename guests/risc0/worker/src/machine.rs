//! A guest on RISC Zero's machine.

use anyhow::{Context, Result};
use risc0_binfmt::{MemoryImage, ProgramBinary};
use risc0_circuit_rv32im::execute::{ExecutionLimit, Executor, ExecutorResult, RV32IM_M3_CIRCUIT_VERSION, Segment};
use risc0_circuit_rv32im::{EcallKind, HighLowU16, TerminateState};
use risc0_zkos_v1compat::V1COMPAT_ELF;

use crate::host::Host;

/// A guest beside RISC Zero's kernel, which answers its system calls and is proven with it.
#[derive(Clone)]
pub struct Program {
    memory: MemoryImage,
    image: [u8; 32],
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("image", &self.image).finish_non_exhaustive()
    }
}

/// What an execution used. Cycles are the executor's; the circuit's tables have other numbers of rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Instructions of guest and kernel.
    pub instructions: u64,
    /// Cycles of those, and of the circuits below.
    pub cycles: u64,
    /// Cycles that bring pages of memory in and out, and prove them by their hashes.
    pub paging_cycles: u64,
    /// Uses of the circuit of big numbers: points added and doubled, numbers multiplied.
    pub big_numbers: u64,
    /// Cycles of those.
    pub big_number_cycles: u64,
    /// Segments.
    pub segments: u64,
}

/// How a run has ended.
pub struct Ran {
    /// What it said.
    pub journal: Vec<u8>,
    /// Whether it halted, and with which code.
    pub code: Option<u16>,
    /// What it used.
    pub count: Count,
    /// What a prover needs; nothing if that was not asked for.
    pub segments: Vec<Segment>,
}

impl Program {
    /// Of a guest's ELF.
    pub fn new(elf: &[u8]) -> Result<Program> {
        let binary = ProgramBinary::new(elf, V1COMPAT_ELF);
        let image = binary.compute_image_id().context("the guest's ELF")?;
        let memory = binary.to_image().context("the guest's ELF")?;
        Ok(Program { memory, image: image.into() })
    }

    /// The image id: the hash of the memory that a run begins with.
    pub const fn image(&self) -> [u8; 32] {
        self.image
    }

    /// Runs it over an input, in segments of at most `2^po2` rows.
    pub fn run(&self, input: Vec<u8>, po2: u32, keep: bool) -> Result<Ran> {
        let limit = ExecutionLimit::DEFAULT.with_segment_po2(po2 as usize);
        let host = Host::new(input);
        let mut executor = Executor::new(self.memory.clone(), host, None, Vec::new(), None, RV32IM_M3_CIRCUIT_VERSION);
        let (mut memory, mut segments, mut count) = (self.memory.clone(), Vec::new(), Count::default());
        while let Some(update) = executor.run_segment(limit)? {
            count.segments += 1;
            let segment = update.apply_into_segment(&mut memory)?;
            count.instructions += u64::from(segment.insn_counter);
            if keep {
                segments.push(segment);
                memory.update_digests();
            }
        }
        let end: ExecutorResult = executor.state(po2);
        let big_numbers = &end.ecall_metrics[EcallKind::BigInt];
        count.cycles = end.user_cycles;
        count.paging_cycles = end.paging_cycles;
        (count.big_numbers, count.big_number_cycles) = (big_numbers.count, big_numbers.cycles);
        let code = end.terminate_state.and_then(|state| code_of(&state));
        Ok(Ran { journal: executor.syscall_handler().journal(), code, count, segments })
    }
}

/// The code of a run that has halted, and not paused.
fn code_of(state: &TerminateState) -> Option<u16> {
    let HighLowU16(code, how) = state.a0;
    (how == 0).then_some(code)
}

impl Count {
    /// Where the cycles go.
    pub const fn parts(&self) -> [(&'static str, u64); 3] {
        [
            ("instructions", self.cycles.saturating_sub(self.big_number_cycles)),
            ("big numbers", self.big_number_cycles),
            ("paging", self.paging_cycles),
        ]
    }

    /// All cycles that are proven.
    pub const fn total(&self) -> u64 {
        self.cycles + self.paging_cycles
    }
}
