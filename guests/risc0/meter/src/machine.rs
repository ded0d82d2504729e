//! RISC Zero's machine: RV32IM in two modes, with a kernel that runs in one of them, and what both ask of the host.

use std::fmt;

use crate::load::load;
use crate::memory::Memory;
use crate::numbers;

/// Places that the machine knows.
const GUEST_ENTRY: u32 = 0x0001_0000;
const RETURN_TO: u32 = 0xffff_0200;
const OUTPUT: u32 = 0xffff_0240;
const VERSION: u32 = 0xffff_0300;
const ECALL: u32 = 0xffff_1000;
/// What is not the guest's to touch begins here.
const KERNEL: u32 = 0xc000_0000;

/// The version of the circuit, by which the kernel knows that there is none for SHA-256.
const CIRCUIT: u32 = 3;

/// Registers by their numbers.
const T0: usize = 5;
const A0: usize = 10;
const A7: usize = 17;

/// What the kernel asks for.
const TERMINATE: u32 = 0;
const READ: u32 = 1;
const NUMBERS: u32 = 5;

/// What the guest asks the host for, by name.
const READ_INPUT: &[u8] = b"risc0_zkvm_platform::syscall::nr::SYS_READ";
const WRITE_JOURNAL: &[u8] = b"risc0_zkvm_platform::syscall::nr::SYS_WRITE";

/// Instructions after which a run is given up.
const INSTRUCTIONS_MAX: u64 = 1 << 36;

/// What an execution used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Instructions of the guest.
    pub guest: u64,
    /// Instructions of the kernel.
    pub kernel: u64,
    /// Uses of the circuit of big numbers: points added and doubled, numbers multiplied.
    pub big_numbers: u64,
    /// Steps of those.
    pub big_number_steps: u64,
    /// Bytes read.
    pub input_bytes: u64,
}

/// Why a run has come to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MachineError {
    /// The file is no program for this machine.
    Program(&'static str),
    /// An instruction cannot be executed.
    Trapped {
        /// Where it is.
        pc: u32,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something was asked that no circuit proves.
    Unprovable(&'static str),
    /// It did not end.
    Endless,
}

impl fmt::Display for MachineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(why) => write!(f, "the program cannot be read: {why}"),
            Self::Trapped { pc, why } => write!(f, "the instruction at {pc:#x} cannot be executed: {why}"),
            Self::Unprovable(what) => write!(f, "nothing proves {what}"),
            Self::Endless => write!(f, "the program did not end within {INSTRUCTIONS_MAX} instructions"),
        }
    }
}

impl std::error::Error for MachineError {}

/// How a run has ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ran {
    /// With which code.
    pub code: u32,
    /// What it committed.
    pub journal: Vec<u8>,
    /// The digest that a proof is bound to.
    pub output: [u8; 32],
    /// What it used.
    pub count: Count,
}

/// A guest, a kernel, and what they have been given.
#[derive(Debug)]
pub struct Machine {
    memory: Memory,
    pc: u32,
    in_guest: bool,
    input: Vec<u8>,
    read: usize,
    journal: Vec<u8>,
    answer: [u32; 2],
    count: Count,
}

impl Machine {
    /// Before its first instruction.
    pub fn new(guest: &[u8], kernel: &[u8], input: Vec<u8>) -> Result<Machine, MachineError> {
        let mut memory = Memory::new();
        let entry = load(&mut memory, guest)?;
        let pc = load(&mut memory, kernel)?;
        memory.store(GUEST_ENTRY, entry);
        memory.store(VERSION, CIRCUIT);
        let (journal, count) = (Vec::new(), Count::default());
        Ok(Machine { memory, pc, in_guest: false, input, read: 0, journal, answer: [0; 2], count })
    }

    /// To its end.
    pub fn run(mut self) -> Result<Ran, MachineError> {
        while self.count.guest + self.count.kernel < INSTRUCTIONS_MAX {
            if let Some(code) = self.step()? {
                let output = (0..8).flat_map(|word| self.memory.load(OUTPUT + 4 * word).to_le_bytes());
                let mut digest = [0; 32];
                digest.iter_mut().zip(output).for_each(|(to, byte)| *to = byte);
                return Ok(Ran { code, journal: self.journal, output: digest, count: self.count });
            }
        }
        Err(MachineError::Endless)
    }

    const fn trapped<T>(&self, why: &'static str) -> Result<T, MachineError> {
        Err(MachineError::Trapped { pc: self.pc, why })
    }

    fn get(&self, number: u32) -> u32 {
        self.memory.get(self.in_guest, number as usize)
    }

