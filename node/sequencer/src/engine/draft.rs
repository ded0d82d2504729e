//! What goes into the engine, and what comes out of it before it is durable.

use std::fmt;
use std::sync::Arc;

use ashlar_api::door::{Allowance, Line, Refusal};
use ashlar_exchange::{HotStore, Output};
use ashlar_replica::{Entry, Epoch, L1Block};
use ashlar_types::{Event, InboxEntry, InboxIndex, Receipt, Sequence, SystemCommand, Time};

use crate::admit::{Reply, Waiting};
use crate::keep::{Audience, Committed};
use crate::limits::{BLOCK_COMMANDS_MAX, BLOCK_INPUTS_MAX};

/// An entry of the L1 inbox with the block it is from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InboxItem {
    /// Its index.
    pub index: InboxIndex,
    /// The time of its L1 block.
    pub time: Time,
    /// What it says.
    pub entry: InboxEntry,
    /// Its L1 block.
    pub block: L1Block,
    /// The transaction it came with.
    pub transaction: [u8; 32],
}

/// Done once everything before it is durable.
pub(crate) type Later = Box<dyn FnOnce(&mut Audience) + Send>;

/// Asked of the state between two inputs; what is found is told when what it rests on is durable.
pub(crate) type Question = Box<dyn FnOnce(&mut HotStore) -> Later + Send>;

/// The inputs of a batch that another node has ordered, with their times.
#[derive(Debug)]
pub(crate) struct Followed {
    /// Its first command.
    pub first: Sequence,
    /// The L1 block in which it was committed: its inbox entries are in that one or before it.
    pub block: L1Block,
    pub entries: Vec<Entry>,
}

/// Something for the engine to do.
pub(crate) enum Work {
    /// Messages that were signed by who they say.
    Messages(Vec<Waiting>),
    /// What L1 says, in order.
    Inbox(Vec<InboxItem>),
    /// What the operator says.
    System(SystemCommand, Reply),
    /// What another node has ordered.
    Follow(Followed),
    /// What someone wants to know.
    Ask(Question),
    /// Nothing comes after this.
    Stop,
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::Messages(messages) => write!(f, "Messages({})", messages.len()),
            Work::Inbox(items) => write!(f, "Inbox({})", items.len()),
            Work::System(command, _) => write!(f, "System({command:?})"),
            Work::Follow(followed) => write!(f, "Follow({})", followed.entries.len()),
            Work::Ask(_) => f.write_str("Ask"),
            Work::Stop => f.write_str("Stop"),
        }
    }
}

/// The answer to a message: its lines in a block that is durable.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub committed: Arc<Committed>,
    /// Which input of the block.
    pub input: usize,
    pub allowance: Option<Allowance>,
}

/// Someone who waits for an input of a draft.
#[derive(Debug)]
pub(crate) struct Asker {
    pub input: usize,
    pub reply: Reply,
    pub allowance: Option<Allowance>,
    pub arrived: u64,
}

/// Someone who asked again.
#[derive(Debug)]
pub(crate) struct Repeat {
    /// Where the message was answered.
    pub first: Sequence,
    pub reply: Reply,
    pub allowance: Option<Allowance>,
}

/// Inputs that were executed and are not durable yet.
pub(crate) struct Draft {
    pub epoch: Epoch,
    pub first: Sequence,
    pub time: Time,
    pub commands: usize,
    pub entries: Vec<Entry>,
    /// Of each entry, by what receipts at the door name it.
    pub hashes: Vec<[u8; 32]>,
    /// Of each entry, the L1 block of the last inbox entry at or before it.
    pub blocks: Vec<L1Block>,
    /// Of each entry, where its lines end.
    pub ends: Vec<usize>,
    pub lines: Lines,
    pub askers: Vec<Asker>,
    pub repeats: Vec<Repeat>,
    pub later: Vec<Later>,
    /// The L1 block of its inbox entries: there is one at most, which the journal's record names.
    pub inbox_block: Option<L1Block>,
    /// Whoever asked about the state asked about its end, so nothing more goes in.
    pub is_closed: bool,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({} inputs from {})", self.entries.len(), self.first.get())
    }
}

impl Draft {
    /// Nothing yet.
    pub fn new(epoch: Epoch, first: Sequence, time: Time) -> Draft {
        Draft {
            epoch,
            first,
            time,
            commands: 0,
            entries: Vec::new(),
            hashes: Vec::new(),
            blocks: Vec::new(),
            ends: Vec::new(),
            lines: Lines(Vec::new()),
            askers: Vec::new(),
            repeats: Vec::new(),
            later: Vec::new(),
            inbox_block: None,
            is_closed: false,
        }
    }

    /// Whether it takes nothing more.
    pub fn is_full(&self) -> bool {
        let is_long = self.entries.len() >= BLOCK_INPUTS_MAX || self.commands >= BLOCK_COMMANDS_MAX;
        self.is_closed || is_long || self.repeats.len() >= BLOCK_INPUTS_MAX
    }

    /// Whether nobody waits for it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.repeats.is_empty() && self.later.is_empty()
    }
}

/// What the exchange says, as its readers get it.
#[derive(Debug)]
pub(crate) struct Lines(pub Vec<Line>);

impl Output for Lines {
    #[inline]
    fn event(&mut self, event: &Event) {
        self.0.push(Line::Event(*event));
    }

    #[inline]
    fn receipt(&mut self, receipt: &Receipt) {
        self.0.push(Line::Receipt(*receipt));
    }
}

/// Tells someone that there will be no answer. Whoever asked may have gone; then nobody is left to tell.
pub(crate) fn refuse(reply: Reply, refusal: Refusal) {
    let _ = reply.send(Err(refusal));
}
