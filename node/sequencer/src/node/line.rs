//! One line, from what is on disk to the tasks that run it.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};

use ashlar_batch::{BatchHeader, Hash, InboxChain};
use ashlar_exchange::Store;
use ashlar_prover::Capture;
use ashlar_replica::{Epoch, Journal, JournalConfig, L1Block, Opened, SnapshotHead, SnapshotStore};
use ashlar_sync::{CheckpointManager, CheckpointPolicy};
use ashlar_types::{BatchNumber, InboxIndex, Sequence};
use commonware_runtime::{Clock, Handle, Spawner, Storage};
use tokio::sync::{Mutex, broadcast, mpsc, watch};

use super::begin::{Begin, begin};
use super::handle::Ended;
use super::present::{Present, Ways};
use super::restart::Past;
use super::unwind::{Disk, give_up_batches, open_from, settle_unwindings, unwind};
use crate::admit::{Checker, Desk, Directory, Gate, Tolls};
use crate::build::{Books, Builder, Checkpoints, Cut, End, Newest, Producer, Progress, Shelf, Sure, Versions, Wish};
use crate::config::{Config, Limits};
use crate::engine::{Engine, StopAt, Work};
use crate::error::NodeError;
use crate::keep::{Audience, Committed, Executed, Keeper, Kept, Recall, Unwinding, UnwindingStore};
use crate::limits::{ANSWERS_MAX, BLOCKS_WAITING_MAX, ENGINE_WAITING_MAX, RECALLED_COMMANDS, SERVICE_WAITING_MAX};
use crate::measure::{Metrics, millis};
use crate::outside::{Availability, Parts};
use crate::services::{
    Anew, Board, Checks, Committer, Consistency, Coordinator, Handed, Hands, Mark, Publisher, Sender, Service, Watcher,
    supervise,
};

/// Cut batches that wait for the builder.
const CUTS_WAITING: usize = 2;
/// The name on the board of what compares layers.
const CONSISTENCY: &str = "consistency-checker";
/// Threads that compute one batch's nodes.
pub(super) const BUILDER_THREADS: NonZeroUsize = NonZeroUsize::MIN;

/// Everything that is shared.
pub(super) struct Common<E> {
    pub context: E,
    pub config: Config,
    pub parts: Parts,
    pub board: Board,
    pub metrics: Arc<Metrics>,
    pub books: Books,
    /// Where batches are stored.
    pub shelf: Shelf<E>,
    pub limits: watch::Sender<Limits>,
    pub gas_price: watch::Sender<u64>,
    pub heard: watch::Sender<(u64, Option<u128>)>,
    pub ended: watch::Sender<Ended>,
    pub gate: Gate,
    pub tolls: Arc<Tolls>,
    pub stop_at: StopAt,
    /// Whether the operator wants a checkpoint now.
    pub wanted: Arc<AtomicBool>,
    /// What L1 will never take back, once it is known.
    pub sure: watch::Sender<Option<Sure>>,
    /// Where the newest checkpoint stands.
    pub newest: watch::Sender<Newest>,
    /// What is to be done anew, for whoever does it.
    pub anew: mpsc::Sender<Anew>,
    /// What L1 says of versions, once it was asked. It is not kept over a restart: it may be another by then.
    pub versions: watch::Sender<Option<Versions>>,
    /// Headers that were given up, since L1 asked for another version by then.
    pub given_up: Arc<RwLock<Vec<Hash>>>,
    /// Where work is handed to the line, while there is one.
    pub present: Present,
    /// The unwindings that are remembered.
    pub unwindings: Arc<RwLock<Vec<Arc<Unwinding>>>>,
    /// The header of no batch.
    pub genesis: BatchHeader,
}

/// The tasks of one line, from a start or an unwinding to the next.
pub(super) struct Line {
    /// What ends by itself once the engine does, in the order in which it does.
    tasks: Vec<Handle<()>>,
    /// What has to be ended.
    services: Vec<Handle<()>>,
    /// The header of the last batch of those that were built before.
    pub begun: BatchHeader,
}

