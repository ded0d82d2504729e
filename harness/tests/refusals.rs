//! A command that is refused changes nothing but its nonce, and whatever is said is said in order (SPEC C-1 to C-4, C-30).
//!
//! Messages are cut into messages of one command, so that each command's own effect is seen in the leaves; retries of
//! what was accepted are sent in between. `FLOW_INPUTS` and `FLOW_SEED` choose how long and from where.

#[path = "refusals/driven.rs"]
mod driven;
#[path = "refusals/rules.rs"]
mod rules;
#[path = "refusals/single.rs"]
mod single;
#[path = "refusals/watch.rs"]
mod watch;

use std::collections::BTreeMap;

use ashlar_harness::flow::{Adversary, Flow};
use ashlar_harness::{Engine, HotEngine, LeafEngine, Output};
use ashlar_types::{Command, Input, Message, Reason, Signer, Time};

use rules::{is_refused, rule_of};
use single::single;
use watch::{Leaves, Watch};

/// Refusals that no flow can be expected to reach; the last two are driven into below.
const UNREACHED: &[Reason] = &[Reason::BookFull, Reason::TooManyAccounts, Reason::CascadePending, Reason::MatchBound];

/// Runs a flow through an engine under watch; the refusals it has seen are added up.
fn watch(engine: &mut dyn Engine, seed: u64, inputs: usize, refusals: &mut BTreeMap<Reason, u64>) {
    let mut flow = Adversary::new(seed);
    let mut watch = Watch::new(engine);
    for number in 0..inputs {
        let (time, input) = flow.produce();
        for single in single(&input) {
            watch.apply(time, &single);
            for output in &watch.out {
                flow.observe(output);
            }
            if number % 5 == 0 && was_done(&watch, &single) {
                retry(&mut watch, time, &single);
            }
        }
    }
    for (reason, count) in watch.refusals {
        *refusals.entry(reason).or_default() += count;
    }
}

/// Whether the last input was a message whose one command was not refused.
fn was_done(watch: &Watch<'_>, input: &Input) -> bool {
    let is_refusal = |output: &Output| matches!(output, Output::Receipt(receipt) if is_refused(input, receipt));
    matches!(input, Input::Message(message) if message.commands.len() == 1) && !watch.out.iter().any(is_refusal)
}

/// What is sent again is refused, whatever it was: by its nonce, or because the key revoked itself.
fn retry(watch: &mut Watch<'_>, time: Time, input: &Input) {
    let Input::Message(Message { header, commands }) = input else { return };
    let is_session = matches!(header.signer, Signer::Session { .. });
    let gone = is_session && matches!(commands[0], Command::RevokeKey(_));
    watch.apply(time, input);
    let expected = if gone { Reason::UnknownKey } else { Reason::NonceUsed };
    let is_expected = matches!(&watch.out[..], [Output::Receipt(receipt)] if receipt.reason == expected);
    assert!(is_expected, "{:?} of a retry of {input:?}", watch.out.first());
}

fn number_of(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

#[test]
fn a_refusal_changes_its_nonce_and_nothing_else() {
    let (inputs, first) = (number_of("FLOW_INPUTS", 5_000) as usize, number_of("FLOW_SEED", 1));
    let mut refusals = BTreeMap::new();
    for seed in first..first + 3 {
        watch(&mut LeafEngine::new(&Adversary::genesis()), seed, inputs, &mut refusals);
    }
    watch(&mut HotEngine::new(&Adversary::genesis()), first + 3, inputs / 2, &mut refusals);
    println!("{refusals:?}");
    let wanted = Reason::ALL.iter().filter(|reason| rule_of(**reason).is_some() && !UNREACHED.contains(reason));
    let missing: Vec<&Reason> = wanted.filter(|reason| !refusals.contains_key(reason)).collect();
    assert!(missing.is_empty(), "the flows never reach {missing:?}");
}

#[test]
fn refusals_by_a_bound_change_nothing_either() {
    for engine in [&mut LeafEngine::new(&driven::genesis()) as &mut dyn Engine, &mut HotEngine::new(&driven::genesis())]
    {
        let mut watch = Watch::new(engine);
        for (time, input) in driven::inputs() {
            watch.apply(time, &input);
        }
        assert_eq!(watch.refusals, BTreeMap::from([(Reason::MatchBound, 3), (Reason::CascadePending, 5)]));
    }
}

/// An engine that counts the orders it does not know.
struct Counting(HotEngine, u64);

impl Engine for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn apply(&mut self, time: Time, input: &Input, out: &mut Vec<Output>) {
        self.0.apply(time, input, out);
        let unknown = |output: &Output| matches!(output, Output::Receipt(r) if r.reason == Reason::UnknownOrder);
        self.1 += u64::from(out.iter().any(unknown));
    }

    fn leaves(&self) -> Leaves {
        let mut leaves = self.0.leaves();
        leaves.values_mut().next_back().expect("the end is there")[0] += self.1;
        leaves
    }
}

#[test]
#[should_panic(expected = "UnknownOrder")]
fn a_refusal_that_changes_something_is_seen() {
    watch(&mut Counting(HotEngine::new(&Adversary::genesis()), 0), 1, 500, &mut BTreeMap::new());
}
