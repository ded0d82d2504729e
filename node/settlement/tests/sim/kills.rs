//! The client is killed at every request it makes to L1, before and after the request had its effect, in fair weather and while it
//! pays more, sends again and begins anew after a reorg; started again, it ends where it would have ended.

use std::time::Duration;

use ashlar_settlement::finality::ConfirmationStatus;
use ashlar_settlement::signer::Signer as _;
use ashlar_settlement::sim::{BLOCK_SECONDS, Orphans, SimChain, Weather};
use ashlar_types::BatchNumber;
use commonware_runtime::{Clock as _, Runner as _, deterministic};
use futures::future::{Either, select};

use super::exchange::{Journal, Node, begun, block, chain, deposit, key, pool, second};

const BATCHES: u64 = 3;

/// What goes wrong beside the kill.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    weather: Weather,
    /// The height at which L1 leaves its newest four blocks, once.
    reorg_at: Option<u64>,
}

const FAIR: Trouble = Trouble { weather: Weather::FAIR, reorg_at: None };

/// Fees that double now and then, so that what was sent has to be replaced; transactions that endpoints take and lose; and a reorg.
const ROUGH: Trouble = Trouble {
    weather: Weather {
        spike_begins: 3_000,
        spike_times: (2, 6),
        spike_blocks: (1, 3),
        transaction_lost: 2_000,
        ..Weather::FAIR
    },
    reorg_at: Some(11),
};

/// Runs until everything is done or the client is dead. Says whether it is done.
async fn live(context: deterministic::Context, chain: SimChain, journal: &mut Journal, left: &mut Option<u64>) -> bool {
    let Ok(mut node) = start(&context, &chain, journal).await else { return false };
    for round in 0..120u64 {
        context.sleep(Duration::from_secs(BLOCK_SECONDS)).await;
        let head = chain.head().map_or(0, |head| head.number);
        if head % 4 == 1 && head < 20 {
            chain.enter(deposit(head));
        }
        chain.mine(second(&context));
        if left.is_some_and(|at| head >= at) {
            *left = None;
            chain.reorg(4, 1, Orphans::Reordered);
        }
        // A client that was killed never answers; nor does the sequencer wait for it.
        let alive = {
            let step = async {
                context.sleep(Duration::from_secs(2)).await;
                node.listen();
                if round % 3 == 1 && node.journal.last().number.get() < BATCHES {
                    node.journal.build();
                }
                node.ask().await
            };
            let late = context.sleep(Duration::from_secs(3));
            matches!(select(Box::pin(step), Box::pin(late)).await, Either::Left((Ok(()), _)))
        };
        *journal = node.journal.clone();
        if !alive {
            node.settlement.task.abort();
            return false;
        }
        let done = chain.contracts().is_some_and(|contracts| contracts.batches().2 == BATCHES);
        if done && round > 4 && node.settlement.handle.status().await.is_ok_and(|status| status.outbox.1 == 0) {
            node.check(&chain, "after a kill").await;
            return true;
        }
    }
    panic!("it never ended: {:?}", node.settlement.handle.status().await);
}

async fn start(context: &deterministic::Context, chain: &SimChain, journal: &Journal) -> Result<Node, ()> {
    let starting = Box::pin(Node::start(context, pool(chain, 1, 1), journal.clone()));
    match select(starting, Box::pin(context.sleep(Duration::from_secs(5)))).await {
        Either::Left((Ok(node), _)) => Ok(node),
        _ => Err(()),
    }
}

