//! What the targets have in common: what must hold of any bytes and of any inputs.
#![forbid(unsafe_code)]

use ashlar_harness::flow::Timed;
use ashlar_harness::{Engine, Genesis, HotEngine, LeafEngine, Reference, differential};
use ashlar_types::{Decode, Encode, Record, from_bytes, from_record, to_bytes, to_record};

/// What is decoded is encoded in the very same bytes, alone and as a record.
pub fn decoder<T: Decode + Encode>(bytes: &[u8]) {
    if let Ok(value) = from_bytes::<T>(bytes) {
        assert_eq!(to_bytes(&value), bytes, "a value has one string of bytes");
    }
}

/// The same of a record.
pub fn record<T: Record>(bytes: &[u8]) {
    if let Ok(value) = from_record::<T>(bytes) {
        assert_eq!(to_record(&value), bytes, "a record has one string of bytes");
    }
    decoder::<T>(bytes);
}

/// All engines say the same about these inputs, end in the same state, and find nothing wrong with it.
pub fn engines_agree(genesis: &Genesis, inputs: &[Timed]) {
    let mut reference = Reference::new(genesis);
    let mut hot = HotEngine::new(genesis);
    let mut leaf = LeafEngine::new(genesis);
    let engines: &mut [&mut dyn Engine] = &mut [&mut reference, &mut hot, &mut leaf];
    if let Err(mismatch) = differential::replay(engines, inputs, usize::MAX) {
        panic!("{mismatch}");
    }
}
