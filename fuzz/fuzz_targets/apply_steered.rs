#![no_main]
//! Words that steer the adversary, one for each input, on all engines.

use ashlar_harness::flow::{Adversary, Flow, record};
use ashlar_harness::{Engine, Reference};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let genesis = Adversary::genesis();
    let mut flow = Adversary::new(0);
    let mut engine = Reference::new(&genesis);
    let setup = flow.setup_len();
    let mut inputs = record(&mut flow, &mut engine, setup);
    let mut outputs = Vec::new();
    for word in bytes.chunks_exact(8) {
        flow.steer(u64::from_le_bytes(word.try_into().expect("chunks of eight")));
        let (time, input) = flow.produce();
        outputs.clear();
        Engine::apply(&mut engine, time, &input, &mut outputs);
        for output in &outputs {
            flow.observe(output);
        }
        inputs.push((time, input));
    }
    ashlar_fuzz::engines_agree(&genesis, &inputs);
});
