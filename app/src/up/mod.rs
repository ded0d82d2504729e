//! `ashlar up`: a whole exchange in one process, from its own L1 to its traders.
//!
//! Everything in it is what production runs, but for what its banner names: the L1 is a development chain, its keys are public, and
//! unless a prover is asked for, batches are executed again by the guest's code instead of being proven by a zkVM.

mod bank;
mod console;
mod custodians;
mod deployment;
mod example;
mod faucet;
mod proving;
mod settings;
mod status;
mod traders;
mod venue;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, anyhow};
use ashlar_api::admin::{self, Admin, Audit};
use ashlar_api::http::{Api, ApiConfig, Serving, listen, router};
use ashlar_sequencer::{Config, Node, NodeHandle, NodeKey, Parts, Pricing, Proving, Settled};
use ashlar_settlement::rpc::{Endpoint, PoolConfig, RpcL1};
use ashlar_settlement::{Config as SettlementConfig, Settlement};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use serde_json::json;

pub use settings::UpArguments;

use crate::dashboard;
use crate::disk;
use crate::ports::{Coordinated, Executed, Published, Written};
use crate::proving::{Asked, Policies, Policy, Provers, SignerKeys, release_programs};
use crate::publishing::{Possible, Publishing};
use crate::secrets::admin_token;
use crate::stop;
use crate::threads::gives_way;
use crate::up::deployment::Deployment;
use bank::Bank;
use console::Console;
use custodians::{Custodians, FOLDERS};
use proving::Brake;
use settings::Settings;
use status::Goal;

/// A question to L1 that takes longer than this is asked again.
const L1_TIMEOUT: Duration = Duration::from_secs(10);

/// Starts everything, and runs until it is told to stop or what was asked for has happened.
pub fn run(arguments: &UpArguments) -> Result<()> {
    let settings = Settings::from(arguments)?;
    disk::check(&settings.folder())?;
    let config = runtime::Config::new().with_storage_directory(settings.folder()).with_worker_threads(2);
    let ended = runtime::Runner::new(config).start(|context| up(context, settings.clone()));
    let ended = ended.map_err(|error| disk::explain(error, &settings.folder()));
    settings.clear();
    ended
}

async fn up(mut context: runtime::Context, settings: Settings) -> Result<()> {
    let mut console = Console::new(settings.json);
    let chain = deployment::start_chain(&settings)?;
    console.say(&format!("L1           ethrex, in this process, {} (chain {})", chain.url(), settings.chain_id()));
    let endpoint = Endpoint::new(&chain.url(), L1_TIMEOUT)?;
    let l1 = RpcL1::new(vec![endpoint], PoolConfig { chain_id: settings.chain_id(), quorum: 1 });
    let custodians = Custodians::find(&settings).await?;
    let made = Deployment::make(&mut context, &chain, &l1, &settings, &custodians).await;
    let deployment = made.context("deploying the contracts")?;
    console.say(&format!("contracts    settlement {}", deployment.addresses().settlement));
    console.say(&format!("             bridge     {}", deployment.addresses().bridge));

    let client = settle(&context, &l1, &deployment, &settings).await?;
    let mut handle = client.handle.clone();
    let (operator, contracts) = (deployment.operator_address(), deployment.addresses());
    let possible =
        Possible { signatures: u32::try_from(custodians.threshold).ok().filter(|count| *count > 0), blobs: true };
    let model = settings.gas_model(possible);
    let pricing = Pricing::new(model, Arc::new(SystemTime::now));
    let (settled, listening) =
        Settled::new(client.handle, client.events, l1.clone(), Some(operator), contracts, pricing);
    let exchange = deployment.exchange().exchange_id();
    let published = Arc::new(custodians.open(&context, exchange, &settings).await?);
    let settled = settled.with_custodians(published.clone());
    let listening = tokio::spawn(listening);
    settings.proving.check_folder(&settings.folder())?;
    let keys = SignerKeys::development()?.verifying_by(settings.proving.worker.clone());
    let asked = Policies::open(settings.proving.backend, keys, l1.clone(), &contracts);
    let Asked { policies, policy, learnt } = asked.await.context("asking L1 how batches are to be proven")?;
    let provers = Provers::open_if(&context, settings.proving.coordination(learnt), &settings.folder()).await?;
    let proving = (policies, provers.as_ref());
    let node = start_node(&context, &deployment, (published, settled), proving, policy, &settings).await?;
    say_where_data_goes(&mut console, &settings, &custodians);
    console.say(&format!("proofs       {}", policy.kind()));
    console.say(&format!("             {}", policy.trust()));

    let bank = Bank::new(&chain.url(), deployment.addresses().bridge)?;
    let listed = venue::list(&mut handle, &deployment, &bank).await.context("listing assets and markets")?;
    let api = Api::new(node.door(), ApiConfig { files: dashboard::FILES, ..ApiConfig::default() });
    let follow = tokio::spawn(api.clone().follow());
    let serving = serve(&api, &bank, &listed, &settings).await?;
    let gateway =
        ashlar_api::gateway::listen(settings.beside(1), api.clone()).await.context("opening the binary gateway")?;
    let admin = administer(&api, &node, &settings).await?;
    console.say(&format!("dashboard    http://{}/", serving.address));
    console.say(&format!("API          http://{0}/docs  (http://{0}/v1/venue, ws://{0}/v1/stream)", serving.address));
    console.say(&format!("gateway      {} (binary, for market makers)", gateway.address));
    console.say(&format!("admin        http://{} (token in {})", admin.address, settings.token().display()));
    console.example(&serving.address);
    console.tell(&json!({
        "event": "started", "api": format!("http://{}", serving.address), "gateway": gateway.address.to_string(),
        "admin": format!("http://{}", admin.address), "token_file": settings.token().display().to_string(),
        "l1": chain.url(), "chain_id": settings.chain_id(), "settlement": deployment.addresses().settlement.to_string(),
        "bridge": deployment.addresses().bridge.to_string(), "proofs": policy.kind(), "publish": format!("{:?}", settings.publish).to_lowercase(),
    }));

    let example = example::prepare(node.door(), deployment.exchange(), bank.clone(), listed.clone(), serving.address);
    let brake = Brake::new(provers.as_ref().map(|provers| provers.handle.clone()));
    let traders = traders::start(node.door(), deployment.exchange(), &bank, &listed, &settings, &brake);
    let goal = Goal::new(settings.until_final, settings.seconds, settings.proving.backend.is_proving());
    let ended = tokio::select! {
        ended = status::watch(&node, &mut console, goal, example) => ended,
        failed = node.failed() => Err(anyhow!("the node stopped: {failed}{}", disk::why(&settings.folder()))),
        failed = Provers::failed(provers.as_ref()) => Err(anyhow!("the prover stopped: {failed}")),
        reason = client.task => Err(disk::l1_client_ended(reason, &settings.folder())),
        stopped = stop::asked(None) => stopped,
    };
    traders.stop().await;
    for server in [serving, gateway, admin] {
        server.stop();
    }
    follow.abort();
    node.stop().await.map_err(|error| anyhow!("the node did not stop cleanly: {error}"))?;
    if let Some(provers) = provers {
        provers.stop().await;
    }
    listening.abort();
    console.say("stopped");
    console.tell(&json!({ "event": "stopped", "ok": ended.is_ok() }));
    ended
}

