//! A version begins on L1 with batches in flight: what was built is committed and proven as what it is, building waits over the moment, and nothing
//! that was acknowledged is lost, whatever is killed or taken back meanwhile.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};

use ashlar_api::door::{Act, ActError, Answered, Refusal, Signed, Stage};
use ashlar_sequencer::{Alarm, AlertKind, Config, NodeHandle};
use ashlar_settlement::Activation;
use ashlar_types::{BatchNumber, Reason, Sequence};
use commonware_runtime::{Clock, Runner, Supervisor, deterministic};
use tokio::sync::broadcast::Receiver;

use crate::outside::{Outside, begin_as, door_batch_is_final, outside, program_of, until};
use crate::world::{ORIGIN, Trader};

/// Seconds before a version begins in which no batch is built.
const MARGIN: u64 = 60;

/// L1 and the node have one clock, for as long as this is kept: no clock outlives its runtime.
struct OneClock(Arc<Outside>);

impl OneClock {
    fn of(context: &deterministic::Context, outside: &Arc<Outside>) -> OneClock {
        let clock = context.child("clock");
        let seconds = move || clock.current().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        outside.chain.lock().unwrap().clock = Some(Arc::new(seconds));
        OneClock(outside.clone())
    }
}

impl Drop for OneClock {
    fn drop(&mut self) {
        // A test that failed may have left the lock poisoned, and has said why.
        if let Ok(mut chain) = self.0.chain.lock() {
            chain.clock = None;
        }
    }
}

async fn start(context: &deterministic::Context, outside: &Arc<Outside>, margin: u64) -> NodeHandle {
    let change = |config: &mut Config| config.limits.batches.version_margin_ms = margin * 1_000;
    begin_as(context, outside, 1 << 20, change).await
}

/// The same with next to no margin, so that commits come too late, and with checkpoints of batches that L1 does not hold.
async fn start_late(context: &deterministic::Context, outside: &Arc<Outside>) -> NodeHandle {
    let change = |config: &mut Config| {
        config.limits.batches.version_margin_ms = 1_000;
        config.checkpoint_commands = 5;
    };
    begin_as(context, outside, 1 << 20, change).await
}

async fn opened(context: &deterministic::Context, outside: &Arc<Outside>, margin: u64) -> NodeHandle {
    let node = start(context, outside, margin).await;
    is_open(context, &node).await;
    node
}

/// A release that has the program of this version, and no other.
async fn start_release(context: &deterministic::Context, outside: &Arc<Outside>, version: u32) -> NodeHandle {
    let change = |config: &mut Config| {
        config.limits.batches.version_margin_ms = 10_000;
        config.programs = Some([program_of(version)].into());
    };
    begin_as(context, outside, 1 << 20, change).await
}

async fn is_open(context: &deterministic::Context, node: &NodeHandle) {
    until(context, "the inbox is consumed", || node.metrics().inbox.get() == 10).await;
}

fn announce(outside: &Outside, version: u32, from_batch: u64, after: u64) -> u64 {
    let mut chain = outside.chain.lock().unwrap();
    let not_before = chain.time() + after;
    chain.announced.push(Activation { version, from_batch: BatchNumber::new(from_batch), not_before });
    not_before
}

/// Someone who trades on, second by second, and remembers every answer.
struct Party {
    trader: Trader,
    told: Vec<(Signed, Answered)>,
}

impl Party {
    fn new(seed: u64) -> Party {
        Party { trader: Trader::new(1, seed), told: Vec::new() }
    }

    async fn trade(&mut self, context: &deterministic::Context, node: &NodeHandle, seconds: u64) {
        for _ in 0..seconds {
            self.told.push(self.trader.send(&node.door()).await.expect("trading goes on"));
            context.sleep(Duration::from_secs(1)).await;
        }
    }

