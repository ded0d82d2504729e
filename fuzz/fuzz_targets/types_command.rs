#![no_main]
//! Bytes as a command.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ashlar_fuzz::decoder::<ashlar_types::Command>(bytes));