impl Line {
    /// Ends it: everything that was let in is executed, made durable and answered.
    pub async fn end(self, present: &Present) {
        // If the engine is gone it has stopped already.
        let _ = present.work(Work::Stop).await;
        present.set(None);
        for service in &self.services {
            service.abort();
        }
        for task in self.tasks.into_iter().chain(self.services) {
            // A task that was aborted says so, and that is what was asked.
            let _ = task.await;
        }
    }
}

impl<E> Common<E> {
    /// Versions that L1 had begun when it was asked last, and whose rules this release knew then.
    fn known(&self) -> BTreeSet<u32> {
        let seen = self.versions.borrow();
        seen.as_ref().map(|seen| seen.schedule.known_by(seen.head).collect()).unwrap_or_default()
    }

    /// Every header that is built anew, from another order or with another version, as far as is remembered.
    fn discarded(&self) -> Vec<Hash> {
        let all = self.unwindings.read().unwrap_or_else(PoisonError::into_inner);
        let unwound = all.iter().flat_map(|unwinding| unwinding.discarded.iter().map(|(_, hash)| *hash));
        let given_up = self.given_up.read().unwrap_or_else(PoisonError::into_inner);
        unwound.chain(given_up.iter().copied()).collect()
    }
}

/// The way of blocks from the keeper to the shelf.
struct BuildLine {
    blocks: mpsc::Sender<Arc<Committed>>,
    wishes: mpsc::Sender<Wish>,
    /// Whether the journal is still read.
    replays: watch::Sender<bool>,
    tasks: Vec<Handle<()>>,
}

/// Begins a line from what is on disk. What has to be made anew is made anew there first.
pub(super) async fn begin_line<E>(common: &Common<E>, anew: Option<Anew>) -> Result<Line, NodeError>
where
    E: Spawner + Clock + Storage,
{
    let Common { context, config, books, .. } = common;
    let shelf = common.shelf.clone();
    let snapshots = SnapshotStore::new(context.child("snapshots"), &format!("{}-snapshots", config.partition));
    let unwindings = UnwindingStore::new(context.child("unwound"), &config.partition);
    let mut journal = open_journal(common, &shelf, &unwindings, &snapshots).await?;
    let mut disk = Disk { journal: &mut journal, snapshots: &snapshots, shelf: &shelf, unwindings: &unwindings };
    let mut all = settle_unwindings(&mut disk).await?;
    match &anew {
        Some(Anew::Order(taken)) => {
            if let Some(done) = unwind(config, &mut disk, taken, millis(context)).await? {
                tell_unwound(common, &done);
                all.push(done);
            }
        }
        Some(Anew::Batches(from)) => {
            common.metrics.rebuilt.add(give_up_batches(&disk, *from).await?);
        }
        None => {}
    }
    raise_epoch(common, &mut journal).await?;
    common.metrics.epoch.set(journal.epoch().get());
    *common.unwindings.write().unwrap_or_else(PoisonError::into_inner) = all;
    books.clear();
    let ends = progress_of(&shelf, &shelf.numbers().await?).await?;
    let first = ends.first().map(|first| first.header.number.get());
    // Whoever listens while the node runs knows what happened before.
    let is_first = anew.is_none();
    let shown = if is_first { RECALLED_COMMANDS / 2 } else { 0 };
    let Begin { store, capture, parent, block } = begin(config, &snapshots, &journal, shown).await?;
    let begun = ends.last().map_or(parent, |last| last.header);
    let begun = if begun.number < parent.number { parent } else { begun };
    let (executed, executed_queue) = mpsc::channel(BLOCKS_WAITING_MAX);
    let heads = snapshots.list().await.map_err(NodeError::of_snapshot)?;
    // What the journal begins after is L1's for good (SPEC J-23).
    shelf.forget_given_up(beginning(common, &journal, &heads).number).await?;
    *common.given_up.write().unwrap_or_else(PoisonError::into_inner) = shelf.given_up().await?;
    if let Some(newest) = heads.last() {
        common.newest.send_replace(Newest::of(newest));
    }
    // What is executed again although a checkpoint is newer needs no other.
    let ours = |head: &&SnapshotHead| {
        head.header.exchange_id == parent.exchange_id && head.sequence() <= journal.next_sequence()
    };
    let checked = heads.iter().filter(ours).map(SnapshotHead::sequence).fold(parent.next_sequence, Sequence::max);
    let policy = CheckpointPolicy { every_commands: config.checkpoint_commands, ..CheckpointPolicy::default() };
    let checkpoints = Checkpoints {
        manager: CheckpointManager::new(snapshots, policy, checked),
        wanted: common.wanted.clone(),
        newest: common.newest.clone(),
        keeper: executed.downgrade(),
        sure: common.parts.layer1.is_some().then(|| common.sure.subscribe()),
    };
    for progress in ends.iter().filter(|progress| progress.header.number <= parent.number) {
        books.enter(progress.clone(), None);
    }
    let ends = ends.iter().filter(|progress| progress.header.number > parent.number);
    let ends = ends.map(|Progress { header, .. }| End::of(header)).collect();
    let line = start_building(common, capture, parent, ends, checkpoints);
    let kept = Kept::new(config.kept_commands_max);
    let inbox = InboxChain { next: parent.inbox_next, hash: parent.inbox_hash };
    let mut past = Past::new(config.deployment, store, inbox, ANSWERS_MAX, kept);
    past.block = block;
    past.recall = is_first.then(Recall::default);
    let base = past.remember_consumed(&journal, beginning(common, &journal, &heads), parent.next_sequence).await?;
    if let Err(error) = past.replay(&journal, &line.blocks).await {
        // If whoever builds batches stopped, what for is what matters.
        let first = common.ended.borrow().clone().and_then(Result::err);
        return Err(first.map_or(error, NodeError::First));
    }
    line.replays.send_replace(false);
    tracing::info!(commands = past.replayed, "everything that was acknowledged has been executed again");
    let below = first.map_or(parent.number, |first| BatchNumber::new(first.saturating_sub(1)));
    let keeping = Keeping { journal, executed, executed_queue, base, below, begun };
    Ok(start_trading(common, past, keeping, line, shelf))
}

