//! The ring that a live engine's receipts leave through, as its writer sees it.
//!
//! Everything a writer does is done: the lines are written in full and the count of published ones is stored with release
//! order after each command. What is absent is a reader, who would run on another core; lines are overwritten unread.

use std::sync::atomic::{AtomicU64, Ordering};

use ashlar_exchange::Output;
use ashlar_types::{Event, Receipt};

use super::record::{Record, of_event, of_receipt, of_trade};

/// Lines in the ring: 1 MiB, which stays in a core's own cache as it does while a reader keeps up.
const LINES: usize = 1 << 14;

/// The ring.
#[derive(Debug)]
pub struct Ring {
    lines: Box<[Record; LINES]>,
    written: u64,
    published: AtomicU64,
}

impl Ring {
    /// A ring whose memory has all been touched.
    pub fn new() -> Ring {
        let lines = vec![Record([u64::MAX; 8]); LINES].into_boxed_slice();
        let lines = lines.try_into().expect("as many lines as the ring has");
        Ring { lines, written: 0, published: AtomicU64::new(0) }
    }

    #[inline(always)]
    fn write(&mut self, record: Record) {
        self.lines[self.written as usize % LINES] = record;
        self.written += 1;
    }

    /// Lines that a reader could have seen.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Acquire)
    }
}

impl Output for Ring {
    #[inline(always)]
    fn event(&mut self, event: &Event) {
        match event {
            Event::Trade(trade) => of_trade(trade).into_iter().for_each(|record| self.write(record)),
            other => self.write(of_event(other)),
        }
    }

    #[inline(always)]
    fn receipt(&mut self, receipt: &Receipt) {
        self.write(of_receipt(receipt));
        self.published.store(self.written, Ordering::Release);
    }
}
