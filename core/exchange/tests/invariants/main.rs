//! What holds between commands, recomputed from the leaves of the live engine and from nothing else.
//!
//! `FLOW_INPUTS` and `FLOW_SEED` choose how long and from where.

mod books;
mod funds;
mod lies;
mod state;

use ashlar_harness::flow::{Adversary, Flow, Realistic, Shape};
use ashlar_harness::{Engine, Genesis, HotEngine};

use state::{Leaves, State};

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Everything; the first thing that does not hold is named.
fn check(leaves: &Leaves) -> Result<(), String> {
    let state = State::read(leaves)?;
    ensure(!state.exchange.is_empty(), || "no exchange".to_owned())?;
    let listed = |asset| state.assets.contains_key(asset);
    for (number, market) in &state.markets {
        let sound = market.base_per_lot > 0 && market.next_rank > 0 && listed(&market.base) && listed(&market.quote);
        ensure(sound, || format!("market {number} is {market:?}"))?;
    }
    books::have_sentinels(&state)?;
    books::are_in_range(&state)?;
    books::are_found(&state)?;
    books::are_paired(&state)?;
    books::are_not_crossed(&state)?;
    books::are_not_due(&state)?;
    funds::are_owned(&state)?;
    funds::are_signed_for(&state)?;
    funds::are_counted(&state)?;
    funds::are_conserved(&state)?;
    funds::are_reserved(&state)
}

fn number_of(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Lets a flow run through the live engine and checks its leaves again and again; gives the last ones.
fn run(genesis: &Genesis, flow: &mut dyn Flow, inputs: u64, every: u64) -> Leaves {
    let mut engine = HotEngine::new(genesis);
    let mut out = Vec::new();
    for number in 1..=inputs {
        let (time, input) = flow.produce();
        out.clear();
        engine.apply(time, &input, &mut out);
        out.iter().for_each(|output| flow.observe(output));
        if number % every == 0
            && let Err(broken) = check(&engine.leaves())
        {
            panic!("seed {}, at or before input {number}, {input:?}: {broken}", flow.seed());
        }
    }
    engine.leaves()
}

#[test]
fn an_adversary_breaks_nothing() {
    let (inputs, first) = (number_of("FLOW_INPUTS", 6_000), number_of("FLOW_SEED", 1));
    for seed in first..first + 4 {
        run(&Adversary::genesis(), &mut Adversary::new(seed), inputs, 5);
    }
}

#[test]
fn a_busy_day_breaks_nothing() {
    let mut flow = Realistic::new(Shape::mixed(number_of("FLOW_SEED", 1), 3, 60));
    let genesis = flow.genesis();
    run(&genesis, &mut flow, 4 * number_of("FLOW_INPUTS", 6_000), 200);
}
