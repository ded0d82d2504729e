//! A block that is durable, with what its answers are made of.

use std::collections::VecDeque;
use std::sync::Arc;

use ashlar_api::door::{Allowance, Answered, Block, GroupSeal, SequenceReceipt as Place};
use ashlar_replica::{Epoch, L1Block, Signature};
use ashlar_types::Sequence;

use crate::limits::BLOCKS_KEPT_MAX;
use crate::receipt::{ChainHash, Link, SequenceReceipt, SignedHead};

/// A durable block.
#[derive(Clone, Debug)]
pub struct Committed {
    /// What was executed and what it caused.
    pub block: Arc<Block>,
    /// Of each input its signature, if it is a message.
    pub signatures: Vec<Option<Signature>>,
    /// In which order of everything.
    pub epoch: Epoch,
    /// The last L1 block of which an inbox entry was consumed before it, and with it. No more than one comes with a block.
    pub l1: (L1Block, L1Block),
    /// The chain of receipts before it.
    pub previous: ChainHash,
    /// Of each input its place.
    pub links: Vec<Link>,
    /// The chain after each of them.
    pub heads: Vec<ChainHash>,
    /// Of each input where its lines end.
    pub(crate) ends: Vec<usize>,
    /// The signed end of its group.
    pub seal: SignedHead,
}

impl Committed {
    /// The answer to one of its inputs; `None` if it has no such input.
    pub fn answer(&self, input: usize, allowance: Option<Allowance>) -> Option<Answered> {
        let link = self.links.get(input)?;
        let end = *self.ends.get(input)?;
        let start = input.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let (previous, hash) = (self.chain_before(input)?, self.heads.get(input)?);
        let SignedHead { last, head, signature, .. } = self.seal;
        let place = Place {
            epoch: link.epoch.get(),
            first: link.sequence,
            command_hash: link.command_hash,
            previous: previous.0,
            l1_block: link.l1_block,
            hash: hash.0,
            seal: GroupSeal { last, hash: head.0, signature },
        };
        Some(Answered { lines: self.block.lines.get(start..end)?.to_vec(), place, allowance })
    }

    /// Which input a command belongs to.
    pub fn input_at(&self, sequence: Sequence) -> Option<usize> {
        let after = self.links.partition_point(|link| link.sequence <= sequence);
        let input = after.checked_sub(1)?;
        (sequence < self.links[input].next_sequence()).then_some(input)
    }

    /// The last L1 block of which an inbox entry was consumed at or before an input.
    pub fn l1_at(&self, input: usize) -> L1Block {
        let (before, with) = self.l1;
        let is_with = self.links.get(input).is_some_and(|link| link.l1_block == with.hash.0);
        if is_with { with } else { before }
    }

    fn chain_before(&self, input: usize) -> Option<ChainHash> {
        match input.checked_sub(1) {
            Some(before) => self.heads.get(before).copied(),
            None => Some(self.previous),
        }
    }
}

/// The blocks that were made durable last, for those who ask again.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    blocks: VecDeque<Arc<Committed>>,
    commands: u64,
    commands_max: u64,
}

impl Kept {
    pub fn new(commands_max: u64) -> Kept {
        Kept { blocks: VecDeque::new(), commands: 0, commands_max }
    }

    pub fn push(&mut self, committed: Arc<Committed>) {
        self.commands += length(&committed);
        self.blocks.push_back(committed);
        while self.blocks.len() > BLOCKS_KEPT_MAX || (self.commands > self.commands_max && self.blocks.len() > 1) {
            if let Some(oldest) = self.blocks.pop_front() {
                self.commands = self.commands.saturating_sub(length(&oldest));
            }
        }
    }

    /// The block and the input that a command belongs to.
    pub fn find(&self, sequence: Sequence) -> Option<(Arc<Committed>, usize)> {
        let after = self.blocks.partition_point(|kept| kept.block.first <= sequence);
        let kept = self.blocks.get(after.checked_sub(1)?)?;
        kept.input_at(sequence).map(|input| (kept.clone(), input))
    }

    /// A whole receipt for a command: its place, and every link from there to the signed end of its group.
    pub fn receipt(&self, sequence: Sequence) -> Option<SequenceReceipt> {
        let (kept, input) = self.find(sequence)?;
        let previous = kept.chain_before(input)?;
        let start = self.blocks.partition_point(|other| other.block.first <= sequence);
        let group = self.blocks.iter().skip(start).take_while(|other| other.seal == kept.seal);
        let later = kept.links.iter().skip(input + 1).chain(group.flat_map(|other| &other.links));
        Some(SequenceReceipt { previous, link: kept.links[input], later: later.copied().collect(), signed: kept.seal })
    }
}

fn length(committed: &Committed) -> u64 {
    committed.links.iter().map(|link| u64::from(link.commands)).sum()
}
