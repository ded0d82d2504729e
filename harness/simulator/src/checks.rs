//! What must be so at the end of every run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ashlar_api::door::{BatchKey, Door, Line, Refusal, Stage, Unwound};
use ashlar_batch::{BatchHeader, codec};
use ashlar_exchange::{Balance, HotConfig, HotStore, OrderIndex, Store};
use ashlar_prover::Capture;
use ashlar_replica::Shadow;
use ashlar_sequencer::NodeHandle;
use ashlar_state::{Key, Map, Serial, Sha256Node, Value};
use ashlar_types::limits::ASSETS_MAX;
use ashlar_types::{
    AccountId, Amount, AssetId, BatchNumber, Decode, Event, InboxEntry, Input, Message, Reader, Receipt, Sequence,
    WithdrawalIndex, to_bytes,
};

use crate::people::ask_again;
use crate::world::{World, genesis};

/// Every leaf of a state.
pub(crate) type Leaves = Vec<(Key, Value)>;

/// The command that comes next in a state.
pub(crate) fn next_of(leaves: &[(Key, Value)]) -> Result<Sequence, String> {
    Ok(Sequence::new(store_of(leaves)?.clock().next_sequence))
}

/// Everything, of a node that is at rest with this state. The root of the state, if all is well.
pub(crate) async fn all(world: &World, node: &NodeHandle, leaves: &[(Key, Value)]) -> Result<String, String> {
    let Replayed { came_in, went_out, places } = replay(world, node, leaves)?;
    conservation(leaves, &came_in, &went_out)?;
    withdrawals(world, node, &went_out).await?;
    acknowledgements(world, node, &places).await?;
    health(node)?;
    let last = node.books().last_at(Stage::Final).and_then(|last| node.books().header(last));
    Ok(last.map(|last| format!("{:?}", last.state_root_after)).unwrap_or_default())
}

/// Money that went one way between the exchange and L1, by asset.
type Flows = BTreeMap<u16, i128>;

/// Where the first command of each message stands in the final order, by the bytes of the message.
type Places = BTreeMap<Vec<u8>, Sequence>;

/// What published bytes say.
#[derive(Default)]
struct Replayed {
    /// What the inbox brought.
    came_in: Flows,
    /// What may be claimed on L1 since, deposits that were given back among it.
    went_out: Flows,
    places: Places,
}

/// Replays L1's batches from published bytes, from the first one: every header must be the one that L1 holds and the one that execution gives,
/// and the state at the end the node's, byte for byte.
fn replay(world: &World, node: &NodeHandle, leaves: &[(Key, Value)]) -> Result<Replayed, String> {
    let contracts = world.chain.contracts().ok_or("L1 has no state")?;
    let (committed, ..) = contracts.batches();
    let (capture, header) = Capture::new(world.deployment, &genesis());
    let begun: Vec<(Key, Value)> =
        capture.leaves().filter_map(|(key, words)| Some((key, Value::new(words).ok()?))).collect();
    let map = Map::<Sha256Node>::from_sorted(&begun, &Serial).map_err(|error| error.to_string())?;
    let index = OrderIndex::of_leaves(map.iter());
    let mut shadow = Shadow::new(map, index, header);
    let mut replayed = Replayed::default();
    for number in 1..=committed {
        let header = node.books().header(BatchNumber::new(number)).ok_or(format!("batch {number} is not known"))?;
        let on_l1 = contracts.header(number).map(|hash| hash.0);
        if on_l1 != Some(header.hash().0) {
            return Err(format!("batch {number} on L1 has another header than here"));
        }
        run(world, &mut shadow, &header, &mut replayed)?;
    }
    let ours = shadow.map().iter();
    if ours.eq(leaves.iter().map(|(key, value)| (*key, value.words()))) {
        Ok(replayed)
    } else {
        Err("a replay of what was published comes to another state".to_owned())
    }
}

