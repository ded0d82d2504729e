//! From what is on disk to the state in which the node stopped: a state at some command, then every record after it.

use std::sync::Arc;

use ashlar_api::door::Block;
use ashlar_batch::{BatchHeader, InboxChain};
use ashlar_exchange::{Answered, Answers, Exchange, HotStore, Store};
use ashlar_replica::{Entry, Epoch, Journal, L1Block, Ordered};
use ashlar_types::sign::{session_digest, wallet_digest};
use ashlar_types::{Deployment, Input, Sequence, Signer, to_bytes};
use commonware_runtime::{Clock, Storage};
use tokio::sync::mpsc;

use crate::door::standing;
use crate::engine::Lines;
use crate::error::NodeError;
use crate::keep::{Committed, GroupCertificate, Kept, Recall};
use crate::receipt::{ChainHash, Link, SignedHead, command_hash, input_bytes};
use crate::services::Mark;

/// A node's state on its way to where it stopped.
pub(crate) struct Past {
    pub deployment: Deployment,
    pub exchange: Exchange<HotStore>,
    pub answers: Answers,
    pub kept: Kept,
    pub head: ChainHash,
    pub epoch: Epoch,
    pub block: L1Block,
    /// The inbox as far as it was consumed.
    pub inbox: InboxChain,
    /// How it stood after each entry that was replayed.
    pub marks: Vec<Mark>,
    /// Commands that were replayed.
    pub replayed: u64,
    /// What is shown of it, if anybody may want it.
    pub recall: Option<Recall>,
    room: Vec<u8>,
}

/// A record that was replayed and whose group is not complete yet.
struct Replayed {
    block: Block,
    signatures: Vec<Option<ashlar_replica::Signature>>,
    epoch: Epoch,
    l1: (L1Block, L1Block),
    certificate: GroupCertificate,
    /// The chain before the block.
    previous: ChainHash,
    links: Vec<Link>,
    heads: Vec<ChainHash>,
    ends: Vec<usize>,
}

impl Past {
    /// A state in which everything before its next command has happened.
    pub fn new(deployment: Deployment, store: HotStore, inbox: InboxChain, answers_max: usize, kept: Kept) -> Past {
        Past {
            deployment,
            exchange: Exchange::new(store),
            answers: Answers::new(answers_max),
            kept,
            head: ChainHash::default(),
            epoch: Epoch::default(),
            block: L1Block::default(),
            inbox,
            marks: Vec::new(),
            replayed: 0,
            recall: None,
            room: Vec::new(),
        }
    }

    /// Remembers which entries of the inbox were consumed between the beginning of what is kept and the state, so that L1 can take them back after a
    /// restart too. Gives the inbox at that beginning.
    pub async fn remember_consumed<E: Storage + Clock>(
        &mut self,
        journal: &Journal<E>,
        beginning: BatchHeader,
        state: Sequence,
    ) -> Result<InboxChain, NodeError> {
        let base = InboxChain { next: beginning.inbox_next, hash: beginning.inbox_hash };
        let mut inbox = base;
        if beginning.next_sequence >= state {
            return Ok(base);
        }
        let mut reader = journal.read_around(beginning.next_sequence)?;
        while let Some(Ordered { first, block, entries, .. }) = reader.next(journal).await? {
            if first >= state {
                break;
            }
            for Entry { input, .. } in entries {
                if let Input::Inbox { index, time, entry } = &input
                    && *index == inbox.next
                    && inbox.next < self.inbox.next
                {
                    inbox = inbox.consume(*time, entry);
                    self.marks.push(Mark { next: inbox.next, hash: inbox.hash, block });
                }
            }
        }
        if inbox.next == self.inbox.next && inbox.hash == self.inbox.hash {
            return Ok(base);
        }
        Err(NodeError::Replay {
            at: state,
            what: "the journal does not hold the inbox entries that its snapshot consumed",
        })
    }

    /// Replays everything that the journal holds after the state, and hands it to whoever builds batches.
    pub async fn replay<E: Storage + Clock>(
        &mut self,
        journal: &Journal<E>,
        builder: &mpsc::Sender<Arc<Committed>>,
    ) -> Result<(), NodeError> {
        self.epoch = journal.epoch();
        let mut reader = journal.read_around(Sequence::new(self.exchange.store.clock().next_sequence))?;
        let mut group = Vec::new();
        while let Some(ordered) = reader.next(journal).await? {
            if group.is_empty()
                && let Some(recall) = &mut self.recall
            {
                recall.stand(|| standing(&mut self.exchange.store));
            }
            let replayed = self.record(ordered)?;
            let signature = replayed.certificate.signature;
            group.push(replayed);
            if let Some(signature) = signature {
                for committed in seal_group(std::mem::take(&mut group), signature) {
                    let committed = Arc::new(committed);
                    if let Some(recall) = &mut self.recall {
                        recall.push(&committed.block);
                    }
                    self.kept.push(committed.clone());
                    builder.send(committed).await.map_err(|_| NodeError::Ended { task: "producer of batches" })?;
                }
            }
        }
        match group.first() {
            None => Ok(()),
            Some(open) => Err(NodeError::Replay { at: open.block.first, what: "a group has no signature at its end" }),
        }
    }