    /// Every answer is the one that was given, as far as answers are remembered, and asking again executes nothing.
    async fn is_told_the_same(&self, node: &NodeHandle) {
        let next = node.door().tip().await.unwrap().next;
        for (signed, before) in &self.told {
            match node.door().submit(signed.clone(), ORIGIN).await {
                Ok(now) => assert_eq!((&now.lines, &now.place), (&before.lines, &before.place)),
                // What is before the checkpoint of a start has its place, and its answer is not kept.
                Err(refusal) => assert_eq!(refusal, Refusal::Inadmissible(Reason::NonceUsed)),
            }
        }
        assert_eq!(node.door().tip().await.unwrap().next, next);
    }
}

fn last_built(node: &NodeHandle) -> u64 {
    node.books().last_at(Stage::Built).map_or(0, BatchNumber::get)
}

async fn all_is_final(context: &deterministic::Context, node: &NodeHandle) {
    let next = node.door().tip().await.unwrap().next;
    let last = Sequence::new(next.get() - 1);
    until(context, "all of it is final", || door_batch_is_final(node, last)).await;
    assert_eq!(node.books().divergence(), None);
}

fn rung(alarms: &mut Receiver<Alarm>) -> Vec<(bool, String)> {
    let all = std::iter::from_fn(|| alarms.try_recv().ok());
    all.filter(|alarm| alarm.kind == AlertKind::Upgrade).map(|alarm| (alarm.begins, alarm.what)).collect()
}

/// So many of version 1, and version 2 from there on.
fn turns_once(versions: &[u32], at: u64) {
    let expected: Vec<u32> = (1..=versions.len() as u64).map(|number| if number < at { 1 } else { 2 }).collect();
    assert_eq!(versions, expected);
}

/// The whole of it: announced in time, batches in flight, a hold, a kill in the middle of it, an L1 that is silent after the restart, provers of the
/// new program that come late.
#[test]
fn a_version_begins_with_batches_in_flight() {
    let outside = outside();
    let held = outside.clone();
    let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(81));
    let ((mut party, built, begins), checkpoint) = runner.start_and_recover(|context| async move {
        let _clock = OneClock::of(&context, &held);
        let node = opened(&context, &held, MARGIN).await;
        let mut party = Party::new(81);
        party.trade(&context, &node, 10).await;
        // Three more batches of the old version at least, and nothing is proven from now on.
        let from = last_built(&node) + 4;
        let begins = announce(&held, 2, from, 3 * MARGIN);
        held.chain.lock().unwrap().lacking.insert(2);
        held.prover_down.store(true, Ordering::Release);
        let mut alarms = node.alarms();
        party.trade(&context, &node, MARGIN).await;
        let built = last_built(&node);
        assert!(built > from, "far before its time a batch is built as before: {built}, from {from}");
        party.trade(&context, &node, MARGIN + 10).await;
        let waits = node.books().upgrade().expect("it is said that building waits");
        assert!(waits.contains("version 2") && waits.contains(&begins.to_string()), "{waits}");
        let refused = node.operator().act(Act::BatchNow).await;
        assert_eq!(refused, Err(ActError::NotNow { why: waits.clone() }), "whoever wants it built now is told as well");
        assert_eq!(rung(&mut alarms).first(), Some(&(true, waits)));
        let built = last_built(&node);
        party.trade(&context, &node, 10).await;
        assert_eq!(last_built(&node), built, "no batch is built in the margin");
        assert!(node.books().first_unproven().is_some_and(|first| first.get() < from), "some are in flight");
        assert!(node.gate_is_open());
        (party, built, begins)
        // Killed in the hold.
    });
    deterministic::Runner::from(checkpoint).start(|context| async move {
        let _clock = OneClock::of(&context, &outside);
        outside.l1_down.store(true, Ordering::Release);
        let node = start(&context, &outside, MARGIN).await;
        party.is_told_the_same(&node).await;
        party.trade(&context, &node, 5).await;
        assert!(last_built(&node) <= built, "nothing is built before L1 was asked");
        outside.l1_down.store(false, Ordering::Release);
        let mut alarms = node.alarms();
        until(&context, "the hold goes on", || node.books().upgrade().is_some()).await;
        assert!(outside.chain.lock().unwrap().time() < begins);
        outside.prover_down.store(false, Ordering::Release);
        until(&context, "the time has come", || outside.chain.lock().unwrap().time() >= begins).await;
        party.trade(&context, &node, 10).await;
        assert_eq!(node.books().upgrade(), None, "the hold has ended");
        assert!(last_built(&node) > built, "and batches are built again");
        assert!(rung(&mut alarms).iter().any(|(begins, _)| !begins));
        // What was in flight is proven by its own program, and the rest waits for one.
        let last = BatchNumber::new(built);
        until(&context, "the old ones are final", || node.books().last_at(Stage::Final) == Some(last)).await;
        context.sleep(Duration::from_secs(30)).await;
        assert_eq!(node.books().last_at(Stage::Final), Some(last), "nobody has the program of version 2");
        assert!(node.books().last_at(Stage::Committed).is_some_and(|committed| committed > last));
        outside.chain.lock().unwrap().lacking.clear();
        all_is_final(&context, &node).await;
        party.is_told_the_same(&node).await;
        {
            let chain = outside.chain.lock().unwrap();
            assert_eq!(chain.refused, [], "L1 took every commit");
            turns_once(&chain.versions(), built + 1);
        }
        node.stop().await.unwrap();
    });
}

