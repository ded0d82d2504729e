#![no_main]
//! Bytes as inputs, one after another, each behind a byte of time that passes, on all engines of a small world.

use ashlar_harness::flow::{Adversary, Flow, Timed};
use ashlar_types::{Decode, Input, Reader, Time};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut flow = Adversary::new(0);
    let mut inputs: Vec<Timed> = (0..flow.setup_len()).map(|_| flow.produce()).collect();
    let mut now = inputs.last().map_or(0, |(time, _)| time.get());
    let mut reader = Reader::new(bytes);
    while let Ok(passed) = reader.u8() {
        let Ok(input) = Input::decode(&mut reader) else { break };
        now += u64::from(passed);
        inputs.push((Time::new(now).expect("a few bytes of time"), input));
    }
    ashlar_fuzz::engines_agree(&Adversary::genesis(), &inputs);
});
