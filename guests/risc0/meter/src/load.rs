//! Programs into memory.

use crate::machine::MachineError;
use crate::memory::Memory;

/// Puts what an ELF loads where it belongs, and gives the address at which it begins.
pub fn load(memory: &mut Memory, elf: &[u8]) -> Result<u32, MachineError> {
    let broken = || MachineError::Program("it is no ELF of a 32-bit machine");
    if elf.get(..6) != Some(b"\x7fELF\x01\x01") {
        return Err(broken());
    }
    let half = |at: usize| elf.get(at..at + 2).and_then(|bytes| Some(u16::from_le_bytes(bytes.try_into().ok()?)));
    let word = |at: usize| elf.get(at..at + 4).and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)));
    let (entry, table) = (word(24).ok_or_else(broken)?, word(28).ok_or_else(broken)? as usize);
    let (size, count) = (half(42).ok_or_else(broken)?, half(44).ok_or_else(broken)?);
    for number in 0..usize::from(count) {
        let header = table + number * usize::from(size);
        let field = |at: usize| word(header + 4 * at).ok_or_else(broken);
        const LOADED: u32 = 1;
        if field(0)? != LOADED {
            continue;
        }
        let (from, to, len) = (field(1)? as usize, field(2)?, field(4)? as usize);
        let bytes = elf.get(from..from + len).ok_or_else(broken)?;
        for (address, byte) in (to..).zip(bytes) {
            memory.store_byte(address, *byte);
        }
    }
    Ok(entry)
}
