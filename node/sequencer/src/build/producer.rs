//! Cuts the order of everything into batches.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use ashlar_api::door::ServiceState;
use ashlar_batch::limits::{COMMANDS_MAX, QUOTES_MAX};
use ashlar_batch::{BatchHeader, Hash};
use ashlar_guest::VERSION;
use ashlar_types::limits::{MESSAGE_COMMANDS_MAX, QUOTES_MAX as MESSAGE_QUOTES_MAX};
use ashlar_types::{BatchNumber, Command, Input, Sequence};
use commonware_runtime::Clock;
use tokio::sync::{mpsc, oneshot, watch};

use super::books::Books;
use super::rules::{BatchRules, Close, Outlook};
use super::schedule::{Choice, Versions};
use crate::config::Limits;
use crate::keep::Committed;
use crate::limits::UNBUILT_COMMANDS_MAX;
use crate::measure::{Metrics, millis};
use crate::outside::Proving;
use crate::services::Station;

/// How often time is looked at.
const TICK: Duration = Duration::from_millis(20);
/// Bytes that a command takes in the journal, about, where its kind has no length of its own.
const COMMAND_BYTES: usize = 48;
/// Quotes after which a batch is closed, so that one more message always fits.
const BATCH_QUOTES: usize = QUOTES_MAX - MESSAGE_COMMANDS_MAX * MESSAGE_QUOTES_MAX;

/// What the operator wants of the producer.
#[derive(Debug)]
pub(crate) enum Wish {
    /// Close the open batch now. The answer says how many commands it has, none if there is none open, or why it cannot be closed yet.
    Now(oneshot::Sender<Result<usize, String>>),
    /// Close no batch after this one.
    StopAt(Option<BatchNumber>),
    /// End a batch before this command, as another node did.
    EndAt(End),
}

/// Where a batch has to end, of which version it is and what its header commits to its data by, because that was settled before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct End {
    pub next: Sequence,
    pub version: u32,
    pub commitment: Hash,
}

impl End {
    /// As this header says it.
    pub fn of(header: &BatchHeader) -> End {
        End { next: header.next_sequence, version: header.version, commitment: header.da_commitment }
    }
}

/// Inputs that are a batch.
#[derive(Debug)]
pub(crate) struct Cut {
    /// Which inputs of which blocks.
    pub parts: Vec<(Arc<Committed>, Range<usize>)>,
    pub commands: usize,
    pub version: u32,
    /// What its header commits by, if that was settled before.
    pub commitment: Option<Hash>,
}

/// Why the next batch cannot be built yet.
enum Held {
    /// Nothing is known of versions since the start; an L1 that is silent has an alarm of its own.
    Unasked,
    /// A version begins.
    Upgrade(String),
}

impl Held {
    /// In words, and whether a version that begins is what it waits for.
    fn why(self) -> (String, bool) {
        match self {
            Held::Unasked => ("L1 was not asked yet which version batches are of; trading goes on".to_owned(), false),
            Held::Upgrade(why) => (why, true),
        }
    }
}

/// Why a version is not built by this release, from this batch on.
fn unknown(version: u32, batch: u64) -> String {
    format!(
        "L1 asks for version {version} from batch {batch} on, and none of the programs that it names for it is of this release, so its rules may be \
         others; install the release that has one of them; trading goes on"
    )
}

/// The open batch.
#[derive(Debug, Default)]
struct Open {
    parts: Vec<(Arc<Committed>, Range<usize>)>,
    commands: usize,
    quotes: usize,
    bytes: usize,
    since_ms: u64,
}