    fn record(&mut self, ordered: Ordered) -> Result<Replayed, NodeError> {
        let Ordered { epoch, block, first, entries, certificate, .. } = ordered;
        let bad = |what| NodeError::Replay { at: first, what };
        let begin = Sequence::new(self.exchange.store.clock().next_sequence);
        if first > begin {
            return Err(bad("it does not begin where the state ends"));
        }
        let certificate = GroupCertificate::decode(&certificate).map_err(|_| bad("its certificate cannot be read"))?;
        let exchange_id = self.deployment.exchange_id();
        let l1 = (self.block, block);
        let mut lines = Lines(Vec::new());
        let (mut links, mut heads, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let (mut inputs, mut signatures) = (Vec::new(), Vec::new());
        // A snapshot may stand in the middle of a record: what is before it is in the state already, and only its links are made again.
        let (mut sequence, mut previous, mut head) = (first, certificate.previous, certificate.previous);
        let mut l1_block = certificate.l1_before.unwrap_or(self.block.hash.0);
        for Entry { time, input, signature } in entries {
            if let Input::Inbox { .. } = &input {
                // One record never holds entries of two L1 blocks.
                l1_block = block.hash.0;
            }
            self.room = input_bytes(&input, std::mem::take(&mut self.room));
            let commands = u32::try_from(input.commands()).unwrap_or(u32::MAX);
            let command_hash = command_hash(&exchange_id, &self.room);
            let link = Link { epoch, sequence, commands, time, command_hash, l1_block };
            head = link.after(&exchange_id, &head);
            sequence = link.next_sequence();
            if link.sequence < begin {
                previous = head;
                continue;
            }
            self.exchange.apply(time, &input, &mut lines);
            self.consumed(&input, block);
            self.remember(&input, link.sequence);
            links.push(link);
            heads.push(head);
            ends.push(lines.0.len());
            inputs.push((time, input));
            signatures.push(signature);
        }
        if head != certificate.head {
            return Err(bad("its inputs are not those that were signed for"));
        }
        self.head = head;
        self.replayed += links.iter().map(|link| u64::from(link.commands)).sum::<u64>();
        let first = links.first().map_or(begin, |link| link.sequence);
        let block = Block { first, inputs, lines: lines.0 };
        Ok(Replayed { block, signatures, epoch, l1, certificate, previous, links, heads, ends })
    }

    /// Remembers that an entry of the inbox was consumed, and from which L1 block.
    fn consumed(&mut self, input: &Input, block: L1Block) {
        if let Input::Inbox { index, time, entry } = input {
            self.block = block;
            self.inbox = self.inbox.consume(*time, entry);
            self.marks.push(Mark { next: index.next(), hash: self.inbox.hash, block });
        }
    }

    /// SPEC C-35: whoever asks again after the restart is answered as before it.
    fn remember(&mut self, input: &Input, first: Sequence) {
        let Input::Message(message) = input else { return };
        let digest = match message.header.signer {
            Signer::Session { .. } => Ok(session_digest(&self.deployment.exchange_id(), &to_bytes(message))),
            Signer::Owner => wallet_digest(&self.deployment, message),
        };
        if let Ok(digest) = digest {
            let commands = u32::try_from(message.commands.len()).unwrap_or(u32::MAX);
            self.answers.remember(&message.header, Answered { digest, first, commands });
        }
    }
}

/// The blocks of a group whose end was signed.
fn seal_group(group: Vec<Replayed>, signature: [u8; 64]) -> Vec<Committed> {
    let Some(last) = group.last() else { return Vec::new() };
    let GroupCertificate { head, last: sequence, .. } = last.certificate;
    let seal = SignedHead { epoch: last.epoch, last: sequence, head, signature };
    let of = |replayed: Replayed| {
        let Replayed { block, signatures, epoch, l1, previous, links, heads, ends, .. } = replayed;
        let block = Arc::new(block);
        Committed { block, signatures, epoch, l1, previous, links, heads, ends, seal }
    };
    group.into_iter().map(of).collect()
}
