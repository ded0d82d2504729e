//! Wiring of what stays for as long as the node runs, and the task that orders anew when L1 takes something back.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, RwLock};

use ashlar_api::door::Venue;
use ashlar_prover::Capture;
use ashlar_types::Sequence;
use commonware_runtime::{Clock, Handle, Spawner, Storage};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::handle::NodeHandle;
use super::line::{Common, Line, begin_line, fail};
use super::present::Present;
use crate::admit::{Gate, Tolls};
use crate::build::{Books, Newest, Shelf};
use crate::config::{Config, Mode};
use crate::door::{Inner, Levers, NodeDoor, NodeOperator};
use crate::engine::StopAt;
use crate::error::NodeError;
use crate::limits::{ALERTS_MAX, SERVICE_WAITING_MAX};
use crate::measure::{Metrics, micros};
use crate::outside::Parts;
use crate::services::{Anew, Board, Watchman, keep_audit};
use crate::watch::{Alarm, Alarms, Baseline, ServiceLevel};

pub(super) async fn start<E>(context: E, config: Config, parts: Parts) -> Result<NodeHandle, NodeError>
where
    E: Spawner + Clock + Storage,
{
    let mistakes = config.mistakes();
    if !mistakes.is_empty() {
        return Err(NodeError::Config { why: mistakes.join("\n") });
    }
    let (anew, anew_queue) = mpsc::channel(1);
    let shelf = Shelf::new(context.child("shelf"), &config.partition);
    let common = Common {
        books: Books::new(shelf.clone()),
        shelf,
        board: Board::default(),
        metrics: Arc::new(Metrics::default()),
        limits: watch::Sender::new(config.limits),
        gas_price: watch::Sender::new(0),
        heard: watch::Sender::new((micros(&context) / 1_000, None)),
        ended: watch::Sender::new(None),
        gate: Gate::default(),
        tolls: Arc::new(Tolls::new(config.limits.per_peer, config.limits.per_key)),
        stop_at: StopAt::never(),
        wanted: Arc::new(AtomicBool::new(false)),
        sure: watch::Sender::new(None),
        newest: watch::Sender::new(Newest { time_ms: config.genesis.time.get(), next: Sequence::new(0) }),
        anew,
        versions: watch::Sender::new(None),
        given_up: Arc::default(),
        present: Present::default(),
        unwindings: Arc::new(RwLock::new(Vec::new())),
        genesis: Capture::new(config.deployment, &config.genesis).1,
        context,
        config,
        parts,
    };
    let line = begin_line(&common, None).await?;
    if let Mode::Following { from } = common.config.mode {
        common.gate.close(Some(format!("this node follows others, from batch {} on", from.get())));
    }
    let (bell, _) = broadcast::channel(ALERTS_MAX);
    let (audit, audit_queue) = mpsc::channel(SERVICE_WAITING_MAX);
    let (partition, counted) = (common.config.partition.clone(), common.metrics.clone());
    let auditing =
        common.context.child("audit").spawn(move |context| keep_audit(context, partition, counted, audit_queue));
    let services = vec![auditing, start_watchman(&common, bell.clone())];
    let (stop, stopped) = mpsc::channel(1);
    let operator = operator(&common, audit);
    let door = door(&common);
    let handle = NodeHandle {
        door,
        operator,
        gate: common.gate.clone(),
        present: common.present.clone(),
        books: common.books.clone(),
        board: common.board.clone(),
        begun: line.begun,
        metrics: common.metrics.clone(),
        bell,
        ended: common.ended.subscribe(),
        stop,
        services,
    };
    reign(common, line, anew_queue, stopped);
    Ok(handle)
}

/// Keeps a line running: when L1 takes something back, or began another version too early for batches, the line ends, what has to be made anew is,
/// and another one begins.
fn reign<E>(
    common: Common<E>,
    line: Line,
    mut anew: mpsc::Receiver<Anew>,
    mut stop: mpsc::Receiver<oneshot::Sender<()>>,
) -> Handle<()>
where
    E: Spawner + Clock + Storage,
{
    common.context.child("reign").spawn(move |_| async move {
        let mut line = Some(line);
        loop {
            tokio::select! {
                biased;
                asked = stop.recv() => {
                    if let Some(line) = line.take() {
                        line.end(&common.present).await;
                    }
                    common.ended.send_if_modified(|ended| ended.is_none().then(|| *ended = Some(Ok(()))).is_some());
                    if let Some(asked) = asked {
                        // Whoever asked may have gone.
                        let _ = asked.send(());
                    }
                    return;
                }
                Some(anew) = anew.recv() => {
                    let started = micros(&common.context);
                    if let Some(line) = line.take() {
                        line.end(&common.present).await;
                    }
                    if common.ended.borrow().is_some() {
                        continue;
                    }
                    let is_order = matches!(anew, Anew::Order(_));
                    match begin_line(&common, Some(anew)).await {
                        Ok(next) => line = Some(next),
                        Err(error) => {
                            fail(&common.ended, &common.gate, error);
                            continue;
                        }
                    }
                    common.gate.hold(None);
                    if is_order {
                        common.metrics.unwind_us.record(micros(&common.context).saturating_sub(started));
                    }
                }
            }
        }
    })
}

fn operator<E>(common: &Common<E>, audit: crate::door::AuditSink) -> NodeOperator {
    NodeOperator::new(Levers {
        board: common.board.clone(),
        gate: common.gate.clone(),
        tolls: common.tolls.clone(),
        stop_at: common.stop_at.clone(),
        present: common.present.clone(),
        limits: common.limits.clone(),
        source: OnceLock::new(),
        follows: common.config.mode.follows(),
        promotion: OnceLock::new(),
        checkpoint: common.wanted.clone(),
        audit,
    })
}

fn door<E>(common: &Common<E>) -> NodeDoor
where
    E: Spawner + Clock + Storage,
{
    let clock = common.context.child("door");
    NodeDoor::new(Inner {
        venue: venue(&common.config),
        gate: common.gate.clone(),
        tolls: common.tolls.clone(),
        present: common.present.clone(),
        unwindings: common.unwindings.clone(),
        metrics: common.metrics.clone(),
        books: common.books.clone(),
        board: common.board.clone(),
        prover: common.parts.prover.clone(),
        layer1: common.parts.layer1.clone(),
        availability: common.parts.availability.clone(),
        now_us: Arc::new(move || micros(&clock)),
    })
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
        newest: common.newest.subscribe(),
        checkpoint_every: common.config.checkpoint_commands,
        prover: common.parts.prover.clone(),
        station: common.board.station("watchman"),
        alarms: Alarms::default(),
        level: ServiceLevel::default(),
        baseline: Baseline::default(),
        noted_us: None,
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
