//! A store put back from leaves is the store that was: same leaves, same answers to whatever comes later.

use ashlar_exchange::{Exchange, HotConfig, HotStore, LeafStore, Line, OrderIndex, Store};
use ashlar_harness::flow::{Adversary, Flow, Random, Realistic, Shape, Timed};
use ashlar_harness::{Genesis, Output};
use ashlar_state::{Key, Map, Overlay, Serial, Sha256Node, Value};

type Leaves = Vec<(Key, Value)>;

fn begin(genesis: &Genesis) -> Exchange<HotStore> {
    let mut store = HotStore::new(HotConfig::default());
    genesis.write(&mut store);
    Exchange::new(store)
}

/// Lets a flow live through so many inputs.
fn play(exchange: &mut Exchange<HotStore>, flow: &mut dyn Flow, inputs: usize) -> Vec<(Timed, Vec<Line>)> {
    let mut played = Vec::with_capacity(inputs);
    for _ in 0..inputs {
        let (time, input) = flow.produce();
        let mut lines = Vec::new();
        exchange.apply(time, &input, &mut lines);
        for line in &lines {
            flow.observe(&match *line {
                Line::Event(event) => Output::Event(event),
                Line::Receipt(receipt) => Output::Receipt(receipt),
            });
        }
        played.push(((time, input), lines));
    }
    played
}

fn view(leaves: &Leaves) -> impl Iterator<Item = (Key, &[u64])> {
    leaves.iter().map(|(key, value)| (*key, value.words()))
}

/// Another key for the hashes, and no room set aside: none of it may show.
fn restore(leaves: &Leaves) -> Exchange<HotStore> {
    let config = HotConfig { accounts: 0, balances: 1, counts: 1, hash_key: 77 };
    Exchange::new(HotStore::from_leaves(config, view(leaves)).expect("leaves of a state"))
}

fn continues_the_same(mut exchange: Exchange<HotStore>, flow: &mut dyn Flow, cuts: &[usize]) {
    for cut in cuts {
        play(&mut exchange, flow, *cut);
        let leaves = exchange.store.leaves();
        let mut hot = restore(&leaves);
        assert_eq!(hot.store.leaves(), leaves);
        let map = Map::<Sha256Node>::from_sorted(&leaves, &Serial).expect("sorted leaves");
        let index = OrderIndex::of_leaves(view(&leaves));
        let mut leaf = Exchange::new(LeafStore::open(Overlay::new(&map), index));
        for ((time, input), expected) in play(&mut exchange, flow, 400) {
            let (mut of_hot, mut of_leaf) = (Vec::new(), Vec::new());
            hot.apply(time, &input, &mut of_hot);
            leaf.apply(time, &input, &mut of_leaf);
            assert_eq!(of_hot, expected, "seed {} {input:?}", flow.seed());
            assert_eq!(of_leaf, expected, "seed {} {input:?}", flow.seed());
        }
        assert_eq!(hot.store.leaves(), exchange.store.leaves());
        assert_eq!(leaf.store.incomplete(), None);
        // From here on the restored one is the one that lives.
        exchange = hot;
    }
}

#[test]
fn a_restored_store_goes_on_as_the_one_it_was_made_of_under_an_adversary() {
    for seed in 0..12 {
        let mut flow = Adversary::new(seed);
        let exchange = begin(&Adversary::genesis());
        continues_the_same(exchange, &mut flow, &[1, 60, 300, 1_000, 2_000]);
    }
}

#[test]
fn a_restored_store_goes_on_as_the_one_it_was_made_of_on_a_busy_day() {
    for seed in 0..4 {
        let mut flow = Realistic::new(Shape::mixed(seed, 4, 200));
        let exchange = begin(&flow.genesis());
        let setup = flow.setup_len();
        continues_the_same(exchange, &mut flow, &[setup, 5_000, 5_000, 10_000]);
    }
}

#[test]
fn leaves_that_are_no_state_are_refused_or_read_as_some_state_and_never_panic() {
    let mut flow = Adversary::new(99);
    let mut exchange = begin(&Adversary::genesis());
    play(&mut exchange, &mut flow, 3_000);
    let leaves = exchange.store.leaves();
    let mut random = Random::new(5);
    // Little room: a store for a busy exchange takes longer to make than its leaves to read.
    let config = HotConfig { accounts: 64, balances: 256, counts: 256, hash_key: 0 };
    for round in 0..500 {
        let mut changed = leaves.clone();
        let at = random.below(changed.len() as u64) as usize;
        let (key, value) = changed[at];
        match round % 3 {
            0 => drop(changed.remove(at)),
            1 => {
                let mut words = *key.words();
                words[random.below(3) as usize] ^= 1 << random.below(64);
                changed[at].0 = Key::new(words);
            }
            _ => {
                let mut words = value.words().to_vec();
                let word = random.below(words.len() as u64) as usize;
                words[word] ^= 1 << random.below(64);
                changed[at].1 = Value::new(&words).expect("as long as before");
            }
        }
        if let Ok(mut store) = HotStore::from_leaves(config, view(&changed)) {
            store.clock();
        }
    }
    let error = HotStore::from_leaves(config, view(&leaves[..leaves.len() - 1].to_vec()));
    assert_eq!(error.expect_err("the last leaf is missing").what, "the leaves end too early");
}
