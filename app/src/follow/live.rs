//! Batch by batch behind L1: what is committed is fetched, checked, executed, and compared with its header.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use ashlar_api::door::ServiceState;
use ashlar_batch::{Batch, BatchHeader, Hash, codec};
use ashlar_guest::{NativePlatform, check};
use ashlar_replica::L1Block;
use ashlar_sequencer::{FollowError, Layer1, NodeHandle, Settled, Station};
use ashlar_settlement::l1::BlockRef;
use ashlar_settlement::rpc::RpcL1;
use ashlar_settlement::{Handle as Client, Status};
use ashlar_types::{BatchNumber, Input};
use tokio::sync::watch;

use super::source::{Source, commit_in};
use crate::clock::now_ms;

/// Why it cannot go on from here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Parted {
    /// L1 holds another batch than the one that was followed: it left the blocks that held that one.
    Elsewhere(BatchNumber),
    /// What was committed does not do what its header says, or nobody signed for it.
    Diverged(BatchNumber, String),
}

/// A batch as L1 has it.
struct Committed {
    header: BatchHeader,
    tx: alloy::primitives::B256,
    block: L1Block,
}

/// What follows.
pub struct Live<'a> {
    node: &'a NodeHandle,
    layer1: &'a Settled<RpcL1>,
    client: Client,
    source: &'a Source,
    every: Duration,
    station: Station,
    /// A batch that was executed and about which no guest was asked yet.
    unchecked: Option<BatchNumber>,
    /// The last batch with which nothing is wrong.
    checked: watch::Sender<BatchNumber>,
    /// What stood in the way last, so that it is written to the log once.
    hindrance: Option<String>,
}

