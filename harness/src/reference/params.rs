//! Changes of parameters (C-33).

use ashlar_types::limits::{FEE_CAP_PPM_MAX, PPM, SCHEDULES_MAX, TIERS_MAX};
use ashlar_types::{
    AccountId, AssetId, AssetTerms, FeeTier, MarketId, MarketRules, MarketState, MarketTerms, ParamChange, Price,
    Reason,
};

use super::account::Done;
use super::state::{Asset, Market, State};

/// The most digits between L1's unit of an asset and the internal one.
const SCALE_DIGITS_MAX: u8 = 18;

impl State {
    /// One change.
    pub fn change_parameter(&mut self, change: &ParamChange) -> Done {
        match change {
            ParamChange::ListAsset { asset, terms } => self.list_asset(*asset, terms),
            ParamChange::ListMarket { market, terms, rules, reference } => {
                self.list_market(*market, terms, rules, *reference)
            }
            ParamChange::SetMarketRules { market, rules } => {
                check_rules(rules)?;
                self.markets.get_mut(market).ok_or(Reason::UnknownMarket)?.rules = *rules;
                Ok(())
            }
            ParamChange::SetMarketState { market, state } => self.set_market_state(*market, *state),
            ParamChange::SetFees { schedule, tier, fees } => self.set_fees(*schedule, *tier, fees),
            ParamChange::SetTier { account, tier } => self.set_tier(*account, *tier),
            ParamChange::SetFrozen { account, frozen } => {
                self.accounts.get_mut(account).ok_or(Reason::UnknownAccount)?.frozen = *frozen;
                Ok(())
            }
        }
    }

    fn list_asset(&mut self, id: AssetId, terms: &AssetTerms) -> Done {
        if self.assets.contains_key(&id) {
            return Err(Reason::AlreadyListed);
        }
        ensure(terms.scale_digits <= SCALE_DIGITS_MAX)?;
        self.assets.insert(id, Asset { terms: *terms, total: 0 });
        Ok(())
    }

    fn list_market(&mut self, id: MarketId, terms: &MarketTerms, rules: &MarketRules, reference: Price) -> Done {
        if self.markets.contains_key(&id) {
            return Err(Reason::AlreadyListed);
        }
        if !self.assets.contains_key(&terms.base) || !self.assets.contains_key(&terms.quote) {
            return Err(Reason::UnknownAsset);
        }
        ensure(terms.base != terms.quote)?;
        ensure(terms.base_per_lot != 0 && terms.quote_per_tick != 0)?;
        ensure(terms.fee_cap.0 <= FEE_CAP_PPM_MAX)?;
        check_rules(rules)?;
        let market = Market {
            terms: *terms,
            rules: *rules,
            next_rank: 1,
            last_price: reference,
            state: MarketState::Open,
            halted: false,
            pending: None,
            orders: 0,
        };
        self.markets.insert(id, market);
        Ok(())
    }

    fn set_market_state(&mut self, id: MarketId, state: MarketState) -> Done {
        let market = self.markets.get_mut(&id).ok_or(Reason::UnknownMarket)?;
        ensure(state != MarketState::Halted)?;
        if market.state == MarketState::Delisting {
            return Err(Reason::MarketState);
        }
        market.state = state;
        Ok(())
    }

    fn set_fees(&mut self, schedule: u8, tier: u8, fees: &FeeTier) -> Done {
        ensure(schedule < SCHEDULES_MAX && tier < TIERS_MAX)?;
        ensure(fees.taker.0 <= FEE_CAP_PPM_MAX && fees.maker.0 <= FEE_CAP_PPM_MAX)?;
        ensure(fees.maker_rebate <= fees.taker)?;
        ensure(fees.maker.0 == 0 || fees.maker_rebate.0 == 0)?;
        self.fees.insert((schedule, tier), *fees);
        Ok(())
    }

    fn set_tier(&mut self, account: AccountId, tier: u8) -> Done {
        ensure(tier < TIERS_MAX)?;
        self.accounts.get_mut(&account).ok_or(Reason::UnknownAccount)?.tier = tier;
        Ok(())
    }
}

fn check_rules(rules: &MarketRules) -> Done {
    ensure(!rules.lots_min.is_zero() && rules.lots_min <= rules.lots_max)?;
    ensure(u64::from(rules.band.0) < PPM && u64::from(rules.collar.0) < PPM)?;
    ensure(rules.schedule < SCHEDULES_MAX)
}

fn ensure(holds: bool) -> Done {
    if holds { Ok(()) } else { Err(Reason::BadParameter) }
}