/// The last header at or before everything that the journal holds: the genesis, or that of a snapshot, of which the oldest rests on what L1 never
/// takes back.
fn beginning<E>(common: &Common<E>, journal: &Journal<E>, heads: &[SnapshotHead]) -> BatchHeader
where
    E: Spawner + Clock + Storage,
{
    let first = journal.first_sequence();
    if first.get() == 0 {
        return common.genesis;
    }
    let id = common.config.deployment.exchange_id();
    let ours = heads.iter().filter(|head| head.header.exchange_id == id && head.sequence() >= first);
    ours.min_by_key(|head| head.sequence()).map_or(common.genesis, |head| head.header)
}

/// Opens the journal, which must reach as far as the batches that were built from it. One that does not exist yet begins at the newest
/// snapshot, if there is one: that of a recovery.
async fn open_journal<E>(
    common: &Common<E>,
    shelf: &Shelf<E>,
    unwindings: &UnwindingStore<E>,
    snapshots: &SnapshotStore<E>,
) -> Result<Journal<E>, NodeError>
where
    E: Spawner + Clock + Storage,
{
    let Common { context, config, .. } = common;
    let built = progress_of(shelf, &shelf.numbers().await?).await?;
    let open_from = open_from(&unwindings.all().await?).unwrap_or(Sequence::new(u64::MAX));
    let mut journal_config =
        JournalConfig::new(&format!("{}-journal", config.partition), config.deployment.exchange_id());
    journal_config.sizes = config.journal;
    let mut reached = built.iter().map(|progress| progress.header.next_sequence).filter(|next| *next <= open_from);
    journal_config.floor = reached.next_back().unwrap_or_default();
    let heads = snapshots.list().await.map_err(NodeError::of_snapshot)?;
    let id = config.deployment.exchange_id();
    if let Some(head) = heads.iter().rev().find(|head| head.header.exchange_id == id) {
        // Above every epoch that a node with this key can have signed in, of which a recovery knows nothing.
        let epoch = Epoch::new(head.epoch.next().get().max(millis(context) / 1_000));
        journal_config.begin = (epoch, head.sequence());
    }
    let Opened { journal, cut } = Journal::open(context.child("journal"), journal_config).await?;
    if let Some(cut) = cut {
        tracing::warn!(?cut, "the journal ended in a group that was never acknowledged; it was cut off");
    }
    Ok(journal)
}

