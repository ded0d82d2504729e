//! Batch by batch behind L1: what is committed is fetched, checked, executed, and compared with its header.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use ashlar_api::door::ServiceState;
use ashlar_batch::{Batch, BatchHeader, Hash, codec};
use ashlar_guest::{NativePlatform, check};
use ashlar_replica::L1Block;
use ashlar_sequencer::{FollowError, Layer1, NodeHandle, Settled, Station};
use ashlar_settlement::Handle as Client;
use ashlar_settlement::rpc::RpcL1;
use ashlar_types::{BatchNumber, Input};

use super::source::{Source, commit_in};

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
    /// A batch that was executed and about which no guest could be asked yet.
    unchecked: Option<BatchNumber>,
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
        let station = node.station("follower");
        Live { node, layer1, client, source, every, station, unchecked: None }
    }

    /// Follows for as long as that is possible.
    pub async fn run(mut self) -> Parted {
        self.station.say(ServiceState::Running, "looking for what is committed");
        loop {
            self.station.go().await;
            match self.turn().await {
                Ok(None) => {}
                Ok(Some(parted)) => return parted,
                Err(why) => {
                    tracing::warn!(%why, "following goes on later");
                    self.station.say(ServiceState::Degraded, format!("{why:#}"));
                }
            }
            tokio::time::sleep(self.every).await;
        }
    }

    /// Everything that is committed by now.
    async fn turn(&mut self) -> Result<Option<Parted>> {
        if let Some(parted) = self.checked().await? {
            return Ok(Some(parted));
        }
        let here = self.node.last_header();
        let last = here.number;
        if self.committed(last).await?.is_some_and(|there| there.header.hash() != here.hash()) {
            return Ok(Some(Parted::Elsewhere(last)));
        }
        let committed = BatchNumber::new(self.client.status().await?.committed);
        let mut next = last.next();
        while next <= committed {
            self.lag(committed.get().saturating_sub(next.get()).saturating_add(1));
            let Some(batch) = self.committed(next).await? else { break };
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

    /// A batch as it stands in the chain that is followed, and in the contract at that block.
    async fn committed(&mut self, number: BatchNumber) -> Result<Option<Committed>> {
        let Some(record) = self.client.get_commitment_record(number).await? else { return Ok(None) };
        let Some((tx, at)) = record.commit.included else { return Ok(None) };
        let header = record.decode_header().context("a header on L1 cannot be read; this program is older than it")?;
        let block = L1Block { number: at.number, hash: Hash(at.hash.0) };
        let kept = self.layer1.header_hash(block, number).await?;
        ensure!(
            kept == Some(header.hash()),
            "the contract keeps {kept:?} for batch {} and L1's events tell of {:?}; check the L1 endpoints",
            number.get(),
            header.hash()
        );
        Ok(Some(Committed { header, tx, block }))
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
        if let Some(parted) = self.checked().await? {
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
    async fn checked(&mut self) -> Result<Option<Parted>> {
        let Some(number) = self.unchecked else { return Ok(None) };
        if let Some(what) = self.refused(number).await? {
            return Ok(Some(Parted::Diverged(number, format!("a guest refuses it: {what}"))));
        }
        self.unchecked = None;
        Ok(None)
    }

    /// Why a guest would not prove a batch, if it would not: signatures are checked nowhere else here.
    async fn refused(&self, number: BatchNumber) -> Result<Option<String>> {
        let sealed = self.node.books().sealed(number).await;
        let sealed = sealed.with_context(|| format!("batch {} was followed and is not stored", number.get()))?;
        let checked = tokio::task::spawn_blocking(move || {
            let input = sealed.input().map_err(|error| error.to_string())?;
            check(&input, &mut NativePlatform::default()).map(drop).map_err(|error| error.to_string())
        });
        Ok(checked.await.context("the check of a batch was cut short")?.err())
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
