//! Data availability, L1 and provers that fail, alone and together, in virtual time: trading goes on, everything catches up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ashlar_api::door::{L1Transaction, Refusal, Stage};
use ashlar_batch::{BatchHeader, Hash, InboxChain, codec, data_root};
use ashlar_guest::{NativePlatform, check};
use ashlar_replica::L1Block;
use ashlar_sequencer::{
    AlertKind, Anchor, Asked, Availability, Commit, Config, Handed, InboxItem, L1Counts, L1Standing, Layer1, Node,
    NodeHandle, OutsideError, Parts, Proof, Proving, Reached, Sealed,
};
use ashlar_settlement::{Activation, Program, Version};
use ashlar_types::sign::{Curve, Native};
use ashlar_types::{BatchNumber, Command, InboxIndex, Sequence, Time};
use commonware_runtime::{Clock, Runner, Supervisor, deterministic};

use super::world::*;

/// An outside that checks everything it is given, and can be switched off.
#[derive(Default)]
pub struct Outside {
    data_down: AtomicBool,
    pub l1_down: AtomicBool,
    pub prover_down: AtomicBool,
    pub chain: Mutex<Chain>,
}

#[derive(Default)]
pub struct Chain {
    pub inbox: Vec<InboxItem>,
    /// Blocks that were left, and how often.
    left: Vec<L1Block>,
    pub reorgs: u64,
    pub headers: BTreeMap<Hash, BatchHeader>,
    pub published: BTreeMap<u64, Vec<u8>>,
    /// How many final batches are kept where data is, if not all are, and the first that is.
    pub keep_newest: Option<u64>,
    pub kept_from: u64,
    /// Whether what is asked for next was let go a moment before.
    pub lets_go: bool,
    pub commits: Vec<Commit>,
    proven: u64,
    pub finalized: u64,
    /// The last block that L1 never leaves.
    pub final_block: u64,
    /// With the version of its batch.
    proofs: BTreeMap<u64, (u32, Proof)>,
    handed_in: u64,
    /// The second that it is; without one L1's time stands still.
    pub clock: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
    /// What governance announced after version 1.
    pub announced: Vec<Activation>,
    /// Versions that nobody here has the program of.
    pub lacking: BTreeSet<u32>,
    /// A version that cannot be proven here at all, and what the prover was told of versions.
    pub unprovable: Option<u32>,
    pub learnt: Vec<Vec<u32>>,
    /// Commits that are on their way and are not mined, while none is.
    pub pool: Option<Vec<BatchHeader>>,
    /// What L1 would not take for its version.
    pub refused: Vec<(u64, u32)>,
}

fn commitment_of(bytes: &[u8]) -> Hash {
    Hash(Native.sha256(&[7; 64], &[bytes]))
}

const AT: L1Transaction = L1Transaction { hash: [9; 32], block: 40 };

impl Outside {
    /// Switches data and L1 off, or on again.
    pub fn fail(&self, is_down: bool) {
        for down in [&self.data_down, &self.l1_down] {
            down.store(is_down, Ordering::Release);
        }
    }

    /// Changes one byte of what is given out as the data of a batch.
    pub fn alter_published(&self, batch: u64) {
        let mut chain = self.chain.lock().unwrap();
        let bytes = chain.published.get_mut(&batch).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
    }

    /// L1 holds another last batch than was committed: its last command came a millisecond later. That command.
    pub fn commit_another(&self) -> Sequence {
        let mut chain = self.chain.lock().unwrap();
        let commit = *chain.commits.last().unwrap();
        let mut header = chain.headers[&commit.hash];
        let mut batch = codec::decode_all(&chain.published[&commit.number.get()]).unwrap();
        let last = batch.inputs.last_mut().unwrap();
        last.time = Time::new(last.time.get() + 1).unwrap();
        let command = header.next_sequence.get() - last.input.commands() as u64;
        let bytes = codec::encode(&batch).unwrap();
        (header.data_root, header.da_commitment) = (data_root(&bytes).unwrap(), commitment_of(&bytes));
        chain.published.insert(commit.number.get(), bytes);
        chain.headers.insert(header.hash(), header);
        chain.commits.last_mut().unwrap().hash = header.hash();
        Sequence::new(command)
    }

