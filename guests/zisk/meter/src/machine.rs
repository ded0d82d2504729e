//! ZisK's machine as a guest sees it: RV64IM with the bit instructions of Zba, Zbb and Zbs, and circuits behind registers of their own.

use std::fmt;

use crate::memory::Memory;
use crate::{bits, circuits};

/// Where the input lies, behind a word for something else; and the output.
const INPUT: u64 = 0x1000_0008;
const OUTPUT: u64 = 0xa041_0000;

/// Registers by which the host is asked for something that nothing rests on: here, that the input is there.
const ASK: std::ops::RangeInclusive<u32> = 0x8c0..=0x8ff;

const EXIT: u64 = 93;
const A0: usize = 10;
const A7: usize = 17;

/// Instructions after which a run is given up.
const STEPS_MAX: u64 = 1 << 36;

/// What an execution used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Instructions.
    pub steps: u64,
    /// Compressions of SHA-256.
    pub sha256_blocks: u64,
    /// Permutations of Keccak.
    pub keccaks: u64,
    /// Points added.
    pub point_adds: u64,
    /// Points doubled.
    pub point_doubles: u64,
    /// Multiplications modulo a prime.
    pub multiplies: u64,
}

impl Count {
    /// Each by its name.
    pub const fn parts(&self) -> [(&'static str, u64); 6] {
        [
            ("steps", self.steps),
            ("sha256_blocks", self.sha256_blocks),
            ("keccaks", self.keccaks),
            ("point_adds", self.point_adds),
            ("point_doubles", self.point_doubles),
            ("multiplies", self.multiplies),
        ]
    }
}

/// Why a run has come to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MachineError {
    /// The file is no program for this machine.
    Program,
    /// An instruction is none of this machine's.
    Instruction {
        /// Where it is.
        pc: u64,
        /// What stands there.
        got: u32,
    },
    /// Something was asked for that is not there.
    Unknown(&'static str),
    /// It ended with an error.
    Failed {
        /// With which code.
        code: u64,
    },
    /// It did not end.
    Endless,
}

impl fmt::Display for MachineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program => write!(f, "the file is no ELF of a 64-bit machine"),
            Self::Instruction { pc, got } => write!(f, "{got:#010x} at {pc:#x} is no instruction of this machine"),
            Self::Unknown(what) => write!(f, "the program asks for {what}"),
            Self::Failed { code } => write!(f, "the program ended with {code}"),
            Self::Endless => write!(f, "the program did not end within {STEPS_MAX} instructions"),
        }
    }
}

impl std::error::Error for MachineError {}

/// A program and its input.
#[derive(Debug)]
pub struct Machine {
    memory: Memory,
    registers: [u64; 32],
    pc: u64,
    count: Count,
}

impl Machine {
    /// Before its first instruction.
    pub fn new(elf: &[u8], input: &[u8]) -> Result<Machine, MachineError> {
        let mut memory = Memory::new();
        let pc = load(&mut memory, elf).ok_or(MachineError::Program)?;
        for (address, byte) in (INPUT..).zip(input) {
            memory.store(address, 1, (*byte).into());
        }
        Ok(Machine { memory, registers: [0; 32], pc, count: Count::default() })
    }

    /// To its end; then so many bytes of its output.
    pub fn run(mut self, output_bytes: usize) -> Result<(Vec<u8>, Count), MachineError> {
        while self.count.steps < STEPS_MAX {
            self.count.steps += 1;
            if let Some(code) = self.step()? {
                if code != 0 {
                    return Err(MachineError::Failed { code });
                }
                let output = (OUTPUT..).take(output_bytes).map(|address| self.memory.load(address, 1) as u8);
                return Ok((output.collect(), self.count));
            }
        }
        Err(MachineError::Endless)
    }

    fn set(&mut self, number: u32, value: u64) {
        if number != 0 {
            self.registers[number as usize] = value;
        }
    }

