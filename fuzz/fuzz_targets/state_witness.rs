#![no_main]
//! Bytes as a witness, and the table made of it asked for its roots.

use ashlar_state::{Sha256Node, Table, Witness, WitnessLimits};

const LIMITS: WitnessLimits = WitnessLimits { rows_max: 1 << 12, hints_max: 1 << 12, ops_max: 1 << 14 };

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(witness) = Witness::from_bytes(bytes, &LIMITS) else { return };
    assert_eq!(witness.to_bytes(), bytes, "a witness has one string of bytes");
    if let Ok(table) = Table::new(witness.view()) {
        let _ = table.prove::<Sha256Node>();
    }
});
