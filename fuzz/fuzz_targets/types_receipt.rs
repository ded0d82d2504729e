#![no_main]
//! Bytes as a receipt.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ashlar_fuzz::record::<ashlar_types::Receipt>(bytes));
