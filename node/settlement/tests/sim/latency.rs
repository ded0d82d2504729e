//! How soon proofs are mined when fees spike and endpoints fail.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use alloy::primitives::Bytes;
use ashlar_settlement::SettlementEvent;
use ashlar_settlement::contract::DataRef;
use ashlar_settlement::sim::{BLOCK_SECONDS, Dice, Weather};
use ashlar_types::BatchNumber;
use commonware_runtime::{Clock as _, Runner as _, deterministic};

use super::exchange::{Journal, Node, PROOF, chain, pool, second};

const SEED: u64 = 20_261_120;
const BATCHES: u64 = 1_000;
const ENDPOINTS: usize = 3;
const GWEI: u128 = 1_000_000_000;

/// Fixed: what the figure is measured under. Chances are in ten thousand.
const WEATHER: Weather = Weather {
    base_fee_min: 5 * GWEI,
    // Calm blocks ask for 1 to 2 gwei on top.
    calm_tip: (GWEI, 2 * GWEI),
    // One block in 200 begins a spike of 2 to 20 times the tip, for 2 to 10 blocks, in which the base fee rises by an eighth each.
    spike_begins: 50,
    spike_times: (2, 20),
    spike_blocks: (2, 10),
    // One request in 20 fails; each endpoint is down for 1 to 20 blocks about every 200.
    request_fails: 500,
    outage_begins: 50,
    outage_blocks: (1, 20),
    // One transaction in 50 is taken and lost.
    transaction_lost: 200,
};

/// Each batch is committed, its proof is ready at a random moment after the commit was seen, and counts as in time if it is mined in the first
/// block after that moment.
#[test]
fn proofs_are_mined_within_a_block_time() {
    let (in_time, worst) = deterministic::Runner::seeded(SEED).start(|context| async move {
        let chain = chain(SEED, ENDPOINTS, WEATHER);
        chain.set_marks(8, 16);
        chain.mine(1);
        let mut node = Node::start(&context, pool(&chain, ENDPOINTS, 1), Journal::new()).await.unwrap();
        let mut dice = Dice::new(SEED);
        let mut ready: BTreeMap<u64, u64> = BTreeMap::new();
        let mut late: BTreeMap<u64, u64> = BTreeMap::new();
        let (mut proven, mut blocks) = (0, 0u64);
        while proven < BATCHES {
            // One batch per block.
            if node.journal.last().number.get() < BATCHES {
                let header = node.journal.build();
                let data = DataRef::Calldata { content: Bytes::from_static(b"data") };
                node.settlement.handle.commit(&header, data).await.unwrap();
            }
            // Somewhere between this block and the next the proofs of all committed batches are ready.
            let moment = 1 + dice.below(BLOCK_SECONDS * 1_000 - 1_500);
            context.sleep(Duration::from_millis(moment)).await;
            node.listen();
            let status = node.settlement.handle.status().await.unwrap();
            let head = chain.head().unwrap().number;
            for number in proven + 1..=status.committed {
                if let Entry::Vacant(unproven) = ready.entry(number) {
                    let proof = Bytes::from_static(b"proof");
                    node.settlement.handle.prove(PROOF, BatchNumber::new(number), 1, proof).await.unwrap();
                    unproven.insert(head);
                }
            }
            context.sleep(Duration::from_millis(BLOCK_SECONDS * 1_000 - moment)).await;
            chain.mine(second(&context));
            blocks += 1;
            let now = chain.contracts().unwrap().proven(0);
            for number in proven + 1..=now {
                late.insert(number, chain.head().unwrap().number - ready[&number]);
            }
            proven = now;
            if now > 0 && now.is_multiple_of(20) {
                node.settlement.handle.finalize(BatchNumber::new(now)).await.unwrap();
            }
            assert!(blocks < 3 * BATCHES, "it goes on for ever: {status:?}");
        }
        let failed = node.events.iter().filter(|event| matches!(event, SettlementEvent::Failed { .. })).count();
        assert_eq!(failed, 0, "nothing came to nothing");
        let in_time = late.values().filter(|blocks| **blocks <= 1).count();
        let status = node.settlement.handle.status().await.unwrap();
        println!("in the next block: {in_time} of {}; {:?}", late.len(), status.statistics);
        (in_time, late.values().copied().max().unwrap())
    });
    println!("the latest one was mined {worst} blocks after its proof");
    assert!(in_time * 100 >= 99 * BATCHES as usize, "only {in_time} of {BATCHES} in the next block");
}
