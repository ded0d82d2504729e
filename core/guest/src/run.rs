//! Running a batch over its witness, with everything that can only be checked meanwhile.

use alloc::vec::Vec;

use ashlar_batch::codec::{Decoder, Next, Preamble};
use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, InboxChain, Timed};
use ashlar_exchange::{Clock, Exchange, LeafStore, Store};
use ashlar_state::{Rows, Table};
use ashlar_types::{Command, Header, Input, Message, Time};

use crate::answers::{AnswerRoots, Answers};
use crate::consult::{Authority, consult};
use crate::error::{Counter, GuestError};
use crate::input::GuestInput;
use crate::lists::ListReader;
use crate::platform::Platform;
use crate::signatures::SignatureReader;
use crate::watched::Watched;

/// What a batch came to.
pub(crate) struct Ran<'a> {
    pub table: Table<'a>,
    pub clock: Clock,
    pub inbox: InboxChain,
    pub signatures_root: Digest,
    pub roots: AnswerRoots,
}

/// A batch while it runs.
struct Run<'a, 'p, P> {
    exchange: Exchange<LeafStore<Watched<Table<'a>>, ListReader<'a>>>,
    answers: Answers,
    signatures: SignatureReader<'a>,
    inbox: InboxChain,
    platform: &'p mut P,
    /// The input that is running.
    input: usize,
}

/// Runs the batch of an input whose headers fit each other.
pub(crate) fn run<'a, P: Platform>(input: &GuestInput<'a>, platform: &mut P) -> Result<Ran<'a>, GuestError> {
    let mut decoder = Decoder::new(input.batch)?;
    check_beginning(decoder.preamble(), &input.header)?;
    let rows = Watched::new(Table::new(input.witness)?);
    let parent = &input.parent;
    let mut run = Run {
        exchange: Exchange::new(LeafStore::open(rows, ListReader::new(input.lists))),
        answers: Answers::new(parent.withdrawals_next),
        signatures: SignatureReader::new(input.signatures, input.deployment, &input.header.exchange_id),
        inbox: InboxChain { next: parent.inbox_next, hash: parent.inbox_hash },
        platform,
        input: 0,
    };
    run.check_start(input)?;
    if let Err(error) = run.inputs(&mut decoder) {
        // A list that cannot be read is not whole either; the reason says more.
        let unread = run.exchange.store.close().1.error();
        return Err(unread.map_or(error, |error| GuestError::Lists { error }));
    }
    run.finish()
}

/// U-3: the batch begins where its header says, which has been compared with where the parent ends.
fn check_beginning(batch: &Preamble, header: &BatchHeader) -> Result<(), GuestError> {
    if batch.first_sequence != header.first_sequence {
        let (expected, got) = (header.first_sequence.get(), batch.first_sequence.get());
        return Err(GuestError::FirstSequence { expected, got });
    }
    if batch.first_time != header.first_time {
        return Err(GuestError::FirstTime { expected: header.first_time.get(), got: batch.first_time.get() });
    }
    Ok(())
}

impl<'a, P: Platform> Run<'a, '_, P> {
    /// U-3: the state stands where the parent's header says.
    fn check_start(&mut self, input: &GuestInput<'_>) -> Result<(), GuestError> {
        self.check_faults()?;
        let parent = &input.parent;
        let clock = *self.exchange.store.clock();
        for (counter, expected, got) in [
            (Counter::Sequence, parent.next_sequence.get(), clock.next_sequence),
            (Counter::Time, parent.last_time.get(), clock.time.get()),
            (Counter::Inbox, parent.inbox_next.get(), clock.inbox_cursor),
            (Counter::Withdrawals, parent.withdrawals_next.get(), clock.withdrawals),
        ] {
            if expected != got {
                return Err(GuestError::Counter { counter, expected, got });
            }
        }
        Ok(())
    }

    fn inputs(&mut self, decoder: &mut Decoder<'_>) -> Result<(), GuestError> {
        let mut room = Vec::new();
        while let Some(next) = decoder.next_input()? {
            match next {
                Next::Message { time, header, .. } => {
                    while let Some(command) = decoder.next_command()? {
                        room.push(command);
                    }
                    room = self.message(time, header, room)?;
                }
                Next::Other { timed, .. } => self.other(&timed)?,
            }
            self.input += 1;
        }
        Ok(())
    }

    /// Whatever is wrong is noticed before the next input, so that a bad witness costs no more than one input.
    fn check_faults(&self) -> Result<(), GuestError> {
        let (store, input) = (&self.exchange.store, self.input);
        // A list that is not whole leads execution to rows that the witness does not show, so it is named first.
        match (store.incomplete(), store.rows().fault()) {
            (Some(account), _) => Err(GuestError::Incomplete { input, account }),
            (None, Some(fault)) => Err(GuestError::Fault { input, fault }),
            (None, None) => Ok(()),
        }
    }

    /// U-4: a message is run if the signer that it names exists, who must then have signed it.
    fn message(&mut self, time: Time, header: Header, commands: Vec<Command>) -> Result<Vec<Command>, GuestError> {
        let message = Message { header, commands };
        let authority = consult(&mut self.exchange.store, &header);
        self.check_faults()?;
        match authority {
            None => return Err(GuestError::NoSigner { input: self.input, account: header.account }),
            Some(Authority::Session) => {
                let public = public_of(self.exchange.store.rows().last_words());
                self.signatures.session(self.input, &message, public)?;
            }
            Some(Authority::Wallet(owner)) => {
                self.signatures.wallet(self.platform, self.input, &message, owner)?;
            }
        }
        let input = Input::Message(message);
        self.exchange.apply(time, &input, &mut self.answers);
        self.check_faults()?;
        let Input::Message(Message { mut commands, .. }) = input else { return Ok(Vec::new()) };
        commands.clear();
        Ok(commands)
    }

    fn other(&mut self, timed: &Timed) -> Result<(), GuestError> {
        let Input::Inbox { index, time, entry } = &timed.input else {
            self.exchange.apply(timed.time, &timed.input, &mut self.answers);
            return self.check_faults();
        };
        // U-5.
        if *index != self.inbox.next {
            return Err(GuestError::InboxIndex { expected: self.inbox.next.get(), got: index.get() });
        }
        self.inbox = self.inbox.consume(*time, entry);
        self.exchange.apply(timed.time, &timed.input, &mut self.answers);
        self.check_faults()?;
        if self.exchange.store.clock().inbox_cursor != self.inbox.next.get() {
            return Err(GuestError::InboxTime { index: index.get(), got: time.get() });
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Ran<'a>, GuestError> {
        let roots = self.answers.roots()?;
        let signatures_root = self.signatures.finish(self.platform.curve())?;
        let clock = *self.exchange.store.clock();
        let (rows, lists) = self.exchange.store.close();
        lists.finish()?;
        rows.check_conservation()?;
        let table = rows.into_inner();
        Ok(Ran { table, clock, inbox: self.inbox, signatures_root, roots })
    }
}

/// The x coordinate in a session key's leaf: its first four words.
fn public_of(words: &[u64]) -> [u8; 32] {
    let mut public = [0; 32];
    for (bytes, word) in public.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_be_bytes();
    }
    public
}
