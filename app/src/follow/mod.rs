//! A node that follows: it has nothing but L1 and published data, executes every batch that is committed there, and answers what it is asked.
//!
//! 1. Nothing is believed. Headers are what the contract keeps, data is what headers commit to, inbox entries are those of L1, signatures are
//!    checked by the guest's code, and what execution gives must be the header, word for word.
//! 2. It has promised nothing to anyone: where L1 left what was followed, it begins anew from L1 by itself.
//! 3. It takes messages only once its operator has told it to order, and is then started as any node that orders is.

pub mod folder;

mod live;
mod promote;
mod source;

pub use promote::{PromoteArguments, run as promote};

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, anyhow, ensure};
use ashlar_api::http::{Api, ApiConfig, Serving};
use ashlar_replica::{SnapshotHead, SnapshotStore};
use ashlar_sequencer::{Config, Divergence, Mode, Node, NodeHandle, Parts, Pricing, Reports as _, Settled};
use ashlar_settlement::gas::GasModel;
use ashlar_settlement::rpc::RpcL1;
use ashlar_settlement::signer::LocalKey;
use ashlar_settlement::{Config as SettlementConfig, Settlement};
use ashlar_sync::{Finding, Strategy, Target};
use ashlar_types::BatchNumber;
use commonware_runtime::{Supervisor as _, tokio as runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::clock::now_ms;
use crate::config::{NodeSettings, Sources};
use crate::dashboard;
use crate::node;
use crate::ports::{Published, Written};
use crate::rebuild::origin::Origin;
use crate::rebuild::{Opened, SNAPSHOTS, into_snapshots};
use live::{Live, Parted};
use promote::Promoting;
use source::{Source, sources};

/// What every screen says of proofs.
const PROOFS: &str = "this node follows: it executes every batch again and proves none";
/// So long an answer about a promotion has to get out before the servers are started anew.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// Attempts to read an L1 that leaves its chain meanwhile.
const ATTEMPTS: u32 = 5;
/// The key of a client that never signs.
const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000001";

/// How following ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It was told to stop.
    Stopped,
    /// It was told to order.
    Promoted,
}

/// How one run of it ended.
enum Once {
    Ended(Ended),
    /// It begins anew from L1.
    Anew,
}

/// Follows until it is told to stop or to order.
pub async fn run(context: &runtime::Context, l1: &RpcL1, settings: &NodeSettings, sources: &Sources) -> Result<Ended> {
    let mut diverged = None;
    loop {
        let begun = Begun::find(context, l1, settings).await?;
        match once(context, l1, settings, sources, begun, &mut diverged).await? {
            Once::Ended(ended) => return Ok(ended),
            Once::Anew => {
                tracing::warn!("L1 holds something else than was followed; beginning anew from L1");
                folder::clear(context).await?;
            }
        }
    }
}

/// What it begins with.
struct Begun {
    source: Source,
    /// The batch of the state that was rebuilt, and how long that took; nothing if there was nothing to rebuild, or it goes on with what it executed.
    rebuilt: Option<(BatchNumber, Duration)>,
}

