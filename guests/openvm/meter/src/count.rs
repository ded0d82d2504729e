//! What an execution would cost to prove.

use ashlar_openvm_machine::Executed;

/// What chips are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Instructions,
    Sha256,
    Keccak,
    Curve,
    Input,
    Memory,
}

/// Chips whose name has such a word; all others are instructions.
const PARTS: [(&str, Part); 8] = [
    ("Sha2", Part::Sha256),
    ("Keccak", Part::Keccak),
    ("Xorin", Part::Keccak),
    ("FieldExpression", Part::Curve),
    ("HintStore", Part::Input),
    ("Memory", Part::Memory),
    ("Poseidon2", Part::Memory),
    ("Boundary", Part::Memory),
];

/// What an execution used. Cells are field elements in the rows of chips, to which the work of a proof is proportional.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Instructions, of which a circuit's is one.
    pub instructions: u64,
    /// Parts that are proven each for itself.
    pub segments: u64,
    /// Cells of RISC-V's instructions, and of what they look up.
    pub instruction_cells: u64,
    /// Of the circuit for SHA-256.
    pub sha256_cells: u64,
    /// Of the circuits for Keccak.
    pub keccak_cells: u64,
    /// Of the circuits for two primes and the curve.
    pub curve_cells: u64,
    /// Of reading the input.
    pub input_cells: u64,
    /// Of memory: what was touched, and the hashes above it before and after each segment.
    pub memory_cells: u64,
}

impl Count {
    /// Of an execution.
    pub fn of(executed: &Executed) -> Count {
        let Executed { instructions, segments, rows, .. } = executed;
        let mut count = Count { instructions: *instructions, segments: *segments, ..Count::default() };
        for (chip, (rows, width)) in rows {
            let part = PARTS.iter().find(|(word, _)| chip.contains(word)).map_or(Part::Instructions, |(_, part)| *part);
            *match part {
                Part::Instructions => &mut count.instruction_cells,
                Part::Sha256 => &mut count.sha256_cells,
                Part::Keccak => &mut count.keccak_cells,
                Part::Curve => &mut count.curve_cells,
                Part::Input => &mut count.input_cells,
                Part::Memory => &mut count.memory_cells,
            } += rows * width;
        }
        count
    }

    /// Where the cells are.
    pub const fn parts(&self) -> [(&'static str, u64); 6] {
        [
            ("instruction_cells", self.instruction_cells),
            ("sha256_cells", self.sha256_cells),
            ("keccak_cells", self.keccak_cells),
            ("curve_cells", self.curve_cells),
            ("input_cells", self.input_cells),
            ("memory_cells", self.memory_cells),
        ]
    }

    /// All cells.
    pub fn cells(&self) -> u64 {
        self.parts().iter().map(|(_, cells)| cells).sum()
    }
}
