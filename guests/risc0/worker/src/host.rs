//! What the guest asks of whoever runs it: its input, and a place for its journal.

use std::cell::{Cell, RefCell};

use anyhow::{Result, bail, ensure};
use risc0_binfmt::ByteAddr;
use risc0_circuit_rv32im::execute::{REG_A3, REG_A4, REG_A5, Syscall, SyscallContext};

/// Calls, by the names that a guest gives.
const READ: &[u8] = b"risc0_zkvm_platform::syscall::nr::SYS_READ";
const WRITE: &[u8] = b"risc0_zkvm_platform::syscall::nr::SYS_WRITE";
/// The most letters of a name that are looked at.
const NAME_MAX: u32 = 128;

const JOURNAL: u32 = 3;
/// The most bytes of a journal. Public values are far fewer.
const JOURNAL_BYTES_MAX: usize = 1 << 12;

/// The other side of the calls of one run.
#[derive(Debug, Default)]
pub struct Host {
    input: Vec<u8>,
    read: Cell<usize>,
    journal: RefCell<Vec<u8>>,
    /// What the kernel asks for next: the two words that the last call gives back.
    answer: Cell<[u32; 2]>,
}

impl Host {
    /// With the whole input.
    pub fn new(input: Vec<u8>) -> Host {
        Host { input, ..Host::default() }
    }

    /// What was committed.
    pub fn journal(&self) -> Vec<u8> {
        self.journal.borrow().clone()
    }

    /// The next bytes of the input, as many as there are and fit.
    fn fill(&self, to: &mut [u8]) -> usize {
        let left = self.input.get(self.read.get()..).unwrap_or_default();
        let count = left.len().min(to.len());
        to.iter_mut().zip(left).for_each(|(to, from)| *to = *from);
        self.read.set(self.read.get() + count);
        count
    }

    /// Whole words go where the guest wants them, and what is left of the last one into the answer.
    fn give(&self, wanted: usize, to: &mut [u8]) {
        let mut count = self.fill(to);
        let mut last = [0; 4];
        let over = wanted.saturating_sub(to.len());
        if count == to.len() && over < last.len() {
            count += self.fill(&mut last[..over]);
        }
        self.answer.set([count as u32, u32::from_le_bytes(last)]);
    }
}

fn name(context: &mut impl SyscallContext, at: u32) -> Result<Vec<u8>> {
    let mut name = Vec::new();
    for offset in 0..NAME_MAX {
        match context.peek_u8(ByteAddr(at.saturating_add(offset)))? {
            0 => return Ok(name),
            byte => name.push(byte),
        }
    }
    bail!("a call has a name without an end")
}

impl Syscall for Host {
    fn host_read(&self, context: &mut impl SyscallContext, file: u32, to: &mut [u8]) -> Result<u32> {
        if file == 0 {
            let answer = self.answer.get().map(u32::to_le_bytes).concat();
            ensure!(to.len() == answer.len(), "an answer has two words, not {} bytes", to.len());
            to.copy_from_slice(&answer);
            return Ok(to.len() as u32);
        }
        match name(context, file)?.as_slice() {
            READ => {
                let wanted = context.peek_register(REG_A4)? as usize;
                self.give(wanted, to);
            }
            WRITE => {
                let (file, from, len) =
                    (context.peek_register(REG_A3)?, context.peek_register(REG_A4)?, context.peek_register(REG_A5)?);
                ensure!(file == JOURNAL, "the guest writes to {file}, which is no journal");
                let mut journal = self.journal.borrow_mut();
                ensure!(journal.len() + len as usize <= JOURNAL_BYTES_MAX, "the journal is too long");
                journal.extend(context.peek_region(ByteAddr(from), len as usize)?);
                self.answer.set([0; 2]);
            }
            other => bail!("the guest calls {}, which is not answered here", String::from_utf8_lossy(other)),
        }
        Ok(to.len() as u32)
    }

    /// What RISC Zero's kernel says before it gives up.
    fn host_write(&self, _: &mut impl SyscallContext, _: u32, said: &[u8]) -> Result<u32> {
        bail!("the kernel says: {}", String::from_utf8_lossy(said))
    }
}
