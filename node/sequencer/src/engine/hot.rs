//! The loop that executes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::vec;

use ashlar_api::door::Refusal;
use ashlar_cache_lines::prefetch;
use ashlar_exchange::{Ahead, Answered, Answers, Exchange, HotStore, NonceLane, Retry, Store};
use ashlar_guest::consult;
use ashlar_replica::{Entry, Epoch, L1Block};
use ashlar_types::limits::VALIDITY_MS_MAX;
use ashlar_types::{
    ExchangeId, Header, InboxEntry, Input, Message, Reason, Sequence, Signer, SystemCommand, Time, to_bytes,
};
use commonware_runtime::Clock;
use tokio::sync::mpsc;

use super::draft::{Asker, Draft, Followed, InboxItem, Repeat, Work, refuse};
use crate::admit::{Directory, Reply, Waiting};
use crate::keep::Executed;
use crate::measure::{Metrics, micros, millis};
use crate::receipt::command_hash;

/// How many messages ahead of its turn what a message touches is asked for.
const FAR: usize = 15;
const NEAR: usize = 7;
const NEXT: usize = 3;

/// The number of the command before which the engine stops taking messages.
#[derive(Clone, Debug)]
pub(crate) struct StopAt(Arc<AtomicU64>);

impl StopAt {
    pub fn never() -> StopAt {
        StopAt(Arc::new(AtomicU64::new(u64::MAX)))
    }

