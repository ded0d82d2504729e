#![no_main]
//! Bytes as a batch.

use ashlar_batch::codec;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(batch) = codec::decode_all(bytes) {
        assert_eq!(codec::encode(&batch).as_deref(), Ok(bytes), "a batch has one string of bytes");
    }
});