/// Lives, dies at the given request, lives again from what is durable, until all is done. Returns the requests made, and how often
/// something had to be paid more for or sent again.
fn die_at(call: u64, after_effect: bool, trouble: Trouble) -> (u64, u64) {
    let chain = chain(3, 1, trouble.weather);
    chain.set_marks(2, 12);
    chain.mine(1);
    chain.crash_at(call, after_effect);
    let mut journal = Journal::new();
    let mut left = trouble.reorg_at;
    let (world, kept, reorg) = (chain.clone(), &mut journal, &mut left);
    let (mut done, mut checkpoint) =
        deterministic::Runner::seeded(call).start_and_recover(|context| live(context, world, kept, reorg));
    assert_eq!(done, !chain.crashed(), "it ends unless it is killed at {call}");
    for _ in 0..3 {
        if done {
            break;
        }
        chain.recover();
        let (world, kept, reorg) = (chain.clone(), &mut journal, &mut left);
        (done, checkpoint) =
            deterministic::Runner::from(checkpoint).start_and_recover(|context| live(context, world, kept, reorg));
    }
    assert!(done, "killed at request {call} (after its effect: {after_effect}), it ends after one restart");
    let mined = chain.mined_of(key().address());
    let failed = mined.iter().filter(|(.., succeeded)| !succeeded).count();
    // Not doubled: L1 takes each commit, proof and finalization once, so any other that is mined reverts. What a reorg took out may, since the inbox that it
    // was made for is another one.
    let failed_max = if trouble.reorg_at.is_none() { 0 } else { 3 * BATCHES as usize };
    assert!(failed <= failed_max, "killed at {call}: {failed} reverted, and {failed_max} may: {mined:?}");
    (chain.calls(), chain.replaced())
}

#[test]
fn killed_at_any_request_it_ends_the_same() {
    let (calls, _) = die_at(u64::MAX, false, FAIR);
    println!("{calls} requests without a kill");
    assert!(calls > 100, "{calls} requests");
    for call in 1..=calls {
        die_at(call, false, FAIR);
        die_at(call, true, FAIR);
    }
}

#[test]
fn killed_while_it_replaces_resends_and_begins_anew_it_ends_the_same() {
    let (calls, replaced) = die_at(u64::MAX, false, ROUGH);
    println!("{calls} requests without a kill, {replaced} transactions replaced");
    assert!(calls > 100 && replaced > 2, "{calls} requests, {replaced} replaced");
    for call in 1..=calls {
        die_at(call, call % 2 == 0, ROUGH);
    }
}

/// The finalization is mined and final before the client that sent it looks again, in this weather. What it cost is in the record all the same.
fn look_late(seed: u64, weather: Weather) {
    deterministic::Runner::seeded(seed).start(|context| async move {
        let (chain, mut node) = begun(&context, seed, (1, 4)).await;
        for _ in 0..8 {
            if chain.contracts().unwrap().proven(0) == 1 {
                break;
            }
            block(&context, &chain, &mut node).await;
        }
        context.sleep(Duration::from_secs(1)).await;
        assert_eq!((chain.contracts().unwrap().batches().2, chain.pooled()), (0, 1), "the finalization is on its way");
        node.settlement.task.abort();
        for _ in 0..12 {
            context.sleep(Duration::from_secs(BLOCK_SECONDS)).await;
            chain.mine(second(&context));
        }
        assert_eq!(chain.contracts().unwrap().batches().2, 1);

        let mut node = Node::start(&context, pool(&chain, 1, 1), node.journal.clone()).await.unwrap();
        chain.set_weather(weather);
        context.sleep(Duration::from_secs(20)).await;
        chain.set_weather(Weather::FAIR);
        context.sleep(Duration::from_secs(20)).await;
        node.listen();
        let what = format!("seed {seed}");
        let record = node.settlement.handle.get_commitment_record(BatchNumber::new(1)).await.unwrap().unwrap();
        let finalize = record.finalize.as_ref().map(|step| step.status);
        assert_eq!(finalize, Some(ConfirmationStatus::Finalized), "{what}");
        assert_eq!(record.paid().len(), 3, "{what}: commit, proof and finalization: {record:?}");
        node.check(&chain, &what).await;
    });
}

#[test]
fn what_became_final_while_nobody_looked_has_its_costs() {
    look_late(13, Weather::FAIR);
}

/// Receipts cannot be read at the first look, which finds what is final: then they come when the record is laid away already.
#[test]
fn costs_that_are_known_late_are_in_the_record_too() {
    for seed in 100..130 {
        look_late(seed, Weather { request_fails: 3_000, ..Weather::FAIR });
    }
}