    pub fn set(&self, at: Option<Sequence>) {
        self.0.store(at.map_or(u64::MAX, Sequence::get), Ordering::Release);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Everything that decides.
pub(crate) struct Engine {
    pub exchange: Exchange<HotStore>,
    pub id: ExchangeId,
    pub epoch: Epoch,
    /// The L1 block of the last inbox entry.
    pub block: L1Block,
    pub answers: Answers,
    pub directory: Directory,
    pub stop_at: StopAt,
    pub metrics: Arc<Metrics>,
    /// Messages that found no room in the block before.
    pub rest: vec::IntoIter<Waiting>,
    /// Entries of the inbox that found none.
    pub entries: VecDeque<InboxItem>,
    /// Inputs that another node has ordered.
    pub followed: VecDeque<Entry>,
    /// The L1 block in which they were committed.
    pub followed_block: L1Block,
    /// Whether nothing more comes.
    pub is_over: bool,
}

impl Engine {
    /// Executes until nobody sends work any more, or what is executed can no longer be kept.
    pub async fn run<E: Clock>(mut self, context: E, mut work: mpsc::Receiver<Work>, out: mpsc::Sender<Executed>) {
        while !self.is_over {
            let first = if self.has_rest() { None } else { work.recv().await };
            if first.is_none() && !self.has_rest() {
                return;
            }
            let started = micros(&context);
            let mut draft = self.begin(millis(&context));
            if let Some(first) = first {
                self.take(first, &mut draft, started);
            }
            self.fill(&mut draft, &mut work, started);
            if draft.is_empty() {
                continue;
            }
            self.metrics.execute_us.record(micros(&context).saturating_sub(started));
            self.metrics.next_sequence.set(self.exchange.store.clock().next_sequence);
            if out.send(Executed::Block(Box::new(draft))).await.is_err() {
                return;
            }
        }
    }

    fn has_rest(&self) -> bool {
        self.rest.len() > 0 || !self.entries.is_empty() || !self.followed.is_empty()
    }

    /// Takes what is there until the block is full or there is nothing more.
    fn fill(&mut self, draft: &mut Draft, work: &mut mpsc::Receiver<Work>, now_us: u64) {
        while !draft.is_full() && !self.is_over {
            if !self.followed.is_empty() {
                self.follow(draft);
            } else if !self.entries.is_empty() {
                self.inbox(draft);
            } else if self.rest.len() > 0 {
                self.messages(draft, now_us);
            } else {
                match work.try_recv() {
                    Ok(next) => self.take(next, draft, now_us),
                    Err(_) => return,
                }
            }
        }
    }

    /// An empty block of the present moment, which is never before the last one.
    fn begin(&mut self, now_ms: u64) -> Draft {
        let clock = self.exchange.store.clock();
        let time = Time::new(now_ms).unwrap_or(clock.time).max(clock.time);
        Draft::new(self.epoch, Sequence::new(clock.next_sequence), time)
    }

    fn take(&mut self, work: Work, draft: &mut Draft, now_us: u64) {
        match work {
            Work::Messages(messages) => {
                self.rest = messages.into_iter();
                self.messages(draft, now_us);
            }
            Work::Inbox(items) => {
                self.entries.extend(items);
                self.inbox(draft);
            }
            Work::Follow(Followed { first, block, entries }) => {
                let (next, mut at) = (self.exchange.store.clock().next_sequence, first.get());
                for entry in entries {
                    let begins_at = at;
                    at = at.saturating_add(entry.commands());
                    // What became durable before a restart, and was in no batch then, was executed already.
                    if begins_at >= next {
                        self.followed.push_back(entry);
                    }
                }
                self.followed_block = block;
                self.follow(draft);
            }
            Work::Stop => self.is_over = true,
            Work::System(command, reply) => self.system(draft, command, reply, now_us),
            Work::Ask(question) => {
                draft.later.push(question(&mut self.exchange.store));
                draft.is_closed = true;
            }
        }
    }

    fn messages(&mut self, draft: &mut Draft, now_us: u64) {
        while !draft.is_full() {
            let Some(waiting) = self.rest.next() else { return };
            self.read_ahead();
            self.message(draft, waiting, now_us);
        }
    }

    #[inline]
    fn read_ahead(&self) {
        let ahead = self.rest.as_slice();
        for (places, how) in [(NEXT, Ahead::Next), (NEAR, Ahead::Near), (FAR, Ahead::Far)] {
            let Some(waiting) = ahead.get(places) else { return };
            self.exchange.store.warm(&waiting.vouched.input, how, prefetch);
        }
    }

    fn message(&mut self, draft: &mut Draft, waiting: Waiting, now_us: u64) {
        let Waiting { vouched, reply, arrived } = waiting;
        let Input::Message(message) = &vouched.input else { return };
        let (header, commands) = (message.header, message.commands.len());
        match self.answers.look_up(&header, &vouched.digest) {
            Retry::Same(Answered { first, .. }) => {
                self.metrics.repeats.add(1);
                draft.repeats.push(Repeat { first, reply, allowance: vouched.allowance });
                return;
            }
            Retry::Other(Answered { first, .. }) => {
                return self.turn_away(reply, Refusal::NonceTaken { nonce: header.nonce, first });
            }
            Retry::New => {}
        }
        if let Err(reason) = self.admissible(&header, draft.time) {
            return self.turn_away(reply, Refusal::Inadmissible(reason));
        }
        let first = Sequence::new(self.exchange.store.clock().next_sequence);
        if first.get() >= self.stop_at.get() {
            let why = format!("the node was told to stop before command {}", self.stop_at.get());
            return self.turn_away(reply, Refusal::Closed { why });
        }
        let changes_people = is_about_people(message);
        self.exchange.apply(draft.time, &vouched.input, &mut draft.lines);
        let commands_u32 = u32::try_from(commands).unwrap_or(u32::MAX);
        self.answers.remember(&header, Answered { digest: vouched.digest, first, commands: commands_u32 });
        if changes_people {
            self.directory.open_accounts(&mut self.exchange.store);
            self.directory.learn_keys(&self.exchange.store, header.account);
        }
        self.metrics.messages.add(1);
        self.metrics.wait_us.record(now_us.saturating_sub(arrived));
        draft.askers.push(Asker { input: draft.entries.len(), reply, allowance: vouched.allowance, arrived });
        let time = draft.time;
        self.close(draft, time, vouched.input, Some(vouched.signature), vouched.command_hash);
    }

    /// C-3 and C-4, before anything is changed: whether the exchange would accept the message as a whole.
    fn admissible(&mut self, header: &Header, now: Time) -> Result<(), Reason> {
        let store = &mut self.exchange.store;
        store.account(header.account, |_| ()).ok_or(Reason::UnknownAccount)?;
        consult(store, header).ok_or(Reason::UnknownKey)?;
        let lane = match header.signer {
            Signer::Owner => NonceLane::Owner,
            Signer::Session { slot, .. } => {
                if store.key(header.account, slot).is_none_or(|key| now >= key.expires) {
                    return Err(Reason::KeyExpired);
                }
                NonceLane::Slot(slot)
            }
        };
        let latest = now.get().saturating_add(VALIDITY_MS_MAX);
        if now >= header.not_after || (header.not_after != Time::NEVER && header.not_after.get() > latest) {
            return Err(Reason::NotAfter);
        }
        store.nonces(header.account, lane, |nonces| {
            let mut tried = *nonces;
            tried.take(header.nonce)
        })
    }

    fn inbox(&mut self, draft: &mut Draft) {
        while !draft.is_full() {
            let Some(item) = self.entries.pop_front() else { return };
            if draft.inbox_block.is_some_and(|block| block != item.block) {
                self.entries.push_front(item);
                draft.is_closed = true;
                return;
            }
            draft.inbox_block = Some(item.block);
            self.entry(draft, item);
        }
    }

    fn entry(&mut self, draft: &mut Draft, item: InboxItem) {
        let InboxItem { index, time, entry, block, .. } = item;
        let clock = self.exchange.store.clock();
        if index.get() != clock.inbox_cursor || time < clock.inbox_time {
            tracing::error!(index = index.get(), expected = clock.inbox_cursor, "an inbox entry came out of its order");
            return;
        }
        // The clock here may be behind that of L1; an entry is never consumed before its time.
        draft.time = draft.time.max(time);
        let people = people_of(&entry);
        let input = Input::Inbox { index, time, entry };
        self.exchange.apply(draft.time, &input, &mut draft.lines);
        self.block = block;
        self.directory.open_accounts(&mut self.exchange.store);
        if let Some(account) = people {
            self.directory.learn_keys(&self.exchange.store, account);
        }
        self.metrics.inbox.add(1);
        let hash = command_hash(&self.id, &to_bytes(&input));
        let time = draft.time;
        self.close(draft, time, input, None, hash);
    }

    /// Executes what another node has ordered, at the times at which it did.
    fn follow(&mut self, draft: &mut Draft) {
        while !draft.is_full() {
            let Some(Entry { time, input, signature }) = self.followed.pop_front() else { return };
            self.exchange.apply(time, &input, &mut draft.lines);
            if let Input::Inbox { .. } = &input {
                self.block = self.followed_block;
            }
            self.directory.open_accounts(&mut self.exchange.store);
            let people = match &input {
                Input::Message(message) => is_about_people(message).then_some(message.header.account),
                Input::Inbox { entry, .. } => people_of(entry),
                Input::System(_) => None,
            };
            if let Some(account) = people {
                self.directory.learn_keys(&self.exchange.store, account);
            }
            let hash = command_hash(&self.id, &to_bytes(&input));
            self.close(draft, time, input, signature, hash);
        }
    }

    fn system(&mut self, draft: &mut Draft, command: SystemCommand, reply: Reply, now_us: u64) {
        let input = Input::System(command);
        self.exchange.apply(draft.time, &input, &mut draft.lines);
        draft.askers.push(Asker { input: draft.entries.len(), reply, allowance: None, arrived: now_us });
        let hash = command_hash(&self.id, &to_bytes(&input));
        let time = draft.time;
        self.close(draft, time, input, None, hash);
    }

    fn close(&mut self, draft: &mut Draft, time: Time, input: Input, signature: Option<[u8; 64]>, hash: [u8; 32]) {
        draft.time = draft.time.max(time);
        self.metrics.commands.add(input.commands() as u64);
        draft.commands += input.commands();
        draft.hashes.push(hash);
        draft.blocks.push(self.block);
        draft.ends.push(draft.lines.0.len());
        draft.entries.push(Entry { time, input, signature });
    }

    fn turn_away(&self, reply: Reply, refusal: Refusal) {
        self.metrics.refused(&refusal);
        refuse(reply, refusal);
    }
}

/// Whether a message may register a key or open an account. A key that was revoked may stay in the directory: the engine looks again.
fn is_about_people(message: &Message) -> bool {
    message.header.signer == Signer::Owner
}

fn people_of(entry: &InboxEntry) -> Option<ashlar_types::AccountId> {
    match entry {
        InboxEntry::RegisterKey { account, .. } | InboxEntry::RevokeKey { account, .. } => Some(*account),
        _ => None,
    }
}
