//! The guest's form against the live engine: the same flow, in batches, live and then over nothing but a witness.
//!
//! `PROVEN_COMMANDS` and `FLOW_SEED` choose how long and from where; without them the run is short.

use ashlar_harness::flow::{Adversary, Flow, Realistic, Shape, Timed};
use ashlar_harness::{Engine, Genesis, HotEngine, Output, ProvenEngine};
use ashlar_state::{Map, Serial, Sha256Node, Value};

fn number_of(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Batches end where a small counter of their own says, so that many sizes are seen.
fn batch_len(batch: u64) -> usize {
    [1, 2, 7, 40, 250, 1_000, 3][(batch % 7) as usize]
}

fn root_of(hot: &HotEngine) -> ashlar_state::Digest {
    let leaves: Vec<_> =
        hot.leaves().into_iter().map(|(key, words)| (key, Value::new(&words).expect("a leaf has words"))).collect();
    Map::<Sha256Node>::from_sorted(&leaves, &Serial).expect("leaves ascend").root()
}

/// Runs at least so many commands; gives how many, and in how many batches.
fn run(genesis: &Genesis, flow: &mut dyn Flow, commands: u64) -> (u64, u64) {
    let mut hot = HotEngine::new(genesis);
    let mut proven = ProvenEngine::new(genesis);
    let (mut done, mut batches) = (0, 0);
    let (mut live, mut replayed) = (Vec::new(), Vec::new());
    while done < commands {
        live.clear();
        replayed.clear();
        let mut batch: Vec<Timed> = Vec::new();
        for _ in 0..batch_len(batches) {
            let (time, input) = flow.produce();
            let from = live.len();
            hot.apply(time, &input, &mut live);
            for output in &live[from..] {
                flow.observe(output);
                done += u64::from(matches!(output, Output::Receipt(_)));
            }
            batch.push((time, input));
        }
        if let Err(error) = proven.batch(&batch, &mut replayed) {
            panic!("seed {}, batch {batches}, about command {done}: {error}", flow.seed());
        }
        assert_eq!(replayed, live, "seed {}, batch {batches}: the answers differ", flow.seed());
        batches += 1;
        if batches % 64 == 0 {
            assert_eq!(proven.root(), root_of(&hot), "seed {}, batch {batches}: the roots differ", flow.seed());
        }
    }
    assert_eq!(proven.root(), root_of(&hot), "seed {}: the roots differ at the end", flow.seed());
    (done, batches)
}

#[test]
fn a_witness_proves_what_the_live_engine_did_with_an_adversary() {
    let (commands, first) = (number_of("PROVEN_COMMANDS", 12_000), number_of("FLOW_SEED", 1));
    let mut done = 0;
    for seed in first..first + 4 {
        let (commands, batches) = run(&Adversary::genesis(), &mut Adversary::new(seed), commands / 4);
        println!("seed {seed}: {commands} commands in {batches} batches");
        done += commands;
    }
    assert!(done >= commands);
}

#[test]
fn a_witness_proves_what_the_live_engine_did_on_a_busy_day() {
    let commands = number_of("PROVEN_COMMANDS", 12_000);
    let mut flow = Realistic::new(Shape::mixed(number_of("FLOW_SEED", 1), 5, 200));
    let genesis = flow.genesis();
    let (commands, batches) = run(&genesis, &mut flow, commands);
    println!("{commands} commands in {batches} batches");
}
