//! Memory of the addresses that 32 bits can say, zero until it is written.

const PAGE: usize = 1 << 16;
const PAGES: usize = 1 << 16;

#[derive(Debug)]
pub struct Memory {
    pages: Vec<Option<Box<[u8; PAGE]>>>,
}

impl Memory {
    pub fn new() -> Memory {
        Memory { pages: (0..PAGES).map(|_| None).collect() }
    }

    fn byte(&self, address: u64) -> u8 {
        let page = self.pages.get(address as usize / PAGE).and_then(Option::as_ref);
        page.map_or(0, |page| page[address as usize % PAGE])
    }

    /// So many bytes as a number, the least significant first.
    #[inline]
    pub fn load(&self, address: u64, bytes: u64) -> u64 {
        (0..bytes).rev().fold(0, |number, at| number << 8 | u64::from(self.byte(address.wrapping_add(at))))
    }

    /// Writes so many bytes of a number. What lies beyond all memory is lost.
    #[inline]
    pub fn store(&mut self, address: u64, bytes: u64, value: u64) {
        for at in 0..bytes {
            let place = address.wrapping_add(at) as usize;
            if let Some(page) = self.pages.get_mut(place / PAGE) {
                page.get_or_insert_with(|| Box::new([0; PAGE]))[place % PAGE] = (value >> (8 * at)) as u8;
            }
        }
    }

    /// So many words of 64 bits.
    pub fn words<const N: usize>(&self, address: u64) -> [u64; N] {
        std::array::from_fn(|at| self.load(address + 8 * at as u64, 8))
    }

    pub fn write_words(&mut self, address: u64, words: &[u64]) {
        for (at, word) in (address..).step_by(8).zip(words) {
            self.store(at, 8, *word);
        }
    }
}
