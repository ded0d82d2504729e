//! Running a batch over the map while everything that a witness needs is written down.

use ashlar_batch::{BatchHeader, InboxChain, Timed};
use ashlar_exchange::{Clock, Exchange, LeafStore, Listed, Lists, OrderIndex, RecordingLists, Store};
use ashlar_guest::{consult, encode_lists};
use ashlar_state::{Change, Map, Recorder, Rows, Sha256Node, Witness};
use ashlar_types::{AccountId, InboxIndex, Input, MarketId};

use super::captured::{Answers, ReceiptsAndWithdrawals};
use super::error::CaptureError;

/// What running came to. The index of orders has moved on, the map has not.
pub(super) struct Recorded {
    pub changes: Vec<Change>,
    pub witness: Witness,
    pub lists: Vec<u64>,
    pub answers: Answers,
    pub roots: ReceiptsAndWithdrawals,
    pub clock: Clock,
    pub inbox: InboxChain,
    log: Log,
}

/// What happened to the index of orders, so that it can be taken back.
type Log = Vec<(bool, AccountId, Listed)>;

/// Passes lists through and notes what changes.
struct Noting<'a> {
    lists: RecordingLists<&'a mut OrderIndex>,
    log: Log,
}

impl Lists for Noting<'_> {
    fn list(&mut self, account: AccountId, market: Option<MarketId>, listed: &mut Vec<Listed>) {
        self.lists.list(account, market, listed);
    }

    fn added(&mut self, account: AccountId, listed: Listed) {
        self.log.push((true, account, listed));
        self.lists.added(account, listed);
    }

    fn removed(&mut self, account: AccountId, listed: Listed) {
        self.log.push((false, account, listed));
        self.lists.removed(account, listed);
    }
}

fn take_back(log: &Log, index: &mut OrderIndex) {
    for (came, account, listed) in log.iter().rev() {
        if *came {
            index.removed(*account, *listed);
        } else {
            index.added(*account, *listed);
        }
    }
}

impl Recorded {
    /// Takes back what running has changed.
    pub fn undo(&self, index: &mut OrderIndex) {
        take_back(&self.log, index);
    }
}

/// Runs inputs over the map. If it fails, the index is as it was.
pub(super) fn record(
    map: &Map<Sha256Node>,
    index: &mut OrderIndex,
    parent: &BatchHeader,
    inputs: &[Timed],
) -> Result<Recorded, CaptureError> {
    let lists = Noting { lists: RecordingLists::new(&mut *index), log: Log::new() };
    let mut exchange = Exchange::new(LeafStore::open(Recorder::new(map), lists));
    let mut answers = Answers::default();
    let ran = run(&mut exchange, parent, inputs, &mut answers);
    let clock = *exchange.store.clock();
    let (recorder, Noting { lists, log }) = exchange.store.close();
    let given = lists.into_given();
    let roots = ran.and_then(|inbox| Ok((inbox, answers.roots()?)));
    match roots {
        Ok((inbox, roots)) => {
            let (changes, witness) = recorder.finish();
            Ok(Recorded { changes, witness, lists: encode_lists(&given), answers, roots, clock, inbox, log })
        }
        Err(error) => {
            take_back(&log, index);
            Err(error)
        }
    }
}

type Recording<'a, 'i> = Exchange<LeafStore<Recorder<'a, Sha256Node>, Noting<'i>>>;

fn run(
    exchange: &mut Recording<'_, '_>,
    parent: &BatchHeader,
    inputs: &[Timed],
    answers: &mut Answers,
) -> Result<InboxChain, CaptureError> {
    check_start(exchange.store.clock(), parent)?;
    let mut inbox = InboxChain { next: parent.inbox_next, hash: parent.inbox_hash };
    for (number, Timed { time, input }) in inputs.iter().enumerate() {
        match input {
            Input::Message(message) => {
                // The guest asks it here, so the witness must have the answer here.
                consult(&mut exchange.store, &message.header).ok_or(CaptureError::NoSigner { input: number })?;
                exchange.apply(*time, input, answers);
            }
            Input::Inbox { index, time: of_entry, entry } => {
                let refused = out_of_order(number, inbox.next, *index);
                if *index != inbox.next {
                    return Err(refused);
                }
                inbox = inbox.consume(*of_entry, entry);
                exchange.apply(*time, input, answers);
                if exchange.store.clock().inbox_cursor != inbox.next.get() {
                    return Err(refused);
                }
            }
            Input::System(_) => exchange.apply(*time, input, answers),
        }
    }
    match (exchange.store.rows().fault(), exchange.store.incomplete()) {
        (Some(fault), _) => Err(CaptureError::Fault(fault)),
        (None, Some(account)) => Err(CaptureError::Index { account: account.get() }),
        (None, None) => Ok(inbox),
    }
}

const fn out_of_order(input: usize, next: InboxIndex, got: InboxIndex) -> CaptureError {
    CaptureError::Inbox { input, expected: next.get(), got: got.get() }
}

fn check_start(clock: &Clock, parent: &BatchHeader) -> Result<(), CaptureError> {
    for (what, expected, got) in [
        ("the next command", parent.next_sequence.get(), clock.next_sequence),
        ("time", parent.last_time.get(), clock.time.get()),
        ("the inbox", parent.inbox_next.get(), clock.inbox_cursor),
        ("the next withdrawal", parent.withdrawals_next.get(), clock.withdrawals),
    ] {
        if expected != got {
            return Err(CaptureError::Counter { what, expected, got });
        }
    }
    Ok(())
}
