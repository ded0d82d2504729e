//! Wiring.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use ashlar_api::door::Venue;
use ashlar_batch::BatchHeader;
use ashlar_exchange::{HotStore, Store};
use ashlar_prover::{Capture, Threads};
use ashlar_replica::{Journal, JournalConfig, L1Block, Opened, Rejected, SnapshotHead, SnapshotStore};
use ashlar_types::{BatchNumber, InboxIndex, Sequence};
use commonware_runtime::{Clock, Handle, Spawner, Storage};
use tokio::sync::{Mutex, broadcast, mpsc, watch};

use super::handle::{Ended, NodeHandle};
use super::restart::Past;
use crate::admit::{Checker, Desk, Directory, Gate, Tolls};
use crate::build::{Books, Builder, Checkpoints, Cut, End, Producer, Progress, Shelf, Wish};
use crate::config::{Config, Limits, Mode};
use crate::door::{Inner, Levers, NodeDoor, NodeOperator};
use crate::engine::{Engine, StopAt, Work};
use crate::error::NodeError;
use crate::keep::{Committed, Executed, Keeper, Kept};
use crate::limits::{ALERTS_MAX, ANSWERS_MAX, BLOCKS_WAITING_MAX, ENGINE_WAITING_MAX, SERVICE_WAITING_MAX};
use crate::measure::{Metrics, micros};
use crate::outside::Parts;
use crate::services::{
    Board, Committer, Coordinator, Hands, Publisher, Sender, Service, Watcher, Watchman, keep_audit, supervise,
};
use crate::watch::{Alarm, Alarms, Baseline, ServiceLevel};

/// Cut batches that wait for the builder.
const CUTS_WAITING: usize = 2;
/// Threads that compute one batch's nodes.
const BUILDER_THREADS: NonZeroUsize = NonZeroUsize::MIN;

/// Everything that is shared.
struct Common<E> {
    context: E,
    config: Config,
    parts: Parts,
    board: Board,
    metrics: Arc<Metrics>,
    books: Books,
    limits: watch::Sender<Limits>,
    gas_price: watch::Sender<u64>,
    heard: watch::Sender<(u64, Option<u128>)>,
    ended: watch::Sender<Ended>,
    gate: Gate,
}

/// The way of blocks from the keeper to the shelf.
struct BuildLine {
    blocks: mpsc::Sender<Arc<Committed>>,
    wishes: mpsc::Sender<Wish>,
    tasks: Vec<Handle<()>>,
}

pub(super) async fn start<E>(context: E, config: Config, parts: Parts) -> Result<NodeHandle, NodeError>
where
    E: Spawner + Clock + Storage,
{
    let mistakes = config.mistakes();
    if !mistakes.is_empty() {
        return Err(NodeError::Config { why: mistakes.join("\n") });
    }
    let id = config.deployment.exchange_id();
    let shelf = Shelf::new(context.child("shelf"), &config.partition);
    let stored = shelf.numbers().await?;
    let common = Common {
        books: books_over(Shelf::new(context.child("books"), &config.partition)),
        board: Board::default(),
        metrics: Arc::new(Metrics::default()),
        limits: watch::Sender::new(config.limits),
        gas_price: watch::Sender::new(0),
        heard: watch::Sender::new((micros(&context) / 1_000, None)),
        ended: watch::Sender::new(None),
        gate: Gate::default(),
        context,
        config,
        parts,
    };
    let ends = progress_of(&shelf, &stored).await?;
    let mut journal_config = JournalConfig::new(&format!("{}-journal", common.config.partition), id);
    journal_config.floor = ends.last().map_or(Sequence::default(), |last| last.header.next_sequence);
    let Opened { journal, cut } = Journal::open(common.context.child("journal"), journal_config).await?;
    if let Some(cut) = cut {
        tracing::warn!(?cut, "the journal ended in a group that was never acknowledged; it was cut off");
    }
    let snapshots =
        SnapshotStore::new(common.context.child("snapshots"), &format!("{}-snapshots", common.config.partition));
    let Begin { store, capture, parent, block } = begin(&common.config, &snapshots, &journal).await?;
    let (executed, executed_queue) = mpsc::channel(BLOCKS_WAITING_MAX);
    let wanted = Arc::new(AtomicBool::new(false));
    let checkpoints = Checkpoints {
        store: snapshots,
        every: common.config.checkpoint_commands,
        wanted: wanted.clone(),
        last: parent.next_sequence,
        keeper: executed.downgrade(),
    };
    for progress in ends.iter().filter(|progress| progress.header.number <= parent.number) {
        common.books.enter(progress.clone(), None);
    }
    let ends = ends.iter().filter(|progress| progress.header.number > parent.number);
    let end = |Progress { header, .. }: &Progress| End { next: header.next_sequence, commitment: header.da_commitment };
    let ends = ends.map(end).collect();
    let line = start_building(&common, capture, parent, ends, checkpoints);
    let kept = Kept::new(common.config.kept_commands_max);
    let mut past = Past::new(common.config.deployment, store, ANSWERS_MAX, kept);
    past.block = block;
    past.replay(&journal, &line.blocks).await?;
    tracing::info!(commands = past.replayed, "everything that was acknowledged has been executed again");
    let keeping = Keeping { journal, executed, executed_queue, wanted };
    start_trading(common, past, keeping, line, shelf)
}

