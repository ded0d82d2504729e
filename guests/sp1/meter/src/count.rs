//! What an execution would cost to prove.

use std::ops::AddAssign;

use sp1_core_executor::{ExecutionReport, SyscallCode};

/// Instruction equivalents: how many plain instructions cost as much to prove as one use of a circuit, beside the instructions that
/// make the call. From real proofs (docs/adr/0013-guests.md), but for the multiplication, which has the cost of its rows in the measure of
/// Poseidon2's.
const SHA256_BLOCK: u64 = 475;
const KECCAK: u64 = 1_100;
const POINT_ADD: u64 = 150;
const POINT_DOUBLE: u64 = 90;
const MULTIPLY: u64 = 8;
/// A word of memory that a shard touches for the first time.
const WORD: u64 = 16;

/// What an execution used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Instructions.
    pub cycles: u64,
    /// Compressions of SHA-256.
    pub sha256_blocks: u64,
    /// Permutations of Keccak.
    pub keccaks: u64,
    /// Points added.
    pub point_adds: u64,
    /// Points doubled.
    pub point_doubles: u64,
    /// Multiplications of 256-bit numbers.
    pub multiplies: u64,
    /// Words of memory touched.
    pub words: u64,
}

impl Count {
    pub(crate) fn of(report: &ExecutionReport) -> Count {
        let calls = |code| report.syscall_counts[code];
        Count {
            cycles: report.total_instruction_count(),
            sha256_blocks: calls(SyscallCode::SHA_COMPRESS),
            keccaks: calls(SyscallCode::KECCAK_PERMUTE),
            point_adds: calls(SyscallCode::SECP256K1_ADD),
            point_doubles: calls(SyscallCode::SECP256K1_DOUBLE),
            multiplies: calls(SyscallCode::UINT256_MUL_CARRY),
            words: 0,
        }
    }

    /// Where the cost lies, each part in plain instructions.
    pub const fn parts(&self) -> [(&'static str, u64); 7] {
        [
            ("instructions", self.cycles),
            ("sha256", SHA256_BLOCK * self.sha256_blocks),
            ("keccak", KECCAK * self.keccaks),
            ("point additions", POINT_ADD * self.point_adds),
            ("point doublings", POINT_DOUBLE * self.point_doubles),
            ("multiplications", MULTIPLY * self.multiplies),
            ("memory", WORD * self.words),
        ]
    }

    /// All of it in plain instructions.
    pub fn instruction_equivalents(&self) -> u64 {
        self.parts().iter().map(|(_, cost)| cost).sum()
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.cycles += other.cycles;
        self.sha256_blocks += other.sha256_blocks;
        self.keccaks += other.keccaks;
        self.point_adds += other.point_adds;
        self.point_doubles += other.point_doubles;
        self.multiplies += other.multiplies;
        self.words += other.words;
    }
}
