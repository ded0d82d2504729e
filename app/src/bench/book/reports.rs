//! Where the engine's reports go, and the hash by which engines are compared.

use ashlar_engine_adapter::{Record, Reports, sorted};
use sha2::{Digest, Sha256};

/// Reports in the ring: 512 KiB, as much as a reader that keeps up leaves in a core's own cache.
const RING: usize = 1 << 14;

/// A ring that nobody reads: reports are written in full and overwritten.
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

/// The SHA-256 of all reports as lines, without a newline at the end.
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