/// In a hold trading stops once no more may wait. A start reads all of that before anybody can say which version it is of, and goes on.
#[test]
fn a_start_in_a_hold_takes_all_that_waited() {
    let small = |config: &mut Config| {
        config.limits.batches.version_margin_ms = MARGIN * 1_000;
        config.unbuilt_commands_max = 8;
    };
    let outside = outside();
    let held = outside.clone();
    let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(88));
    let (mut party, checkpoint) = runner.start_and_recover(|context| async move {
        let _clock = OneClock::of(&context, &held);
        let node = begin_as(&context, &held, 1 << 20, small).await;
        is_open(&context, &node).await;
        let mut party = Party::new(88);
        party.trade(&context, &node, 10).await;
        announce(&held, 2, last_built(&node) + 1, MARGIN + 30);
        while node.books().upgrade().is_none() {
            party.trade(&context, &node, 1).await;
        }
        let before = party.told.len();
        loop {
            let door = node.door();
            tokio::select! {
                told = party.trader.send(&door) => party.told.push(told.expect("trading goes on")),
                () = context.sleep(Duration::from_secs(10)) => break,
            }
        }
        assert!(party.told.len() > before + 8, "some had room: {}", party.told.len());
        assert!(node.books().upgrade().is_some(), "it waits still");
        party
    });
    deterministic::Runner::from(checkpoint).start(|context| async move {
        let _clock = OneClock::of(&context, &outside);
        let node = begin_as(&context, &outside, 1 << 20, small).await;
        party.is_told_the_same(&node).await;
        until(&context, "the version has begun", || node.books().upgrade().is_none() && last_built(&node) > 0).await;
        party.trade(&context, &node, 10).await;
        all_is_final(&context, &node).await;
        node.stop().await.unwrap();
    });
}

