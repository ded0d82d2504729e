//! What an execution would cost to prove.

use ashlar_openvm_machine::Executed;

/// Field elements in the row of one addition, with all that it looks up: the measure of a plain instruction.
const CELLS_OF_INSTRUCTION: u64 = 50;

/// Chips by what they are for; the first of whose words is in a chip's name is meant.
const PARTS: [(&str, &str); 8] = [
    ("sha256", "Sha2"),
    ("keccak", "Keccak"),
    ("keccak", "Xorin"),
    ("curve and primes", "FieldExpression"),
    ("input", "HintStore"),
    ("memory", "Memory"),
    ("memory", "Poseidon2"),
    ("memory", "Boundary"),
];

/// What an execution used.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Instructions.
    pub cycles: u64,
    /// Parts that are proven each for itself.
    pub segments: u64,
    /// Field elements, by what they are for.
    pub cells: Vec<(&'static str, u64)>,
}

impl Count {
    /// Of an execution.
    pub fn of(executed: &Executed) -> Count {
        let mut cells: Vec<(&'static str, u64)> = Vec::new();
        for (chip, (rows, width)) in &executed.rows {
            let part = PARTS.iter().find(|(_, word)| chip.contains(word)).map_or("instructions", |(part, _)| *part);
            match cells.iter_mut().find(|(name, _)| *name == part) {
                Some((_, sum)) => *sum += rows * width,
                None => cells.push((part, rows * width)),
            }
        }
        cells.sort_unstable();
        Count { cycles: executed.instructions, segments: executed.segments, cells }
    }

    /// Where the cost lies, each part in plain instructions.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.cells.iter().map(|(name, cells)| (*name, cells / CELLS_OF_INSTRUCTION))
    }

    /// All field elements.
    pub fn total(&self) -> u64 {
        self.cells.iter().map(|(_, cells)| cells).sum()
    }

    /// All of it in plain instructions.
    pub fn instruction_equivalents(&self) -> u64 {
        self.total() / CELLS_OF_INSTRUCTION
    }
}
