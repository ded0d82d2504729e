//! Lives of a node, one after the other, and the fair weather at the end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ashlar_api::door::{Act, Door, Stage};
use ashlar_sequencer::{Node, NodeHandle, Parts, Pricing, Settled};
use ashlar_settlement::gas::GasModel;
use ashlar_settlement::rpc::Pool;
use ashlar_settlement::signer::Signer as _;
use ashlar_settlement::sim::{SimL1, Weather};
use ashlar_settlement::{Config as SettlementConfig, Settlement, SetupError, StopReason};
use ashlar_types::{AccountId, Sequence};
use commonware_runtime::deterministic::{self, Context, FaultConfig, PartialWriteMode, WriteConfig};
use commonware_runtime::{Clock, Spawner, Supervisor};
use commonware_utils::Probability;

use crate::checks;
use crate::clock::Jumping;
use crate::outside::Side;
use crate::people;
use crate::scenario::{Disk, Scenario};
use crate::weather::{NEWCOMERS, jump, mine};
use crate::world::{CHAIN_ID, Counts, World, addresses, millis, operator};

/// How long everything may take to become final in fair weather, in milliseconds: that of a deep reorganisation and more.
const PATIENCE_MS: u64 = 45 * 60 * 1_000;
/// How often a life is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How often the client of L1 asks.
pub(crate) const POLL: Duration = Duration::from_millis(250);

/// Something that must never happen.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("seed {seed}: {what}; `ashlar simulate --seed {seed}{}` shows it again", of_storm(.storm_minutes))]
pub struct Violation {
    /// The seed that shows it.
    pub seed: u64,
    /// How long the storm is, if it is not the seed's own scenario.
    pub storm_minutes: Option<u64>,
    /// What happened.
    pub what: String,
}

fn of_storm(minutes: &Option<u64>) -> String {
    minutes.map_or_else(String::new, |minutes| format!(" --storm {minutes}"))
}

/// A run in which all was well.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Lives of the node.
    pub lives: u32,
    /// Messages sent, and those whose answer came back.
    pub sent: u64,
    /// See `sent`.
    pub acknowledged: u64,
    /// Commands in the final order.
    pub commands: u64,
    /// Batches that became final.
    pub batches: u64,
    /// Reorganisations of L1, and the deepest.
    pub reorgs: u64,
    /// See `reorgs`.
    pub deepest: u64,
    /// Times that the order was made anew.
    pub unwindings: u64,
    /// Attempts outside of the node that failed.
    pub failures: u64,
    /// Versions that began after the first, and batches that were built anew since their commits came too late for one.
    pub upgrades: u64,
    /// See `upgrades`.
    pub rebuilt: u64,
    /// Milliseconds of simulated time.
    pub virtual_ms: u64,
    /// Of every event and of the state at the end: the same for the same seed.
    pub digest: String,
}

/// Runs the scenario of a seed.
pub fn simulate(seed: u64) -> Result<Outcome, Violation> {
    simulate_scenario(Scenario::of(seed))
}

/// Runs a scenario.
pub fn simulate_scenario(scenario: Scenario) -> Result<Outcome, Violation> {
    let Scenario { seed, storm_minutes, .. } = scenario;
    let violation = |what: String| Violation { seed, storm_minutes, what };
    let caught = catch_unwind(AssertUnwindSafe(|| lives(scenario)));
    match caught {
        Ok(outcome) => outcome.map_err(violation),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
            Err(violation(format!("something panicked: {}", words.unwrap_or_default())))
        }
    }
}

fn lives(scenario: Scenario) -> Result<Outcome, String> {
    let world = Arc::new(World::new(scenario)?);
    let mut checkpoint = None::<deterministic::Checkpoint>;
    let mut root = String::new();
    for life in 0..=scenario.lives {
        let runner = match checkpoint.take() {
            None => deterministic::Runner::new(
                deterministic::Config::new()
                    .with_seed(scenario.seed)
                    .with_start_time(std::time::UNIX_EPOCH + Duration::from_secs(crate::world::BEGIN_S + 200)),
            ),
            Some(checkpoint) => deterministic::Runner::from(checkpoint),
        };
        let (world, is_last) = (world.clone(), life == scenario.lives);
        let (lived, next) = runner.start_and_recover(move |context| async move {
            if is_last { end_well(context, world).await } else { live(context, world).await.map(|()| String::new()) }
        });
        root = lived.map_err(|what| format!("life {life} of {}: {what}", scenario.lives))?;
        checkpoint = Some(next);
    }
    let digest = checkpoint.map(|checkpoint| checkpoint.auditor().state()).unwrap_or_default();
    Ok(outcome(&world, format!("{digest}-{root}")))
}