/// What governance takes back in time has never been: the hold ends, and everything goes on as before.
#[test]
fn a_version_that_is_taken_back() {
    deterministic::Runner::seeded(82).start(|context| async move {
        let outside = outside();
        let _clock = OneClock::of(&context, &outside);
        let node = opened(&context, &outside, MARGIN).await;
        let mut party = Party::new(82);
        party.trade(&context, &node, 5).await;
        announce(&outside, 2, last_built(&node) + 1, MARGIN + 20);
        party.trade(&context, &node, 40).await;
        let (built, waits) = (last_built(&node), node.books().upgrade());
        assert!(waits.is_some(), "building waits");
        outside.chain.lock().unwrap().announced.pop();
        party.trade(&context, &node, 5).await;
        assert_eq!(node.books().upgrade(), None);
        assert!(last_built(&node) > built, "batches are built again");
        // Announced again under the same number, for another time, and a restart far before it.
        let begins = announce(&outside, 2, last_built(&node) + 2, 3 * MARGIN);
        node.stop().await.unwrap();
        let node = start(&context, &outside, MARGIN).await;
        party.trade(&context, &node, 5).await;
        let last = |node: &NodeHandle| node.books().header(BatchNumber::new(last_built(node))).unwrap().version;
        assert_eq!(last(&node), 1);
        until(&context, "the time has come", || outside.chain.lock().unwrap().time() >= begins).await;
        party.trade(&context, &node, 5).await;
        assert_eq!(last(&node), 2);
        all_is_final(&context, &node).await;
        party.is_told_the_same(&node).await;
        assert_eq!(outside.chain.lock().unwrap().refused, []);
        node.stop().await.unwrap();
    });
}

/// Commits that L1 mines only after another version has begun are refused. The batches are built anew, from the journal and with nothing else changed.
#[test]
fn commits_that_come_too_late_are_built_anew() {
    deterministic::Runner::seeded(83).start(|context| async move {
        let outside = outside();
        let _clock = OneClock::of(&context, &outside);
        let node = start_late(&context, &outside).await;
        is_open(&context, &node).await;
        let mut party = Party::new(83);
        party.trade(&context, &node, 5).await;
        all_is_final(&context, &node).await;
        let kept = last_built(&node);
        let begins = announce(&outside, 2, kept + 3, 60);
        outside.chain.lock().unwrap().pool = Some(Vec::new());
        let mut alarms = node.alarms();
        party.trade(&context, &node, 50).await;
        let leaves = node.leaves().await.unwrap();
        assert_eq!(last_built(&node), kept + outside.chain.lock().unwrap().pool.as_ref().unwrap().len() as u64);
        until(&context, "the time has come", || outside.chain.lock().unwrap().time() >= begins).await;
        until(&context, "they are built anew", || node.metrics().rebuilt.get() > 0 && node.gate_is_open()).await;
        let refused = node.books().upgrade().expect("it is said what happened");
        assert!(refused.contains("version 1") && refused.contains("began version 2"), "{refused}");
        context.sleep(Duration::from_secs(3)).await;
        outside.chain.lock().unwrap().mine_all();
        assert_eq!((node.leaves().await.unwrap(), node.door().epoch()), (leaves, 0), "the order and the state stay");
        party.trade(&context, &node, 5).await;
        all_is_final(&context, &node).await;
        until(&context, "it is over", || node.books().upgrade().is_none()).await;
        context.sleep(Duration::from_secs(2)).await;
        let rung = rung(&mut alarms);
        assert!(rung.iter().any(|(begins, what)| *begins && what.contains("built anew")), "{rung:?}");
        assert_eq!(rung.last().map(|(begins, _)| *begins), Some(false));
        party.is_told_the_same(&node).await;
        turns_once(&outside.chain.lock().unwrap().versions(), kept + 3);
        node.stop().await.unwrap();
        let node = start_late(&context, &outside).await;
        party.is_told_the_same(&node).await;
        party.trade(&context, &node, 2).await;
        all_is_final(&context, &node).await;
        node.stop().await.unwrap();
    });
}

