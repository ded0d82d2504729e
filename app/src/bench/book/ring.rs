//! Reports that nobody reads.

use ashlar_benchmark_engine::{Record, Reports};

/// Reports in the ring: 512 KiB, as much as a reader that keeps up leaves in a core's own cache.
const RING: usize = 1 << 14;

/// Reports are written in full and overwritten.
#[derive(Debug)]
pub struct Ring {
    records: Box<[Record; RING]>,
    written: usize,
}

impl Ring {
    /// A ring whose memory has all been touched.
    pub fn new() -> Ring {
        let blank = Record { head: u64::MAX, ..Record::default() };
        let records = vec![blank; RING].into_boxed_slice().try_into().expect("as many as the ring has");
        Ring { records, written: 0 }
    }
}

impl Reports for Ring {
    #[inline(always)]
    fn push(&mut self, record: Record) {
        self.records[self.written % RING] = record;
        self.written += 1;
    }
}