/// Cuts batches.
pub(crate) struct Producer {
    pub limits: watch::Receiver<Limits>,
    pub books: Books,
    pub metrics: Arc<Metrics>,
    pub station: Station,
    /// Where the next batches have to end.
    pub ends: VecDeque<End>,
    /// The number of the next batch.
    pub next: BatchNumber,
    pub stop_at: Option<BatchNumber>,
    pub gas_price: watch::Receiver<u64>,
    /// Whether batches end only where another node ended them.
    pub follows: bool,
    /// The version of the batch before.
    pub version: u32,
    /// What L1 says of versions, once it was asked; nothing where there is no L1, and then nothing changes.
    pub versions: Option<watch::Receiver<Option<Versions>>>,
    /// Whether there is a prover that asks for fewer and larger batches.
    pub prover: Option<Arc<dyn Proving>>,
    /// Commands that wait at most, but for those that the journal is read for: who could say of which version they are is not asked before all of them
    /// are here, and they had room before.
    pub unbuilt_max: u64,
    /// Whether the journal is still read.
    pub replays: watch::Receiver<bool>,
    /// What waits for a decision: a block, and its first input that is in no batch.
    waiting: VecDeque<(Arc<Committed>, usize)>,
    waiting_commands: u64,
    open: Open,
    /// Whether it was said that building waits, and that it does for a version that begins.
    waits: bool,
    is_held: bool,
    /// Whether it said that it rests.
    is_paused: bool,
}

impl Producer {
    /// A producer that has seen nothing yet.
    pub fn new(
        limits: watch::Receiver<Limits>,
        books: Books,
        metrics: Arc<Metrics>,
        station: Station,
        gas_price: watch::Receiver<u64>,
        replays: watch::Receiver<bool>,
        parent: &BatchHeader,
    ) -> Producer {
        Producer {
            limits,
            books,
            metrics,
            station,
            ends: VecDeque::new(),
            next: parent.number.next(),
            stop_at: None,
            gas_price,
            follows: false,
            version: parent.version,
            versions: None,
            prover: None,
            unbuilt_max: UNBUILT_COMMANDS_MAX,
            replays,
            waiting: VecDeque::new(),
            waiting_commands: 0,
            open: Open::default(),
            waits: false,
            is_held: false,
            is_paused: false,
        }
    }

    /// Cuts what comes, until nothing comes any more.
    pub async fn run<E: Clock>(
        mut self,
        context: E,
        mut blocks: mpsc::Receiver<Arc<Committed>>,
        mut wishes: mpsc::Receiver<Wish>,
        builder: mpsc::Sender<Cut>,
    ) {
        self.station.say(ServiceState::Running, "cutting batches");
        self.books.note_held(None);
        let mut is_over = false;
        loop {
            let has_room = self.waiting_commands < self.unbuilt_max || *self.replays.borrow();
            tokio::select! {
                biased;
                Some(wish) = wishes.recv() => self.wish(wish, millis(&context), &builder).await,
                block = blocks.recv(), if has_room && !is_over => match block {
                    Some(block) => {
                        self.waiting_commands += commands_of(&block);
                        self.waiting.push_back((block, 0));
                    }
                    None => is_over = true,
                },
                () = context.sleep(TICK) => {}
            }
            if is_over {
                // What is not in a batch is in the journal, and will be there after the next start.
                return self.station.say(ServiceState::Stopped, "the node is stopping");
            }
            if self.station.rests() {
                self.pause("told to rest; batches grow in memory");
            } else if self.cut(millis(&context), &builder).await.is_err() {
                return self.station.say(ServiceState::Stopped, "the builder has stopped");
            }
            self.metrics.uncaptured.set(self.waiting_commands + self.open.commands as u64);
        }
    }

    async fn wish(&mut self, wish: Wish, now_ms: u64, builder: &mpsc::Sender<Cut>) {
        match wish {
            Wish::StopAt(at) => self.stop_at = at,
            Wish::EndAt(end) => self.ends.push_back(end),
            Wish::Now(reply) => {
                let commands = self.open.commands;
                let version = self.choose(&self.limits.borrow().batches, now_ms);
                let closed = match version {
                    _ if commands == 0 || !self.ends.is_empty() || self.follows => Ok(0),
                    Ok(version) => {
                        // If the builder is gone the run loop notices next.
                        let _ = self.close(Close::Manual, version, builder).await;
                        Ok(commands)
                    }
                    Err(held) => Err(held.why().0),
                };
                let _ = reply.send(closed);
            }
        }
    }

