//! Group commit: many blocks, one signature, one sync, then everybody is told.

use std::sync::Arc;

use ashlar_api::door::{Block, Refusal};
use ashlar_replica::{Entry, Journal, JournalError, L1Block, Ordered};
use ashlar_types::{ExchangeId, Reason, Sequence};
use commonware_runtime::{Clock, Storage};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::certificate::GroupCertificate;
use super::committed::{Committed, Kept};
use super::recall::Recall;
use crate::engine::{Draft, Given};
use crate::error::NodeError;
use crate::limits::COMMIT_BLOCKS_MAX;
use crate::measure::{Metrics, STEPS, TraceId, micros};
use crate::receipt::{ChainHash, Link, NodeKey, SequenceReceipt, SignedHead};

/// What comes to the keeper.
#[derive(Debug)]
pub(crate) enum Executed {
    /// A block that was executed.
    Block(Box<Draft>),
    /// Everything before this command is in a snapshot; the journal may forget it.
    Prune(Sequence),
    /// Someone wants the whole receipt of a command.
    Receipt(Sequence, oneshot::Sender<Option<SequenceReceipt>>),
}

/// Who is told of what is durable.
#[derive(Debug)]
pub(crate) struct Audience {
    pub feed: broadcast::Sender<Arc<Block>>,
    /// What happened before the first of them came.
    pub recall: Recall,
}

/// Keeps what was executed.
pub(crate) struct Keeper<E: Storage> {
    pub journal: Journal<E>,
    pub id: ExchangeId,
    pub key: NodeKey,
    /// The chain of receipts so far.
    pub head: ChainHash,
    /// The last L1 block of which an inbox entry was consumed.
    pub l1: L1Block,
    /// The same after everything that was put into the chain of receipts, durable or not.
    pub linked_l1: [u8; 32],
    pub kept: Kept,
    pub audience: Audience,
    pub builder: mpsc::Sender<Arc<Committed>>,
    pub metrics: Arc<Metrics>,
}

/// A draft with its place in the chain of receipts.
struct Linked {
    draft: Box<Draft>,
    previous: ChainHash,
    /// The L1 block before it.
    l1_before: [u8; 32],
    links: Vec<Link>,
    /// The chain after each of them.
    heads: Vec<ChainHash>,
}

impl Linked {
    fn head(&self) -> ChainHash {
        self.heads.last().copied().unwrap_or(self.previous)
    }
}

impl<E: Storage + Clock> Keeper<E> {
    /// Keeps what comes, until nothing comes any more or something cannot be kept.
    pub async fn run(mut self, context: E, mut executed: mpsc::Receiver<Executed>) -> Result<(), NodeError> {
        let mut waiting = Vec::with_capacity(COMMIT_BLOCKS_MAX);
        while executed.recv_many(&mut waiting, COMMIT_BLOCKS_MAX).await > 0 {
            let (mut drafts, mut others) = (Vec::new(), Vec::new());
            for next in waiting.drain(..) {
                match next {
                    Executed::Block(draft) => drafts.push(draft),
                    other => others.push(other),
                }
            }
            self.commit(&context, drafts).await?;
            for other in others {
                match other {
                    Executed::Prune(before) => {
                        self.journal.prune(before).await?;
                    }
                    Executed::Receipt(sequence, reply) => {
                        // Whoever asked may have gone.
                        let _ = reply.send(self.kept.receipt(sequence));
                    }
                    Executed::Block(_) => {}
                }
            }
        }
        Ok(())
    }

    #[allow(clippy::vec_box, reason = "drafts come boxed through the channel, and moving them out would copy each")]
    async fn commit(&mut self, context: &E, drafts: Vec<Box<Draft>>) -> Result<(), NodeError> {
        let started = micros(context);
        let mut group: Vec<_> = drafts.into_iter().map(|draft| self.link(draft)).collect();
        let seal = match group.iter().rev().find_map(|linked| linked.links.last().map(|link| (link, linked.head()))) {
            Some((link, head)) => Some(self.key.sign(&self.id, link.epoch, link.sequence, head)?),
            None => None,
        };
        if let Some(seal) = &seal {
            for linked in group.iter_mut().filter(|linked| !linked.links.is_empty()) {
                self.append(linked, seal).await?;
            }
            self.journal.sync().await?;
            self.metrics.groups.add(1);
            self.metrics.sync_us.record(micros(context).saturating_sub(started));
        }
        for linked in group {
            self.tell(context, linked, seal.as_ref()).await?;
        }
        Ok(())
    }