fn outcome(world: &World, digest: String) -> Outcome {
    let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let Counts { reorgs, deepest, unwindings, sent, failures, rebuilt } = &world.counts;
    let ends = world.ends();
    Outcome {
        seed: world.scenario.seed,
        lives: world.scenario.lives,
        sent: of(sent),
        acknowledged: world.acknowledged().len() as u64,
        commands: ends.commands,
        batches: ends.batches,
        reorgs: of(reorgs),
        deepest: of(deepest),
        unwindings: of(unwindings),
        failures: of(failures),
        upgrades: u64::from(ends.version.saturating_sub(1)),
        rebuilt: of(rebuilt),
        virtual_ms: ends.virtual_ms,
        digest,
    }
}

/// Sets how the disk fails from now on.
fn set_disk(context: &Context, disk: Disk) {
    let rate = |of: u32| Probability::new(u64::from(of), 10_000);
    let mut faults = FaultConfig::default();
    // Of a write that fails, half of the bytes are there.
    if let (Some(failure_rate), Some(retention_rate)) = (rate(disk.writes), Probability::new(1, 2))
        && disk.writes > 0
    {
        faults = faults.write(WriteConfig { failure_rate, retention_rate, mode: PartialWriteMode::Prefix });
    }
    if let Some(rate) = rate(disk.syncs)
        && disk.syncs > 0
    {
        faults = faults.sync(rate);
    }
    *context.storage_fault_config().write() = faults;
}

/// A node with its client of L1.
pub(crate) struct Running {
    pub node: NodeHandle,
    pub door: Arc<dyn Door>,
    /// Whether the client of L1 has stopped, and why.
    client: Arc<AtomicBool>,
    why: Arc<std::sync::Mutex<String>>,
}

/// Starts client and node, as often as it takes while L1 does not answer; nothing if the disk failed meanwhile.
pub(crate) async fn start(context: &Context, world: &Arc<World>, until_ms: u64) -> Result<Option<Running>, String> {
    let has_bad_disk = world.scenario.disk != Disk::default();
    let settlement = loop {
        let mut config = SettlementConfig::new(CHAIN_ID, addresses());
        config.poll_every = POLL;
        let l1 = world.l1();
        let error = match Settlement::start(context.child("settlement"), l1, operator()?, config).await {
            Ok(settlement) => break settlement,
            Err(error) => error,
        };
        // While L1 does not answer, or a disk fails, whoever runs a node starts it again. Otherwise, and in fair weather, it has to start.
        let may_fail = matches!(error, StopReason::Setup(SetupError::L1(_))) || (has_bad_disk && !world.is_fair());
        let has_time = millis(context.current()) < until_ms;
        if !may_fail || (!has_time && world.is_fair()) {
            return Err(format!("the client of L1 does not start: {error}"));
        }
        if !has_time {
            return Ok(None);
        }
        context.sleep(Duration::from_secs(1)).await;
    };
    let payer = operator()?.address();
    let clock = context.child("pricing");
    // Any price is paid at once: entries go on coming, and there has to be a moment at which everything is final.
    let model = GasModel { age_max: Duration::ZERO, ..GasModel::default() };
    let pricing = Pricing::new(model, Arc::new(move || clock.current()));
    let (settled, listening) = Settled::<Pool<SimL1>>::new(
        settlement.handle,
        settlement.events,
        world.l1(),
        Some(payer),
        addresses(),
        pricing,
    );
    context.child("listener").spawn(move |_| listening);
    let (client, why) = (Arc::new(AtomicBool::new(false)), Arc::new(std::sync::Mutex::new(String::new())));
    let (stopped, reason) = (client.clone(), why.clone());
    context.child("client").spawn(move |_| async move {
        let ended = settlement.task.await;
        if let Ok(mut reason) = reason.lock() {
            *reason = ended.map_or_else(|error| error.to_string(), |stop| stop.to_string());
        }
        stopped.store(true, Ordering::Release);
    });
    let clock = context.child("outside");
    let side = Side { world: world.clone(), now_ms: Arc::new(move || millis(clock.current())) };
    let parts = Parts {
        availability: Some(Arc::new(side.clone())),
        layer1: Some(Arc::new(settled)),
        prover: Some(Arc::new(side)),
        reports: None,
    };
    let jumping = Jumping::new(context.child("node"), world.skew_ms.clone());
    match Node::start(jumping, world.config()?, parts).await {
        Ok(node) => Ok(Some(Running { door: node.door(), node, client, why })),
        // A disk that fails may keep a node from starting. In fair weather, with all that it did to the files, it has to.
        Err(_) if has_bad_disk && !world.is_fair() => Ok(None),
        Err(error) => Err(format!("the node does not start: {error}")),
    }
}