    fn ask<T: Send + 'static>(
        &self,
        down: &AtomicBool,
        what: &str,
        with: impl FnOnce(&mut Chain) -> Result<T, OutsideError>,
    ) -> Asked<T> {
        let answer = match down.load(Ordering::Acquire) {
            true => Err(OutsideError::retry(format!("{what} is down"))),
            false => with(&mut self.chain.lock().unwrap()),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Chain {
    /// L1 leaves the blocks of the entries from this one on, and holds the same entries in others, so many blocks later.
    pub fn move_entries(&mut self, from: usize, later: u64) {
        for item in &mut self.inbox[from..] {
            self.left.push(item.block);
            item.block = L1Block { number: item.block.number + later, hash: Hash([99; 32]) };
        }
        self.reorgs += 1;
    }

    /// L1 leaves the blocks of the entries from this one on, and holds others; commits that used them are gone with them.
    pub fn reorg(&mut self, from: usize, instead: Vec<InboxItem>) {
        self.left.extend(self.inbox.drain(from..).map(|item| item.block));
        self.inbox.extend(instead);
        self.reorgs += 1;
        let headers = &self.headers;
        self.commits.retain(|commit| headers[&commit.hash].inbox_next.get() <= from as u64);
        let committed = self.commits.len() as u64;
        self.proven = self.proven.min(committed);
        self.finalized = self.finalized.min(committed);
    }

    pub fn time(&self) -> u64 {
        self.clock.as_ref().map_or(0, |clock| clock())
    }

    /// The contract's rule, in its words.
    fn version_for(&self, batch: BatchNumber) -> u32 {
        let begun = |one: &&Activation| batch >= one.from_batch && self.time() >= one.not_before;
        self.announced.iter().rev().find(begun).map_or(1, |one| one.version)
    }

    /// A commit is mined. What the contract refuses nobody hears of.
    pub fn mine(&mut self, header: &BatchHeader) {
        let next = self.commits.len() as u64 + 1;
        if header.number.get() != next || header.version != self.version_for(header.number) {
            if header.number.get() == next {
                self.refused.push((next, header.version));
            }
            return;
        }
        let parent = self.commits.last().map(|commit| commit.hash);
        assert!(parent.is_none_or(|parent| parent == header.parent_hash));
        // A batch of the old order that was on its way.
        let consumed = self.inbox.iter().take(header.inbox_next.get() as usize);
        let inbox = consumed.fold(InboxChain::START, |chain, item| chain.consume(item.time, &item.entry));
        if (inbox.next, inbox.hash) == (header.inbox_next, header.inbox_hash) {
            self.headers.insert(header.hash(), *header);
            self.commits.push(Commit { number: header.number, hash: header.hash(), at: AT });
        }
    }

    /// Everything that was on its way is mined now.
    pub fn mine_all(&mut self) {
        for header in self.pool.take().unwrap_or_default() {
            self.mine(&header);
        }
    }

    /// Versions of what is committed.
    pub fn versions(&self) -> Vec<u32> {
        self.commits.iter().map(|commit| self.headers[&commit.hash].version).collect()
    }
}

/// The one outside, seen from three sides.
#[derive(Clone)]
pub struct Side(pub Arc<Outside>);

impl Availability for Side {
    fn commitment(&self, bytes: &[u8]) -> Result<Hash, OutsideError> {
        Ok(commitment_of(bytes))
    }

    fn publish(&self, sealed: Arc<Sealed>) -> Asked<()> {
        self.0.ask(&self.0.data_down, "data availability", |chain| {
            let bytes = sealed.input().unwrap().batch.to_vec();
            assert_eq!(commitment_of(&bytes), sealed.header().da_commitment);
            chain.published.insert(sealed.header().number.get(), bytes);
            Ok(())
        })
    }

    fn fetch(&self, header: BatchHeader) -> Asked<Option<Vec<u8>>> {
        self.0.ask(&self.0.data_down, "data availability", |chain| {
            let number = header.number.get();
            if std::mem::take(&mut chain.lets_go) {
                chain.kept_from = number + 1;
                chain.published = chain.published.split_off(&chain.kept_from);
            }
            Ok(chain.published.get(&number).cloned())
        })
    }

    fn settled(&self, upto: BatchNumber) -> Asked<()> {
        self.0.ask(&self.0.data_down, "data availability", |chain| {
            assert!(upto.get() <= chain.finalized, "it is told of what is final");
            if let Some(keep) = chain.keep_newest {
                chain.kept_from = (upto.get() + 1).saturating_sub(keep).max(chain.kept_from);
                chain.published = chain.published.split_off(&chain.kept_from);
            }
            Ok(())
        })
    }

    fn kept_from(&self) -> BatchNumber {
        BatchNumber::new(self.0.chain.lock().unwrap().kept_from)
    }

    fn row(&self, _: ashlar_batch::BatchHeader, _: u16) -> Asked<Option<ashlar_api::door::RowFacts>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

impl Layer1 for Side {
    fn commit(&self, sealed: Arc<Sealed>) -> Asked<Handed> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            let header = sealed.header();
            assert!(chain.published.contains_key(&header.number.get()), "data comes before its commit");
            if let Some(pool) = &mut chain.pool {
                pool.push(*header);
                return Ok(Handed::Taken);
            }
            let next = chain.commits.len() as u64 + 1;
            if header.number.get() >= next {
                assert!(header.number.get() == next || !chain.refused.is_empty(), "commits come in order");
                chain.mine(header);
            }
            Ok(Handed::Taken)
        })
    }

    fn prove(&self, proof: Proof) -> Asked<()> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            // What was on its way when L1 took commits back comes to nothing.
            if proof.first.get() != chain.proven + 1 || proof.last.get() > chain.commits.len() as u64 {
                assert!(
                    proof.first.get() <= chain.proven || chain.reorgs > 0,
                    "proofs come in order, of what is committed"
                );
                return Ok(());
            }
            chain.proven = proof.last.get();
            Ok(())
        })
    }

    fn finalize(&self, upto: BatchNumber) -> Asked<()> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            if upto.get() > chain.proven {
                assert!(chain.reorgs > 0, "what is made final is proven");
                return Ok(());
            }
            chain.finalized = chain.finalized.max(upto.get());
            Ok(())
        })
    }

    fn inbox(&self, from: InboxIndex) -> Asked<Vec<InboxItem>> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            Ok(chain.inbox.iter().skip(from.get() as usize).take(7).cloned().collect())
        })
    }

    fn holds(&self, block: L1Block) -> Asked<Option<bool>> {
        self.0.ask(&self.0.l1_down, "L1", |chain| Ok(Some(!chain.left.contains(&block))))
    }

    fn inbox_hash(&self, entries: InboxIndex) -> Asked<Option<Hash>> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            let consumed = chain.inbox.iter().take(entries.get() as usize);
            let all = consumed.fold(InboxChain::START, |chain, item| chain.consume(item.time, &item.entry));
            Ok((all.next == entries).then_some(all.hash))
        })
    }

    fn revert(&self, kept: BatchHeader) -> Asked<()> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            chain.commits.retain(|commit| commit.number <= kept.number);
            Ok(())
        })
    }

    fn give_up(&self, from: BatchNumber, _: String) -> Asked<()> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            if let Some(pool) = &mut chain.pool {
                pool.retain(|header| header.number < from);
            }
            Ok(())
        })
    }

    fn standing(&self, from: BatchNumber) -> Asked<L1Standing> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            let upto = |number: u64| (number > 0).then_some((BatchNumber::new(number), AT));
            // A block each second, if there are seconds.
            let head = L1Block { number: 50 + chain.reorgs + chain.time(), hash: Hash([5; 32]) };
            let first = Activation { version: 1, from_batch: BatchNumber::new(0), not_before: 0 };
            Ok(L1Standing {
                head,
                head_time: chain.time(),
                versions: Some([first].iter().chain(&chain.announced).map(|begins| version_of(*begins)).collect()),
                safe: head,
                finalized_block: Some(L1Block { number: chain.final_block, hash: Hash::default() }),
                reached: Some(Reached {
                    committed: BatchNumber::new(chain.commits.len() as u64),
                    proven: BatchNumber::new(chain.proven),
                    finalized: BatchNumber::new(chain.finalized),
                }),
                commits: chain.commits.iter().filter(|commit| commit.number >= from).copied().collect(),
                proven: upto(chain.proven),
                finalized: upto(chain.finalized),
                gas_price: 7,
                balance: Some(10_u128.pow(18)),
                unseen_ms: None,
                counts: L1Counts {
                    reorgs: chain.reorgs,
                    deepest: 3 * chain.reorgs,
                    waiting: 2,
                    in_flight: 1,
                    gas_used: 400_000,
                    paid_wei: 600_000_000_000_000,
                },
            })
        })
    }

    fn anchor(&self) -> Asked<Anchor> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            let block = L1Block { number: 50 + chain.reorgs, hash: Hash([5; 32]) };
            Ok(Anchor { block, committed: BatchNumber::new(chain.commits.len() as u64) })
        })
    }

    fn header_hash(&self, _: L1Block, batch: BatchNumber) -> Asked<Option<Hash>> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            let held = chain.commits.iter().find(|commit| commit.number == batch);
            Ok(held.map(|commit| commit.hash))
        })
    }

    fn header(&self, batch: BatchNumber) -> Asked<Option<BatchHeader>> {
        self.0.ask(&self.0.l1_down, "L1", |chain| {
            let held = chain.commits.iter().find(|commit| commit.number == batch);
            Ok(held.and_then(|commit| chain.headers.get(&commit.hash).copied()))
        })
    }
}