    /// One instruction; the code if it was the last.
    fn step(&mut self) -> Result<Option<u64>, MachineError> {
        let instruction = self.memory.load(self.pc, 4) as u32;
        let wrong = MachineError::Instruction { pc: self.pc, got: instruction };
        let (rd, rs1, rs2) = (instruction >> 7 & 31, instruction >> 15 & 31, instruction >> 20 & 31);
        let (kind, variant) = (instruction >> 12 & 7, instruction >> 25);
        let (a, b) = (self.registers[rs1 as usize], self.registers[rs2 as usize]);
        let number = (instruction as i32 >> 20) as i64 as u64;
        let mut next = self.pc.wrapping_add(4);
        let result = match instruction & 0x7f {
            0x33 => bits::wide(variant, kind, a, b),
            0x3b => bits::half(variant, kind, a, b),
            0x13 => bits::immediate(kind, a, number),
            0x1b => bits::immediate_half(kind, a, number),
            0x03 => {
                let value = self.memory.load(a.wrapping_add(number), 1 << (kind & 3));
                match kind {
                    0 => Some(value as i8 as u64),
                    1 => Some(value as i16 as u64),
                    2 => Some(value as i32 as u64),
                    3..=6 => Some(value),
                    _ => None,
                }
            }
            0x23 if kind < 4 => {
                let offset = ((instruction as i32 >> 25 << 5) as u32 | rd) as i32 as u64;
                self.memory.store(a.wrapping_add(offset), 1 << kind, b);
                self.pc = next;
                return Ok(None);
            }
            0x63 => {
                let is_taken = match kind {
                    0 => a == b,
                    1 => a != b,
                    4 => (a as i64) < b as i64,
                    5 => a as i64 >= b as i64,
                    6 => a < b,
                    7 => a >= b,
                    _ => return Err(wrong),
                };
                self.pc = if is_taken { self.pc.wrapping_add(branch_offset(instruction)) } else { next };
                return Ok(None);
            }
            0x37 => Some((instruction & 0xffff_f000) as i32 as u64),
            0x17 => Some(self.pc.wrapping_add((instruction & 0xffff_f000) as i32 as u64)),
            0x6f => {
                next = self.pc.wrapping_add(jump_offset(instruction));
                Some(self.pc.wrapping_add(4))
            }
            0x67 if kind == 0 => {
                next = a.wrapping_add(number) & !1;
                Some(self.pc.wrapping_add(4))
            }
            0x73 => return self.system(instruction, a),
            _ => None,
        };
        self.set(rd, result.ok_or(wrong)?);
        self.pc = next;
        Ok(None)
    }

    /// The end, a question to the host, or a circuit.
    fn system(&mut self, instruction: u32, a: u64) -> Result<Option<u64>, MachineError> {
        const ECALL: u32 = 0x73;
        if instruction == ECALL {
            return match self.registers[A7] {
                EXIT => Ok(Some(self.registers[A0])),
                _ => Err(MachineError::Unknown("another call than its end")),
            };
        }
        let register = instruction >> 20;
        self.pc = self.pc.wrapping_add(4);
        if ASK.contains(&register) {
            return Ok(None);
        }
        let mut b = 0;
        if circuits::has_two(register) {
            // The instruction behind it only names the other operand.
            let behind = self.memory.load(self.pc, 4) as u32;
            b = self.registers[(behind >> 15 & 31) as usize];
            self.pc = self.pc.wrapping_add(4);
        }
        circuits::run(register, &mut self.memory, a, b, &mut self.count)?;
        Ok(None)
    }
}

fn branch_offset(instruction: u32) -> u64 {
    let sign = (instruction as i32 >> 31 << 12) as u32;
    (sign | (instruction << 4 & 0x800) | (instruction >> 20 & 0x7e0) | (instruction >> 7 & 0x1e)) as i32 as u64
}

fn jump_offset(instruction: u32) -> u64 {
    let sign = (instruction as i32 >> 31 << 20) as u32;
    (sign | (instruction & 0xf_f000) | (instruction >> 9 & 0x800) | (instruction >> 20 & 0x7fe)) as i32 as u64
}

/// Puts what an ELF loads where it belongs, and gives the address at which it begins.
fn load(memory: &mut Memory, elf: &[u8]) -> Option<u64> {
    let field = |at: usize, bytes: usize| {
        let part = elf.get(at..at + bytes)?;
        Some(part.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
    };
    if elf.get(..6) != Some(b"\x7fELF\x02\x01") {
        return None;
    }
    let (table, size, count) = (field(32, 8)? as usize, field(54, 2)? as usize, field(56, 2)? as usize);
    for header in (0..count).map(|number| table + number * size) {
        const LOADED: u64 = 1;
        if field(header, 4)? != LOADED {
            continue;
        }
        let (from, to, len) = (field(header + 8, 8)? as usize, field(header + 16, 8)?, field(header + 32, 8)? as usize);
        for (address, byte) in (to..).zip(elf.get(from..from + len)?) {
            memory.store(address, 1, (*byte).into());
        }
    }
    field(24, 8)
}
