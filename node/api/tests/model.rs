//! What is kept from the lines alone is what the engine's state says, for flows that look like a day and flows that look for corners.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use ashlar_api::door::{Block, OpenOrder, Place};
use ashlar_api::model::{Depth, Model};
use ashlar_harness::flow::{Adversary, Flow, Realistic, Shape};
use ashlar_harness::{Engine, Genesis, HotEngine};
use ashlar_types::{MarketId, OrderId, Price, Rank, Sequence, Side};
use support::facts::Leaves;

type Levels = BTreeMap<(MarketId, bool, u64), u64>;

/// The rank that a fired order gets is not told, and nothing that is shown depends on it.
fn without_rank(order: &OpenOrder) -> OpenOrder {
    let place = match order.place {
        Place::Resting { price, .. } => Place::Resting { rank: Rank::new(0), price },
        waiting => waiting,
    };
    OpenOrder { place, ..*order }
}

fn compare(model: &Model, leaves: &Leaves, at: usize, seed: u64) {
    let alive: BTreeMap<OrderId, OpenOrder> = leaves
        .orders()
        .iter()
        .filter(|order| !leaves.is_dead(order))
        .map(|order| (order.id, without_rank(order)))
        .collect();
    let mut levels = Levels::new();
    for order in alive.values() {
        if let Place::Resting { price, .. } = order.place {
            *levels.entry((order.market(), order.side() == Side::Sell, price.get())).or_default() +=
                order.visible.get();
        }
    }
    let mut kept = Levels::new();
    for (id, market) in &model.markets {
        for (side, sell) in [(Side::Buy, false), (Side::Sell, true)] {
            let all = market.side(side).best(usize::MAX);
            kept.extend(all.map(|(price, lots)| ((*id, sell, price.get()), lots)));
        }
    }
    for (id, order) in &alive {
        let has = model.orders.get(*id).map(without_rank);
        assert_eq!(has.as_ref(), Some(order), "input {at} of seed {seed}");
    }
    assert_eq!(kept, levels, "levels after input {at} of seed {seed}");
    assert_eq!(model.orders.len(), leaves.orders().len(), "orders after input {at} of seed {seed}");
}

/// A book's levels as a reader who only sees changes has them, beside what the model says of it.
type Shown = BTreeMap<MarketId, (Depth, BTreeMap<Price, u64>, BTreeMap<Price, u64>)>;

fn follow(flow: &mut dyn Flow, genesis: &Genesis, inputs: usize, every: usize) -> usize {
    let mut engine = HotEngine::new(genesis);
    let mut model = Model::new(&Leaves::of(&engine).standing());
    let mut shown = Shown::new();
    let (mut compared, mut outputs) = (0, Vec::new());
    for at in 0..inputs {
        let (time, input) = flow.produce();
        outputs.clear();
        engine.apply(time, &input, &mut outputs);
        outputs.iter().for_each(|output| flow.observe(output));
        let block = Block { first: model.next, inputs: vec![(time, input)], lines: support::lines_of(&outputs) };
        model.apply(&Arc::new(block)).expect("no gap");
        if at % every != 0 {
            continue;
        }
        let leaves = Leaves::of(&engine);
        compare(&model, &leaves, at, flow.seed());
        // Whoever begins here sees the same.
        let fresh = Model::new(&leaves.standing());
        compare(&fresh, &leaves, at, flow.seed());
        for (id, market) in &model.markets {
            let (old, bids, asks) = shown.entry(*id).or_default();
            let now = Depth::of(&market.sides);
            let [changed_bids, changed_asks] = now.changes_since(old);
            for (side, changes) in [(&mut *bids, changed_bids), (&mut *asks, changed_asks)] {
                for (price, lots) in changes {
                    if lots == 0 {
                        side.remove(&price)
                    } else {
                        side.insert(price, lots)
                    };
                }
            }
            let rebuilt = Depth {
                bids: bids.iter().rev().map(|(p, l)| (*p, *l)).collect(),
                asks: asks.iter().map(|(p, l)| (*p, *l)).collect(),
            };
            assert_eq!(rebuilt, now, "the book rebuilt from its changes after input {at}");
            assert_eq!(rebuilt.checksum(), now.checksum());
            *old = now;
        }
        compared += 1;
    }
    assert!(model.next > Sequence::new(0));
    compared
}

fn inputs(usual: usize) -> usize {
    std::env::var("ASHLAR_API_INPUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn what_is_kept_is_what_a_busy_day_leaves() {
    for seed in 0..2 {
        let mut flow = Realistic::new(Shape::mixed(seed, 3, 40));
        let genesis = flow.genesis();
        let compared = follow(&mut flow, &genesis, inputs(20_000), 97);
        assert!(compared > 100);
    }
}

#[test]
fn what_is_kept_is_what_an_adversary_leaves() {
    for seed in 0..4 {
        let compared = follow(&mut Adversary::new(seed), &Adversary::genesis(), inputs(10_000), 23);
        assert!(compared > 100);
    }
}