/// A version whose program has its number for a name.
fn version_of(begins: Activation) -> Version {
    let name = program_of(begins.version).into();
    Version { begins, programs: vec![Program { proof_type: 0, hash: name, verifier: [8; 20].into(), key: name }] }
}

pub fn program_of(version: u32) -> [u8; 32] {
    [version as u8; 32]
}

impl Proving for Side {
    fn learn(&self, listed: Arc<[Version]>) -> Asked<Option<String>> {
        self.0.ask(&self.0.prover_down, "the prover", |chain| {
            let versions: Vec<u32> = listed.iter().map(|version| version.begins.version).collect();
            let lacks = chain.unprovable.filter(|version| versions.contains(version));
            chain.learnt.push(versions);
            Ok(lacks.map(|version| format!("version {version} cannot be proven here")))
        })
    }

    fn submit(&self, sealed: Arc<Sealed>) -> Asked<()> {
        self.0.ask(&self.0.prover_down, "the prover", |chain| {
            let number = sealed.header().number;
            chain.handed_in = chain.handed_in.max(number.get());
            check(&sealed.input().unwrap(), &mut NativePlatform::default())
                .map_err(|error| OutsideError::stop(error.to_string()))?;
            let kind = "execute-only".to_owned();
            let proof = Proof { first: number, last: number, kind, proof_type: 0, bytes: vec![1] };
            chain.proofs.insert(number.get(), (sealed.header().version, proof));
            Ok(())
        })
    }