/// Begins another epoch with the next command, if this node is to order in one above that of its journal.
async fn raise_epoch<E>(common: &Common<E>, journal: &mut Journal<E>) -> Result<(), NodeError>
where
    E: Spawner + Clock + Storage,
{
    let wanted = Epoch::new(common.config.epoch_min);
    if journal.epoch() < wanted {
        let epoch = wanted.max(journal.next_epoch());
        // Ordering anew from where the order ends changes nothing but the epoch.
        journal.begin_unwinding(epoch, journal.next_sequence(), L1Block::default())?;
        journal.end_unwinding()?;
        journal.sync().await?;
    }
    Ok(())
}

fn tell_unwound<E>(common: &Common<E>, done: &Unwinding) {
    common.metrics.unwindings.add(1);
    common.metrics.unwound.add(done.affected.len() as u64);
    tracing::warn!(
        epoch = done.epoch.get(),
        from = done.from.get(),
        batches = done.discarded.len(),
        commands = done.affected.len(),
        "L1 took back what was consumed; the order was made anew"
    );
}

/// The batches that are stored, without a gap, in their order.
async fn progress_of<E: Storage>(shelf: &Shelf<E>, stored: &[BatchNumber]) -> Result<Vec<Progress>, NodeError> {
    let mut all: Vec<Progress> = Vec::new();
    for number in stored {
        let is_next = all.last().is_none_or(|last| last.header.number.next() == *number);
        match shelf.progress(*number).await? {
            Some(progress) if is_next => all.push(progress),
            // One that is not whole was the last to be written, and is built anew.
            _ => break,
        }
    }
    Ok(all)
}

/// The journal, and the way to it.
struct Keeping<E: Storage> {
    journal: Journal<E>,
    executed: mpsc::Sender<Executed>,
    executed_queue: mpsc::Receiver<Executed>,
    /// The inbox where the replay began.
    base: InboxChain,
    /// The last batch before those that are known here.
    below: BatchNumber,
    /// The last of those that were built before.
    begun: BatchHeader,
}

fn start_building<E>(
    common: &Common<E>,
    capture: Capture,
    parent: BatchHeader,
    ends: VecDeque<End>,
    checkpoints: Checkpoints<E>,
) -> BuildLine
where
    E: Spawner + Clock + Storage,
{
    let Common { context, config, parts, board, metrics, books, limits, gas_price, ended, gate, .. } = common;
    let (blocks, block_queue) = mpsc::channel(BLOCKS_WAITING_MAX);
    let (wishes, wish_queue) = mpsc::channel(SERVICE_WAITING_MAX);
    let (cuts, cut_queue) = mpsc::channel::<Cut>(CUTS_WAITING);
    let station = board.station("batch-producer");
    let (replays, reading) = watch::channel(true);
    let (limits, gas_price) = (limits.subscribe(), gas_price.subscribe());
    let mut producer = Producer::new(limits, books.clone(), metrics.clone(), station, gas_price, reading, &parent);
    producer.unbuilt_max = config.unbuilt_commands_max;
    producer.ends = ends;
    producer.follows = config.mode.follows();
    producer.versions = parts.layer1.is_some().then(|| common.versions.subscribe());
    producer.prover = parts.prover.clone();
    let builder = Builder {
        capture,
        parent,
        shelf: common.shelf.clone(),
        books: books.clone(),
        availability: parts.availability.clone(),
        threads: BUILDER_THREADS,
        metrics: metrics.clone(),
        station: board.station("state-updater"),
        checkpoints,
    };
    let producing =
        context.child("producer").spawn(move |context| producer.run(context, block_queue, wish_queue, cuts));
    let (ended, gate, gives_way) = (ended.clone(), gate.clone(), config.gives_way);
    let building = context.child("builder").dedicated().spawn(move |context| async move {
        gives_way();
        if let Err(error) = builder.run(context, cut_queue).await {
            fail(&ended, &gate, error);
        }
    });
    BuildLine { blocks, wishes, replays, tasks: vec![producing, building] }
}

