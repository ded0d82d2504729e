//! Reports as the engine writes them, and the text by which engines are compared.

use sha2::{Digest, Sha256};

/// What a report says; the numbers are those of the public benchmark.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A new order was accepted.
    Accepted = 0,
    /// Two orders traded.
    Traded = 1,
    /// An order, or the rest of one, was cancelled.
    Cancelled = 2,
    /// An order was modified.
    Modified = 3,
    /// There is no such order to cancel.
    CancelRejected = 4,
    /// There is no such order to modify.
    ModifyRejected = 5,
}

/// A report in half a cache line. Who took in a trade is told by the report of another kind that it follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(align(32))]
pub struct Report {
    /// Kind 8, side 8, nothing 16, quantity 32.
    head: u64,
    sequence: u64,
    /// Of a trade the order that rested.
    order_id: u64,
    price: i64,
}

impl Report {
    /// Packs a report.
    #[inline(always)]
    pub fn new(kind: Kind, side: u8, quantity: u32, sequence: u64, order_id: u64, price: i64) -> Report {
        let head = u64::from(kind as u8) | u64::from(side) << 8 | u64::from(quantity) << 32;
        Report { head, sequence, order_id, price }
    }

    fn line(&self, taker: u64) -> String {
        let Report { head, sequence, order_id, price } = *self;
        let (kind, side, quantity) = (head as u8, head >> 8 & 1, head >> 32);
        match kind {
            0 | 3 => format!("{kind},{sequence},{side},{order_id},{price},{quantity}"),
            1 => format!("{kind},{sequence},{price},{quantity},{order_id},{taker}"),
            2 => format!("{kind},{sequence},{side},{order_id},{price}"),
            _ => format!("{kind},{sequence},{order_id}"),
        }
    }
}

/// Where reports go.
pub trait Reports {
    /// Takes the next one.
    fn push(&mut self, report: Report);
}

impl Reports for Vec<Report> {
    fn push(&mut self, report: Report) {
        Vec::push(self, report);
    }
}

/// Reports in the ring: 512 KiB, as much as a reader that keeps up leaves in a core's own cache.
const RING: usize = 1 << 14;

/// A ring that nobody reads: reports are written in full and overwritten.
#[derive(Debug)]
pub struct Ring {
    reports: Box<[Report; RING]>,
    written: usize,
}

impl Ring {
    /// A ring whose memory has all been touched.
    pub fn new() -> Ring {
        let blank = Report { head: u64::MAX, ..Report::default() };
        let reports = vec![blank; RING].into_boxed_slice().try_into().expect("as many as the ring has");
        Ring { reports, written: 0 }
    }
}

impl Reports for Ring {
    #[inline(always)]
    fn push(&mut self, report: Report) {
        self.reports[self.written % RING] = report;
        self.written += 1;
    }
}

/// The SHA-256 of all reports as lines, stably sorted by message and kind, without a newline at the end.
pub fn sha256(reports: &[Report]) -> String {
    let mut taker = 0;
    let mut lines = Vec::with_capacity(reports.len());
    for report in reports {
        let kind = report.head as u8;
        if kind != Kind::Traded as u8 {
            taker = report.order_id;
        }
        lines.push((report.sequence, kind, report, taker));
    }
    lines.sort_by_key(|(sequence, kind, ..)| (*sequence, *kind));
    let mut hash = Sha256::new();
    for (index, (_, _, report, taker)) in lines.iter().enumerate() {
        if index > 0 {
            hash.update("\n");
        }
        hash.update(report.line(*taker));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