    /// Moves what waits into batches as far as the rules say.
    async fn cut(&mut self, now_ms: u64, builder: &mpsc::Sender<Cut>) -> Result<(), ()> {
        let rules = self.limits.borrow().batches;
        while !self.is_stopped() {
            if std::mem::take(&mut self.is_paused) {
                self.station.say(ServiceState::Running, "told to go on; cutting batches");
            }
            if let Some(why) = self.due(&rules, now_ms) {
                match self.choose(&rules, now_ms) {
                    Ok(version) => self.close(why, version, builder).await?,
                    Err(held) => {
                        self.hold(held);
                        return Ok(());
                    }
                }
                continue;
            }
            if !self.take_block(&rules, now_ms) {
                return Ok(());
            }
        }
        self.pause("told to stop after the last batch");
        Ok(())
    }

    fn pause(&mut self, why: &str) {
        self.is_paused = true;
        self.station.say(ServiceState::Paused, why);
    }

    fn is_stopped(&self) -> bool {
        self.stop_at.is_some_and(|last| self.next > last)
    }

    fn due(&self, rules: &BatchRules, now_ms: u64) -> Option<Close> {
        if let Some(end) = self.ends.front() {
            let last = self.open.parts.last()?;
            let link = last.0.links.get(last.1.end.checked_sub(1)?)?;
            return (link.next_sequence() == end.next).then_some(Close::Before);
        }
        if self.follows {
            return None;
        }
        let waits = self.books.waits();
        let outlook = Outlook {
            commands: self.open.commands,
            bytes: self.open.bytes,
            age_ms: now_ms.saturating_sub(self.open.since_ms),
            unproven_batches: waits.unproven_batches,
            gas_price: *self.gas_price.borrow(),
            prover_is_behind: self.prover.as_ref().is_some_and(|prover| prover.pressure().is_high),
        };
        let is_full = self.open.quotes >= BATCH_QUOTES || self.open.commands >= COMMANDS_MAX - MESSAGE_COMMANDS_MAX;
        if is_full { Some(Close::Size) } else { rules.closes(&outlook) }
    }

    /// Takes inputs of the first block that waits, until it ends or the open batch is due by size. Whether there was anything to take.
    fn take_block(&mut self, rules: &BatchRules, now_ms: u64) -> bool {
        let Some((block, from)) = self.waiting.pop_front() else { return false };
        let inputs = &block.block.inputs;
        if self.open.commands == 0 {
            // An entry of an L1 whose clock is ahead takes the exchange's clock with it, and a batch grows old by ours.
            self.open.since_ms = inputs.get(from).map_or(0, |(time, _)| time.get()).min(now_ms);
        }
        let mut upto = from;
        for ((_, input), link) in inputs.iter().zip(&block.links).skip(from) {
            let (commands, quotes, bytes) = weigh(input);
            self.open.commands += commands;
            self.open.quotes += quotes;
            self.open.bytes += bytes;
            upto += 1;
            let is_end = self.ends.front().is_some_and(|end| link.next_sequence() == end.next);
            let is_full = self.ends.is_empty()
                && !self.follows
                && (self.open.commands >= rules.commands_max
                    || self.open.bytes >= rules.bytes_max
                    || self.open.quotes >= BATCH_QUOTES);
            if is_end || is_full {
                break;
            }
        }
        let taken: u64 =
            block.links.get(from..upto).unwrap_or_default().iter().map(|link| u64::from(link.commands)).sum();
        self.waiting_commands = self.waiting_commands.saturating_sub(taken);
        self.open.parts.push((block.clone(), from..upto));
        if upto < inputs.len() {
            self.waiting.push_front((block, upto));
        }
        true
    }

