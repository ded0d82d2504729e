//! What must be so at the end of every run.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_api::door::{BatchKey, Line, Stage, Unwound};
use ashlar_batch::{BatchHeader, codec};
use ashlar_exchange::{HotConfig, HotStore, OrderIndex, Store};
use ashlar_prover::Capture;
use ashlar_replica::Shadow;
use ashlar_sequencer::NodeHandle;
use ashlar_state::{Key, Map, Serial, Sha256Node, Value};
use ashlar_types::limits::ASSETS_MAX;
use ashlar_types::{AccountId, AssetId, BatchNumber, Event, InboxEntry, Input, Receipt, Sequence, WithdrawalIndex};

use crate::people::ask_again;
use crate::world::{World, genesis};

/// Everything. The root of the state, if all is well.
pub(crate) async fn all(world: &World, node: &NodeHandle) -> Result<String, String> {
    let leaves = node.leaves().await.ok_or("the state cannot be read")?;
    let flows = replay(world, node, &leaves).await?;
    conservation(&leaves, &flows)?;
    withdrawals(world, node).await?;
    acknowledgements(world, node).await?;
    health(node)?;
    let last = node.books().last_at(Stage::Final).and_then(|last| node.books().header(last));
    Ok(last.map(|last| format!("{:?}", last.state_root_after)).unwrap_or_default())
}

/// Money that came in and went out, by asset.
type Flows = BTreeMap<u16, i128>;

/// Replays L1's batches from published bytes, from the first one: every header must be the one that L1 holds and the one that execution gives,
/// and the state at the end the node's, byte for byte.
async fn replay(world: &World, node: &NodeHandle, leaves: &[(Key, Value)]) -> Result<Flows, String> {
    let contracts = world.chain.contracts().ok_or("L1 has no state")?;
    let (committed, ..) = contracts.batches();
    let (capture, header) = Capture::new(world.deployment, &genesis());
    let begun: Vec<(Key, Value)> =
        capture.leaves().filter_map(|(key, words)| Some((key, Value::new(words).ok()?))).collect();
    let map = Map::<Sha256Node>::from_sorted(&begun, &Serial).map_err(|error| error.to_string())?;
    let index = OrderIndex::of_leaves(map.iter());
    let mut shadow = Shadow::new(map, index, header);
    let mut flows = Flows::new();
    for number in 1..=committed {
        let header = node.books().header(BatchNumber::new(number)).ok_or(format!("batch {number} is not known"))?;
        let on_l1 = contracts.header(number).map(|hash| hash.0);
        if on_l1 != Some(header.hash().0) {
            return Err(format!("batch {number} on L1 has another header than here"));
        }
        run(world, &mut shadow, &header, &mut flows).await?;
    }
    let ours = shadow.map().iter();
    if ours.eq(leaves.iter().map(|(key, value)| (*key, value.words()))) {
        Ok(flows)
    } else {
        Err("a replay of what was published comes to another state".to_owned())
    }
}

async fn run(world: &World, shadow: &mut Shadow, header: &BatchHeader, flows: &mut Flows) -> Result<(), String> {
    let number = header.number.get();
    let bytes = world.outside(|outside| outside.published.get(&header.hash()).cloned());
    let bytes = bytes.ok_or_else(|| format!("batch {number} is on L1 and was never published"))?;
    let batch = codec::decode_all(&bytes).map_err(|error| format!("batch {number}: {error}"))?;
    for timed in &batch.inputs {
        if let Input::Inbox { entry: InboxEntry::Deposit { asset, amount, .. }, .. } = &timed.input {
            *flows.entry(asset.get()).or_default() += i128::from(amount.get());
        }
    }
    let ran = shadow.run(&bytes, header, &Serial).map_err(|error| format!("batch {number}: {error}"))?;
    if ran.header == *header { Ok(()) } else { Err(format!("batch {number} does not do what its header says")) }
}