    fn proof(&self, first: BatchNumber) -> Asked<Option<Proof>> {
        self.0.ask(&self.0.prover_down, "the prover", |chain| {
            let found = chain.proofs.get(&first.get());
            Ok(found.filter(|(version, _)| !chain.lacking.contains(version)).map(|(_, proof)| proof.clone()))
        })
    }
}

pub async fn begin(context: &deterministic::Context, outside: &Arc<Outside>, floor: u64) -> NodeHandle {
    begin_as(context, outside, floor, |_| {}).await
}

/// As [`begin`], with changes of the configuration.
pub async fn begin_as(
    context: &deterministic::Context,
    outside: &Arc<Outside>,
    floor: u64,
    change: impl FnOnce(&mut Config),
) -> NodeHandle {
    let mut config = config();
    config.limits.batches.unproven_commands_floor = floor;
    config.limits.batches.deadline_ms = 1_000;
    change(&mut config);
    Node::start(context.child("node"), config, parts(outside)).await.unwrap()
}

pub fn parts(outside: &Arc<Outside>) -> Parts {
    let side = || Side(outside.clone());
    Parts {
        availability: Some(Arc::new(side())),
        layer1: Some(Arc::new(side())),
        prover: Some(Arc::new(side())),
        reports: None,
    }
}