/// Killed at any moment around it, a node ends with the batches that L1 takes.
#[test]
fn a_node_that_is_killed_while_it_builds_anew_ends_the_same() {
    for seed in 0..8_u64 {
        let outside = outside();
        let held = outside.clone();
        let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(seed));
        let (party, checkpoint) = runner.start_and_recover(|context| async move {
            let _clock = OneClock::of(&context, &held);
            let node = start_late(&context, &held).await;
            is_open(&context, &node).await;
            let mut party = Party::new(seed);
            party.trade(&context, &node, 5).await;
            let begins = announce(&held, 2, last_built(&node) + 2, 20);
            held.chain.lock().unwrap().pool = Some(Vec::new());
            party.trade(&context, &node, 15).await;
            until(&context, "the time has come", || held.chain.lock().unwrap().time() >= begins).await;
            context.sleep(Duration::from_micros(seed * seed * 5_000)).await;
            party
        });
        deterministic::Runner::from(checkpoint).start(|context| async move {
            let _clock = OneClock::of(&context, &outside);
            let node = start_late(&context, &outside).await;
            outside.chain.lock().unwrap().mine_all();
            all_is_final(&context, &node).await;
            party.is_told_the_same(&node).await;
            node.stop().await.unwrap();
        });
    }
}

/// A node whose release does not have the program of a version builds none of its batches, since the rules of that version may be others, and says so from the
/// announcement on. The release that has it goes on.
#[test]
fn a_version_of_another_release_waits_for_it() {
    let outside = outside();
    let held = outside.clone();
    let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(84));
    let ((mut party, built), checkpoint) = runner.start_and_recover(|context| async move {
        let _clock = OneClock::of(&context, &held);
        let node = start_release(&context, &held, 1).await;
        is_open(&context, &node).await;
        let mut alarms = node.alarms();
        let mut party = Party::new(84);
        party.trade(&context, &node, 5).await;
        let begins = announce(&held, 2, last_built(&node) + 2, 60);
        party.trade(&context, &node, 5).await;
        let waits = node.books().upgrade().expect("it is said at once");
        assert!(waits.contains("version 2") && waits.contains("install the release"), "{waits}");
        assert_eq!(rung(&mut alarms), [(true, waits)]);
        let before = last_built(&node);
        party.trade(&context, &node, 20).await;
        assert!(last_built(&node) > before, "version 1 is built all the same");
        until(&context, "the time has come", || held.chain.lock().unwrap().time() >= begins).await;
        party.trade(&context, &node, 20).await;
        let built = last_built(&node);
        assert_eq!(node.books().header(BatchNumber::new(built)).unwrap().version, 1);
        let why = node.books().upgrade().expect("it is said why nothing is built");
        assert!(why.contains("its rules may be others") && node.gate_is_open(), "{why}");
        node.stop().await.unwrap();
        (party, built)
    });
    deterministic::Runner::from(checkpoint).start(|context| async move {
        let _clock = OneClock::of(&context, &outside);
        let node = start_release(&context, &outside, 2).await;
        party.is_told_the_same(&node).await;
        party.trade(&context, &node, 5).await;
        all_is_final(&context, &node).await;
        assert_eq!(node.books().upgrade(), None);
        {
            let chain = outside.chain.lock().unwrap();
            assert_eq!(chain.refused, []);
            turns_once(&chain.versions(), built + 1);
        }
        node.stop().await.unwrap();
    });
}

/// What is called off after its release was installed leaves that release with the version before, whose rules it has known.
#[test]
fn a_release_whose_version_is_taken_back_goes_on() {
    deterministic::Runner::seeded(87).start(|context| async move {
        let outside = outside();
        let _clock = OneClock::of(&context, &outside);
        announce(&outside, 2, 5, 1_000);
        let node = start_release(&context, &outside, 2).await;
        is_open(&context, &node).await;
        let mut party = Party::new(87);
        party.trade(&context, &node, 5).await;
        outside.chain.lock().unwrap().announced.pop();
        party.trade(&context, &node, 5).await;
        all_is_final(&context, &node).await;
        assert_eq!(node.books().upgrade(), None);
        // What is announced after it is a stranger all the same.
        announce(&outside, 3, last_built(&node) + 1, 20);
        party.trade(&context, &node, 30).await;
        assert!(node.books().upgrade().is_some_and(|why| why.contains("version 3")));
        assert_eq!(node.books().header(BatchNumber::new(last_built(&node))).unwrap().version, 1);
        node.stop().await.unwrap();
    });
}

