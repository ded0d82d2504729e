#![no_main]
//! Bytes as a message.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ashlar_fuzz::record::<ashlar_types::Message>(bytes));