pub fn outside() -> Arc<Outside> {
    let outside = Outside::default();
    outside.chain.lock().unwrap().inbox = opening(2);
    Arc::new(outside)
}

pub async fn until(context: &deterministic::Context, what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        context.sleep(Duration::from_millis(100)).await;
    }
    panic!("waited ten minutes for: {what}");
}

#[test]
fn a_trade_becomes_final() {
    deterministic::Runner::seeded(31).start(|context| async move {
        let outside = outside();
        let node = begin(&context, &outside, 1 << 20).await;
        let door = node.door();
        until(&context, "the inbox is consumed", || node.metrics().inbox.get() == 10).await;
        let mut trader = Trader::new(1, 1);
        let sequence = trader.send(&door).await.unwrap().1.place.first;
        let is_final = || door_batch_is_final(&node, sequence);
        until(&context, "the trade is final", is_final).await;
        let facts = door.batch(ashlar_api::door::BatchKey::Sequence(sequence)).await.unwrap().unwrap();
        assert!(facts.commit.is_some() && facts.prove.is_some() && facts.finalize.is_some() && facts.proof.is_some());
        assert!(node.metrics().final_us.count() > 0);
        let mut text = String::new();
        door.metrics(&mut text);
        for figure in
            ["ashlar_l1_reorgs 0", "ashlar_l1_outbox 2", "ashlar_l1_outbox_in_flight 1", "ashlar_l1_paid_gwei 600000"]
        {
            assert!(text.contains(&format!("\n{figure}\n")), "no {figure} in {text}");
        }
        assert!(text.contains("\nashlar_door_waiting 0\n"), "nothing waits at the door: {text}");
        node.stop().await.unwrap();
    });
}

pub fn door_batch_is_final(node: &NodeHandle, sequence: ashlar_types::Sequence) -> bool {
    let batch = node.books().batch(ashlar_api::door::BatchKey::Sequence(sequence));
    batch.is_some_and(|batch| batch.stage == Stage::Final)
}