/// Remembers the first reason why the node cannot go on, and lets nothing in any more.
pub(super) fn fail(ended: &watch::Sender<Ended>, gate: &Gate, error: NodeError) {
    tracing::error!(%error, "the node stops");
    gate.close(Some(error.to_string()));
    ended.send_if_modified(|ended| {
        let is_first = ended.is_none();
        if is_first {
            *ended = Some(Err(Arc::new(error)));
        }
        is_first
    });
}

fn start_trading<E>(common: &Common<E>, mut past: Past, keeping: Keeping<E>, line: BuildLine, shelf: Shelf<E>) -> Line
where
    E: Spawner + Clock + Storage,
{
    let Common { context, config, metrics, .. } = common;
    let id = config.deployment.exchange_id();
    let BuildLine { blocks, wishes, replays: _, mut tasks } = line;
    let (work, work_queue) = mpsc::channel(ENGINE_WAITING_MAX);
    let Keeping { journal, executed, executed_queue, base, below, begun } = keeping;
    let (submissions, submission_queue) = mpsc::channel(config.waiting_max);
    let (feed, _) = broadcast::channel(ashlar_api::limits::FEED_BLOCKS_MAX);
    let directory = Directory::of(&mut past.exchange.store);
    let clock = *past.exchange.store.clock();
    metrics.next_sequence.set(clock.next_sequence);
    let block = past.block;
    let engine = Engine {
        exchange: past.exchange,
        id,
        epoch: past.epoch,
        block,
        answers: past.answers,
        directory: directory.clone(),
        stop_at: common.stop_at.clone(),
        metrics: metrics.clone(),
        rest: Vec::new().into_iter(),
        entries: VecDeque::new(),
        followed: VecDeque::new(),
        followed_block: block,
        is_over: false,
    };
    let keeper = Keeper {
        journal,
        id,
        key: config.key.clone(),
        head: past.head,
        l1: block,
        linked_l1: block.hash.0,
        kept: past.kept,
        audience: Audience { feed, recall: past.recall.unwrap_or_default() },
        builder: blocks,
        metrics: metrics.clone(),
    };
    let desk = Desk {
        checker: Checker::new(config.deployment, directory.clone()),
        tolls: common.tolls.clone(),
        metrics: metrics.clone(),
        engine: work.clone(),
    };
    let out = executed.clone();
    let mut line = vec![context.child("engine").dedicated().spawn(move |context| engine.run(context, work_queue, out))];
    let (ended, gate) = (common.ended.clone(), common.gate.clone());
    line.push(context.child("keeper").spawn(move |context| async move {
        if let Err(error) = keeper.run(context, executed_queue).await {
            fail(&ended, &gate, error);
        }
    }));
    line.append(&mut tasks);
    let mut services = desk.start(context, config.checkers, submission_queue);
    let seen = Seen { inbox: past.inbox, base, marks: past.marks.into(), below };
    start_services(common, &mut services, shelf, &work, seen);
    common.present.set(Some(Ways { submissions, engine: work, wishes, keeper: executed, directory }));
    Line { tasks: line, services, begun }
}

/// The inbox as far as it was consumed.
struct Seen {
    inbox: InboxChain,
    base: InboxChain,
    marks: VecDeque<Mark>,
    below: BatchNumber,
}