    /// One instruction; the code if it was the last.
    fn step(&mut self) -> Result<Option<u32>, MachineError> {
        if self.in_guest {
            self.count.guest += 1;
        } else {
            self.count.kernel += 1;
        }
        let instruction = self.memory.load(self.pc);
        let (rd, rs1, rs2) = (instruction >> 7 & 31, instruction >> 15 & 31, instruction >> 20 & 31);
        let (kind, variant) = (instruction >> 12 & 7, instruction >> 25);
        let (a, b) = (self.get(rs1), self.get(rs2));
        let immediate = (instruction as i32 >> 20) as u32;
        let mut next = self.pc.wrapping_add(4);
        let result = match instruction & 0x7f {
            0x33 => compute(kind, variant, a, b),
            0x13 => match kind {
                1 if variant == 0 => Some(a << (immediate & 31)),
                5 if variant == 0 => Some(a >> (immediate & 31)),
                5 if variant == 0x20 => Some((a as i32 >> (immediate & 31)) as u32),
                1 | 5 => None,
                _ => compute(kind, 0, a, immediate),
            },
            0x03 => Some(self.load_data(kind, a.wrapping_add(immediate))?),
            0x23 => {
                let offset = (instruction as i32 >> 25 << 5) as u32 | rd;
                self.store_data(kind, a.wrapping_add(offset), b)?;
                self.pc = next;
                return Ok(None);
            }
            0x63 => {
                let Some(is_taken) = compare(kind, a, b) else { return self.trapped("no such branch") };
                self.pc = if is_taken { self.pc.wrapping_add(branch_offset(instruction)) } else { next };
                return Ok(None);
            }
            0x37 => Some(instruction & 0xffff_f000),
            0x17 => Some(self.pc.wrapping_add(instruction & 0xffff_f000)),
            0x6f => {
                next = self.pc.wrapping_add(jump_offset(instruction));
                Some(self.pc.wrapping_add(4))
            }
            0x67 if kind == 0 => {
                next = a.wrapping_add(immediate) & !1;
                Some(self.pc.wrapping_add(4))
            }
            0x73 => return self.system(instruction),
            _ => None,
        };
        let Some(result) = result else { return self.trapped("it is none of this machine's") };
        self.memory.set(self.in_guest, rd as usize, result);
        self.pc = next;
        Ok(None)
    }

    fn check(&self, address: u32, bytes: u32) -> Result<(), MachineError> {
        match () {
            () if address < GUEST_ENTRY => self.trapped("it touches the first page"),
            () if self.in_guest && address >= KERNEL => self.trapped("it touches what is the kernel's"),
            () if address % bytes != 0 => self.trapped("it touches what is not aligned"),
            () => Ok(()),
        }
    }

    fn load_data(&self, kind: u32, address: u32) -> Result<u32, MachineError> {
        self.check(address, 1 << (kind & 3))?;
        let word = self.memory.load(address) >> (8 * (address & 3));
        Ok(match kind {
            0 => i32::from(word as i8) as u32,
            1 => i32::from(word as i16) as u32,
            2 => word,
            4 => word & 0xff,
            5 => word & 0xffff,
            _ => return self.trapped("no such load"),
        })
    }

    fn store_data(&mut self, kind: u32, address: u32, value: u32) -> Result<(), MachineError> {
        self.check(address, 1 << (kind & 3))?;
        match kind {
            0 => self.memory.store_byte(address, value as u8),
            1 => {
                let [low, high] = (value as u16).to_le_bytes();
                self.memory.store_byte(address, low);
                self.memory.store_byte(address + 1, high);
            }
            2 => self.memory.store(address, value),
            _ => return self.trapped("no such store"),
        }
        Ok(())
    }

    fn system(&mut self, instruction: u32) -> Result<Option<u32>, MachineError> {
        const ECALL_INSTRUCTION: u32 = 0x0000_0073;
        const RETURN_INSTRUCTION: u32 = 0x3020_0073;
        match (instruction, self.in_guest) {
            (ECALL_INSTRUCTION, true) => {
                self.memory.store(RETURN_TO, self.pc);
                self.pc = self.memory.load(ECALL);
                self.in_guest = false;
                Ok(None)
            }
            (RETURN_INSTRUCTION, false) => {
                self.pc = self.memory.load(RETURN_TO).wrapping_add(4);
                self.in_guest = true;
                Ok(None)
            }
            (ECALL_INSTRUCTION, false) => self.ask_host(),
            _ => self.trapped("no such system instruction"),
        }
    }

