//! Reports as the engine writes them, half as long as the benchmark wants them.

use sha2::{Digest as _, Sha256};

use crate::messages::Report;

/// What a report says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

/// A report on its way to the thread that reads it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C, align(32))]
pub struct Record {
    /// Kind 8, side 8, nothing 16, quantity 32.
    pub head: u64,
    /// The message that caused it.
    pub sequence: u64,
    /// The order it is about; of a trade the one that rested.
    pub order_id: u64,
    /// The price.
    pub price: i64,
}

impl Record {
    /// Packs a report.
    #[inline(always)]
    pub fn new(kind: Kind, side: u8, quantity: u32, sequence: u64, order_id: u64, price: i64) -> Record {
        let head = kind as u64 | (side as u64) << 8 | (quantity as u64) << 32;
        Record { head, sequence, order_id, price }
    }
}

/// Where the engine's reports go.
pub trait Reports {
    /// Takes the next one.
    fn push(&mut self, record: Record);
    /// Makes sure that all of them can be read.
    fn flush(&mut self) {}
}

impl Reports for Vec<Record> {
    fn push(&mut self, record: Record) {
        Vec::push(self, record);
    }
}

/// The reports in the order in which the benchmark hashes them: by message and kind, else as they came.
fn sorted(records: &[Record]) -> Vec<Report> {
    let mut unpacker = Unpacker::default();
    let mut reports: Vec<Report> = records.iter().map(|&record| unpacker.unpack(record)).collect();
    reports.sort_by_key(|report| (report.sequence, report.kind));
    reports
}

/// By what the benchmark compares engines: the SHA-256 of all reports as lines, without a newline at the end.
pub fn sha256(records: &[Record]) -> String {
    let mut hash = Sha256::new();
    for (index, report) in sorted(records).iter().enumerate() {
        if index > 0 {
            hash.update("\n");
        }
        hash.update(report.line());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Turns records into reports. Only the order of records tells who took: whatever a trade follows was about its taker.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unpacker {
    taker_id: u64,
}

impl Unpacker {
    /// The report of the next record.
    #[inline(always)]
    pub fn unpack(&mut self, record: Record) -> Report {
        let Record { head, sequence, order_id, price } = record;
        let trade = head as u8 == Kind::Traded as u8;
        if !trade {
            self.taker_id = order_id;
        }
        Report {
            kind: head as u8,
            side: (head >> 8) as u8,
            sequence,
            order_id: if trade { 0 } else { order_id },
            price,
            quantity: (head >> 32) as u32,
            maker_id: if trade { order_id } else { 0 },
            taker_id: if trade { self.taker_id } else { 0 },
            ..Report::default()
        }
    }
}
