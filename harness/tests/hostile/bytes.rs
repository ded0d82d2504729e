//! Bytes of anyone through the decoders into both engines: nothing panics, and what is decoded is answered.
//!
//! `HOSTILE_INPUTS` and `FLOW_SEED` choose how much and from where.

use ashlar_harness::flow::{Adversary, Flow, Random};
use ashlar_harness::{Engine, HotEngine, LeafEngine, Output};
use ashlar_types::{Event, Input, Message, Time, from_bytes, from_record, to_bytes, to_record};

fn number_of(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Both engines, which must answer alike.
struct Both {
    hot: HotEngine,
    leaf: LeafEngine,
    out: Vec<Output>,
}

impl Both {
    fn new() -> Both {
        let genesis = Adversary::genesis();
        Both { hot: HotEngine::new(&genesis), leaf: LeafEngine::new(&genesis), out: Vec::new() }
    }

    fn apply(&mut self, time: Time, input: &Input) {
        self.out.clear();
        self.hot.apply(time, input, &mut self.out);
        let mut other = Vec::new();
        self.leaf.apply(time, input, &mut other);
        assert_eq!(self.out, other, "the leaves answer otherwise to {input:?}");
        let receipts = self.out.iter().filter(|output| matches!(output, Output::Receipt(_))).count();
        assert_eq!(receipts, input.commands(), "{input:?} gives {:?}", self.out);
    }
}

/// Spoils some of the bytes: flips, overwrites, cuts, doubles, or splices in part of other bytes.
fn spoil(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..random.halving(6) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        match (random.below(8), bytes.get_mut(at)) {
            (0..3, Some(byte)) => *byte ^= 1 << random.below(8),
            (3..5, Some(byte)) => *byte = *random.pick(&[0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF]),
            (5, _) => bytes.truncate(at),
            (6, _) => bytes.extend_from_within(at..),
            _ => {
                let from = random.below(other.len() as u64 + 1) as usize;
                let most = (bytes.len() - at).min(other.len() - from);
                let len = random.below(most as u64 + 1) as usize;
                bytes[at..at + len].copy_from_slice(&other[from..from + len]);
            }
        }
    }
}

/// Inputs of one flow. What is spoilt uses up nonces and inbox indices that the flow counts on, so none lives for long.
const ROUND: u64 = 400;

#[test]
fn spoilt_inputs_are_refused_or_answered() {
    let (rounds, seed) = (number_of("HOSTILE_INPUTS", 20_000) / ROUND, number_of("FLOW_SEED", 1));
    let mut told = Told::default();
    for round in 0..rounds {
        spoil_a_flow(seed + round, &mut told);
    }
    println!("{told:?}");
    let all = rounds * ROUND;
    assert!(told.decoded.min(told.refused) > all / 10 && told.done.min(told.trades) > all / 100);
}

/// What became of spoilt inputs, and of the flow around them.
#[derive(Default, Debug)]
struct Told {
    decoded: u64,
    refused: u64,
    /// Spoilt inputs that caused something.
    done: u64,
    /// Trades of all of them.
    trades: u64,
}

fn spoil_a_flow(seed: u64, told: &mut Told) {
    let (mut flow, mut random, mut both) = (Adversary::new(seed), Random::new(!seed), Both::new());
    let (mut last, setup) = (Vec::new(), flow.setup_len() as u64);
    for number in 0..setup + ROUND {
        let (time, input) = flow.produce();
        let whole = to_bytes(&input);
        // What no decoder returns (E-11) is written so that none does.
        assert!(from_bytes(&whole).is_ok_and(|read: Input| read == input) || from_bytes::<Input>(&whole).is_err());
        let mut bytes = whole.clone();
        if number >= setup {
            spoil(&mut bytes, &last, &mut random);
        }
        last = whole;
        // What is spoilt and yet says something takes the place of what was to be said, and so has a good nonce.
        let spoilt = from_bytes::<Input>(&bytes).ok().filter(|spoilt| *spoilt != input);
        both.apply(time, spoilt.as_ref().unwrap_or(&input));
        both.out.iter().for_each(|output| flow.observe(output));
        let causes = both.out.iter().any(|output| matches!(output, Output::Event(_)));
        let trades = both.out.iter().filter(|output| matches!(output, Output::Event(Event::Trade(_)))).count();
        match spoilt {
            Some(spoilt) => {
                assert_eq!(to_bytes(&spoilt), bytes, "E-1");
                told.decoded += 1;
                told.done += u64::from(causes);
            }
            None => told.refused += u64::from(number >= setup),
        }
        told.trades += trades as u64;
    }
    assert_eq!(both.hot.leaves(), both.leaf.leaves());
}

#[test]
fn random_bytes_are_refused_or_answered() {
    let (inputs, seed) = (number_of("HOSTILE_INPUTS", 20_000) * 25, number_of("FLOW_SEED", 1));
    let (mut random, mut both) = (Random::new(seed), Both::new());
    let mut decoded = 0;
    for _ in 0..inputs {
        let len = random.below(90) as usize;
        let mut bytes: Vec<u8> = (0..len).map(|_| random.bits() as u8 & *random.pick(&[0, 1, 3, 0xFF])).collect();
        if let Some(first) = bytes.first_mut() {
            *first %= 4;
        }
        let record = from_record::<Input>(&bytes);
        let message = from_bytes::<Message>(&bytes);
        if let Ok(message) = &message {
            assert_eq!(to_bytes(message), bytes, "E-1");
        }
        for input in [from_bytes(&bytes).ok(), record.ok(), message.ok().map(Input::Message)].into_iter().flatten() {
            both.apply(Time::ZERO, &input);
            assert_eq!(from_record(&to_record(&input)).as_ref(), Ok(&input));
            decoded += 1;
        }
    }
    println!("{decoded} of {inputs} random strings were decoded");
    assert_eq!(both.hot.leaves(), both.leaf.leaves());
    assert!(decoded > 0);
}
