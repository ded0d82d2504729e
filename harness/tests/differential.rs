//! Engines side by side over seeded flows, and the proof that a difference is seen.
//!
//! `FLOW_INPUTS` and `FLOW_SEED` choose how long and from where; without them the runs are short.

use std::collections::BTreeMap;

use ashlar_harness::differential::{self, Shown};
use ashlar_harness::flow::{self, Adversary, Flow, Realistic, Shape};
use ashlar_harness::{Engine, Genesis, HotEngine, LeafEngine, Output, Reference};
use ashlar_state::Key;
use ashlar_types::{Event, Input, Reason, Time};

/// Reasons that no flow can be expected to reach.
const UNREACHED: &[Reason] = &[Reason::Unwound, Reason::BookFull, Reason::TooManyAccounts];

fn number_of(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

fn compare(genesis: &Genesis, flow: &mut dyn Flow, inputs: usize, compare_every: usize) -> Shown {
    let mut reference = Reference::new(genesis);
    let mut hot = HotEngine::new(genesis);
    let mut leaf = LeafEngine::new(genesis);
    let engines: &mut [&mut dyn Engine] = &mut [&mut reference, &mut hot, &mut leaf];
    differential::run(engines, flow, inputs, compare_every).unwrap_or_else(|mismatch| panic!("{mismatch}"))
}

#[test]
fn all_engines_agree_on_adversarial_flows() {
    let (inputs, first) = (number_of("FLOW_INPUTS", 10_000) as usize, number_of("FLOW_SEED", 1));
    let mut reasons: BTreeMap<Reason, u64> = BTreeMap::new();
    for seed in first..first + 8 {
        let shown = compare(&Adversary::genesis(), &mut Adversary::new(seed), inputs, 250);
        for (reason, count) in shown.reasons {
            *reasons.entry(reason).or_default() += count;
        }
    }
    println!("{reasons:?}");
    let missing: Vec<&Reason> =
        Reason::ALL.iter().filter(|reason| !reasons.contains_key(reason) && !UNREACHED.contains(reason)).collect();
    assert!(missing.is_empty(), "the flows never reach {missing:?}");
}

#[test]
fn all_engines_agree_on_a_realistic_flow() {
    let inputs = number_of("FLOW_INPUTS", 6_000) as usize;
    let mut flow = Realistic::new(Shape::mixed(number_of("FLOW_SEED", 1), 3, 40));
    let shown = compare(&flow.genesis(), &mut flow, inputs, 2_000);
    println!("{shown:?}");
    for kind in ["trade", "placed", "removed", "fired", "refilled"] {
        assert!(shown.events.contains_key(kind), "the flow shows no {kind}");
    }
}

/// An engine that answers wrongly once in a while: it makes a trade one lot too large.
struct Broken {
    engine: Reference,
    trades: u32,
}

impl Engine for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn apply(&mut self, time: Time, input: &Input, out: &mut Vec<Output>) {
        let from = out.len();
        self.engine.apply(time, input, out);
        for output in &mut out[from..] {
            if let Output::Event(Event::Trade(trade)) = output {
                self.trades += 1;
                if self.trades == 3 {
                    trade.lots = trade.lots.checked_add(trade.lots).expect("few lots");
                }
            }
        }
    }

    fn leaves(&self) -> BTreeMap<Key, Vec<u64>> {
        self.engine.leaves()
    }
}

/// An engine that loses a unit of the house's fees.
struct Leaking(Reference);

impl Engine for Leaking {
    fn name(&self) -> &'static str {
        "leaking"
    }

    fn apply(&mut self, time: Time, input: &Input, out: &mut Vec<Output>) {
        self.0.apply(time, input, out);
    }

    fn leaves(&self) -> BTreeMap<Key, Vec<u64>> {
        let mut leaves = self.0.leaves();
        if let Some(words) = leaves.get_mut(&Key::new([0x0B << 56, 0, 0])) {
            words[0] -= 1;
        }
        leaves
    }
}

#[test]
fn a_wrong_answer_is_seen_and_shrinks() {
    let genesis = Adversary::genesis();
    let mut flow = Adversary::new(5);
    let recorded = flow::record(&mut flow, &mut Reference::new(&genesis), 2_000);
    let mut fresh = || -> Vec<Box<dyn Engine>> {
        vec![Box::new(Reference::new(&genesis)), Box::new(Broken { engine: Reference::new(&genesis), trades: 0 })]
    };
    let mut engines = fresh();
    let [one, other] = &mut engines[..] else { panic!("two engines") };
    let mismatch = differential::replay(&mut [&mut **one, &mut **other], &recorded, 100).expect_err("it is broken");
    assert_eq!(mismatch.got.0, "broken");
    assert!(mismatch.to_string().contains("broken then says"), "{mismatch}");

    let shrunk = differential::shrink(&mut fresh, &recorded[..=mismatch.index]);
    assert!(shrunk.len() < mismatch.index / 2, "{} of {}", shrunk.len(), mismatch.index);
    let mut engines = fresh();
    let [one, other] = &mut engines[..] else { panic!("two engines") };
    assert!(differential::replay(&mut [&mut **one, &mut **other], &shrunk, 100).is_err(), "what is left still differs");
}

#[test]
fn a_wrong_leaf_is_seen_and_told() {
    let genesis = Adversary::genesis();
    let mut engines: [&mut dyn Engine; 2] = [&mut Reference::new(&genesis), &mut Leaking(Reference::new(&genesis))];
    let mismatch =
        differential::run(&mut engines, &mut Adversary::new(5), 2_000, 10).expect_err("fees are lost on the way");
    let text = mismatch.to_string();
    assert!(text.contains("seed 5") && text.contains("balance 0 0: free = "), "{text}");
}

#[test]
fn a_flow_is_determined_by_its_seed() {
    let recorded = |seed| {
        let engine = &mut Reference::new(&Adversary::genesis());
        flow::record(&mut Adversary::new(seed), engine, 500)
    };
    assert_eq!(recorded(9), recorded(9));
    assert_ne!(recorded(9), recorded(10));
}
