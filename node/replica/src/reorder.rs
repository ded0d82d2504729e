//! After an L1 reorganisation: the same commands in the same order, without the deposits that vanished.
//!
//! 1. Messages and the operator's commands keep their order and their times; none is added (SPEC J-16).
//! 2. Where the old order took an inbox entry, the new one takes the next entry of the chain that is now canonical, if there is one and it
//!    is not younger than that place; else nothing (SPEC J-17).
//! 3. A message is left out if whoever must have signed it is no longer the same: its account or key came with what vanished, or is
//!    somebody else's now. Nothing that its owner did not sign is ever run (SPEC J-18).
//! 4. Each command whose answer is no longer what it was is named, with both answers (SPEC J-19).

use ashlar_exchange::{Exchange, HotStore, Line, Store};
use ashlar_types::{Address, Event, Header, InboxEntry, InboxIndex, Input, Reason, Receipt, Signer, Time};

use crate::ordered::Entry;

/// An inbox entry of the chain that is now canonical.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CanonicalEntry {
    /// Its index.
    pub index: InboxIndex,
    /// The time of its L1 block.
    pub time: Time,
    /// What it says.
    pub entry: InboxEntry,
}

/// What became of a command that is answered otherwise now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Affected {
    /// What was answered before. Its number and epoch no longer stand.
    pub before: Receipt,
    /// What is answered now; nothing if the command is not in the new order.
    pub after: Option<Receipt>,
    /// What its client is told: [`Reason::Unwound`] if it was done and is not any more, else the new receipt's reason.
    pub told: Reason,
}

/// The new order, and what it changes.
#[derive(Debug)]
pub struct Reordered {
    /// The state after it.
    pub exchange: Exchange<HotStore>,
    /// The new order from the snapshot on.
    pub entries: Vec<Entry>,
    /// The inbox entry that comes next.
    pub inbox_next: InboxIndex,
    /// Commands that are answered otherwise, in their old order.
    pub affected: Vec<Affected>,
}

/// Orders anew what was ordered since a snapshot. Both stores are that snapshot's: one lives through the old order again, so that old and new answers
/// can be compared; the other becomes the state. `inbox` holds the canonical entries that may be consumed, from the snapshot's cursor on.
pub fn reorder(
    old: HotStore,
    new: HotStore,
    entries: impl IntoIterator<Item = Entry>,
    inbox: impl IntoIterator<Item = CanonicalEntry>,
) -> Reordered {
    let mut orders =
        Orders { old: Exchange::new(old), new: Exchange::new(new), entries: Vec::new(), affected: Vec::new() };
    let mut inbox = inbox.into_iter().peekable();
    for entry in entries {
        // Before it runs, for a message can revoke the key that signed it.
        let is_same = orders.same_signer(&entry.input);
        let before = apply(&mut orders.old, &entry);
        let anew = match &entry.input {
            Input::Message(_) => is_same.then_some(entry),
            Input::Inbox { .. } => {
                let cursor = InboxIndex::new(orders.new.store.clock().inbox_cursor);
                let fits = |next: &CanonicalEntry| next.index == cursor && next.time <= entry.time;
                inbox.next_if(fits).map(|CanonicalEntry { index, time, entry: says }| Entry {
                    time: entry.time,
                    input: Input::Inbox { index, time, entry: says },
                    signature: None,
                })
            }
            Input::System(_) => Some(entry),
        };
        let after = anew.as_ref().map(|entry| apply(&mut orders.new, entry)).unwrap_or_default();
        orders.compare(&before, &after);
        orders.entries.extend(anew);
    }
    let inbox_next = InboxIndex::new(orders.new.store.clock().inbox_cursor);
    Reordered { exchange: orders.new, entries: orders.entries, inbox_next, affected: orders.affected }
}

struct Orders {
    old: Exchange<HotStore>,
    new: Exchange<HotStore>,
    entries: Vec<Entry>,
    affected: Vec<Affected>,
}

/// Everything about a command's answer.
#[derive(Default)]
struct Answer {
    events: Vec<Event>,
    receipt: Option<Receipt>,
}

fn apply(exchange: &mut Exchange<HotStore>, entry: &Entry) -> Vec<Answer> {
    let mut lines = Vec::new();
    exchange.apply(entry.time, &entry.input, &mut lines);
    let mut answers = Vec::new();
    let mut answer = Answer::default();
    for line in lines {
        match line {
            Line::Event(event) => answer.events.push(event),
            Line::Receipt(receipt) => {
                answer.receipt = Some(receipt);
                answers.push(std::mem::take(&mut answer));
            }
        }
    }
    answers
}

/// Who must have signed a message, in full.
#[derive(PartialEq, Eq)]
enum Signatory {
    Owner(Address),
    Key([u8; 32]),
}

fn signatory(store: &mut HotStore, header: &Header) -> Option<Signatory> {
    match header.signer {
        Signer::Owner => store.owner(header.account).map(Signatory::Owner),
        Signer::Session { slot, epoch } => {
            let key = store.session_key(header.account, slot).filter(|key| key.epoch == epoch)?;
            key.terms().is_set.then_some(Signatory::Key(key.public))
        }
    }
}

impl Orders {
    fn same_signer(&mut self, input: &Input) -> bool {
        let Input::Message(message) = input else { return true };
        let before = signatory(&mut self.old.store, &message.header);
        before.is_some() && before == signatory(&mut self.new.store, &message.header)
    }

    fn compare(&mut self, before: &[Answer], after: &[Answer]) {
        for (place, old) in before.iter().enumerate() {
            let new = after.get(place);
            let Some(receipt) = old.receipt else { continue };
            let now = new.and_then(|answer| answer.receipt);
            let same = now.is_some_and(|now| Receipt { sequence: receipt.sequence, ..now } == receipt)
                && new.is_some_and(|new| new.events == old.events);
            if same {
                continue;
            }
            let told = match now {
                None => Reason::Unwound,
                Some(now) if was_done(receipt.reason) && !was_done(now.reason) => Reason::Unwound,
                Some(now) => now.reason,
            };
            self.affected.push(Affected { before: receipt, after: now, told });
        }
    }
}

/// Whether a reason says that the command did what it was for.
fn was_done(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Done
            | Reason::Waiting
            | Reason::Resting
            | Reason::Filled
            | Reason::Unfilled
            | Reason::Cancelled
            | Reason::Forced
            | Reason::Returned
    )
}