    /// What the kernel asks for; the code if it ends the run.
    fn ask_host(&mut self) -> Result<Option<u32>, MachineError> {
        let argument = |memory: &Memory, number: usize| memory.get(false, A0 + number);
        match self.memory.get(false, A7) {
            TERMINATE => {
                let state = argument(&self.memory, 0);
                if state & 0xffff != 0 {
                    return self.trapped("it pauses, where it should end");
                }
                return Ok(Some(state >> 16));
            }
            READ => {
                let [file, to, len] = [0, 1, 2].map(|number| argument(&self.memory, number));
                let bytes = self.answer_to(file, len as usize)?;
                for (address, byte) in (to..).zip(&bytes) {
                    self.memory.store_byte(address, *byte);
                }
                self.memory.set(false, A0, len);
            }
            NUMBERS => {
                if self.memory.get(false, T0) != 0 {
                    return self.trapped("a program of big numbers of the kernel's own");
                }
                let operands = [1, 2, 3, 4].map(|number| argument(&self.memory, number));
                let program = argument(&self.memory, 0);
                self.count.big_number_steps += numbers::run(&mut self.memory, program, operands)?;
                self.count.big_numbers += 1;
            }
            _ => return self.trapped("the kernel asks for what this host does not give"),
        }
        self.pc = self.pc.wrapping_add(4);
        Ok(None)
    }

    /// What a read gives: the two words of the last answer, or what a call by name brings.
    fn answer_to(&mut self, file: u32, len: usize) -> Result<Vec<u8>, MachineError> {
        if file == 0 {
            return Ok(self.answer.iter().flat_map(|word| word.to_le_bytes()).take(len).collect());
        }
        let name: Vec<u8> =
            (file..).take(128).map(|address| self.memory.load_byte(address)).take_while(|byte| *byte != 0).collect();
        let guest = |memory: &Memory, number: usize| memory.get(true, A0 + number);
        match name.as_slice() {
            READ_INPUT => {
                let wanted = guest(&self.memory, 4) as usize;
                let left = self.input.get(self.read..).unwrap_or_default();
                let given = left.get(..wanted.min(left.len())).unwrap_or_default();
                let (whole, over) = given.split_at(len.min(given.len()));
                let mut last = [0; 4];
                last.iter_mut().zip(over).for_each(|(to, byte)| *to = *byte);
                self.answer = [given.len() as u32, u32::from_le_bytes(last)];
                self.read += given.len();
                self.count.input_bytes += given.len() as u64;
                let mut bytes = whole.to_vec();
                bytes.resize(len, 0);
                Ok(bytes)
            }
            WRITE_JOURNAL => {
                let (from, count) = (guest(&self.memory, 4), guest(&self.memory, 5) as usize);
                self.journal.extend((from..).take(count).map(|address| self.memory.load_byte(address)));
                self.answer = [0; 2];
                Ok(vec![0; len])
            }
            _ => self.trapped("the guest calls what this host does not know"),
        }
    }
}

fn compute(kind: u32, variant: u32, a: u32, b: u32) -> Option<u32> {
    let wide = |a: i64, b: i64| (a.wrapping_mul(b) >> 32) as u32;
    let (signed_a, signed_b) = (a as i32, b as i32);
    Some(match (variant, kind) {
        (0, 0) => a.wrapping_add(b),
        (0x20, 0) => a.wrapping_sub(b),
        (0, 1) => a << (b & 31),
        (0, 2) => (signed_a < signed_b).into(),
        (0, 3) => (a < b).into(),
        (0, 4) => a ^ b,
        (0, 5) => a >> (b & 31),
        (0x20, 5) => (signed_a >> (b & 31)) as u32,
        (0, 6) => a | b,
        (0, 7) => a & b,
        (1, 0) => a.wrapping_mul(b),
        (1, 1) => wide(signed_a.into(), signed_b.into()),
        (1, 2) => wide(signed_a.into(), b.into()),
        (1, 3) => (u64::from(a) * u64::from(b) >> 32) as u32,
        (1, 4) => {
            if b == 0 {
                u32::MAX
            } else {
                signed_a.wrapping_div(signed_b) as u32
            }
        }
        (1, 5) => a.checked_div(b).unwrap_or(u32::MAX),
        (1, 6) => {
            if b == 0 {
                a
            } else {
                signed_a.wrapping_rem(signed_b) as u32
            }
        }
        (1, 7) => a.checked_rem(b).unwrap_or(a),
        _ => return None,
    })
}

const fn compare(kind: u32, a: u32, b: u32) -> Option<bool> {
    Some(match kind {
        0 => a == b,
        1 => a != b,
        4 => (a as i32) < (b as i32),
        5 => (a as i32) >= (b as i32),
        6 => a < b,
        7 => a >= b,
        _ => return None,
    })
}

const fn branch_offset(instruction: u32) -> u32 {
    let sign = (instruction as i32 >> 31 << 12) as u32;
    sign | (instruction << 4 & 0x800) | (instruction >> 20 & 0x7e0) | (instruction >> 7 & 0x1e)
}

const fn jump_offset(instruction: u32) -> u32 {
    let sign = (instruction as i32 >> 31 << 20) as u32;
    sign | (instruction & 0xf_f000) | (instruction >> 9 & 0x800) | (instruction >> 20 & 0x7fe)
}
