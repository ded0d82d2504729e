//! `ashlar node`: a node of an exchange that is deployed already, over L1 nodes that are somebody else's.
//!
//! Everything that can be wrong is looked for before anything is started: the configuration as a whole, the files of keys, the chain, the
//! contracts, and whether this exchange began as the node would begin it.

mod arguments;
mod begin;
mod keys;
mod prover;

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, Result, anyhow, ensure};
use ashlar_api::admin::{self, Admin, Audit};
use ashlar_api::http::{Api, ApiConfig, Serving, listen, router};
use ashlar_contracts::abi::{ISettlement, IVerifierRegistry};
use ashlar_da::{Availability, Disk, Remote, Retained, Store, Writer};
use ashlar_sequencer::{Config, Limits, Mode, Node, NodeError, NodeHandle, Parts, Pricing, Proving, Reports, Settled};
use ashlar_settlement::gas::GasModel;
use ashlar_settlement::l1::BlockAt;
use ashlar_settlement::rpc::{Endpoint, PoolConfig, RpcL1};
use ashlar_settlement::signer::Signer as _;
use ashlar_settlement::{Config as SettlementConfig, Settlement};
use ashlar_types::Address as Owner;
use ashlar_types::sign::WalletSecret;
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use tokio::signal::unix::{SignalKind, signal};

pub use arguments::NodeArguments;
pub use keys::{Keys, receipts, submitter};
pub use prover::{Plan, plan};

use crate::config::{self, L1Settings, NodeSettings, Profile, Sources};
use crate::dashboard;
use crate::disk;
use crate::follow;
use crate::follow::folder::{self, Promoted};
use crate::ports::{Coordinated, Counted, Executed, Published, Signed, Written};
use crate::proving::{Provers, release_programs};
use crate::publishing::{Possible, Publishing};
use crate::rebuild::contract::ask;
use crate::rebuild::origin::{Known, Origin};
use crate::secrets::{admin_token, read_key};
use crate::telemetry;
use crate::threads::gives_way;

/// What every screen says where nobody proves.
const NOT_PROVEN: &str = "no prover here: batches are committed and wait for proofs";

/// Starts a node, and runs until it is told to stop.
pub fn run(arguments: &NodeArguments) -> Result<()> {
    let sources = arguments.sources.clone();
    let sources = if arguments.json { sources.with("log.format=json") } else { sources };
    let settings = config::sound(NodeSettings::read(&sources.layers()))?;
    let promoted = folder::read(&settings.data)?;
    let follows = settings.mode.follows() && promoted.is_none();
    if follows {
        receipts(&settings)?;
    } else {
        Keys::load(&settings)?;
        ensure!(
            !folder::follows(&settings.data)?,
            "{} was begun by following and was not told to order; set node.mode=following and promote it, or name another folder",
            settings.data.display()
        );
    }
    let (steps, _exporting) = telemetry::start(&settings.telemetry)?.unzip();
    crate::log::start(&settings.log_filter, settings.log_format, steps)?;
    std::fs::create_dir_all(&settings.data)
        .with_context(|| format!("{} cannot be made; correct node.data", settings.data.display()))?;
    let config =
        runtime::Config::new().with_storage_directory(settings.data.clone()).with_worker_threads(settings.threads);
    disk::check(&settings.data)?;
    let data = settings.data.clone();
    let ended = runtime::Runner::new(config).start(|context| node(context, settings, sources, follows));
    ended.map_err(|error| disk::explain(error, &data))
}

/// Follows others if it is to, and orders once it may.
async fn node(context: runtime::Context, settings: NodeSettings, sources: Sources, follows: bool) -> Result<()> {
    let l1 = l1(&settings.l1)?;
    if follows && follow::run(&context, &l1, &settings, &sources).await? == follow::Ended::Stopped {
        tracing::info!("stopped");
        return Ok(());
    }
    // A follower's key may have been given to it only now.
    let keys = Keys::load(&settings)?;
    let promoted = folder::read(&settings.data)?;
    if let Some(Promoted { after, .. }) = promoted {
        tracing::info!(batch = after.get(), "this node was promoted after a batch: it orders");
    }
    order(context, l1, settings, keys, sources, promoted).await
}

/// The nodes of the L1 as one.
pub fn l1(settings: &L1Settings) -> Result<RpcL1> {
    let endpoints: Result<Vec<_>, _> =
        settings.endpoints.iter().map(|url| Endpoint::new(url, settings.timeout)).collect();
    Ok(RpcL1::new(endpoints?, PoolConfig { chain_id: settings.chain_id, quorum: settings.quorum }))
}

/// The exchange as its contracts tell it.
pub async fn origin(l1: &RpcL1, settings: &NodeSettings) -> Result<Origin> {
    let L1Settings { chain_id, settlement, deployed_block, genesis_ms, house_owner, .. } = settings.l1;
    let known = Known { chain_id, settlement, from_block: deployed_block, house_owner, genesis_ms };
    let origin = Origin::of(l1.clone(), &known).await.context("looking at the contracts")?;
    if settings.profile == Profile::Production {
        let question = IVerifierRegistry::productionCall {};
        let is_production = ask(l1, BlockAt::Latest, origin.addresses.registry, &question).await?;
        ensure!(
            is_production,
            "the contracts were deployed for development: they accept what is not proven; deploy for production, or set node.profile=development"
        );
    }
    Ok(origin)
}