impl<'a> Live<'a> {
    /// Behind this node, looking so often.
    pub fn new(
        node: &'a NodeHandle,
        layer1: &'a Settled<RpcL1>,
        client: Client,
        source: &'a Source,
        every: Duration,
    ) -> Live<'a> {
        let (station, last) = (node.station("follower"), node.last_batch());
        // A life before this one may have ended between its execution and the guest's check. What was rebuilt is in no book.
        let unchecked = node.books().header(last).map(|header| header.number);
        let checked = unchecked.map_or(last, |number| BatchNumber::new(number.get().saturating_sub(1)));
        let checked = watch::Sender::new(checked);
        Live { node, layer1, client, source, every, station, unchecked, checked, hindrance: None }
    }

    /// The last batch that was followed and with which nothing is wrong.
    pub fn checked(&self) -> watch::Receiver<BatchNumber> {
        self.checked.subscribe()
    }

    /// Follows for as long as that is possible.
    pub async fn run(mut self) -> Parted {
        self.station.say(ServiceState::Running, "looking for what is committed");
        loop {
            self.station.go().await;
            match self.turn().await {
                Ok(None) => self.hindrance = None,
                Ok(Some(parted)) => return parted,
                Err(why) => self.tell(format!("{why:#}")),
            }
            tokio::time::sleep(self.every).await;
        }
    }

    fn tell(&mut self, why: String) {
        self.station.say(ServiceState::Degraded, why.clone());
        if self.hindrance.as_ref() != Some(&why) {
            tracing::warn!(why, "following goes on later");
            self.hindrance = Some(why);
        }
    }

    /// Everything that is committed by now.
    async fn turn(&mut self) -> Result<Option<Parted>> {
        if let Some(parted) = self.check_last().await? {
            return Ok(Some(parted));
        }
        let Status { head, committed, .. } = self.client.status().await?;
        let (head, committed) = (block_of(&head), BatchNumber::new(committed));
        let here = self.node.last_header();
        let last = here.number;
        if self.committed(last, head).await?.is_some_and(|there| there.header.hash() != here.hash()) {
            return Ok(Some(Parted::Elsewhere(last)));
        }
        let mut next = last.next();
        while next <= committed {
            self.lag(committed.get().saturating_sub(next.get()).saturating_add(1));
            let Some(batch) = self.committed(next, head).await? else { break };
            if let Some(parted) = self.one(&batch).await? {
                return Ok(Some(parted));
            }
            next = next.next();
        }
        self.lag(committed.get().saturating_sub(self.node.last_batch().get()));
        self.station.say(ServiceState::Running, format!("has followed batch {}", self.node.last_batch().get()));
        self.station.show("committed", committed.get());
        Ok(None)
    }

    fn lag(&self, batches: u64) {
        self.node.metrics().lag_local.set(batches);
    }

    /// A batch as L1's events tell of it, if the contract keeps the same at this block. It is asked at a new block and not at the one that
    /// holds the commit: most nodes of L1 forget what the state was some minutes ago.
    async fn committed(&mut self, number: BatchNumber, head: L1Block) -> Result<Option<Committed>> {
        let Some(record) = self.client.get_commitment_record(number).await? else { return Ok(None) };
        let Some((tx, at)) = record.commit.included else { return Ok(None) };
        let header = record.decode_header().context("a header on L1 cannot be read; this program is older than it")?;
        let kept = self.layer1.header_hash(head, number).await?;
        ensure!(
            kept == Some(header.hash()),
            "at block {} the contract keeps {kept:?} for batch {}, and L1's events tell of {:?}; check the L1 endpoints",
            head.number,
            number.get(),
            header.hash()
        );
        Ok(Some(Committed { header, tx, block: block_of(&at) }))
    }

    async fn one(&mut self, batch: &Committed) -> Result<Option<Parted>> {
        let Committed { header, tx, block } = batch;
        let (number, before) = (header.number, self.node.last_header());
        if header.parent_hash != before.hash() {
            return Ok(Some(Parted::Elsewhere(before.number)));
        }
        let diverged = |what: String| Ok(Some(Parted::Diverged(number, what)));
        let (bytes, signatures) = self.source.batch(header, commit_in(*tx)).await?;
        let decoded = match codec::decode_all(&bytes) {
            Ok(decoded) => decoded,
            Err(error) => return diverged(format!("its committed data is no batch: {error}")),
        };
        let commands = decoded.commands() as u64;
        if header.first_sequence.get().checked_add(commands) != Some(header.next_sequence.get()) {
            return diverged(format!("it has {commands} commands, and its header says otherwise"));
        }
        if signatures.len() != decoded.messages() {
            return diverged(format!("it has {} signatures for {} messages", signatures.len(), decoded.messages()));
        }
        if let Some(what) = self.other_inbox(&decoded).await? {
            return diverged(what);
        }
        match self.node.follow(header, decoded.inputs, &signatures, *block).await {
            Ok(()) => {}
            Err(FollowError::Stopping) => bail!("the node is stopping"),
            Err(error @ FollowError::Number { .. }) => return Err(anyhow!(error)),
            Err(error @ FollowError::Diverged { .. }) => return diverged(error.to_string()),
        }
        self.unchecked = Some(number);
        if let Some(parted) = self.check_last().await? {
            return Ok(Some(parted));
        }
        if let Some(unseen_ms) = self.layer1.unseen_ms() {
            self.node.metrics().followed_us.record(now_ms().saturating_sub(unseen_ms).saturating_mul(1_000));
        }
        tracing::info!(batch = number.get(), commands, block = block.number, "followed");
        Ok(None)
    }

    /// The first inbox entry that a batch consumed otherwise than L1 holds it. What is not safe yet by our L1 node is bound by the hash that the
    /// contract compared.
    async fn other_inbox(&self, batch: &Batch) -> Result<Option<String>> {
        let consumed = batch.inputs.iter().filter_map(|timed| match &timed.input {
            Input::Inbox { index, time, entry } => Some((*index, *time, entry)),
            Input::Message(_) | Input::System(_) => None,
        });
        let consumed: Vec<_> = consumed.collect();
        let Some((first, ..)) = consumed.first() else { return Ok(None) };
        let held = self.layer1.inbox(*first).await?;
        let differs = consumed.iter().find(|(index, time, entry)| {
            held.iter().any(|item| item.index == *index && (item.time != *time || item.entry != **entry))
        });
        Ok(differs.map(|(index, ..)| format!("inbox entry {} is not the one that L1 holds", index.get())))
    }

    /// Asks a guest about what was executed last, if none was asked yet.
    async fn check_last(&mut self) -> Result<Option<Parted>> {
        let Some(number) = self.unchecked else { return Ok(None) };
        if let Some(what) = self.refused(number).await? {
            return Ok(Some(Parted::Diverged(number, format!("a guest refuses it: {what}"))));
        }
        self.unchecked = None;
        self.checked.send_replace(number);
        Ok(None)
    }

    /// Why a guest would not prove a batch, if it would not: signatures are checked nowhere else here.
    async fn refused(&self, number: BatchNumber) -> Result<Option<String>> {
        let sealed = self.node.books().sealed(number).await.context("what was followed cannot be read")?;
        let sealed = sealed.with_context(|| format!("batch {} was followed and is not stored", number.get()))?;
        let checked = tokio::task::spawn_blocking(move || {
            let input = sealed.input().map_err(|error| error.to_string())?;
            check(&input, &mut NativePlatform::default()).map(drop).map_err(|error| error.to_string())
        });
        Ok(checked.await.context("the check of a batch was cut short")?.err())
    }
}

fn block_of(block: &BlockRef) -> L1Block {
    L1Block { number: block.number, hash: Hash(block.hash.0) }
}