    /// Puts a draft into the chain of receipts.
    fn link(&mut self, draft: Box<Draft>) -> Linked {
        let (previous, mut next) = (self.head, draft.first);
        let count = draft.entries.len();
        let (mut links, mut heads) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for ((entry, command_hash), block) in draft.entries.iter().zip(&draft.hashes).zip(&draft.blocks) {
            let commands = u32::try_from(entry.commands()).unwrap_or(u32::MAX);
            let (time, command_hash) = (entry.time, *command_hash);
            let link =
                Link { epoch: draft.epoch, sequence: next, commands, time, command_hash, l1_block: block.hash.0 };
            self.head = link.after(&self.id, &self.head);
            next = link.next_sequence();
            links.push(link);
            heads.push(self.head);
        }
        let l1_before = self.linked_l1;
        if let Some(last) = draft.blocks.last() {
            self.linked_l1 = last.hash.0;
        }
        Linked { draft, previous, l1_before, links, heads }
    }

    async fn append(&mut self, linked: &mut Linked, seal: &SignedHead) -> Result<(), NodeError> {
        let (Some(link), Some(block)) = (linked.links.last(), linked.draft.blocks.last()) else { return Ok(()) };
        let signature = (seal.head == linked.head()).then_some(seal.signature);
        let (previous, head, l1_before) = (linked.previous, linked.head(), Some(linked.l1_before));
        let certificate = GroupCertificate { previous, head, last: link.sequence, l1_before, signature }.encode();
        let entries = std::mem::take(&mut linked.draft.entries);
        let Draft { epoch, first, time, .. } = *linked.draft;
        let ordered = Ordered { epoch, block: *block, time, first, entries, certificate };
        match self.journal.append(&ordered) {
            Err(JournalError::GroupFull { .. }) => {
                self.journal.sync().await?;
                self.journal.append(&ordered)?;
            }
            other => other?,
        }
        linked.draft.entries = ordered.entries;
        Ok(())
    }

    /// Tells everyone whom a durable block concerns.
    async fn tell(&mut self, context: &E, linked: Linked, seal: Option<&SignedHead>) -> Result<(), NodeError> {
        let Linked { draft, previous, links, heads, .. } = linked;
        let Draft { epoch, first, entries, blocks, ends, lines, askers, repeats, later, .. } = *draft;
        if let (Some(seal), false) = (seal, links.is_empty()) {
            let (inputs, signatures) =
                entries.into_iter().map(|Entry { time, input, signature }| ((time, input), signature)).unzip();
            let block = Arc::new(Block { first, inputs, lines: lines.0 });
            let l1 = (self.l1, blocks.last().copied().unwrap_or(self.l1));
            self.l1 = l1.1;
            let (kept, seal) = (block.clone(), *seal);
            let committed = Committed { block: kept, signatures, epoch, l1, previous, links, heads, ends, seal };
            let committed = Arc::new(committed);
            self.kept.push(committed.clone());
            self.metrics.blocks.add(1);
            let now = micros(context);
            for asker in askers {
                let us = now.saturating_sub(asker.arrived);
                self.metrics.answer_us.record(us);
                if let Some(link) = committed.links.get(asker.input) {
                    let (trace, sequence) = (TraceId::of(&link.command_hash), link.sequence.get());
                    tracing::debug!(target: STEPS, %trace, step = "answered", us, sequence, commands = link.commands);
                }
                let given = Given { committed: committed.clone(), input: asker.input, allowance: asker.allowance };
                // Whoever asked may have gone; the message was executed all the same.
                let _ = asker.reply.send(Ok(given));
            }
            self.audience.recall.push(&block);
            // Without a reader there is nobody to tell.
            let _ = self.audience.feed.send(block);
            self.builder.send(committed).await.map_err(|_| NodeError::Ended { task: "builder of batches" })?;
        }
        for repeat in repeats {
            let answer = match self.kept.find(repeat.first) {
                Some((committed, input)) => Ok(Given { committed, input, allowance: repeat.allowance }),
                None => Err(Refusal::Inadmissible(Reason::NonceUsed)),
            };
            let _ = repeat.reply.send(answer);
        }
        later.into_iter().for_each(|later| later(&mut self.audience));
        Ok(())
    }
}
