//! The waiting orders of one market.

use ashlar_types::limits::PRICE_BITS;
use ashlar_types::{AccountId, ClientId, Direction, Lots, OrderKind, Price, Rank, SelfTrade, Side, Time, TimeInForce};

use super::BookConfig;
use super::links::NOWHERE;
use super::records::{Ladder, Record};
use crate::triggers::{PendingTrigger, Triggers};

super::handle!(
    /// Where a waiting order of a [`TriggerBook`] is. It means nothing once that order is taken out.
    TriggerAt
);

impl Default for PendingTrigger {
    fn default() -> PendingTrigger {
        PendingTrigger {
            account: AccountId::default(),
            direction: Direction::Falls,
            trigger: Price::MIN,
            rank: Rank::default(),
            side: Side::Buy,
            limit: Price::MIN,
            reserve_at: Price::MIN,
            lots: Lots::ZERO,
            kind: OrderKind::Limit,
            time_in_force: TimeInForce::Rest,
            self_trade: SelfTrade::CancelNewest,
            paired: false,
            expires: Time::NEVER,
            client: ClientId(0),
        }
    }
}

impl Record for PendingTrigger {
    #[inline(always)]
    fn key(&self) -> u64 {
        self.rank.get()
    }

    /// What fires first as the price moves is the better price (SPEC K-2).
    #[inline(always)]
    fn place(&self) -> (usize, u64) {
        let n = match self.direction {
            Direction::Falls => ((1 << PRICE_BITS) - 1) - self.trigger.get(),
            Direction::Rises => self.trigger.get(),
        };
        (self.direction as usize, n)
    }
}

/// The waiting orders of one market, on a ladder.
#[derive(Debug)]
pub struct TriggerBook {
    ladder: Ladder<PendingTrigger>,
}

impl TriggerBook {
    /// An empty one.
    pub fn new(config: BookConfig) -> TriggerBook {
        TriggerBook { ladder: Ladder::new(config) }
    }

    /// How many triggers it holds.
    pub fn len(&self) -> u32 {
        self.ladder.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.ladder.len() == 0
    }

    /// Whether it holds as many as it can. Ask before one is put to wait: a full one drops it.
    pub fn is_full(&self) -> bool {
        self.ladder.is_full()
    }

    /// The one after this in its direction.
    pub fn after(&self, at: TriggerAt) -> Option<TriggerAt> {
        self.ladder.after(at.slot()).map(TriggerAt::of_slot)
    }
}

impl Triggers for TriggerBook {
    type At = TriggerAt;

    #[inline]
    fn first(&mut self, direction: Direction) -> Option<TriggerAt> {
        self.ladder.first(direction as usize).map(TriggerAt::of_slot)
    }

    #[inline]
    fn get(&self, at: TriggerAt) -> PendingTrigger {
        self.ladder.get(at.slot())
    }

    fn insert(&mut self, trigger: &PendingTrigger) -> TriggerAt {
        TriggerAt::of_slot(self.ladder.insert(trigger).unwrap_or(NOWHERE))
    }

    fn remove(&mut self, at: TriggerAt) {
        self.ladder.remove(at.0);
    }

    #[inline]
    fn find(&mut self, rank: Rank) -> Option<TriggerAt> {
        self.ladder.find(rank.get()).map(TriggerAt)
    }

    fn set_lots(&mut self, at: TriggerAt, lots: Lots) {
        if let Some(trigger) = self.ladder.get_mut(at.slot()) {
            trigger.lots = lots;
        }
    }
}