/// Where a node begins.
struct Begin {
    store: HotStore,
    capture: Capture,
    parent: BatchHeader,
    block: L1Block,
}

/// The newest snapshot from which the journal goes on, or the genesis.
async fn begin<E: Storage + Clock>(
    config: &Config,
    snapshots: &SnapshotStore<E>,
    journal: &Journal<E>,
) -> Result<Begin, NodeError> {
    let id = config.deployment.exchange_id();
    let within = journal.first_sequence()..=journal.next_sequence();
    let wanted = |head: &SnapshotHead| head.header.exchange_id == id && within.contains(&head.sequence());
    let threads = Threads(BUILDER_THREADS);
    let bad = |why: String| NodeError::Snapshot { why };
    let (newest, rejected) = snapshots.newest(wanted, &threads).await.map_err(|error| bad(error.to_string()))?;
    for Rejected { name, error } in rejected {
        tracing::warn!(name, %error, "a snapshot was passed over");
    }
    if let Some(snapshot) = newest {
        let capture = Capture::from_leaves(config.deployment, &snapshot.leaves, &threads);
        return Ok(Begin {
            store: snapshot.hot_store(config.store).map_err(|error| bad(error.to_string()))?,
            capture: capture.map_err(|error| bad(error.to_string()))?,
            parent: snapshot.head.header,
            block: snapshot.head.block,
        });
    }
    if journal.first_sequence().get() > 0 {
        return Err(bad("there is none that is whole, and the journal has forgotten the beginning; recover from L1 and data availability".to_owned()));
    }
    let mut store = HotStore::new(config.store);
    config.genesis.write(&mut store);
    let (capture, parent) = Capture::new(config.deployment, &config.genesis);
    Ok(Begin { store, capture, parent, block: L1Block::default() })
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
    wanted: Arc<AtomicBool>,
}

fn books_over<E: Storage>(shelf: Shelf<E>) -> Books {
    let shelf = Arc::new(Mutex::new(shelf));
    Books::new(Arc::new(move |number| {
        let shelf = shelf.clone();
        Box::pin(async move {
            let found = shelf.lock().await.get(number).await;
            let found = found.inspect_err(|error| tracing::error!(%error, "a stored batch cannot be fetched"));
            found.ok().flatten().map(Arc::new)
        })
    }))
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
    let mut producer = Producer::new(
        limits.subscribe(),
        books.clone(),
        metrics.clone(),
        station,
        gas_price.subscribe(),
        parent.number.next(),
    );
    producer.ends = ends;
    let builder = Builder {
        capture,
        parent,
        shelf: Shelf::new(context.child("builder"), &config.partition),
        books: books.clone(),
        availability: parts.availability.clone(),
        threads: BUILDER_THREADS,
        metrics: metrics.clone(),
        station: board.station("state-updater"),
        checkpoints,
    };
    let producing =
        context.child("producer").spawn(move |context| producer.run(context, block_queue, wish_queue, cuts));
    let (ended, gate) = (ended.clone(), gate.clone());
    let building = context.child("builder").dedicated().spawn(move |context| async move {
        if let Err(error) = builder.run(context, cut_queue).await {
            fail(&ended, &gate, error);
        }
    });
    BuildLine { blocks, wishes, tasks: vec![producing, building] }
}