    /// The version of the next batch, or why it cannot be built yet.
    fn choose(&self, rules: &BatchRules, now_ms: u64) -> Result<u32, Held> {
        if let Some(end) = self.ends.front() {
            return Ok(end.version);
        }
        let Some(versions) = &self.versions else { return Ok(self.version.max(VERSION)) };
        let versions = versions.borrow();
        let Some(Versions { schedule, head, .. }) = &*versions else {
            return Err(Held::Unasked);
        };
        // By whichever clock is ahead: that of a development L1 may run faster than time.
        let now_ms = now_ms.max(head.saturating_mul(1_000));
        let (next, latest) = (self.next.get(), now_ms.saturating_add(rules.version_margin_ms) / 1_000);
        match schedule.choose(self.next, *head, latest) {
            Choice::Build(version) if version < VERSION => Err(Held::Upgrade(format!(
                "L1 asks for version {version} of batch {next}, and this program builds none before {VERSION}; run the program of that version until the \
                 next one begins"
            ))),
            Choice::Build(version) if !schedule.knows(version) => Err(Held::Upgrade(unknown(version, next))),
            Choice::Build(version) if version >= self.version => Ok(version),
            Choice::Build(version) => Err(Held::Upgrade(format!(
                "L1 asks for version {version} of batch {next}, and the batch before is of version {}; its commit decides which it is",
                self.version
            ))),
            Choice::Hold { version, until } => Err(Held::Upgrade(format!(
                "version {version} begins once L1's clock says {until}; batch {next} and those after it are built then, since L1 might \
                 mine an earlier commit too late; trading goes on"
            ))),
        }
    }

    /// Says why no batch is built at present.
    fn hold(&mut self, held: Held) {
        let (why, is_upgrade) = held.why();
        if is_upgrade && !self.is_held {
            tracing::warn!(batch = self.next.get(), why, "building batches waits");
        }
        self.is_held = is_upgrade;
        self.books.note_held(is_upgrade.then(|| why.clone()));
        self.station.say(ServiceState::Paused, why);
        self.waits = true;
    }

    async fn close(&mut self, why: Close, version: u32, builder: &mpsc::Sender<Cut>) -> Result<(), ()> {
        if std::mem::take(&mut self.waits) {
            self.station.say(ServiceState::Running, "cutting batches");
        }
        if std::mem::take(&mut self.is_held) {
            tracing::info!(batch = self.next.get(), version, "batches are built again");
            self.books.note_held(None);
        }
        let Open { parts, commands, .. } = std::mem::take(&mut self.open);
        let end = if why == Close::Before { self.ends.pop_front() } else { None };
        let commitment = end.map(|end| end.commitment);
        self.station.show("last_batch", self.next.get());
        self.station.show("closed_by", format!("{why:?}"));
        self.station.show("version", version);
        (self.next, self.version) = (self.next.next(), version);
        builder.send(Cut { parts, commands, version, commitment }).await.map_err(|_| ())
    }
}

fn commands_of(block: &Committed) -> u64 {
    block.links.iter().map(|link| u64::from(link.commands)).sum()
}

/// Commands, quotes and bytes of an input, the last about.
fn weigh(input: &Input) -> (usize, usize, usize) {
    let Input::Message(message) = input else { return (1, 0, 4 * COMMAND_BYTES) };
    let mut quotes = 0;
    let mut bytes = COMMAND_BYTES;
    for command in &message.commands {
        bytes += match command {
            Command::MassQuote { quotes: all, .. } => {
                quotes += all.len();
                all.len() * COMMAND_BYTES
            }
            Command::Sweep(orders) => orders.len() * 16,
            _ => COMMAND_BYTES,
        };
    }
    (message.commands.len(), quotes, bytes)
}
