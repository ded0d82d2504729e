//! Everything of an account, and what else is not of one market alone.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use ashlar_types::limits::{SCHEDULES_MAX, TIERS_MAX};
use ashlar_types::{AccountId, Address, Amount, AssetId, FeeTier, KeySlot, MarketId, OrderId, Scopes, Time};

use super::HotConfig;
use super::chain::{Chain, Node};
use super::table::Table;
use crate::record::{Account, Balance, KeyTerms, Nonces, SessionKey};
use crate::store::NonceLane;

/// What nearly every command of an account touches, in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct AccountLine {
    /// The nonces of slot 0.
    pub nonces: PackedNonces,
    pub account: Account,
    /// The key of slot 0; epoch zero where there never was one.
    key: KeyTerms,
}

const _: () = assert!(size_of::<AccountLine>() == 64);

/// [`Nonces`] without the alignment of a 128-bit number.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackedNonces {
    highest: u64,
    used: [u64; 2],
}

impl PackedNonces {
    #[inline(always)]
    fn pack(nonces: Nonces) -> PackedNonces {
        PackedNonces { highest: nonces.highest, used: [nonces.used as u64, (nonces.used >> 64) as u64] }
    }

    #[inline(always)]
    pub fn unpack(self) -> Nonces {
        Nonces { highest: self.highest, used: u128::from(self.used[1]) << 64 | u128::from(self.used[0]) }
    }
}

const NO_KEY: KeyTerms = KeyTerms { scopes: Scopes(0), epoch: 0, expires: Time::ZERO, is_set: false };

/// Accounts, funds, fees, keys and the chains of orders.
#[derive(Debug)]
pub(super) struct Ledger {
    pub accounts: Vec<AccountLine>,
    pub owners: Vec<Address>,
    pub first_accounts: BTreeMap<Address, AccountId>,
    pub keys: BTreeMap<(AccountId, KeySlot), SessionKey>,
    /// Nonces of every lane but slot 0.
    pub lanes: BTreeMap<(AccountId, u8), Nonces>,
    pub balances: Table,
    pub counts: Table,
    pub fees: Vec<Option<FeeTier>>,
    pub pairs: BTreeMap<OrderId, OrderId>,
}

impl Ledger {
    pub fn new(config: &HotConfig) -> Ledger {
        Ledger {
            accounts: Vec::with_capacity(config.accounts),
            owners: Vec::with_capacity(config.accounts),
            first_accounts: BTreeMap::new(),
            keys: BTreeMap::new(),
            lanes: BTreeMap::new(),
            balances: Table::with_capacity(config.balances),
            counts: Table::with_capacity(config.counts),
            fees: vec![None; usize::from(SCHEDULES_MAX) * usize::from(TIERS_MAX)],
            pairs: BTreeMap::new(),
        }
    }

    pub fn open_account(&mut self, account: AccountId, owner: Address) {
        let line = AccountLine { nonces: PackedNonces::pack(Nonces::default()), account: Account::NEW, key: NO_KEY };
        let index = account.get() as usize;
        if self.accounts.len() <= index {
            self.accounts.resize(index + 1, line);
            self.owners.resize(index + 1, owner);
        }
        self.accounts[index] = line;
        self.owners[index] = owner;
        self.first_accounts.entry(owner).or_insert(account);
    }

    /// Puts the next account back; its owner and key come by themselves.
    pub fn push_account(&mut self, account: &Account) {
        let nonces = PackedNonces::pack(Nonces::default());
        self.accounts.push(AccountLine { nonces, account: *account, key: NO_KEY });
    }

    #[inline(always)]
    pub fn line(&mut self, account: AccountId) -> Option<&mut AccountLine> {
        self.accounts.get_mut(account.get() as usize)
    }

    #[inline(always)]
    pub fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T> {
        self.line(account).map(|line| with(&mut line.account))
    }