impl Begun {
    /// Reads L1, and rebuilds the state in a folder in which nothing was executed: as far as it is final, since a proof has vouched for the signatures
    /// up to there. What comes after is followed batch by batch.
    async fn find(context: &runtime::Context, l1: &RpcL1, settings: &NodeSettings) -> Result<Begun> {
        let is_begun = folder::is_begun(context).await?;
        if !is_begun {
            folder::begin(&settings.data)?;
        }
        let mut attempt = 1;
        loop {
            match Begun::try_find(context, l1, settings, is_begun).await {
                Err(why) if attempt < ATTEMPTS => {
                    tracing::warn!(why = format!("{why:#}"), attempt, "L1 could not be read; trying again");
                }
                ended => return ended,
            }
            attempt += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn try_find(
        context: &runtime::Context,
        l1: &RpcL1,
        settings: &NodeSettings,
        is_begun: bool,
    ) -> Result<Begun> {
        let begun = Instant::now();
        let source = Source::new(settings)?;
        if is_begun {
            return Ok(Begun { source, rebuilt: None });
        }
        let origin = node::origin(l1, settings).await?;
        let opened = Opened::read(origin, &sources(settings)?).await.context("reading L1")?;
        let (history, last) = (&opened.history, opened.history.last_final());
        if last > BatchNumber::default() {
            into_snapshots(context, &opened, Target::Batch(last), None, &mut |_| ()).await?;
        }
        // A node begins at the newest there is, and a life before this one may have left some of what L1 does not hold.
        let snapshots = SnapshotStore::new(context.child("snapshots"), SNAPSHOTS);
        let stays = |head: &SnapshotHead| head.header.number <= last && history.holds(&head.header);
        snapshots.retain(stays).await.context("looking through the snapshots")?;
        if last == BatchNumber::default() {
            return Ok(Begun { source, rebuilt: None });
        }
        let took = begun.elapsed();
        tracing::info!(batch = last.get(), ?took, "the state was rebuilt from L1 and published data");
        Ok(Begun { source, rebuilt: Some((last, took)) })
    }
}

/// A client of L1 that only reads.
struct Reading {
    client: ashlar_settlement::Handle,
    settled: Arc<Settled<RpcL1>>,
    task: commonware_runtime::Handle<ashlar_settlement::StopReason>,
    listening: tokio::task::JoinHandle<()>,
}

impl Reading {
    async fn start(
        context: &runtime::Context,
        l1: &RpcL1,
        origin: &Origin,
        settings: &NodeSettings,
    ) -> Result<Reading> {
        let mut config = SettlementConfig::new(settings.l1.chain_id, origin.addresses);
        (config.poll_every, config.sends) = (settings.l1.poll_every, false);
        let nobody = LocalKey::from_hex(NOBODY, "a key that signs nothing")?;
        let started = Settlement::start(context.child("settlement"), l1.clone(), nobody, config).await;
        let started = started.map_err(|reason| anyhow!("the L1 client does not start: {reason}"))?;
        let client = started.handle.clone();
        let pricing = Pricing::new(GasModel::default(), Arc::new(SystemTime::now));
        let (settled, listening) =
            Settled::new(started.handle, started.events, l1.clone(), None, origin.addresses, pricing);
        let listening = tokio::spawn(listening);
        Ok(Reading { client, settled: Arc::new(settled), task: started.task, listening })
    }

    async fn stop(self) {
        self.task.abort();
        // That it was aborted is what was asked.
        let _ = self.task.await;
        self.listening.abort();
    }
}

async fn once(
    context: &runtime::Context,
    l1: &RpcL1,
    settings: &NodeSettings,
    sources: &Sources,
    begun: Begun,
    diverged: &mut Option<BatchNumber>,
) -> Result<Once> {
    let Begun { source, rebuilt } = begun;
    let origin = node::origin(l1, settings).await?;
    let mut reading = Reading::start(context, l1, &origin, settings).await?;
    let node = start(context, &origin, &reading, settings, rebuilt).await?;
    let sources = sources.clone();
    node.levers().reload_from(Arc::new(move || node::limits(&sources)));
    let live = Live::new(&node, &reading.settled, reading.client.clone(), &source, settings.l1.poll_every);
    let (go, mut going) = mpsc::channel(1);
    let promoting = Promoting {
        l1: l1.clone(),
        addresses: origin.addresses,
        settings: settings.clone(),
        settled: reading.settled.clone(),
        books: node.books().clone(),
        checked: live.checked(),
        go,
    };
    node.levers().promote_by(promoting.hook());
    let files = if settings.api.dashboard { dashboard::FILES } else { &[] };
    let config =
        ApiConfig { burst: settings.api.burst, per_second: settings.api.per_second, files, ..ApiConfig::default() };
    let api = Api::new(node.door(), config);
    let telling = tokio::spawn(api.clone().follow());
    let servers = node::serve(&api, &node, settings).await?;
    tracing::info!(
        batch = node.last_batch().get(),
        api = %servers[0].address,
        admin = %servers[2].address,
        "the node follows"
    );

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let ended = tokio::select! {
        ended = part(live, &node, settings, diverged) => ended,
        _ = going.recv() => Ok(Once::Ended(Ended::Promoted)),
        failed = node.failed() => Err(anyhow!("the node stopped: {failed}")),
        reason = &mut reading.task => Err(anyhow!("the L1 client stopped: {reason:?}")),
        _ = interrupt.recv() => Ok(Once::Ended(Ended::Stopped)),
        _ = terminate.recv() => Ok(Once::Ended(Ended::Stopped)),
    };
    if matches!(ended, Ok(Once::Ended(Ended::Promoted))) {
        tokio::time::sleep(LAST_WORDS).await;
    }
    servers.iter().for_each(Serving::stop);
    telling.abort();
    node.stop().await.map_err(|error| anyhow!("the node did not stop cleanly: {error}"))?;
    if ended.is_ok() {
        reading.stop().await;
    }
    ended
}

/// Follows until that is over, and says whether to begin anew. Where nothing but a person can help it goes on serving what it has.
async fn part(
    live: Live<'_>,
    node: &NodeHandle,
    settings: &NodeSettings,
    diverged: &mut Option<BatchNumber>,
) -> Result<Once> {
    match live.run().await {
        Parted::Elsewhere(batch) => {
            tracing::warn!(batch = batch.get(), "L1 left the blocks of a batch that was followed");
            ensure!(
                folder::follows(&settings.data)?,
                "L1 holds another batch {} than this folder, which was not begun by following and may hold what is nowhere else; \
                 keep it, and follow in an empty folder",
                batch.get()
            );
            Ok(Once::Anew)
        }
        Parted::Diverged(batch, what) => {
            let finding = Finding::Stored { batch, command: None, what };
            let strategy = settings.limits.checks.strategy;
            node.books().note_divergence(finding.to_string());
            report(settings, finding, strategy);
            // The same batch a second time, from a state that L1 vouches for, is the operator's to look at.
            let is_first = diverged.replace(batch) != Some(batch);
            if strategy == Strategy::Reconcile && is_first && folder::follows(&settings.data)? {
                return Ok(Once::Anew);
            }
            // What was executed before stays true, and is served.
            std::future::pending().await
        }
    }
}

/// The node that executes, without anything that sends or proves.
async fn start(
    context: &runtime::Context,
    origin: &Origin,
    reading: &Reading,
    settings: &NodeSettings,
    rebuilt: Option<(BatchNumber, Duration)>,
) -> Result<NodeHandle> {
    let published = Published::new(node::stores(context, origin, settings)?).retaining(node::retained(settings)?);
    // What is followed is kept in this node's own folders as well; custodians have it from whoever published it.
    let published = if settings.da_custodians.is_empty() { published } else { published.only_read() };
    let parts = Parts {
        availability: Some(Arc::new(published)),
        layer1: Some(reading.settled.clone()),
        prover: None,
        reports: Some(Arc::new(Written::into(settings.data.clone()))),
    };
    let from = rebuilt.map_or(BatchNumber::new(1), |(batch, _)| batch.next());
    let config = Config {
        mode: Mode::Following { from },
        checkers: settings.checkers,
        waiting_max: settings.waiting_max,
        kept_commands_max: settings.kept_commands_max,
        checkpoint_commands: settings.checkpoint_commands,
        limits: settings.limits,
        proofs: PROOFS.to_owned(),
        ..Config::new(origin.exchange, origin.genesis(), node::receipts(settings)?)
    };
    let node = Node::start(context.child("node"), config, parts).await;
    let node = node.map_err(|error| anyhow!("the node does not start: {error}"))?;
    if let Some((_, took)) = rebuilt {
        node.metrics().recovery.set(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    }
    Ok(node)
}

fn report(settings: &NodeSettings, finding: Finding, strategy: Strategy) {
    tracing::error!(%finding, "what was committed cannot be followed");
    let report = Divergence { at_ms: now_ms(), block: None, strategy, findings: vec![finding] };
    match Written::into(settings.data.clone()).keep(&report) {
        Ok(place) => tracing::error!(place, "the report of the divergence is kept"),
        Err(why) => tracing::error!(%why, "the report of the divergence cannot be kept"),
    }
}
