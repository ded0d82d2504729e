//! What the exchange remembers, apart from the orders themselves.

use ashlar_types::limits::{NONCE_JUMP_MAX, NONCE_WINDOW};
use ashlar_types::{Amount, AssetTerms, MarketRules, MarketState, MarketTerms, Price, Rank, Reason, Scopes, Time};

/// Counters of the whole exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Clock {
    /// The number of the next command.
    pub next_sequence: u64,
    /// The time of the last command.
    pub time: Time,
    /// The index of the next inbox entry.
    pub inbox_cursor: u64,
    /// The L1 time of the last inbox entry.
    pub inbox_time: Time,
    /// How many accounts are open.
    pub accounts: u32,
    /// How many withdrawals were made.
    pub withdrawals: u64,
}

/// An asset and what the exchange owes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asset {
    /// What it is.
    pub terms: AssetTerms,
    /// The sum of all balances.
    pub total: Amount,
}

/// The terms and rules of a market.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Market {
    /// What never changes.
    pub terms: MarketTerms,
    /// What may change.
    pub rules: MarketRules,
}

/// What changes in a market as it trades.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Live {
    /// The next rank.
    pub next_rank: Rank,
    /// The price of the last trade, or the listing's reference.
    pub last: Price,
    /// Its state by its parameters.
    pub state: MarketState,
    /// Whether the operator stopped it.
    pub halted: bool,
    /// The price range of a cascade that reached its bound.
    pub pending: Option<(Price, Price)>,
    /// Orders and triggers it holds.
    pub orders: u32,
}

impl Live {
    /// A market as it is listed.
    pub const fn listed(reference: Price) -> Live {
        Live {
            next_rank: Rank::new(1),
            last: reference,
            state: MarketState::Open,
            halted: false,
            pending: None,
            orders: 0,
        }
    }

    /// The state that is in force.
    #[inline(always)]
    pub fn effective_state(&self) -> MarketState {
        if self.halted && self.state != MarketState::Delisting { MarketState::Halted } else { self.state }
    }

    /// Takes the next rank.
    #[inline(always)]
    pub fn take_rank(&mut self) -> Rank {
        let rank = self.next_rank;
        self.next_rank = rank.next();
        rank
    }
}

/// An account, apart from its funds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account {
    /// Stopped by its owner.
    pub stopped: bool,
    /// Stopped by a parameter.
    pub frozen: bool,
    /// Its fee tier.
    pub tier: u8,
    /// Orders and triggers it holds over all markets.
    pub orders: u32,
    /// When all of them die.
    pub dead_man: Time,
}

impl Account {
    /// An account as it is opened.
    pub const NEW: Account = Account { stopped: false, frozen: false, tier: 0, orders: 0, dead_man: Time::NEVER };

    /// Whether it may place orders.
    #[inline(always)]
    pub fn may_trade(&self) -> bool {
        !(self.stopped | self.frozen)
    }
}

/// A session key in its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionKey {
    /// The x coordinate of its point; zero, which is no point of the curve, where there is no key any more.
    pub public: [u8; 32],
    /// What it may do.
    pub scopes: Scopes,
    /// How many keys the slot has held.
    pub epoch: u32,
    /// When it ends.
    pub expires: Time,
}

impl SessionKey {
    /// A slot whose key was revoked: nothing is left but the epoch.
    pub const fn revoked(epoch: u32) -> SessionKey {
        SessionKey { public: [0; 32], scopes: Scopes(0), epoch, expires: Time::ZERO }
    }

    /// What admission has to know of it.
    pub fn terms(&self) -> KeyTerms {
        KeyTerms { scopes: self.scopes, epoch: self.epoch, expires: self.expires, is_set: self.public != [0; 32] }
    }
}

/// A session key without its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyTerms {
    /// What it may do.
    pub scopes: Scopes,
    /// How many keys the slot has held.
    pub epoch: u32,
    /// When it ends.
    pub expires: Time,
    /// Whether there is a key; not after it was revoked.
    pub is_set: bool,
}

/// One asset of one account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Balance {
    /// What can be spent.
    pub free: Amount,
    /// What open orders hold.
    pub reserved: Amount,
}

impl Balance {
    /// Puts free funds aside, if there are as many.
    #[inline(always)]
    pub fn try_hold(&mut self, amount: Amount) -> Option<()> {
        self.free = self.free.checked_sub(amount)?;
        self.reserved = self.reserved.saturating_add(amount);
        Some(())
    }

    /// Puts free funds aside. The caller has checked that they are there.
    #[inline(always)]
    pub fn hold(&mut self, amount: Amount) {
        self.free = self.free.saturating_sub(amount);
        self.reserved = self.reserved.saturating_add(amount);
    }

    /// Puts free funds aside in place of what was, if there are as many.
    #[inline(always)]
    pub fn try_hold_instead(&mut self, of: Amount, amount: Amount) -> Option<()> {
        self.free = self.free.saturating_add(of).checked_sub(amount)?;
        self.reserved = self.reserved.saturating_sub(of).saturating_add(amount);
        Some(())
    }

    /// Frees what was put aside.
    #[inline(always)]
    pub fn release(&mut self, amount: Amount) {
        self.reserved = self.reserved.saturating_sub(amount);
        self.free = self.free.saturating_add(amount);
    }
}

/// The nonces one signer has used (SPEC C-4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Nonces {
    /// The highest seen.
    pub highest: u64,
    /// Bit `i` says that `highest - i` was used.
    pub used: u128,
}

impl Nonces {
    /// Uses a nonce up, or says why it cannot be used.
    #[inline(always)]
    pub fn take(&mut self, nonce: u64) -> Result<(), Reason> {
        if self.highest != u64::MAX && nonce == self.highest + 1 {
            self.used = self.used << 1 | 1;
            self.highest = nonce;
            return Ok(());
        }
        if nonce > self.highest {
            let jump = nonce - self.highest;
            if jump > NONCE_JUMP_MAX {
                return Err(Reason::NonceTooFar);
            }
            self.used = if jump < NONCE_WINDOW { self.used << jump | 1 } else { 1 };
            self.highest = nonce;
            return Ok(());
        }
        let age = self.highest - nonce;
        if nonce == 0 || age >= NONCE_WINDOW || self.used >> age & 1 == 1 {
            return Err(Reason::NonceUsed);
        }
        self.used |= 1 << age;
        Ok(())
    }
}
