//! What whoever keeps a copy of some of the state beside the engine reads of it: who may speak, fees, waiting orders.

use ashlar_book::{PendingTrigger, Triggers};
use ashlar_types::limits::TIERS_MAX;
use ashlar_types::{AccountId, Direction, FeeTier, KeySlot, MarketId};

use super::store::HotStore;
use crate::record::SessionKey;

impl HotStore {
    /// What a slot holds or has held, with its point.
    pub fn session_key(&self, account: AccountId, slot: KeySlot) -> Option<SessionKey> {
        self.ledger.keys.get(&(account, slot)).copied()
    }

    /// Every slot that holds or has held a key, in the order of accounts.
    pub fn session_keys(&self) -> impl Iterator<Item = ((AccountId, KeySlot), SessionKey)> {
        self.ledger.keys.iter().map(|(place, key)| (*place, *key))
    }

    /// The fees that are set: schedule, tier, rates.
    pub fn fee_tiers(&self) -> impl Iterator<Item = (u8, u8, FeeTier)> {
        let tiers = usize::from(TIERS_MAX);
        let set = self.ledger.fees.iter().enumerate();
        set.filter_map(move |(index, fees)| fees.map(|fees| ((index / tiers) as u8, (index % tiers) as u8, fees)))
    }

    /// Every order of a market that waits for its trigger, those that wait for a fall first, each in the order of its place.
    pub fn each_waiting(&mut self, market: MarketId, mut with: impl FnMut(&PendingTrigger)) {
        let Some(entry) = self.at_mut(market) else { return };
        for direction in [Direction::Falls, Direction::Rises] {
            let mut next = entry.triggers.first(direction);
            while let Some(at) = next {
                with(&entry.triggers.get(at));
                next = entry.triggers.after(at);
            }
        }
    }
}