/// One life, up to its kill.
async fn live(context: Context, world: Arc<World>) -> Result<(), String> {
    set_disk(&context, world.scenario.disk);
    let (least, most) = world.scenario.life_ms;
    let span_ms = least + world.below(most - least + 1);
    let until_ms = millis(context.current()) + span_ms;
    let mining = world.clone();
    context.child("miner").spawn(move |context| mine(context, mining, false));
    let jumping = world.clone();
    context.child("clock").spawn(move |context| jump(context, jumping));
    let Some(running) = start(&context, &world, until_ms).await? else { return Ok(()) };
    let numbers = (1..=world.scenario.traders).chain(NEWCOMERS);
    let mut traders = people::start(&context, &world, &running.door, numbers);
    let mut seen = Seen::of(&running);
    loop {
        let left_ms = until_ms.saturating_sub(millis(context.current()));
        if left_ms == 0 {
            // Killed here: what was not synced is torn, whatever was on its way.
            return Ok(());
        }
        context.sleep(LOOK.min(Duration::from_millis(left_ms))).await;
        if look(&world, &running, &mut seen).await? {
            return Ok(());
        }
        traders = still_trading(traders).await?;
    }
}

/// What was counted of a life.
struct Seen {
    epoch: u64,
    rebuilt: u64,
}

impl Seen {
    fn of(running: &Running) -> Seen {
        Seen { epoch: running.door.epoch(), rebuilt: 0 }
    }
}

/// Whether a life ended early, by a disk that failed.
async fn look(world: &World, running: &Running, seen: &mut Seen) -> Result<bool, String> {
    let has_bad_disk = world.scenario.disk != Disk::default();
    if let Some(ended) = running.node.ended() {
        return match ended {
            Err(_) if has_bad_disk => Ok(true),
            other => Err(format!("the node ended by itself: {other:?}")),
        };
    }
    if running.client.load(Ordering::Acquire) {
        let why = running.why.lock().map(|why| why.clone()).unwrap_or_default();
        return if has_bad_disk { Ok(true) } else { Err(format!("the client of L1 stopped: {why}")) };
    }
    if let Some(what) = running.node.books().divergence() {
        return Err(format!("a divergence: {what}"));
    }
    let now = running.door.epoch();
    if now != seen.epoch && running.node.gate_is_open() {
        Counts::add(&world.counts.unwindings, now.saturating_sub(seen.epoch));
        seen.epoch = now;
    }
    let rebuilt = running.node.metrics().rebuilt.get();
    Counts::add(&world.counts.rebuilt, rebuilt.saturating_sub(seen.rebuilt));
    seen.rebuilt = rebuilt;
    hear(world, &running.door).await;
    Ok(false)
}

/// Everybody asks what became of their commands.
async fn hear(world: &World, door: &Arc<dyn Door>) {
    let after = world.heard();
    let epoch = door.epoch();
    if epoch <= after {
        return;
    }
    for account in (0..64).filter_map(AccountId::new) {
        let Ok(unwound) = door.unwound(account, after).await else { return };
        world.tell(unwound);
    }
    world.hear(epoch);
}