fn run(world: &World, shadow: &mut Shadow, header: &BatchHeader, replayed: &mut Replayed) -> Result<(), String> {
    let number = header.number.get();
    let bytes = world.outside(|outside| outside.published.get(&header.hash()).cloned());
    let bytes = bytes.ok_or_else(|| format!("batch {number} is on L1 and was never published"))?;
    let batch = codec::decode_all(&bytes).map_err(|error| format!("batch {number}: {error}"))?;
    let mut place = header.first_sequence.get();
    for timed in &batch.inputs {
        match &timed.input {
            Input::Inbox { entry: InboxEntry::Deposit { asset, amount, .. }, .. } => {
                add(&mut replayed.came_in, *asset, *amount);
            }
            Input::Message(message) => {
                replayed.places.insert(to_bytes(message), Sequence::new(place));
            }
            Input::Inbox { .. } | Input::System(_) => {}
        }
        place += timed.input.commands() as u64;
    }
    let ran = shadow.run(&bytes, header, &Serial).map_err(|error| format!("batch {number}: {error}"))?;
    if ran.header != *header {
        return Err(format!("batch {number} does not do what its header says"));
    }
    ran.withdrawals.iter().for_each(|withdrawal| add(&mut replayed.went_out, withdrawal.asset, withdrawal.amount));
    Ok(())
}

fn add(flows: &mut Flows, asset: AssetId, amount: Amount) {
    *flows.entry(asset.get()).or_default() += i128::from(amount.get());
}

fn of(flows: &Flows, asset: AssetId) -> i128 {
    flows.get(&asset.get()).copied().unwrap_or(0)
}

fn store_of(leaves: &[(Key, Value)]) -> Result<HotStore, String> {
    let config = HotConfig { accounts: 64, balances: 256, counts: 256, hash_key: 0 };
    let view = leaves.iter().map(|(key, value)| (*key, value.words()));
    HotStore::from_leaves(config, view).map_err(|error| format!("the state cannot be loaded: {error:?}"))
}

/// What all accounts have is what each asset says of itself, and it is what came in less what went out, to the last unit: whatever is lost from
/// both sides at once shows here.
fn conservation(leaves: &[(Key, Value)], came_in: &Flows, went_out: &Flows) -> Result<(), String> {
    let mut store = store_of(leaves)?;
    let accounts = store.clock().accounts;
    for asset in (0..ASSETS_MAX).filter_map(AssetId::new) {
        let mut sum = 0_i128;
        // Of what is not listed nobody has anything: all of it was given back.
        if let Some(total) = store.asset(asset, |asset| asset.total) {
            for account in (0..accounts).filter_map(AccountId::new) {
                let held = |balance: &mut Balance| i128::from(balance.free.get()) + i128::from(balance.reserved.get());
                sum += store.balance(account, asset, held);
            }
            if sum != i128::from(total.get()) {
                return Err(format!("accounts have {sum} of asset {} and the asset says {}", asset.get(), total.get()));
            }
        }
        let (came, went) = (of(came_in, asset), of(went_out, asset));
        if sum + went != came {
            let asset = asset.get();
            return Err(format!("accounts have {sum} of asset {asset}, {went} went out, and {came} came in"));
        }
    }
    Ok(())
}