/// Everything outside is down for an hour; the node is restarted meanwhile; then all of it catches up.
#[test]
fn everything_outside_may_be_down_for_an_hour() {
    for seed in [41, 42] {
        let outside = outside();
        let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(seed));
        let held = outside.clone();
        let (sent, checkpoint) = runner.start_and_recover(|context| async move {
            let outside = held;
            let node = begin(&context, &outside, 1 << 20).await;
            until(&context, "the inbox is consumed", || node.metrics().inbox.get() == 10).await;
            let mut alarms = node.alarms();
            let mut trader = Trader::new(1, seed);
            trader.send(&node.door()).await.unwrap();
            for down in [&outside.data_down, &outside.l1_down, &outside.prover_down] {
                down.store(true, Ordering::Release);
            }
            for _ in 0..60 {
                trader.send(&node.door()).await.expect("trading goes on");
                context.sleep(Duration::from_secs(60)).await;
            }
            let mut rung = Vec::new();
            while let Ok(alarm) = alarms.try_recv() {
                rung.push(alarm.kind);
            }
            for kind in [AlertKind::L1Lag, AlertKind::ProverLag, AlertKind::Unpublished] {
                assert!(rung.contains(&kind), "{rung:?}");
            }
            trader.nonce
            // Killed here, with an hour of batches on the shelf.
        });
        assert_eq!(sent, 61);
        deterministic::Runner::from(checkpoint).start(|context| async move {
            for down in [&outside.data_down, &outside.l1_down, &outside.prover_down] {
                down.store(false, Ordering::Release);
            }
            let node = begin(&context, &outside, 1 << 20).await;
            let next = node.door().tip().await.unwrap().next;
            let last = ashlar_types::Sequence::new(next.get() - 1);
            until(&context, "all of it is final", || door_batch_is_final(&node, last)).await;
            context.sleep(Duration::from_secs(5)).await;
            let health = node.door().health();
            assert!(health.iter().all(|one| one.state == ashlar_api::door::ServiceState::Running), "{health:?}");
            node.stop().await.unwrap();
        });
    }
}

/// So many commands may be unproven before new orders are refused.
const UNPROVEN_MAX: u64 = 40;

/// What an hour without some of data, L1 and prover sounds like.
fn alarms_without([data, l1, prover]: [bool; 3]) -> BTreeMap<AlertKind, Vec<bool>> {
    let mut kinds = Vec::new();
    if data {
        kinds.push(AlertKind::Unpublished);
    }
    if data || l1 {
        // What is not published is not committed either.
        kinds.push(AlertKind::L1Lag);
    }
    if prover {
        // Who is refused for the prover's sake is turned away.
        kinds.extend([AlertKind::ProverLag, AlertKind::Capacity, AlertKind::ErrorRate]);
    }
    kinds.into_iter().map(|kind| (kind, vec![true, false])).collect()
}

/// Trades through an hour without them, and until all of it is final: within the stated limits, with each alarm once, ended.
async fn an_hour_without(context: &deterministic::Context, down: [bool; 3]) {
    let outside = outside();
    let node = begin(context, &outside, UNPROVEN_MAX).await;
    let door = node.door();
    until(context, "the inbox is consumed", || node.metrics().inbox.get() == 10).await;
    until(context, "it is proven", || node.books().waits().unproven_batches == 0).await;
    let mut alarms = node.alarms();
    let sides = [&outside.data_down, &outside.l1_down, &outside.prover_down];
    let switch = |is_down: bool| {
        for (side, _) in sides.iter().zip(down).filter(|(_, goes_down)| *goes_down) {
            side.store(is_down, Ordering::Release);
        }
    };
    switch(true);
    let (mut trader, mut refused) = (Trader::new(1, 1), 0);
    for minute in 0..60 {
        // Without a prover orders are refused from some point on, and cancels never are.
        let command = match trader.orders.pop_if(|_| refused > 0) {
            Some(order) => Command::Cancel(order),
            None => place(ashlar_types::Side::Buy, 900 + minute, 1, minute),
        };
        let signed = trader.sign(vec![command]);
        match door.submit(signed, ORIGIN).await {
            Ok(answered) => trader.learn(&answered),
            Err(Refusal::Closed { why }) if why.contains("wait for their proof") => {
                assert!(node.books().waits().unproven_commands >= UNPROVEN_MAX, "{why}");
                refused += 1;
            }
            Err(refusal) => panic!("without {down:?} in minute {minute}: {refusal:?}"),
        }
        context.sleep(Duration::from_secs(60)).await;
    }
    assert_eq!((refused, node.gate_is_narrow()), (u64::from(down[2]), down[2]), "without {down:?}");
    switch(false);
    let last = ashlar_types::Sequence::new(door.tip().await.unwrap().next.get() - 1);
    until(context, "all of it is final", || door_batch_is_final(&node, last)).await;
    context.sleep(Duration::from_secs(60)).await;
    let (health, told) = (door.health(), node.metrics());
    assert!(health.iter().all(|one| one.state == ashlar_api::door::ServiceState::Running), "{health:?}");
    assert!(told.failures.get() > 0, "somebody tried in vain");
    let mut heard = BTreeMap::<_, Vec<bool>>::new();
    while let Ok(alarm) = alarms.try_recv() {
        heard.entry(alarm.kind).or_default().push(alarm.begins);
    }
    assert_eq!(heard, alarms_without(down), "without {down:?}");
    trader.send(&door).await.expect("the door is wide open again");
    node.stop().await.unwrap();
}