/// The traders that go on, unless one saw what it never should.
async fn still_trading(
    traders: Vec<commonware_runtime::Handle<Result<(), String>>>,
) -> Result<Vec<commonware_runtime::Handle<Result<(), String>>>, String> {
    let mut going = Vec::new();
    for mut trader in traders {
        match ended_by_now(&mut trader) {
            None => going.push(trader),
            Some(Ok(Err(what))) => return Err(what),
            Some(_) => {}
        }
    }
    Ok(going)
}

/// Looks once whether a task has ended.
fn ended_by_now<T: Send + 'static>(
    task: &mut commonware_runtime::Handle<T>,
) -> Option<Result<T, commonware_runtime::Error>> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(task).poll(&mut context) {
        std::task::Poll::Ready(ended) => Some(ended),
        std::task::Poll::Pending => None,
    }
}

/// The last life: a while of trading in fair weather, then everything becomes final, then everything is checked.
async fn end_well(context: Context, world: Arc<World>) -> Result<String, String> {
    set_disk(&context, Disk::default());
    world.chain.set_weather(Weather { base_fee_min: 1_000_000_000, ..Weather::FAIR });
    world.be_fair();
    let begun_ms = millis(context.current());
    let mining = world.clone();
    context.child("miner").spawn(move |context| mine(context, mining, true));
    let running = start(&context, &world, begun_ms + PATIENCE_MS).await?;
    let running = running.ok_or("the node does not start in fair weather")?;
    let Running { node, door, .. } = &running;
    let mut seen = Seen::of(&running);
    let traders = people::start(&context, &world, door, 1..=world.scenario.traders);
    context.sleep(Duration::from_secs(3)).await;
    for trader in traders {
        trader.abort();
    }
    let leaves = loop {
        context.sleep(LOOK).await;
        look(&world, &running, &mut seen).await?;
        let now_ms = millis(context.current());
        if let Some(leaves) = at_rest(&world, &running).await? {
            break leaves;
        }
        if now_ms > begun_ms + PATIENCE_MS {
            let health = door.health();
            return Err(format!("not everything became final in {PATIENCE_MS} ms: {:?}, {health:?}", door.tip().await));
        }
        // A batch that is open may be all that is missing. The next look sees whether it was closed.
        drop(node.operator().act(Act::BatchNow).await);
    };
    let root = checks::all(&world, node, &leaves).await?;
    let last = node.books().last_at(Stage::Final).and_then(|last| node.books().header(last));
    world.end(millis(context.current()), node.metrics().next_sequence.get(), last);
    running.node.stop().await.map_err(|error| format!("the node does not stop cleanly: {error}"))?;
    Ok(root)
}

/// The state, if everything that was ordered is final in it. L1 goes on and entries of its inbox with it, so it is the state itself that says which
/// command comes next: asked for a moment later, it may be another one.
async fn at_rest(world: &World, running: &Running) -> Result<Option<checks::Leaves>, String> {
    if all_is_final(world, running).is_none() {
        return Ok(None);
    }
    let Some(leaves) = running.node.leaves().await else { return Ok(None) };
    let next = checks::next_of(&leaves)?;
    Ok((all_is_final(world, running) == Some(next)).then_some(leaves))
}

/// The command after all batches, if each of them is final, here and on L1, and the order is not in doubt.
fn all_is_final(world: &World, running: &Running) -> Option<Sequence> {
    if !running.node.gate_is_open() {
        return None;
    }
    let (committed, hash, finalized) = world.chain.contracts()?.batches();
    let books = running.node.books();
    let last = books.waits().last.map_or(0, |last| last.get());
    let header = books.header(ashlar_types::BatchNumber::new(last)).filter(|header| header.hash().0 == hash.0)?;
    let final_here = books.last_at(ashlar_api::door::Stage::Final).map_or(0, |last| last.get());
    (committed == last && finalized == last && final_here == last).then_some(header.next_sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_says_how_it_is_seen_again() {
        let violation = |storm_minutes| Violation { seed: 7, storm_minutes, what: "lost".to_owned() }.to_string();
        assert_eq!(violation(None), "seed 7: lost; `ashlar simulate --seed 7` shows it again");
        assert_eq!(violation(Some(60)), "seed 7: lost; `ashlar simulate --seed 7 --storm 60` shows it again");
    }
}
