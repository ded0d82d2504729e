//! The machine's memory: words of 32 bits at 2^30 places, zero until they are written. The registers of both modes lie in it.

/// Words of a page.
const PAGE: usize = 1 << 14;
/// Pages of all memory.
const PAGES: usize = 1 << 16;

/// Where the registers of the kernel lie, and behind them those of the guest.
const KERNEL_REGISTERS: u32 = 0xffff_0000;
const REGISTERS: u32 = 32;

type Page = Box<[u32; PAGE]>;

#[derive(Debug)]
pub struct Memory {
    pages: Vec<Option<Page>>,
    /// Of kernel and guest; the first of each is always zero.
    registers: [[u32; REGISTERS as usize]; 2],
}

impl Memory {
    pub fn new() -> Memory {
        Memory { pages: (0..PAGES).map(|_| None).collect(), registers: [[0; REGISTERS as usize]; 2] }
    }

    /// The word that the byte at an address lies in.
    #[inline]
    pub fn load(&self, address: u32) -> u32 {
        if let Some((set, number)) = register_at(address) {
            return self.registers[set][number];
        }
        let (page, word) = place(address);
        self.pages[page].as_ref().map_or(0, |page| page[word])
    }

    /// Writes that word.
    #[inline]
    pub fn store(&mut self, address: u32, value: u32) {
        if let Some((set, number)) = register_at(address) {
            return self.set(set == 1, number, value);
        }
        let (page, word) = place(address);
        self.pages[page].get_or_insert_with(|| Box::new([0; PAGE]))[word] = value;
    }

    pub fn load_byte(&self, address: u32) -> u8 {
        self.load(address).to_le_bytes()[address as usize % 4]
    }

    pub fn store_byte(&mut self, address: u32, value: u8) {
        let mut bytes = self.load(address).to_le_bytes();
        bytes[address as usize % 4] = value;
        self.store(address, u32::from_le_bytes(bytes));
    }

    /// A register, of the guest or of the kernel.
    #[inline]
    pub fn get(&self, of_guest: bool, number: usize) -> u32 {
        self.registers[usize::from(of_guest)][number % REGISTERS as usize]
    }

    /// Writes a register; what is written to the first one is lost.
    #[inline]
    pub fn set(&mut self, of_guest: bool, number: usize, value: u32) {
        if number != 0 {
            self.registers[usize::from(of_guest)][number % REGISTERS as usize] = value;
        }
    }
}

#[inline]
fn register_at(address: u32) -> Option<(usize, usize)> {
    let number = address.checked_sub(KERNEL_REGISTERS)? / 4;
    (number < 2 * REGISTERS).then_some(((number / REGISTERS) as usize, (number % REGISTERS) as usize))
}

#[inline]
const fn place(address: u32) -> (usize, usize) {
    let word = address as usize / 4;
    (word / PAGE, word % PAGE)
}
