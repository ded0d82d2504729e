//! Inbox entries, parameters and the operator's commands as words.

use ashlar_types::{
    AssetTerms, FeeTier, InboxEntry, MarketRules, MarketState, MarketTerms, ParamChange, Ppm, SystemCommand,
};

use super::names::{self, Parsed, number};
use super::order;

/// The operator's command, if the words are one.
pub fn system(words: &[&str]) -> Parsed<Option<SystemCommand>> {
    Ok(Some(match words {
        ["halt", market] => SystemCommand::Halt(names::market(market)?),
        ["let-go", market] => SystemCommand::Resume(names::market(market)?),
        ["continue", market] => SystemCommand::Continue(names::market(market)?),
        _ => return Ok(None),
    }))
}

/// An entry of the inbox.
pub fn entry(words: &[&str]) -> Parsed<InboxEntry> {
    Ok(match words {
        ["deposit", owner, amount, asset, rest @ ..] => InboxEntry::Deposit {
            owner: names::owner(owner)?,
            account: match rest {
                ["into", account] => Some(names::account(account)?),
                _ => None,
            },
            asset: names::asset(asset)?,
            amount: names::amount(amount)?,
        },
        ["cancel-all", owner, "of", account] => {
            InboxEntry::ForcedCancelAll { owner: names::owner(owner)?, account: names::account(account)? }
        }
        ["withdraw", owner, "of", account, amount, asset] => InboxEntry::ForcedWithdraw {
            owner: names::owner(owner)?,
            account: names::account(account)?,
            asset: names::asset(asset)?,
            amount: names::amount(amount)?,
        },
        ["key", owner, "of", account, slot, scopes, expires] => InboxEntry::RegisterKey {
            owner: names::owner(owner)?,
            account: names::account(account)?,
            grant: order::grant(slot, scopes, expires)?,
        },
        ["revoke", owner, "of", account, slot] => InboxEntry::RevokeKey {
            owner: names::owner(owner)?,
            account: names::account(account)?,
            slot: order::key_slot(slot)?,
        },
        _ => InboxEntry::Param(change(words)?),
    })
}

/// A change of parameters. What is not said of a market is as in the standard world.
pub fn change(words: &[&str]) -> Parsed<ParamChange> {
    Ok(match words {
        ["asset", asset, rest @ ..] => {
            let said = Said(rest);
            let terms = AssetTerms {
                token: names::owner_of(99),
                scale_digits: said.number("scale", 0)?,
                total_max: names::amount(said.find("cap").unwrap_or("max"))?,
            };
            ParamChange::ListAsset { asset: names::asset(asset)?, terms }
        }
        ["market", market, base, quote, rest @ ..] => ParamChange::ListMarket {
            market: names::market(market)?,
            terms: MarketTerms {
                base: names::asset(base)?,
                quote: names::asset(quote)?,
                base_per_lot: Said(rest).number("lot", 10)?,
                quote_per_tick: Said(rest).number("tick", 1)?,
                fee_cap: Ppm(Said(rest).number("fee-cap", 10_000)?),
            },
            rules: rules(rest)?,
            reference: names::price(Said(rest).find("reference").unwrap_or("100"))?,
        },
        ["rules", market, rest @ ..] => {
            ParamChange::SetMarketRules { market: names::market(market)?, rules: rules(rest)? }
        }
        ["state", market, state] => {
            ParamChange::SetMarketState { market: names::market(market)?, state: market_state(state)? }
        }
        ["fees", schedule, tier, rest @ ..] => ParamChange::SetFees {
            schedule: number(schedule)?,
            tier: number(tier)?,
            fees: FeeTier {
                maker: Ppm(Said(rest).number("maker", 0)?),
                maker_rebate: Ppm(Said(rest).number("rebate", 0)?),
                taker: Ppm(Said(rest).number("taker", 0)?),
            },
        },
        ["tier", account, tier] => ParamChange::SetTier { account: names::account(account)?, tier: number(tier)? },
        ["freeze", account] => ParamChange::SetFrozen { account: names::account(account)?, frozen: true },
        ["thaw", account] => ParamChange::SetFrozen { account: names::account(account)?, frozen: false },
        _ => return Err(format!("`{}` is no inbox entry", words.join(" "))),
    })
}

fn rules(words: &[&str]) -> Parsed<MarketRules> {
    let said = Said(words);
    Ok(MarketRules {
        lots_min: names::lots(said.find("min").unwrap_or("1"))?,
        lots_max: names::lots(said.find("max").unwrap_or("1000000"))?,
        band: Ppm(said.number("band", 500_000)?),
        collar: Ppm(said.number("collar", 100_000)?),
        orders_max: said.number("orders", 2_000)?,
        schedule: said.number("schedule", 0)?,
    })
}

fn market_state(word: &str) -> Parsed<MarketState> {
    Ok(match word {
        "open" => MarketState::Open,
        "post-only" => MarketState::PostOnly,
        "cancel-only" => MarketState::CancelOnly,
        "halted" => MarketState::Halted,
        "delisting" => MarketState::Delisting,
        _ => return Err(format!("`{word}` is no state of a market")),
    })
}

/// Words of the form `name=value`.
struct Said<'a>(&'a [&'a str]);

impl<'a> Said<'a> {
    fn find(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    fn number<T: std::str::FromStr>(&self, name: &str, default: T) -> Parsed<T> {
        self.find(name).map_or(Ok(default), number)
    }
}
