#![no_main]
//! Bytes as a input.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ashlar_fuzz::record::<ashlar_types::Input>(bytes));
