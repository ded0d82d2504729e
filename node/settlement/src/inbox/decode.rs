use ashlar_batch::{NO_ACCOUNT, entry_bytes};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, AssetTerms, FeeTier, InboxEntry, InboxIndex, KeyGrant, KeySlot, Lots,
    MarketId, MarketRules, MarketState, MarketTerms, ParamChange, Ppm, Price, Scopes, Time,
};

/// Big-endian fields of fixed width, one after the other. Past the end every field is absent.
struct Packed<'a>(&'a [u8]);

impl Packed<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn small(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn half(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn six(&mut self) -> Option<u64> {
        let mut wide = [0; 8];
        wide[2..].copy_from_slice(&self.array::<6>()?);
        Some(u64::from_be_bytes(wide))
    }

    fn whole(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn owner(&mut self) -> Option<Address> {
        self.array().map(Address)
    }

    fn account(&mut self) -> Option<AccountId> {
        AccountId::new(self.half()?)
    }

    fn asset(&mut self) -> Option<AssetId> {
        AssetId::new(self.small()?)
    }

    fn amount(&mut self) -> Option<Amount> {
        Amount::new(self.whole()?)
    }

    fn time(&mut self) -> Option<Time> {
        Time::new(self.six()?)
    }

    fn ppm(&mut self) -> Option<Ppm> {
        self.half().map(Ppm)
    }

    fn rules(&mut self) -> Option<MarketRules> {
        Some(MarketRules {
            lots_min: Lots::new(self.six()?)?,
            lots_max: Lots::new(self.six()?)?,
            band: self.ppm()?,
            collar: self.ppm()?,
            orders_max: self.half()?,
            schedule: self.byte()?,
        })
    }
}

/// The entry that these bytes pack (SPEC B-32): exactly the inverse of what the batch crate packs, or nothing.
pub fn entry_from_bytes(bytes: &[u8]) -> Option<(InboxIndex, Time, InboxEntry)> {
    let mut from = Packed(bytes);
    let (kind, index, time) = (from.byte()?, InboxIndex::new(from.whole()?), from.time()?);
    let entry = match kind {
        0 => {
            let (owner, account) = (from.owner()?, from.half()?);
            let account = if account == NO_ACCOUNT { None } else { Some(AccountId::new(account)?) };
            InboxEntry::Deposit { owner, account, asset: from.asset()?, amount: from.amount()? }
        }
        1 => InboxEntry::ForcedCancelAll { owner: from.owner()?, account: from.account()? },
        2 => InboxEntry::ForcedWithdraw {
            owner: from.owner()?,
            account: from.account()?,
            asset: from.asset()?,
            amount: from.amount()?,
        },
        3 => InboxEntry::RegisterKey { owner: from.owner()?, account: from.account()?, grant: grant(&mut from)? },
        4 => {
            InboxEntry::RevokeKey { owner: from.owner()?, account: from.account()?, slot: KeySlot::new(from.byte()?)? }
        }
        5 => InboxEntry::Param(change(&mut from)?),
        _ => return None,
    };
    // What packs to other bytes would chain to another hash than the contract's.
    (entry_bytes(index, time, &entry) == bytes).then_some((index, time, entry))
}

fn grant(from: &mut Packed<'_>) -> Option<KeyGrant> {
    Some(KeyGrant {
        slot: KeySlot::new(from.byte()?)?,
        public: from.array()?,
        scopes: Scopes(from.byte()?),
        expires: from.time()?,
    })
}

fn change(from: &mut Packed<'_>) -> Option<ParamChange> {
    Some(match from.byte()? {
        0 => ParamChange::ListAsset {
            asset: from.asset()?,
            terms: AssetTerms { token: from.owner()?, scale_digits: from.byte()?, total_max: from.amount()? },
        },
        1 => ParamChange::ListMarket {
            market: MarketId::new(from.small()?)?,
            terms: MarketTerms {
                base: from.asset()?,
                quote: from.asset()?,
                base_per_lot: from.whole()?,
                quote_per_tick: from.whole()?,
                fee_cap: from.ppm()?,
            },
            rules: from.rules()?,
            reference: Price::new(from.six()?)?,
        },
        2 => ParamChange::SetMarketRules { market: MarketId::new(from.small()?)?, rules: from.rules()? },
        3 => {
            let market = MarketId::new(from.small()?)?;
            let state = match from.byte()? {
                0 => MarketState::Open,
                1 => MarketState::PostOnly,
                2 => MarketState::CancelOnly,
                3 => MarketState::Halted,
                4 => MarketState::Delisting,
                _ => return None,
            };
            ParamChange::SetMarketState { market, state }
        }
        4 => ParamChange::SetFees {
            schedule: from.byte()?,
            tier: from.byte()?,
            fees: FeeTier { maker: from.ppm()?, maker_rebate: from.ppm()?, taker: from.ppm()? },
        },
        5 => ParamChange::SetTier { account: from.account()?, tier: from.byte()? },
        6 => ParamChange::SetFrozen { account: from.account()?, frozen: from.flag()? },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_are_an_entry_or_nothing(bytes in prop::collection::vec(any::<u8>(), 0..100), kind in 0..7u8) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() {
                *first = kind;
            }
            if let Some((index, time, entry)) = entry_from_bytes(&bytes) {
                prop_assert_eq!(entry_bytes(index, time, &entry), bytes);
            }
        }

        #[test]
        fn what_is_packed_is_read(index: u64, ms in 0..(1u64 << 47), owner: [u8; 20], account in 0..1u32 << 20, amount in 0..1u64 << 62) {
            let (owner, asset) = (Address(owner), AssetId::FIRST);
            let account = AccountId::new(account);
            let (index, time, amount) = (InboxIndex::new(index), Time::new(ms).unwrap(), Amount::new(amount).unwrap());
            let mut entries = vec![
                InboxEntry::Deposit { owner, account, asset, amount },
                InboxEntry::Deposit { owner, account: None, asset, amount },
            ];
            if let Some(account) = account {
                entries.push(InboxEntry::ForcedCancelAll { owner, account });
                entries.push(InboxEntry::ForcedWithdraw { owner, account, asset, amount });
                entries.push(InboxEntry::RevokeKey { owner, account, slot: KeySlot::FIRST });
                let grant = KeyGrant { slot: KeySlot::FIRST, public: [7; 32], scopes: Scopes::ALL, expires: time };
                entries.push(InboxEntry::RegisterKey { owner, account, grant });
                entries.push(InboxEntry::Param(ParamChange::SetFrozen { account, frozen: true }));
            }
            let terms = AssetTerms { token: owner, scale_digits: 10, total_max: amount };
            entries.push(InboxEntry::Param(ParamChange::ListAsset { asset, terms }));
            for entry in entries {
                let bytes = entry_bytes(index, time, &entry);
                prop_assert_eq!(entry_from_bytes(&bytes), Some((index, time, entry)));
            }
        }
    }
}
