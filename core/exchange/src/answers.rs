//! What was answered to whom, so that a client that asks again is answered the same (SPEC C-35).
//!
//! 1. It belongs to the door: it decides nothing that is proven, and two nodes may remember differently.
//! 2. It remembers a fixed number of messages and forgets the oldest, so its memory is bounded and known.
//! 3. A message is the same if every byte that was signed is the same; another message under a used nonce is not.

use alloc::collections::{BTreeMap, VecDeque};

use ashlar_types::{AccountId, Header, Sequence, Signer};

/// Who used which nonce. A nonce belongs to a lane, and a lane starts anew with each epoch of its key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Use {
    account: AccountId,
    lane: u8,
    epoch: u32,
    nonce: u64,
}

impl Use {
    fn of(header: &Header) -> Use {
        let (lane, epoch) = match header.signer {
            Signer::Session { slot, epoch } => (slot.get(), epoch),
            Signer::Owner => (u8::MAX, 0),
        };
        Use { account: header.account, lane, epoch, nonce: header.nonce }
    }
}

/// The receipts of a message: these many from this one on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answered {
    /// The digest that was signed.
    pub digest: [u8; 32],
    /// The number of its first command.
    pub first: Sequence,
    /// How many commands it had.
    pub commands: u32,
}

/// What the door should do with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// It was not seen, or is forgotten: let it in. If its nonce was used it will be told so.
    New,
    /// It was seen: give the receipts it was given before.
    Same(Answered),
    /// Another message used its nonce.
    Other(Answered),
}

/// The messages answered last.
#[derive(Clone, Debug)]
pub struct Answers {
    room: usize,
    by_use: BTreeMap<Use, Answered>,
    oldest: VecDeque<Use>,
}

impl Answers {
    /// Remembers so many messages.
    pub fn new(room: usize) -> Answers {
        Answers { room, by_use: BTreeMap::new(), oldest: VecDeque::new() }
    }

    /// Whether a message was answered before.
    pub fn look_up(&self, header: &Header, digest: &[u8; 32]) -> Retry {
        match self.by_use.get(&Use::of(header)) {
            None => Retry::New,
            Some(answered) if answered.digest == *digest => Retry::Same(*answered),
            Some(answered) => Retry::Other(*answered),
        }
    }

    /// Remembers the answer to a message whose nonce it used. A nonce is used once, so the first answer stays.
    pub fn remember(&mut self, header: &Header, answered: Answered) {
        let used = Use::of(header);
        if self.room == 0 || self.by_use.contains_key(&used) {
            return;
        }
        if self.oldest.len() == self.room
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.by_use.remove(&oldest);
        }
        self.oldest.push_back(used);
        self.by_use.insert(used, answered);
    }

    /// How many messages it remembers.
    pub fn len(&self) -> usize {
        self.oldest.len()
    }

    /// Whether it remembers none.
    pub fn is_empty(&self) -> bool {
        self.oldest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_types::{KeySlot, Time};

    fn header(epoch: u32, nonce: u64) -> Header {
        let signer = Signer::Session { slot: KeySlot::FIRST, epoch };
        Header { account: AccountId::FIRST, signer, nonce, not_after: Time::NEVER }
    }

    fn answered(digest: u8, first: u64) -> Answered {
        Answered { digest: [digest; 32], first: Sequence::new(first), commands: 1 }
    }

    #[test]
    fn the_same_message_gets_the_same_answer_and_another_does_not() {
        let mut answers = Answers::new(2);
        assert_eq!(answers.look_up(&header(1, 7), &[1; 32]), Retry::New);
        answers.remember(&header(1, 7), answered(1, 100));
        assert_eq!(answers.look_up(&header(1, 7), &[1; 32]), Retry::Same(answered(1, 100)));
        assert_eq!(answers.look_up(&header(1, 7), &[2; 32]), Retry::Other(answered(1, 100)));
        assert_eq!(answers.look_up(&header(2, 7), &[1; 32]), Retry::New, "a new key starts anew");
        answers.remember(&header(1, 7), answered(9, 999));
        assert_eq!(answers.look_up(&header(1, 7), &[1; 32]), Retry::Same(answered(1, 100)), "the first answer stays");
    }

    #[test]
    fn it_forgets_the_oldest_and_never_holds_more_than_it_has_room_for() {
        let mut answers = Answers::new(3);
        for nonce in 1..=10 {
            answers.remember(&header(1, nonce), answered(1, nonce));
            assert!(answers.len() <= 3);
        }
        assert_eq!(answers.look_up(&header(1, 7), &[1; 32]), Retry::New);
        assert_eq!(answers.look_up(&header(1, 8), &[1; 32]), Retry::Same(answered(1, 8)));
        assert!(Answers::new(0).is_empty());
    }
}