/// Each alone and all together, in one life of the node.
#[test]
fn each_side_may_be_down_for_an_hour_alone_and_with_the_others() {
    for number in 1..8 {
        let down = [0, 1, 2].map(|side| number >> side & 1 == 1);
        deterministic::Runner::seeded(60 + number)
            .start(|context| async move { an_hour_without(&context, down).await });
    }
}

/// A prover that has lost its proofs, or another one in its place, proves again what L1 has not seen.
#[test]
fn a_prover_that_has_lost_its_proofs_makes_them_again() {
    deterministic::Runner::seeded(43).start(|context| async move {
        let outside = outside();
        let node = begin(&context, &outside, 1 << 20).await;
        until(&context, "the inbox is consumed", || node.metrics().inbox.get() == 10).await;
        outside.l1_down.store(true, Ordering::Release);
        let mut trader = Trader::new(1, 1);
        let mut last = trader.send(&node.door()).await.unwrap().1.place.first;
        for _ in 0..3 {
            context.sleep(Duration::from_secs(30)).await;
            last = trader.send(&node.door()).await.unwrap().1.place.first;
        }
        let is_proven = || {
            let batch = node.books().batch(ashlar_api::door::BatchKey::Sequence(last));
            batch.is_some_and(|batch| batch.proof.is_some())
        };
        until(&context, "all of it is proven and waits for L1", is_proven).await;
        let unseen = {
            let mut chain = outside.chain.lock().unwrap();
            let seen = chain.proven;
            chain.proofs.retain(|number, _| *number <= seen);
            chain.handed_in - seen
        };
        assert!(unseen > 1, "{unseen}");
        outside.l1_down.store(false, Ordering::Release);
        until(&context, "all of it is final", || door_batch_is_final(&node, last)).await;
        node.stop().await.unwrap();
    });
}

/// SPEC Q-14.
#[test]
fn new_orders_wait_for_the_prover_and_cancels_do_not() {
    deterministic::Runner::seeded(51).start(|context| async move {
        let outside = outside();
        let node = begin(&context, &outside, 20).await;
        let door = node.door();
        until(&context, "the inbox is consumed", || node.metrics().inbox.get() == 10).await;
        until(&context, "it is proven", || node.books().waits().unproven_batches == 0).await;
        outside.prover_down.store(true, Ordering::Release);
        let mut trader = Trader::new(1, 1);
        let mut refused = None;
        let mut alarms = node.alarms();
        for _ in 0..200 {
            let signed = trader.sign(vec![place(ashlar_types::Side::Buy, 960, 1, 0)]);
            match door.submit(signed, ORIGIN).await {
                Ok(answered) => trader.learn(&answered),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
            context.sleep(Duration::from_millis(100)).await;
        }
        assert!(matches!(&refused, Some(Refusal::Closed { why }) if why.contains("proof")), "{refused:?}");
        let first = alarms.try_recv().expect("the operator was told before");
        assert_eq!(first.kind, AlertKind::Capacity);
        let order = trader.orders.pop().unwrap();
        let cancel = trader.sign(vec![Command::Cancel(order)]);
        door.submit(cancel, ORIGIN).await.expect("a cancel is accepted");
        outside.prover_down.store(false, Ordering::Release);
        until(&context, "the door is open again", || !node.gate_is_narrow()).await;
        trader.send(&door).await.unwrap();
        node.stop().await.unwrap();
    });
}