/// Remembers the first reason why the node cannot go on, and lets nothing in any more.
fn fail(ended: &watch::Sender<Ended>, gate: &Gate, error: NodeError) {
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

fn start_trading<E>(
    common: Common<E>,
    mut past: Past,
    keeping: Keeping<E>,
    line: BuildLine,
    shelf: Shelf<E>,
) -> Result<NodeHandle, NodeError>
where
    E: Spawner + Clock + Storage,
{
    let Common { context, config, .. } = &common;
    let id = config.deployment.exchange_id();
    let BuildLine { blocks, wishes, mut tasks } = line;
    let (work, work_queue) = mpsc::channel(ENGINE_WAITING_MAX);
    let Keeping { journal, executed, executed_queue, wanted } = keeping;
    let (submissions, submission_queue) = mpsc::channel(config.waiting_max);
    let (feed, _) = broadcast::channel(ashlar_api::limits::FEED_BLOCKS_MAX);
    let (bell, _) = broadcast::channel(ALERTS_MAX);
    let directory = Directory::of(&mut past.exchange.store);
    let clock = *past.exchange.store.clock();
    let (stop_at, metrics) = (StopAt::never(), common.metrics.clone());
    metrics.next_sequence.set(clock.next_sequence);
    let tolls = Arc::new(Tolls::new(config.limits.per_peer, config.limits.per_key));
    let block = past.block;
    let engine = Engine {
        exchange: past.exchange,
        id,
        epoch: past.epoch,
        block,
        answers: past.answers,
        directory: directory.clone(),
        stop_at: stop_at.clone(),
        metrics: metrics.clone(),
        rest: Vec::new().into_iter(),
        entries: VecDeque::new(),
        followed: VecDeque::new(),
        is_over: false,
    };
    let keeper = Keeper {
        journal,
        id,
        key: config.key.clone(),
        head: past.head,
        l1: block,
        kept: past.kept,
        feed,
        builder: blocks,
        metrics: metrics.clone(),
    };
    let desk = Desk {
        checker: Checker::new(config.deployment, directory.clone()),
        tolls: tolls.clone(),
        metrics: metrics.clone(),
        engine: work.clone(),
    };
    let out = executed.clone();
    let mut line = vec![context.child("engine").dedicated().spawn(move |context| engine.run(context, work_queue, out))];
    let (ended, gate) = (common.ended.clone(), common.gate.clone());
    line.push(context.child("keeper").spawn(move |context| async move {
        match keeper.run(context, executed_queue).await {
            Ok(()) => {
                ended.send_if_modified(|ended| ended.is_none().then(|| *ended = Some(Ok(()))).is_some());
            }
            Err(error) => fail(&ended, &gate, error),
        }
    }));
    line.append(&mut tasks);
    let mut services = desk.start(context, config.checkers, submission_queue);
    let (audit, audit_queue) = mpsc::channel(SERVICE_WAITING_MAX);
    let partition = config.partition.clone();
    let counted = metrics.clone();
    services.push(context.child("audit").spawn(move |context| keep_audit(context, partition, counted, audit_queue)));
    let inbox = InboxIndex::new(clock.inbox_cursor);
    let last_block = (inbox.get() > 0).then_some(block);
    start_services(&common, &mut services, shelf, &work, inbox, last_block);
    services.push(start_watchman(&common, bell.clone()));
    if let Mode::Following { from } = config.mode {
        common.gate.close(Some(format!("this node follows others, from batch {} on", from.get())));
    }
    let ends = wishes.clone();
    let operator = NodeOperator::new(Levers {
        board: common.board.clone(),
        gate: common.gate.clone(),
        tolls: tolls.clone(),
        stop_at,
        engine: work.clone(),
        wishes,
        limits: common.limits.clone(),
        source: OnceLock::new(),
        checkpoint: wanted,
        audit,
    });
    let clock_context = context.child("door");
    let door = NodeDoor::new(Inner {
        venue: venue(config),
        id,
        gate: common.gate.clone(),
        tolls,
        directory,
        submissions,
        engine: work.clone(),
        metrics: metrics.clone(),
        books: common.books.clone(),
        board: common.board.clone(),
        now_us: Arc::new(move || micros(&clock_context)),
    });
    Ok(NodeHandle {
        id,
        door,
        operator,
        gate: common.gate,
        engine: work,
        ends,
        keeper: executed,
        books: common.books,
        metrics,
        bell,
        ended: common.ended.subscribe(),
        line,
        services,
    })
}

/// Starts what moves built batches on. What is not there is not waited for.
fn start_services<E>(
    common: &Common<E>,
    services: &mut Vec<Handle<()>>,
    shelf: Shelf<E>,
    engine: &mpsc::Sender<Work>,
    inbox: InboxIndex,
    block: Option<L1Block>,
) where
    E: Spawner + Clock + Storage,
{
    let Common { context, config, parts, board, books, metrics, .. } = common;
    let (shelf, context_of) = (Arc::new(Mutex::new(shelf)), context.child("hands"));
    let hands = Arc::new(Hands { books: books.clone(), shelf, metrics: metrics.clone(), context: context_of });
    let station = |name| board.station(name);
    let availability = parts.availability.clone().filter(|_| config.mode != Mode::Validium);
    let publisher = Publisher { hands: hands.clone(), availability };
    services.push(run(common, "data-publisher", publisher));
    let (start, hands_of) = (BatchNumber::default(), || hands.clone());
    if let Some(layer1) = &parts.layer1 {
        let (layer1, station) = (layer1.clone(), station("l1-committer"));
        let committer = Committer { hands: hands_of(), layer1: layer1.clone(), handed: start, station };
        services.push(run(common, "l1-committer", committer));
        let watcher = Watcher {
            hands: hands_of(),
            layer1,
            engine: engine.clone(),
            gate: common.gate.clone(),
            inbox,
            block,
            gas_price: common.gas_price.clone(),
            heard_ms: common.heard.clone(),
            station: board.station("l1-watcher"),
        };
        services.push(run(common, "l1-watcher", watcher));
    }
    if let Some(prover) = &parts.prover {
        let (prover, station) = (prover.clone(), station("proof-coordinator"));
        let coordinator = Coordinator { hands: hands_of(), prover, handed: start, station };
        services.push(run(common, "proof-coordinator", coordinator));
    }
    if let (Some(layer1), Some(prover)) = (&parts.layer1, &parts.prover) {
        let (layer1, prover, station) = (layer1.clone(), prover.clone(), station("proof-sender"));
        let sender = Sender { hands: hands_of(), layer1, prover, handed: start, asked: start, station };
        services.push(run(common, "proof-sender", sender));
    }
}

fn run<E, S>(common: &Common<E>, name: &'static str, service: S) -> Handle<()>
where
    E: Spawner + Clock + Storage,
    S: Service,
{
    let (station, metrics, news) = (common.board.station(name), common.metrics.clone(), common.books.subscribe());
    common.context.child("service").spawn(move |context| supervise(context, service, station, metrics, news))
}

fn start_watchman<E>(common: &Common<E>, bell: broadcast::Sender<Alarm>) -> Handle<()>
where
    E: Spawner + Clock + Storage,
{
    let watchman = Watchman {
        books: common.books.clone(),
        board: common.board.clone(),
        gate: common.gate.clone(),
        metrics: common.metrics.clone(),
        limits: common.limits.subscribe(),
        l1: common.parts.layer1.is_some().then(|| common.heard.subscribe()),
        has_prover: common.parts.prover.is_some(),
        station: common.board.station("watchman"),
        alarms: Alarms::default(),
        level: ServiceLevel::default(),
        baseline: Baseline::default(),
        bell,
    };
    common.context.child("watchman").spawn(move |context| watchman.run(context))
}

fn venue(config: &Config) -> Venue {
    Venue {
        deployment: config.deployment,
        sequencer_key: config.key.public(),
        proofs: config.proofs.clone(),
        mode: config.mode.word().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        names: config.names.clone(),
    }
}
