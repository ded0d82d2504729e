//! The chained hash of the L1 inbox, as the contract computes it (B-31, B-32).
//!
//! `next = sha256(domain || previous || entry)`, where an entry is its fields big-endian, each of a fixed width, as
//! `abi.encodePacked` lays them out. The first byte says the kind, and a kind has one length. A deposit or a forced
//! operation is two blocks.

use alloc::vec::Vec;

use ashlar_types::{
    AccountId, Address, AssetTerms, Domain, FeeTier, InboxEntry, InboxIndex, KeyGrant, MarketRules, MarketTerms,
    ParamChange, Time,
};

use crate::chain::Hash;

/// How far the inbox was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InboxChain {
    /// The next entry's index.
    pub next: InboxIndex,
    /// The hash over all before it.
    pub hash: Hash,
}

impl InboxChain {
    /// Nothing was read.
    pub const START: InboxChain = InboxChain { next: InboxIndex::new(0), hash: Hash::ZERO };

    /// Goes past one entry, of an L1 block of this time.
    #[must_use]
    pub fn consume(&self, time: Time, entry: &InboxEntry) -> InboxChain {
        let bytes = entry_bytes(self.next, time, entry);
        let hash = Hash(Domain::INBOX.hash(&[&self.hash.0, &bytes]));
        InboxChain { next: self.next.next(), hash }
    }
}

/// Stands for "no account named": above every account.
pub const NO_ACCOUNT: u32 = u32::MAX;

/// Fields, big-endian, one after the other.
struct Packed(Vec<u8>);

impl Packed {
    fn number<const N: usize>(&mut self, value: u64) -> &mut Packed {
        const { assert!(N <= 8) };
        let bytes = value.to_be_bytes();
        self.0.extend_from_slice(bytes.last_chunk::<N>().unwrap_or(&[0; N]));
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Packed {
        self.0.extend_from_slice(bytes);
        self
    }

    fn owner(&mut self, owner: &Address) -> &mut Packed {
        self.bytes(&owner.0)
    }

    fn account(&mut self, account: AccountId) -> &mut Packed {
        self.number::<4>(account.get().into())
    }
}

/// The bytes of an entry as the contract packs them.
pub fn entry_bytes(index: InboxIndex, time: Time, entry: &InboxEntry) -> Vec<u8> {
    let mut to = Packed(Vec::with_capacity(128));
    let head = |to: &mut Packed, kind| {
        to.number::<1>(kind).number::<8>(index.get()).number::<6>(time.get());
    };
    match entry {
        InboxEntry::Deposit { owner, account, asset, amount } => {
            head(&mut to, 0);
            let account = account.map_or(NO_ACCOUNT, AccountId::get);
            to.owner(owner).number::<4>(account.into()).number::<2>(asset.get().into()).number::<8>(amount.get());
        }
        InboxEntry::ForcedCancelAll { owner, account } => {
            head(&mut to, 1);
            to.owner(owner).account(*account);
        }
        InboxEntry::ForcedWithdraw { owner, account, asset, amount } => {
            head(&mut to, 2);
            to.owner(owner).account(*account).number::<2>(asset.get().into()).number::<8>(amount.get());
        }
        InboxEntry::RegisterKey { owner, account, grant } => {
            head(&mut to, 3);
            to.owner(owner).account(*account);
            key_grant(&mut to, grant);
        }
        InboxEntry::RevokeKey { owner, account, slot } => {
            head(&mut to, 4);
            to.owner(owner).account(*account).number::<1>(slot.get().into());
        }
        InboxEntry::Param(change) => {
            head(&mut to, 5);
            param_change(&mut to, change);
        }
    }
    to.0
}

fn key_grant(to: &mut Packed, grant: &KeyGrant) {
    to.number::<1>(grant.slot.get().into());
    to.bytes(&grant.public).number::<1>(grant.scopes.0.into()).number::<6>(grant.expires.get());
}

fn param_change(to: &mut Packed, change: &ParamChange) {
    match change {
        ParamChange::ListAsset { asset, terms: AssetTerms { token, scale_digits, total_max } } => {
            to.number::<1>(0).number::<2>(asset.get().into());
            to.owner(token).number::<1>((*scale_digits).into()).number::<8>(total_max.get());
        }
        ParamChange::ListMarket { market, terms, rules, reference } => {
            to.number::<1>(1).number::<2>(market.get().into());
            market_terms(to, terms);
            market_rules(to, rules);
            to.number::<6>(reference.get());
        }
        ParamChange::SetMarketRules { market, rules } => {
            to.number::<1>(2).number::<2>(market.get().into());
            market_rules(to, rules);
        }
        ParamChange::SetMarketState { market, state } => {
            to.number::<1>(3).number::<2>(market.get().into()).number::<1>(*state as u64);
        }
        ParamChange::SetFees { schedule, tier, fees: FeeTier { maker, maker_rebate, taker } } => {
            to.number::<1>(4).number::<1>((*schedule).into()).number::<1>((*tier).into());
            to.number::<4>(maker.0.into()).number::<4>(maker_rebate.0.into()).number::<4>(taker.0.into());
        }
        ParamChange::SetTier { account, tier } => {
            to.number::<1>(5).account(*account).number::<1>((*tier).into());
        }
        ParamChange::SetFrozen { account, frozen } => {
            to.number::<1>(6).account(*account).number::<1>((*frozen).into());
        }
    }
}

fn market_terms(to: &mut Packed, terms: &MarketTerms) {
    let MarketTerms { base, quote, base_per_lot, quote_per_tick, fee_cap } = terms;
    to.number::<2>(base.get().into()).number::<2>(quote.get().into());
    to.number::<8>(*base_per_lot).number::<8>(*quote_per_tick).number::<4>(fee_cap.0.into());
}

fn market_rules(to: &mut Packed, rules: &MarketRules) {
    let MarketRules { lots_min, lots_max, band, collar, orders_max, schedule } = rules;
    to.number::<6>(lots_min.get()).number::<6>(lots_max.get());
    to.number::<4>(band.0.into()).number::<4>(collar.0.into());
    to.number::<4>((*orders_max).into()).number::<1>((*schedule).into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_types::{Amount, AssetId};

    #[test]
    fn a_deposit_is_two_blocks() {
        let (owner, asset, amount) = (Address([0xaa; 20]), AssetId::new(1).unwrap(), Amount::MAX);
        let entry = InboxEntry::Deposit { owner, account: None, asset, amount };
        let bytes = entry_bytes(InboxIndex::new(0x0102), Time::new(0x0304).unwrap(), &entry);
        assert_eq!(&bytes[..15], [0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 4]);
        assert_eq!(&bytes[15..35], [0xaa; 20]);
        assert_eq!(&bytes[35..], [0xff, 0xff, 0xff, 0xff, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert!(64 + bytes.len() + 9 <= 128);
    }
}