async fn order(
    context: runtime::Context,
    l1: RpcL1,
    settings: NodeSettings,
    keys: Keys,
    sources: Sources,
    promoted: Option<Promoted>,
) -> Result<()> {
    let origin = origin(&l1, &settings).await?;
    begin::from_l1_if_empty(&context, &l1, &settings).await?;
    let client = settle(&context, &l1, &origin, &settings, &keys).await?;
    let (payer, contracts) = (keys.submitter.address(), origin.addresses);
    let (published, possible) = published(&context, &origin, &settings).await?;
    let (published, model) = (Arc::new(published), settings.da_target.allow(possible, GasModel::default()));
    let pricing = Pricing::new(model, Arc::new(SystemTime::now));
    let (settled, listening) = Settled::new(client.handle, client.events, l1.clone(), Some(payer), contracts, pricing);
    let settled = settled.with_custodians(published.clone());
    let listening = tokio::spawn(listening);
    let mut plan = plan(&origin, &settings).await?;
    let coordination = plan.as_mut().and_then(|plan| plan.coordination.take());
    let provers = Provers::open_if(&context, coordination, &settings.data).await?;
    let prover = plan.as_ref().map(|plan| prover_of(plan, provers.as_ref(), &settings)).transpose()?;
    let reports = Some(Arc::new(Written::into(settings.data.clone())) as Arc<dyn Reports>);
    let parts = Parts { availability: Some(published), layer1: Some(Arc::new(settled)), prover, reports };
    let proofs = plan.map_or_else(|| NOT_PROVEN.to_owned(), |plan| plan.policy.kind());
    let config = config_of(&origin, proofs, &settings, keys, promoted);
    let node = match Node::start(context.child("node"), config.clone(), parts.clone()).await {
        // The journal has forgotten the beginning, and no checkpoint that it goes on from is whole: each was read. A disk that fails is another error.
        Err(NodeError::Snapshot { why }) => {
            tracing::warn!(%why, "no checkpoint can be used; the state is rebuilt and the journal goes on from there");
            begin::from_l1(&context, &l1, &settings, begin::Beyond::StaysIfWhole).await.context(why)?;
            Node::start(context.child("node"), config, parts).await
        }
        started => started,
    };
    let node = node.map_err(|error| anyhow!("the node does not start: {error}"))?;
    node.levers().reload_from(Arc::new(move || limits(&sources)));

    let files = if settings.api.dashboard { dashboard::FILES } else { &[] };
    let api_config =
        ApiConfig { burst: settings.api.burst, per_second: settings.api.per_second, files, ..ApiConfig::default() };
    let api = Api::new(node.door(), api_config);
    let follow = tokio::spawn(api.clone().follow());
    let servers = serve(&api, &node, &settings).await?;
    tracing::info!(
        settlement = %origin.addresses.settlement,
        chain = settings.l1.chain_id,
        api = %servers[0].address,
        gateway = %servers[1].address,
        admin = %servers[2].address,
        "the node is up"
    );

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let ended = tokio::select! {
        failed = node.failed() => Err(anyhow!("the node stopped: {failed}{}", disk::why(&settings.data))),
        failed = Provers::failed(provers.as_ref()) => Err(anyhow!("the prover stopped: {failed}")),
        reason = client.task => Err(disk::l1_client_ended(reason, &settings.data)),
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    servers.iter().for_each(Serving::stop);
    follow.abort();
    node.stop().await.map_err(|error| anyhow!("the node did not stop cleanly: {error}"))?;
    if let Some(provers) = provers {
        provers.stop().await;
    }
    listening.abort();
    tracing::info!("stopped");
    ended
}

/// The limits as the layers say them now, for a node that runs.
pub fn limits(sources: &Sources) -> Result<Limits, String> {
    config::sound(NodeSettings::read(&sources.layers()))
        .map(|settings| settings.limits)
        .map_err(|error| error.to_string())
}

async fn settle(
    context: &runtime::Context,
    l1: &RpcL1,
    origin: &Origin,
    settings: &NodeSettings,
    keys: &Keys,
) -> Result<Settlement> {
    let mut config = SettlementConfig::new(settings.l1.chain_id, origin.addresses);
    config.poll_every = settings.l1.poll_every;
    Settlement::start(context.child("settlement"), l1.clone(), keys.submitter.clone(), config)
        .await
        .map_err(|reason| anyhow!("the L1 client does not start: {reason}"))
}

fn prover_of(plan: &Plan, provers: Option<&Provers>, settings: &NodeSettings) -> Result<Arc<dyn Proving>> {
    let policies = plan.policies.clone();
    Ok(match provers {
        Some(provers) => Arc::new(Coordinated::new(provers.handle.clone(), policies)),
        None => Arc::new(Executed::open(policies, settings.data.join("checked"))?),
    })
}

fn config_of(
    origin: &Origin,
    proofs: String,
    settings: &NodeSettings,
    keys: Keys,
    promoted: Option<Promoted>,
) -> Config {
    Config {
        mode: if settings.mode.follows() { Mode::Standard } else { settings.mode },
        epoch_min: promoted.as_ref().map_or(0, Promoted::epoch),
        checkers: settings.checkers,
        waiting_max: settings.waiting_max,
        kept_commands_max: settings.kept_commands_max,
        checkpoint_commands: settings.checkpoint_commands,
        limits: settings.limits,
        proofs,
        programs: Some(release_programs()),
        gives_way,
        ..Config::new(origin.exchange, origin.genesis(), keys.receipts)
    }
}

/// Where data is published, and by which targets a commit may name it: what the contracts say of custodians and blobs is asked of them.
async fn published(
    context: &runtime::Context,
    origin: &Origin,
    settings: &NodeSettings,
) -> Result<(Published, Possible)> {
    let published = Published::new(stores(context, origin, settings)?).retaining(retained(settings)?);
    let at = BlockAt::Latest;
    let is_production = ask(&origin.l1, at, origin.addresses.registry, &IVerifierRegistry::productionCall {}).await?;
    let possible = Possible { signatures: None, blobs: !is_production };
    if !settings.da_target.may_use_custody() || settings.da_custodians.is_empty() {
        return Ok((published, possible));
    }
    let known = ask(&origin.l1, at, origin.addresses.settlement, &ISettlement::custodiansCall {}).await?;
    let (members, threshold) = (known.members.iter().map(|one| Owner(one.0.0)).collect::<Vec<_>>(), known.threshold);
    if members.is_empty() {
        ensure!(
            settings.da_target != Publishing::Custody,
            "da.target: the contracts know no custodians; deploy with some, have governance name them, or choose another target"
        );
        return Ok((published, possible));
    }
    let mut strangers = Vec::new();
    for url in &settings.da_custodians {
        // One that is down now may be a member; it shows when it signs.
        if Remote::new(url, None)?.custodian().await.is_ok_and(|address| !members.contains(&address)) {
            strangers.push(url.as_str());
        }
    }
    let counted = settings.da_custodians.len() - strangers.len();
    ensure!(
        counted >= usize::from(threshold),
        "da.custodians: L1 asks for {threshold} signatures and counts those of {counted} of them; it does not know {}",
        strangers.join(", ")
    );
    let counted = Counted { exchange: origin.exchange.exchange_id(), members, threshold: threshold.into() };
    let signed = Signed::open(counted, settings.data.join("signed"))?;
    Ok((published.signed(signed), Possible { signatures: Some(threshold.into()), ..possible }))
}

/// What this node's folders have forgotten, whatever is configured now, and by which policy they go on.
pub fn retained(settings: &NodeSettings) -> Result<Retained> {
    let policy = settings.da_keep_newest.zip(settings.da_archive.clone());
    Retained::open(&settings.data, policy).context("looking how far this node's folders have forgotten")
}

/// The stores: custodians, if there are any, or folders.
pub fn stores(context: &runtime::Context, origin: &Origin, settings: &NodeSettings) -> Result<Availability> {
    let folder = |number| Box::new(Disk::new(context.child("da"), format!("da-{number}"))) as Box<dyn Store>;
    let stores = match (settings.da_custodians.as_slice(), &settings.da_writer_key_file) {
        ([], _) | (_, None) => (0..settings.da_folders).map(folder).collect(),
        (urls, Some(file)) => {
            let key = read_key(file).context("da.writer_key_file")?;
            let key = WalletSecret::new(&key).map_err(|_| {
                anyhow!("da.writer_key_file: {} holds no key of the curve; make another", file.display())
            })?;
            let writer = Writer { key, exchange: origin.exchange.exchange_id() };
            let custodian =
                |url: &String| -> Result<Box<dyn Store>> { Ok(Box::new(Remote::new(url, Some(writer.clone()))?)) };
            urls.iter().map(custodian).collect::<Result<Vec<_>>>()?
        }
    };
    Ok(Availability::new(stores, settings.da_expansion, settings.da_confirmed_min)?)
}

/// The API, the gateway, the operator's side.
pub async fn serve(api: &Api, node: &NodeHandle, settings: &NodeSettings) -> Result<[Serving; 3]> {
    let listens = |key: &str| format!("it cannot be listened there; correct {key}");
    let public =
        listen(settings.api.listen, api.clone(), router(api.clone())).await.with_context(|| listens("api.listen"))?;
    let gateway =
        ashlar_api::gateway::listen(settings.api.gateway, api.clone()).await.with_context(|| listens("api.gateway"))?;
    let token = admin_token(&settings.api.token_file)?;
    let audit = Audit::open(&settings.data.join("admin-audit.log"))?;
    let operator = admin::router(Admin::new(api.clone(), node.operator(), token, audit, crate::log::kept()));
    let admin = listen(settings.api.admin, api.clone(), operator).await.with_context(|| listens("api.admin"))?;
    Ok([public, gateway, admin])
}