/// Starts what moves built batches on. What is not there is not waited for.
fn start_services<E>(
    common: &Common<E>,
    services: &mut Vec<Handle<()>>,
    shelf: Shelf<E>,
    engine: &mpsc::Sender<Work>,
    seen: Seen,
) where
    E: Spawner + Clock + Storage,
{
    let Common { context, config, parts, board, books, metrics, .. } = common;
    let (shelf, context_of) = (Arc::new(Mutex::new(shelf)), context.child("hands"));
    let hands = Arc::new(Hands { books: books.clone(), shelf, metrics: metrics.clone(), context: context_of });
    let station = |name| board.station(name);
    let availability = parts.availability.clone();
    let discarded = Arc::new(common.discarded());
    services.push(start_checks(common, hands.clone(), availability.clone(), discarded.clone()));
    let publisher = Publisher { hands: hands.clone(), availability, settled: BatchNumber::default() };
    services.push(run(common, "data-publisher", publisher));
    let hands_of = || hands.clone();
    let follows = config.mode.follows();
    if let Some(layer1) = parts.layer1.clone().filter(|_| !follows) {
        let (handed, station) = (Handed::after_batch(seen.below), station("l1-committer"));
        services.push(run(common, "l1-committer", Committer { hands: hands_of(), layer1, handed, station }));
    }
    if let Some(layer1) = parts.layer1.clone() {
        let watcher = Watcher {
            hands: hands_of(),
            layer1,
            engine: engine.clone(),
            gate: common.gate.clone(),
            inbox: seen.inbox,
            base: seen.base,
            marks: seen.marks,
            genesis: common.genesis,
            discarded,
            sure_at: L1Block::default(),
            anew: common.anew.clone(),
            versions: common.versions.clone(),
            programs: config.programs.clone(),
            known: common.known(),
            fit_at: L1Block::default(),
            sure: common.sure.clone(),
            final_inbox: seen.base.next,
            asked_final: <(u64, InboxIndex)>::default(),
            gas_price: common.gas_price.clone(),
            heard_ms: common.heard.clone(),
            follows,
            station: board.station("l1-watcher"),
        };
        services.push(run(common, "l1-watcher", watcher));
    }
    if follows {
        return;
    }
    if let Some(prover) = &parts.prover {
        let (prover, station) = (prover.clone(), station("proof-coordinator"));
        let coordinator = Coordinator {
            hands: hands_of(),
            prover,
            versions: common.versions.subscribe(),
            told: None,
            handed: BatchNumber::default(),
            awaited: BatchNumber::default(),
            station,
        };
        services.push(run(common, "proof-coordinator", coordinator));
    }
    if let (Some(layer1), Some(prover)) = (&parts.layer1, &parts.prover) {
        let (layer1, prover, station) = (layer1.clone(), prover.clone(), station("proof-sender"));
        let (handed, asked) = (Handed::after_batch(seen.below), Handed::after_batch(seen.below));
        let settled = BatchNumber::default();
        let sender = Sender { hands: hands_of(), layer1, prover, handed, asked, settled, station };
        services.push(run(common, "proof-sender", sender));
    }
}

/// The comparing of layers, on a thread of its own: it executes whole batches.
fn start_checks<E>(
    common: &Common<E>,
    hands: Arc<Hands<E>>,
    availability: Option<Arc<dyn Availability>>,
    discarded: Arc<Vec<Hash>>,
) -> Handle<()>
where
    E: Spawner + Clock + Storage,
{
    let Common { context, config, parts, board, metrics, books, .. } = common;
    let checks = Consistency {
        hands,
        shelf: common.shelf.clone(),
        layer1: parts.layer1.clone(),
        availability,
        limits: common.limits.subscribe(),
        gate: common.gate.clone(),
        reports: parts.reports.clone(),
        discarded,
        follows: config.mode.follows(),
        exchange: config.deployment.exchange_id(),
        key: config.key.clone(),
        station: board.station(CONSISTENCY),
        seen: Checks::default(),
    };
    let (station, metrics, news) = (board.station(CONSISTENCY), metrics.clone(), books.subscribe());
    let service = context.child("service").dedicated();
    let gives_way = config.gives_way;
    service.spawn(move |context| async move {
        gives_way();
        supervise(context, checks, station, metrics, news).await;
    })
}

fn run<E, S>(common: &Common<E>, name: &'static str, service: S) -> Handle<()>
where
    E: Spawner + Clock + Storage,
    S: Service,
{
    let (station, metrics, news) = (common.board.station(name), common.metrics.clone(), common.books.subscribe());
    common.context.child("service").spawn(move |context| supervise(context, service, station, metrics, news))
}