/// A withdrawal is said to be final only if L1 can pay it, and what the node says went out is what its batches let out.
async fn withdrawals(world: &World, node: &NodeHandle, went_out: &Flows) -> Result<(), String> {
    let contracts = world.chain.contracts().ok_or("L1 has no state")?;
    let (.., finalized) = contracts.batches();
    let door = node.door();
    let next = door.tip().await.map_err(|error| error.to_string())?.withdrawal_next;
    let mut told = Flows::new();
    for index in 0..next.get() {
        let found = door.withdrawal(WithdrawalIndex::new(index)).await.map_err(|error| error.to_string())?;
        let facts = found.ok_or_else(|| format!("withdrawal {index} is in no batch"))?;
        add(&mut told, facts.asset, facts.amount);
        let batch = facts.proof.as_ref().map(|proof| proof.batch.get());
        let can_be_paid = batch.is_some_and(|batch| batch <= finalized && contracts.header(batch).is_some());
        if facts.stage == Some(Stage::Final) && !can_be_paid {
            return Err(format!("withdrawal {index} is said to be final and L1 has finalized {finalized}"));
        }
    }
    if told == *went_out {
        Ok(())
    } else {
        Err(format!("the node tells of withdrawals of {told:?}, and {went_out:?} went out"))
    }
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
async fn acknowledgements(world: &World, node: &NodeHandle, places: &Places) -> Result<(), String> {
    let told: BTreeSet<String> =
        world.told().iter().map(|Unwound { before, .. }| format!("{:?}", without_number(before))).collect();
    let door = node.door();
    let next = door.tip().await.map_err(|error| error.to_string())?.next;
    for (signed, before) in world.acknowledged() {
        let old = receipts(&before.lines);
        if old.iter().any(|receipt| told.contains(&format!("{receipt:?}"))) {
            continue;
        }
        let message = signed.message().clone();
        let (now, happened) = match ask_again(&door, signed).await {
            Ok(now) if now.place.first >= next => {
                return Err(format!("{before:?} was answered, and asked for again it was executed: {now:?}"));
            }
            Ok(now) => (receipts(&now.lines), events(&now.lines).into_iter().copied().collect()),
            // What a node remembers ends with its last checkpoint (SPEC Q-12), and whoever signed may have no key any more; then the proof of each
            // command says what it did.
            Err(Refusal::Inadmissible(_)) => proven(&door, places, &message).await?,
            Err(refusal) => return Err(format!("{before:?} was answered, and asked for again: {refusal}")),
        };
        if now != old || happened != events(&before.lines).into_iter().copied().collect::<Vec<_>>() {
            return Err(format!("{before:?} was answered, {now:?} is in the order, and nobody was told"));
        }
    }
    Ok(())
}

/// What the commands of a message did, by the leaves that L1's roots are over.
async fn proven(
    door: &Arc<dyn Door>,
    places: &Places,
    message: &Message,
) -> Result<(Vec<Receipt>, Vec<Event>), String> {
    let first =
        places.get(&to_bytes(message)).ok_or_else(|| format!("{message:?} was answered and is not in the order"))?;
    let (mut receipts, mut events) = (Vec::new(), Vec::new());
    for command in 0..message.commands.len() as u64 {
        let place = Sequence::new(first.get() + command);
        let proof = door.command_proof(place).await.map_err(|error| error.to_string())?;
        let proof = proof.ok_or_else(|| format!("command {} is in the order and has no proof", place.get()))?;
        // A leaf is a receipt without the eight bytes of its number, then events (SPEC B-34).
        let bytes = [&[0; 8], proof.leaf.as_slice()].concat();
        let mut reader = Reader::new(&bytes);
        receipts.push(without_number(&Receipt::decode(&mut reader).map_err(|error| error.to_string())?));
        while reader.offset() < bytes.len() {
            events.push(Event::decode(&mut reader).map_err(|error| error.to_string())?);
        }
    }
    Ok((receipts, events))
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

#[cfg(test)]
mod tests {
    use ashlar_exchange::Exchange;
    use ashlar_replica::Silent;
    use ashlar_types::InboxIndex;

    use super::*;
    use crate::world::opening;

    #[test]
    fn money_that_is_lost_from_both_sides_is_missed() {
        let mut store = HotStore::new(HotConfig { accounts: 64, balances: 256, counts: 256, hash_key: 0 });
        genesis().write(&mut store);
        let (mut exchange, mut came_in) = (Exchange::new(store), Flows::new());
        for (index, entry) in opening(1).into_iter().enumerate() {
            if let InboxEntry::Deposit { asset, amount, .. } = &entry {
                add(&mut came_in, *asset, *amount);
            }
            let (index, time) = (InboxIndex::new(index as u64), genesis().time);
            exchange.apply(time, &Input::Inbox { index, time, entry }, &mut Silent);
        }
        assert_eq!(conservation(&exchange.store.leaves(), &came_in, &Flows::new()), Ok(()));
        let (account, asset, one) = (AccountId::new(1).expect("one"), AssetId::FIRST, Amount::new(1).expect("one"));
        assert_eq!(of(&came_in, asset), 1_000_000_000, "somebody paid in");
        exchange.store.balance(account, asset, |balance| balance.free = balance.free.saturating_sub(one));
        let leaves = exchange.store.leaves();
        let why = conservation(&leaves, &came_in, &Flows::new()).expect_err("the asset says more than accounts have");
        assert!(why.contains("the asset says 1000000000"), "{why}");
        exchange.store.asset(asset, |asset| asset.total = asset.total.saturating_sub(one));
        let leaves = exchange.store.leaves();
        let why = conservation(&leaves, &came_in, &Flows::new()).expect_err("nothing went out");
        assert!(why.contains("0 went out, and 1000000000 came in"), "{why}");
        let went_out = Flows::from([(asset.get(), 1)]);
        assert_eq!(conservation(&leaves, &came_in, &went_out), Ok(()), "unless it was paid out");
    }
}