/// Who keeps the data of batches, and what of it is on L1.
fn say_where_data_goes(console: &mut Console, settings: &Settings, custodians: &Custodians) {
    match (settings.da_nodes.as_slice(), settings.publish.may_use_custody()) {
        ([], false) => console.say(&format!("data         in {FOLDERS} folders, any half of which is enough")),
        ([], true) => console.say(&format!(
            "data         with {FOLDERS} custodians in this process, {} of whom sign; any half has it all",
            custodians.threshold
        )),
        (nodes, _) => {
            console.say(&format!("data         at {} custodians, {} of whom sign", nodes.len(), settings.da_confirm))
        }
    }
    console.say(match settings.publish {
        Publishing::Calldata => "             and in the calldata of commits",
        Publishing::Blobs => "             and in blobs of commits, which nothing binds to the data root (development)",
        Publishing::Custody => "             and not on L1, which checks their signatures",
        Publishing::Auto => "             and where each commit is cheapest: calldata, blobs, or their signatures",
    });
}

/// The client of the contracts.
async fn settle(
    context: &runtime::Context,
    l1: &RpcL1,
    deployment: &Deployment,
    settings: &Settings,
) -> Result<Settlement> {
    let mut config = SettlementConfig::new(settings.chain_id(), deployment.addresses());
    config.poll_every = settings.block_time() / 4;
    Settlement::start(context.child("settlement"), l1.clone(), deployment.operator(), config)
        .await
        .map_err(|reason| anyhow!("the L1 client does not start: {reason:?}"))
}

async fn start_node(
    context: &runtime::Context,
    deployment: &Deployment,
    (published, settled): (Arc<Published>, Settled<RpcL1>),
    (policies, provers): (Arc<Policies>, Option<&Provers>),
    policy: Policy,
    settings: &Settings,
) -> Result<NodeHandle> {
    let prover: Arc<dyn Proving> = match provers {
        Some(provers) => Arc::new(Coordinated::new(provers.handle.clone(), policies)),
        None => Arc::new(Executed::open(policies, settings.folder().join("checked"))?),
    };
    let parts = Parts {
        availability: Some(published),
        layer1: Some(Arc::new(settled)),
        prover: Some(prover),
        reports: Some(Arc::new(Written::into(settings.folder()))),
    };
    let key = NodeKey::new(&deployment.node_key()).map_err(|_| anyhow!("the node's key is no key"))?;
    let mut config = Config::new(deployment.exchange(), deployment.genesis(), key);
    config.proofs = policy.kind();
    config.programs = Some(release_programs());
    if policy.backend().is_proving() {
        config.limits.batches.commands_max = settings.proving.commands as usize;
    }
    config.names = venue::names();
    config.gives_way = gives_way;
    config.limits.batches.age_ms_max = settings.batch_ms();
    config.limits.alerts.data_lag_ms = settings.data_lag_ms();
    Node::start(context.child("node"), config, parts).await.map_err(|error| anyhow!("the node does not start: {error}"))
}

/// The operator's server: loopback only, and only for whoever can read the token's file.
async fn administer(api: &Api, node: &NodeHandle, settings: &Settings) -> Result<Serving> {
    let token = admin_token(&settings.token())?;
    let audit = Audit::open(&settings.folder().join("admin-audit.log"))?;
    let router = admin::router(Admin::new(api.clone(), node.operator(), token, audit, crate::log::kept()));
    listen(settings.beside(2), api.clone(), router).await.context("opening the operator's server")
}

async fn serve(api: &Api, bank: &Bank, listed: &venue::Listed, settings: &Settings) -> Result<Serving> {
    let routes = router(api.clone()).merge(faucet::router(bank.clone(), listed.clone()));
    listen(settings.api, api.clone(), routes)
        .await
        .with_context(|| format!("{} cannot be listened on; choose another with --api", settings.api))
}
