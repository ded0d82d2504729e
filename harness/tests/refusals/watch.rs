//! An engine under watch: what each input changes, and in which order it is answered.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_harness::{Engine, Output};
use ashlar_state::Key;
use ashlar_types::{AccountId, Header, Input, Reason, Receipt, Sequence, Signer, Time};

use super::rules::{is_refused, is_refused_whole, rule_of};

pub type Leaves = BTreeMap<Key, Vec<u64>>;

const EXCHANGE: Key = Key::new([0x01 << 56, 0, 0]);

pub fn account_key(account: AccountId) -> Key {
    Key::new([0x07 << 56, u64::from(account.get()), 0])
}

/// Where a signer's nonces are.
fn nonces_of(header: &Header) -> Key {
    let lane = match header.signer {
        Signer::Session { slot, .. } => u64::from(slot.get()),
        Signer::Owner => 255,
    };
    Key::new([0x0A << 56, u64::from(header.account.get()), lane])
}

fn changed(before: &Leaves, after: &Leaves) -> BTreeSet<Key> {
    let either = before.keys().chain(after.keys());
    either.filter(|key| before.get(key) != after.get(key)).copied().collect()
}

/// An engine under watch.
pub struct Watch<'a> {
    engine: &'a mut dyn Engine,
    leaves: Leaves,
    time: Time,
    sequence: Sequence,
    pub refusals: BTreeMap<Reason, u64>,
    pub out: Vec<Output>,
}

impl<'a> Watch<'a> {
    pub fn new(engine: &'a mut dyn Engine) -> Watch<'a> {
        let leaves = engine.leaves();
        let sequence = Sequence::new(leaves[&EXCHANGE][0]);
        let time = Time::new(leaves[&EXCHANGE][1]).expect("a time");
        Watch { engine, leaves, time, sequence, refusals: BTreeMap::new(), out: Vec::new() }
    }

    /// Applies an input of one command, or one that is refused whole.
    pub fn apply(&mut self, time: Time, input: &Input) {
        self.out.clear();
        self.engine.apply(time, input, &mut self.out);
        if input.commands() == 0 {
            assert_eq!(self.out, [], "C-2: {input:?}");
            assert_eq!(self.engine.leaves(), self.leaves, "C-2: {input:?}");
            return;
        }
        self.time = self.time.max(time);
        let receipts = self.check_order(input);
        let after = self.engine.leaves();
        let refused: Vec<&Receipt> = receipts.iter().filter(|receipt| is_refused(input, receipt)).collect();
        if let Some(receipt) = refused.first() {
            assert_eq!(refused.len(), input.commands(), "{input:?} gives {receipts:?}");
            assert_eq!(self.out.len(), receipts.len(), "what is refused causes nothing: {:?}", self.out);
            self.check_refusal(input, receipt, &after);
            *self.refusals.entry(receipt.reason).or_default() += 1;
        }
        self.leaves = after;
    }

    /// C-1: numbers without gaps, time that never goes back, one receipt per command, events before their receipt.
    fn check_order(&mut self, input: &Input) -> Vec<Receipt> {
        let mut receipts = Vec::new();
        for output in &self.out {
            if let Output::Receipt(receipt) = output {
                assert_eq!(receipt.sequence, self.sequence, "{input:?}");
                assert_eq!(receipt.time, self.time, "{input:?}");
                self.sequence = self.sequence.next();
                receipts.push(*receipt);
            }
        }
        assert_eq!(receipts.len(), input.commands(), "{input:?} gives {:?}", self.out);
        assert!(matches!(self.out.last(), Some(Output::Receipt(_))), "an event after its receipt: {:?}", self.out);
        receipts
    }

    fn check_refusal(&self, input: &Input, receipt: &Receipt, after: &Leaves) {
        let mut expected = BTreeSet::from([EXCHANGE]);
        if let Input::Message(message) = input
            && !is_refused_whole(message, receipt.reason, &self.leaves)
        {
            expected.insert(nonces_of(&message.header));
        }
        let rule = rule_of(receipt.reason).unwrap_or("MatchBound");
        assert_eq!(changed(&self.leaves, after), expected, "{:?} ({rule}) of {input:?}", receipt.reason);

        let mut exchange = self.leaves[&EXCHANGE].clone();
        (exchange[0], exchange[1]) = (self.sequence.get(), self.time.get());
        if let Input::Inbox { time, .. } = input
            && receipt.reason != Reason::InboxOrder
        {
            (exchange[2], exchange[3]) = (exchange[2] + 1, time.get());
        }
        assert_eq!(after[&EXCHANGE], exchange, "{:?} ({rule}) of {input:?}", receipt.reason);
    }
}