/// What all accounts have is what came in less what went out, and what each asset says of itself.
fn conservation(leaves: &[(Key, Value)], came_in: &Flows) -> Result<(), String> {
    let config = HotConfig { accounts: 64, balances: 256, counts: 256, hash_key: 0 };
    let view = leaves.iter().map(|(key, value)| (*key, value.words()));
    let mut store =
        HotStore::from_leaves(config, view).map_err(|error| format!("the state cannot be loaded: {error:?}"))?;
    let accounts = store.clock().accounts;
    for asset in (0..ASSETS_MAX).filter_map(AssetId::new) {
        let Some(total) = store.asset(asset, |asset| asset.total) else { continue };
        let mut sum = 0_i128;
        for account in (0..accounts).filter_map(AccountId::new) {
            sum += store
                .balance(account, asset, |balance| i128::from(balance.free.get()) + i128::from(balance.reserved.get()));
        }
        if sum != i128::from(total.get()) {
            return Err(format!("accounts have {sum} of asset {} and the asset says {}", asset.get(), total.get()));
        }
        let in_all = came_in.get(&asset.get()).copied().unwrap_or(0);
        if sum > in_all {
            return Err(format!("accounts have {sum} of asset {} and {in_all} came in", asset.get()));
        }
    }
    Ok(())
}

/// A withdrawal is said to be final only if L1 can pay it, and what went out is what is missing inside.
async fn withdrawals(world: &World, node: &NodeHandle) -> Result<(), String> {
    let contracts = world.chain.contracts().ok_or("L1 has no state")?;
    let (.., finalized) = contracts.batches();
    let door = node.door();
    let next = door.tip().await.map_err(|error| error.to_string())?.withdrawal_next;
    for index in 0..next.get() {
        let found = door.withdrawal(WithdrawalIndex::new(index)).await.map_err(|error| error.to_string())?;
        let facts = found.ok_or_else(|| format!("withdrawal {index} is in no batch"))?;
        let batch = facts.proof.as_ref().map(|proof| proof.batch.get());
        let can_be_paid = batch.is_some_and(|batch| batch <= finalized && contracts.header(batch).is_some());
        if facts.stage == Some(Stage::Final) && !can_be_paid {
            return Err(format!("withdrawal {index} is said to be final and L1 has finalized {finalized}"));
        }
    }
    Ok(())
}

/// A receipt without its number, which moves when something before it went away.
fn without_number(receipt: &Receipt) -> Receipt {
    Receipt { sequence: Sequence::new(0), ..*receipt }
}

fn receipts(lines: &[Line]) -> Vec<Receipt> {
    let receipts = lines.iter().filter_map(|line| match line {
        Line::Receipt(receipt) => Some(without_number(receipt)),
        Line::Event(_) => None,
    });
    receipts.collect()
}

/// Whoever was answered has that answer, or was told of another one.
async fn acknowledgements(world: &World, node: &NodeHandle) -> Result<(), String> {
    let told: BTreeSet<String> =
        world.told().iter().map(|Unwound { before, .. }| format!("{:?}", without_number(before))).collect();
    let door = node.door();
    let next = door.tip().await.map_err(|error| error.to_string())?.next;
    for (signed, before) in world.acknowledged() {
        let old = receipts(&before.lines);
        if old.iter().any(|receipt| told.contains(&format!("{receipt:?}"))) {
            continue;
        }
        let now = ask_again(&door, signed).await;
        let now = now.map_err(|refusal| {
            format!("{before:?} was answered, is not in the order and nobody was told: {refusal}")
        })?;
        if receipts(&now.lines) != old || events(&now.lines) != events(&before.lines) {
            return Err(format!("{before:?} was answered, {now:?} is in the order, and nobody was told"));
        }
    }
    if door.tip().await.map_err(|error| error.to_string())?.next != next {
        return Err("asking again for what was acknowledged executed something".to_owned());
    }
    Ok(())
}

fn events(lines: &[Line]) -> Vec<&Event> {
    let events = lines.iter().filter_map(|line| match line {
        Line::Event(event) => Some(event),
        Line::Receipt(_) => None,
    });
    events.collect()
}

fn health(node: &NodeHandle) -> Result<(), String> {
    use ashlar_api::door::ServiceState::Stopped;
    if let Some(stopped) = node.door().health().into_iter().find(|service| service.state == Stopped) {
        return Err(format!("{} has stopped: {}", stopped.name, stopped.note));
    }
    if let Some(what) = node.books().divergence() {
        return Err(format!("a divergence: {what}"));
    }
    let last = node.books().batch(BatchKey::Last(Stage::Final));
    if last.is_some() { Ok(()) } else { Err("no batch ever became final".to_owned()) }
}
