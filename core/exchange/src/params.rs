//! Changes of parameters and the operator's own commands (SPEC C-33, C-34).

use ashlar_types::limits::CASCADE_MAX;
use ashlar_types::limits::{FEE_CAP_PPM_MAX, PPM, SCHEDULES_MAX, TIERS_MAX};
use ashlar_types::{
    Amount, AssetTerms, FeeTier, MarketId, MarketRules, MarketState, MarketTerms, ParamChange, Reason, SystemCommand,
};

use crate::output::Output;
use crate::record::{Asset, Live, Market};
use crate::run::Run;
use crate::store::{Store, View};

/// The most decimal digits between L1's unit and the internal one.
const SCALE_DIGITS_MAX: u8 = 18;

impl<S: Store, O: Output> Run<'_, S, O> {
    pub fn param(&mut self, change: &ParamChange) -> Result<(), Reason> {
        match change {
            ParamChange::ListAsset { asset, terms } => {
                if self.store.asset(*asset, |_| ()).is_some() {
                    return Err(Reason::AlreadyListed);
                }
                check_asset(terms)?;
                self.store.list_asset(*asset, &Asset { terms: *terms, total: Amount::ZERO });
            }
            ParamChange::ListMarket { market, terms, rules, reference } => {
                if self.store.open(*market).is_some() {
                    return Err(Reason::AlreadyListed);
                }
                self.check_listing(terms)?;
                check_rules(rules)?;
                let record = Market { terms: *terms, rules: *rules };
                self.store.list_market(*market, &record, &Live::listed(*reference));
            }
            ParamChange::SetMarketRules { market, rules } => {
                check_rules(rules)?;
                self.store.set_rules(*market, rules).ok_or(Reason::UnknownMarket)?;
            }
            ParamChange::SetMarketState { market, state } => return self.set_state(*market, *state),
            ParamChange::SetFees { schedule, tier, fees } => {
                check_fees(*schedule, *tier, fees)?;
                self.store.set_fees(*schedule, *tier, fees);
            }
            ParamChange::SetTier { account, tier } => {
                if *tier >= TIERS_MAX {
                    return Err(Reason::BadParameter);
                }
                self.store.account(*account, |a| a.tier = *tier).ok_or(Reason::UnknownAccount)?;
            }
            ParamChange::SetFrozen { account, frozen } => {
                self.store.account(*account, |a| a.frozen = *frozen).ok_or(Reason::UnknownAccount)?;
            }
        }
        Ok(())
    }

    fn check_listing(&mut self, terms: &MarketTerms) -> Result<(), Reason> {
        for asset in [terms.base, terms.quote] {
            self.store.asset(asset, |_| ()).ok_or(Reason::UnknownAsset)?;
        }
        let sound = terms.base != terms.quote
            && terms.base_per_lot > 0
            && terms.quote_per_tick > 0
            && terms.fee_cap.0 <= FEE_CAP_PPM_MAX;
        if sound { Ok(()) } else { Err(Reason::BadParameter) }
    }

    fn set_state(&mut self, market: MarketId, state: MarketState) -> Result<(), Reason> {
        let mut view = self.store.open(market).ok_or(Reason::UnknownMarket)?;
        if state == MarketState::Halted {
            return Err(Reason::BadParameter);
        }
        if view.live().state == MarketState::Delisting {
            return Err(Reason::MarketState);
        }
        view.live_mut().state = state;
        view.close();
        Ok(())
    }

    pub fn system(&mut self, command: &SystemCommand) -> Result<(), Reason> {
        match command {
            SystemCommand::Halt(market) => self.set_halted(*market, true),
            SystemCommand::Resume(market) => self.set_halted(*market, false),
            SystemCommand::Continue(market) => {
                let mut trading = self.open(*market)?;
                let range = trading.view.live().pending.ok_or(Reason::NothingToDo)?;
                if trading.view.live().effective_state() != MarketState::Open {
                    return Err(Reason::MarketState);
                }
                trading.resume_cascade(range, CASCADE_MAX);
                trading.close();
                Ok(())
            }
        }
    }

    fn set_halted(&mut self, market: MarketId, halted: bool) -> Result<(), Reason> {
        let mut view = self.store.open(market).ok_or(Reason::UnknownMarket)?;
        let changed = core::mem::replace(&mut view.live_mut().halted, halted) != halted;
        view.close();
        if changed { Ok(()) } else { Err(Reason::NothingToDo) }
    }
}

fn check_asset(terms: &AssetTerms) -> Result<(), Reason> {
    if terms.scale_digits <= SCALE_DIGITS_MAX { Ok(()) } else { Err(Reason::BadParameter) }
}

fn check_rules(rules: &MarketRules) -> Result<(), Reason> {
    let sound = !rules.lots_min.is_zero()
        && rules.lots_min <= rules.lots_max
        && u64::from(rules.band.0) < PPM
        && u64::from(rules.collar.0) < PPM
        && rules.schedule < SCHEDULES_MAX;
    if sound { Ok(()) } else { Err(Reason::BadParameter) }
}

fn check_fees(schedule: u8, tier: u8, fees: &FeeTier) -> Result<(), Reason> {
    let sound = schedule < SCHEDULES_MAX
        && tier < TIERS_MAX
        && fees.maker.0 <= FEE_CAP_PPM_MAX
        && fees.taker.0 <= FEE_CAP_PPM_MAX
        && fees.maker_rebate <= fees.taker
        && (fees.maker.0 == 0 || fees.maker_rebate.0 == 0);
    if sound { Ok(()) } else { Err(Reason::BadParameter) }
}
