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
    /// The newest of its orders and triggers.
    chain: Node,
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
    /// For each market the neighbours of its orders, then of its triggers, in the chains of their accounts.
    pub chains: Vec<[Chain; 2]>,
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
            chains: Vec::new(),
        }
    }

    pub fn open_account(&mut self, account: AccountId, owner: Address) {
        let line = AccountLine {
            nonces: PackedNonces::pack(Nonces::default()),
            account: Account::NEW,
            key: NO_KEY,
            chain: Node::NONE,
        };
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
        self.accounts.push(AccountLine { nonces, account: *account, key: NO_KEY, chain: Node::NONE });
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

    #[inline(always)]
    pub fn count<T>(&mut self, account: AccountId, market: MarketId, with: impl FnOnce(&mut u32) -> T) -> T {
        self.counts.with(count_key(account, market), |words| {
            let mut count = words[0] as u32;
            let result = with(&mut count);
            words[0] = u64::from(count);
            result
        })
    }

    #[inline(always)]
    fn chain_of(&mut self, node: Node) -> Option<&mut Chain> {
        self.chains.get_mut(usize::from(node.market().get())).map(|chains| &mut chains[usize::from(node.is_waiting())])
    }

    /// Puts a node at the head of its account's chain.
    #[inline(always)]
    pub fn join(&mut self, account: AccountId, node: Node) {
        let Some(line) = self.line(account) else { return };
        let head = core::mem::replace(&mut line.chain, node);
        if let Some(chain) = self.chain_of(node) {
            chain.set(node, head, Node::NONE);
        }
        if head.is_some()
            && let Some(chain) = self.chain_of(head)
        {
            chain.set_before(head, node);
        }
    }

    /// Takes a node out of its account's chain.
    #[inline(always)]
    pub fn leave(&mut self, account: AccountId, node: Node) {
        let Some((next, before)) = self.chain_of(node).map(|chain| chain.links(node)) else { return };
        if next.is_some()
            && let Some(chain) = self.chain_of(next)
        {
            chain.set_before(next, before);
        }
        if !before.is_some() {
            if let Some(line) = self.line(account) {
                line.chain = next;
            }
        } else if let Some(chain) = self.chain_of(before) {
            chain.set_next(before, next);
        }
    }

    /// The nodes of an account, newest first.
    pub fn nodes(&mut self, account: AccountId, nodes: &mut Vec<Node>) {
        let Some(line) = self.line(account) else { return };
        let (mut node, most) = (line.chain, line.account.orders);
        for _ in 0..most {
            if !node.is_some() {
                break;
            }
            nodes.push(node);
            node = self.chain_of(node).map_or(Node::NONE, |chain| chain.links(node).0);
        }
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