/// The prover is told of versions before their batches come, once for each list, and what keeps it from proving one is said when that is announced.
#[test]
fn a_prover_is_told_of_versions() {
    deterministic::Runner::seeded(85).start(|context| async move {
        let outside = outside();
        let _clock = OneClock::of(&context, &outside);
        let node = opened(&context, &outside, 5).await;
        let mut party = Party::new(85);
        party.trade(&context, &node, 5).await;
        let learnt = || outside.chain.lock().unwrap().learnt.clone();
        assert_eq!(learnt(), [[1]]);
        outside.chain.lock().unwrap().unprovable = Some(2);
        announce(&outside, 2, last_built(&node) + 2, 20);
        party.trade(&context, &node, 3).await;
        assert_eq!(node.books().upgrade().as_deref(), Some("version 2 cannot be proven here"));
        outside.chain.lock().unwrap().announced.pop();
        party.trade(&context, &node, 3).await;
        assert_eq!((node.books().upgrade(), learnt()), (None, vec![vec![1], vec![1, 2], vec![1]]));
        outside.chain.lock().unwrap().unprovable = None;
        announce(&outside, 2, last_built(&node) + 2, 20);
        party.trade(&context, &node, 30).await;
        all_is_final(&context, &node).await;
        assert_eq!(learnt().len(), 4, "each list once");
        node.stop().await.unwrap();
    });
}

/// L1 leaves the blocks in which a version had begun, and mines on the other chain what was given up because of it. Even after a restart it is known for what
/// it is, and taken back.
#[test]
fn what_was_given_up_and_comes_back_is_taken_back() {
    let outside = outside();
    let held = outside.clone();
    let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(86));
    let ((mut party, kept, old), checkpoint) = runner.start_and_recover(|context| async move {
        let _clock = OneClock::of(&context, &held);
        let node = start_late(&context, &held).await;
        is_open(&context, &node).await;
        let mut party = Party::new(86);
        party.trade(&context, &node, 5).await;
        all_is_final(&context, &node).await;
        let kept = last_built(&node);
        let begins = announce(&held, 2, kept + 1, 20);
        held.chain.lock().unwrap().pool = Some(Vec::new());
        party.trade(&context, &node, 15).await;
        let old = held.chain.lock().unwrap().pool.clone().unwrap();
        assert!(old.len() > 1 && old.iter().all(|header| header.version == 1));
        until(&context, "the time has come", || held.chain.lock().unwrap().time() >= begins).await;
        until(&context, "they are built anew", || node.metrics().rebuilt.get() > 0 && node.gate_is_open()).await;
        (party, kept, old)
        // Killed before any of the new ones is committed.
    });
    deterministic::Runner::from(checkpoint).start(|context| async move {
        let _clock = OneClock::of(&context, &outside);
        {
            let mut chain = outside.chain.lock().unwrap();
            let begins = chain.time() + 120;
            chain.announced[0].not_before = begins;
            chain.pool = None;
            // Commits that L1 refuses are no mistake here.
            chain.refused.push((0, 1));
            for header in &old {
                chain.mine(header);
            }
            assert_eq!(chain.commits.len() as u64, kept + old.len() as u64, "L1 holds what was given up");
        }
        let node = start_late(&context, &outside).await;
        let committed = || outside.chain.lock().unwrap().commits.len() as u64;
        until(&context, "it is taken back", || committed() == kept).await;
        party.trade(&context, &node, 2).await;
        all_is_final(&context, &node).await;
        party.is_told_the_same(&node).await;
        turns_once(&outside.chain.lock().unwrap().versions(), kept + 1);
        node.stop().await.unwrap();
    });
}
