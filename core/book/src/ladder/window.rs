//! Which prices of one side have a level: a circular window of bits over 65,536 consecutive ticks.
//!
//! 1. Position `n mod 65,536` stands for the one normalised price `n` of the window that has it, so moving the window
//!    moves nothing in it.
//! 2. The first level is never stored. Three levels of bits find it in as many bit scans, which costs less than keeping
//!    a stored one right.
//! 3. The window starts at a multiple of a page, so a page is never split between its two ends.

/// Ticks in the window.
pub(super) const WINDOW: u64 = 1 << 16;
/// Bits of a position within its page.
pub(super) const PAGE_BITS: u32 = 12;
/// Pages in the window.
pub(super) const PAGES: u32 = (WINDOW >> PAGE_BITS) as u32;

/// Set in `pages` while there are levels beside the window that may come before one of its own.
const OTHERS_FIRST: u64 = 1 << 63;

/// The bits of one side. What finding the first level begins with is kept together.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Window {
    /// The normalised price it starts at.
    start: u64,
    /// One bit for each page that has a level, and `OTHERS_FIRST`.
    pages: u64,
    /// One bit for each word of `levels` that is not zero.
    words: [u64; PAGES as usize],
    /// One bit for each level.
    levels: [u64; WINDOW as usize / 64],
}

/// The position of a normalised price.
#[inline(always)]
pub(super) fn position(n: u64) -> usize {
    (n % WINDOW) as usize
}

/// The bits of a word from `from` on; none if that is past its end.
#[inline(always)]
fn bits_from(word: u64, from: u32) -> u64 {
    word & u64::MAX.checked_shl(from).unwrap_or(0)
}

impl Window {
    pub fn new() -> Window {
        Window { start: 0, pages: 0, words: [0; PAGES as usize], levels: [0; WINDOW as usize / 64] }
    }

    #[inline(always)]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The normalised price after its last.
    #[inline(always)]
    pub fn end(&self) -> u64 {
        self.start.saturating_add(WINDOW)
    }

    /// Names where the first level is looked for.
    #[inline(always)]
    pub fn name_top(&self, touch: &impl Fn(*const u8)) {
        touch(core::ptr::from_ref(&self.start).cast());
        touch(core::ptr::from_ref(&self.words[PAGES as usize / 2]).cast());
    }

    /// Names the word of a level's bit.
    #[inline(always)]
    pub fn name(&self, n: u64, touch: &impl Fn(*const u8)) {
        touch(core::ptr::from_ref(&self.levels[position(n) / 64]).cast());
    }

    #[inline(always)]
    pub fn contains(&self, n: u64) -> bool {
        n.wrapping_sub(self.start) < WINDOW
    }

    /// Whether a price can be looked up here and nowhere else.
    #[inline(always)]
    pub fn decides(&self, n: u64) -> bool {
        self.contains(n) & (self.pages < OTHERS_FIRST)
    }

    /// Whether it has a level, and none elsewhere comes before its first.
    #[inline(always)]
    pub fn has_first(&self) -> bool {
        self.pages.wrapping_sub(1) < OTHERS_FIRST - 1
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.pages & !OTHERS_FIRST == 0
    }

    pub fn set_others_first(&mut self, yes: bool) {
        self.pages = self.pages & !OTHERS_FIRST | if yes { OTHERS_FIRST } else { 0 };
    }

    /// Whether there is a level at a price inside.
    #[inline(always)]
    pub fn has(&self, n: u64) -> bool {
        let at = position(n);
        self.levels[at / 64] >> (at % 64) & 1 != 0
    }

    /// Adds the level of a price inside; whether it was missing.
    #[inline(always)]
    pub fn add(&mut self, n: u64) -> bool {
        let at = position(n);
        let word = self.levels[at / 64];
        let bit = 1 << (at % 64);
        self.levels[at / 64] = word | bit;
        self.words[at >> PAGE_BITS] |= 1 << (at / 64 % 64);
        self.pages |= 1 << (at >> PAGE_BITS);
        word & bit == 0
    }

    /// Drops the level of a price inside if `empty`, without a branch: whether a cancelled order was the last of its
    /// level is anybody's guess.
    #[inline(always)]
    pub fn drop_if(&mut self, n: u64, empty: bool) {
        let at = position(n);
        let word = self.levels[at / 64] & !((empty as u64) << (at % 64));
        self.levels[at / 64] = word;
        let page = self.words[at >> PAGE_BITS] & !(((word == 0) as u64) << (at / 64 % 64));
        self.words[at >> PAGE_BITS] = page;
        self.pages &= !(((page == 0) as u64) << (at >> PAGE_BITS));
    }

    /// The pages in the order of their prices, one bit each.
    #[inline(always)]
    fn pages_in_order(&self) -> (u32, u32) {
        let turn = (self.start >> PAGE_BITS) as u32 % PAGES;
        ((self.pages as u16).rotate_right(turn) as u32, turn)
    }

    #[inline(always)]
    fn price_at(&self, position: usize) -> u64 {
        self.start.wrapping_add((position as u64).wrapping_sub(self.start) % WINDOW)
    }

    #[inline(always)]
    fn first_in_page(&self, page: usize) -> u64 {
        let word = self.words[page % PAGES as usize].trailing_zeros() as usize % 64;
        self.first_in_word(page << 6 | word)
    }

    #[inline(always)]
    fn first_in_word(&self, word: usize) -> u64 {
        let bit = self.levels[word % (WINDOW as usize / 64)].trailing_zeros() as usize % 64;
        self.price_at(word << 6 | bit)
    }

    /// Its first level. There must be one.
    #[inline(always)]
    pub fn first(&self) -> u64 {
        let (pages, turn) = self.pages_in_order();
        self.first_in_page((pages.trailing_zeros().wrapping_add(turn) % PAGES) as usize)
    }

    /// Its first level at or after a price.
    pub fn first_from(&self, n: u64) -> Option<u64> {
        if n <= self.start || self.is_empty() {
            return (!self.is_empty()).then(|| self.first());
        }
        if n >= self.end() {
            return None;
        }
        let at = position(n);
        let (word, page) = (at / 64, at >> PAGE_BITS);
        let bits = bits_from(self.levels[word], at as u32 % 64);
        if bits != 0 {
            return Some(self.price_at(word << 6 | bits.trailing_zeros() as usize));
        }
        let bits = bits_from(self.words[page], word as u32 % 64 + 1);
        if bits != 0 {
            return Some(self.first_in_word(page << 6 | bits.trailing_zeros() as usize));
        }
        let (pages, turn) = self.pages_in_order();
        let ahead = ((n - self.start) >> PAGE_BITS) as u32 + 1;
        let bits = bits_from(pages as u64, ahead) as u32;
        (bits != 0).then(|| self.first_in_page(((bits.trailing_zeros() + turn) % PAGES) as usize))
    }

    /// How many pages without a level stand at its start and at its end; all of them, twice, if it is empty.
    pub fn empty_pages(&self) -> (u64, u64) {
        let (pages, _) = self.pages_in_order();
        let pages = pages as u16;
        (pages.trailing_zeros() as u64, pages.leading_zeros() as u64)
    }

    /// Moves the start to the page of a price. Every page that leaves the window must be empty.
    pub fn move_to(&mut self, n: u64) {
        self.start = n >> PAGE_BITS << PAGE_BITS;
    }

    /// The first level of its last page that has one.
    pub fn first_of_last_page(&self) -> Option<u64> {
        let (pages, turn) = self.pages_in_order();
        let last = pages.checked_ilog2()?;
        Some(self.first_in_page(((last + turn) % PAGES) as usize))
    }
}