    #[inline(always)]
    pub fn key(&mut self, account: AccountId, slot: KeySlot) -> Option<KeyTerms> {
        if slot.get() == 0 {
            return self.line(account).map(|line| line.key).filter(|key| key.epoch != 0);
        }
        self.keys.get(&(account, slot)).map(SessionKey::terms)
    }

    pub fn set_key(&mut self, account: AccountId, slot: KeySlot, key: &SessionKey) {
        self.keys.insert((account, slot), *key);
        if slot.get() == 0
            && let Some(line) = self.line(account)
        {
            line.key = key.terms();
        }
    }

    #[inline(always)]
    pub fn nonces<T>(&mut self, account: AccountId, lane: NonceLane, with: impl FnOnce(&mut Nonces) -> T) -> T {
        let number = lane_number(lane);
        if number == 0
            && let Some(line) = self.accounts.get_mut(account.get() as usize)
        {
            let mut nonces = line.nonces.unpack();
            let result = with(&mut nonces);
            line.nonces = PackedNonces::pack(nonces);
            return result;
        }
        with(self.lanes.entry((account, number)).or_default())
    }

    #[inline(always)]
    pub fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T {
        self.balances.with(balance_key(account, asset), |words| {
            let amount = |word| Amount::new(word).unwrap_or(Amount::MAX);
            let mut balance = Balance { free: amount(words[0]), reserved: amount(words[1]) };
            let result = with(&mut balance);
            (words[0], words[1]) = (balance.free.get(), balance.reserved.get());
            result
        })
    }

    /// What an account holds in a market.
    #[inline(always)]
    pub fn held<T>(&mut self, account: AccountId, market: MarketId, with: impl FnOnce(&mut Held) -> T) -> T {
        self.counts.with(count_key(account, market), |words| {
            let mut held = Held { count: words[0] as u32, heads: [words[1] as u32, (words[1] >> 32) as u32] };
            let result = with(&mut held);
            words[0] = u64::from(held.count);
            words[1] = u64::from(held.heads[1]) << 32 | u64::from(held.heads[0]);
            result
        })
    }
}

/// Which of the two chains of an account in a market.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Resting = 0,
    Waiting = 1,
}

/// What an account holds in one market.
pub(super) struct Held {
    /// Orders and triggers.
    pub count: u32,
    /// The newest of its orders, and of its triggers.
    heads: [Node; 2],
}

impl Held {
    /// Puts an order or trigger in its chain, without counting it.
    #[inline(always)]
    pub fn join(&mut self, chains: &mut [Chain; 2], kind: Kind, slot: u32) {
        let head = &mut self.heads[kind as usize];
        *head = chains[kind as usize].join(slot, *head);
    }

    /// Takes an order or trigger out of its chain, without counting it.
    #[inline(always)]
    pub fn leave(&mut self, chains: &mut [Chain; 2], kind: Kind, slot: u32) {
        let head = &mut self.heads[kind as usize];
        *head = chains[kind as usize].leave(slot, *head);
    }

    /// The slots of its orders or its triggers, newest first.
    pub fn slots<'a>(&self, chains: &'a [Chain; 2], kind: Kind) -> impl Iterator<Item = u32> + 'a {
        chains[kind as usize].slots(self.heads[kind as usize], self.count)
    }
}

#[inline(always)]
pub(super) fn balance_key(account: AccountId, asset: AssetId) -> u64 {
    u64::from(account.get()) << 16 | u64::from(asset.get())
}

#[inline(always)]
pub(super) fn count_key(account: AccountId, market: MarketId) -> u64 {
    u64::from(account.get()) << 16 | u64::from(market.get())
}

fn lane_number(lane: NonceLane) -> u8 {
    match lane {
        NonceLane::Slot(slot) => slot.get(),
        NonceLane::Owner => u8::MAX,
    }
}

pub(super) fn tier_index(schedule: u8, tier: u8) -> usize {
    usize::from(schedule % SCHEDULES_MAX) * usize::from(TIERS_MAX) + usize::from(tier % TIERS_MAX)
}
