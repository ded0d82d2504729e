//! Orders and commands of accounts as words.

use ashlar_types::{
    CancelFilter, ClientId, Command, Direction, KeyGrant, KeySlot, Lots, MarketId, NewOrder, OneCancelsOther,
    OrderKind, PostOnly, Quote, Scopes, SelfTrade, Side, TimeInForce, Trigger,
};

use super::names::{self, Parsed, number};

/// A command of an account.
pub fn command(text: &str) -> Parsed<Command> {
    let words: Vec<&str> = text.split_whitespace().collect();
    Ok(match words.as_slice() {
        ["buy" | "sell", ..] => Command::Place(order(&words)?),
        ["cancel", id] => Command::Cancel(names::order(id)?),
        ["reduce", id, by] => Command::Reduce { order: names::order(id)?, by: names::lots(by)? },
        ["replace", id, size, "@", price] => {
            Command::Replace { order: names::order(id)?, price: names::price(price)?, lots: names::lots(size)? }
        }
        ["swap", id, rest @ ..] => Command::CancelPlace { cancel: names::order(id)?, place: order(rest)? },
        ["cancel-all", rest @ ..] => Command::CancelAll(filter(rest)?),
        ["quote", ..] => mass_quote(text)?,
        ["pair", ..] => pair(text)?,
        ["dead-man", at] => Command::DeadMan(names::time(at)?),
        ["transfer", amount, asset, "to", to] => {
            Command::Transfer { to: names::account(to)?, asset: names::asset(asset)?, amount: names::amount(amount)? }
        }
        ["withdraw", amount, asset] => {
            Command::Withdraw { asset: names::asset(asset)?, amount: names::amount(amount)? }
        }
        ["stop"] => Command::KillSwitch { stop: true },
        ["resume"] => Command::KillSwitch { stop: false },
        ["key", slot, scopes, expires] => Command::RegisterKey(grant(slot, scopes, expires)?),
        ["revoke", slot] => Command::RevokeKey(key_slot(slot)?),
        ["sub-account"] => Command::OpenSubAccount,
        ["sweep", ids @ ..] => Command::Sweep(ids.iter().map(|id| names::order(id)).collect::<Parsed<_>>()?),
        _ => return Err(format!("`{text}` is no command")),
    })
}

/// A session key: its slot, its scopes as letters of `t`rade, `c`ancel, transfer (`m`ove), `w`ithdraw or a number, its end.
pub fn grant(slot: &str, scopes: &str, expires: &str) -> Parsed<KeyGrant> {
    let bits = match scopes.parse::<u8>() {
        Ok(bits) => bits,
        Err(_) => scopes.chars().try_fold(0, |bits, letter| match letter {
            't' => Ok(bits | Scopes::TRADE.0),
            'c' => Ok(bits | Scopes::CANCEL.0),
            'm' => Ok(bits | Scopes::TRANSFER.0),
            'w' => Ok(bits | Scopes::WITHDRAW.0),
            _ => Err(format!("`{letter}` is no scope")),
        })?,
    };
    Ok(KeyGrant { slot: key_slot(slot)?, public: [7; 32], scopes: Scopes(bits), expires: names::time(expires)? })
}

/// A slot of session keys.
pub fn key_slot(word: &str) -> Parsed<KeySlot> {
    KeySlot::new(number(word)?).ok_or_else(|| format!("`{word}` is no slot"))
}

/// `buy 5 @ 100` and what else is said of it.
fn order(words: &[&str]) -> Parsed<NewOrder> {
    let ["buy" | "sell", size, "@", price, rest @ ..] = words else {
        return Err(format!("`{}` is no order; write buy 5 @ 100", words.join(" ")));
    };
    let side = if words[0] == "buy" { Side::Buy } else { Side::Sell };
    let mut order = NewOrder::limit(first_market(), side, names::price(price)?, names::lots(size)?);
    for word in rest {
        match word.split_once('=').unwrap_or((word, "")) {
            ("market", "") => order.kind = OrderKind::Market,
            ("ioc", "") => order.time_in_force = TimeInForce::ImmediateOrCancel,
            ("fok", "") => order.time_in_force = TimeInForce::FillOrKill,
            ("post", "") => order.post_only = PostOnly::Reject,
            ("slide", "") => order.post_only = PostOnly::Slide,
            ("newest", "") => order.self_trade = SelfTrade::CancelNewest,
            ("oldest", "") => order.self_trade = SelfTrade::CancelOldest,
            ("both", "") => order.self_trade = SelfTrade::CancelBoth,
            ("decrement", "") => order.self_trade = SelfTrade::Decrement,
            ("show", show) => order.display = names::lots(show)?,
            ("until", until) => order.expires = names::time(until)?,
            ("client", client) => order.client = ClientId(number(client)?),
            ("in", market) => order.market = names::market(market)?,
            ("falls", at) => order.trigger = Some(trigger(Direction::Falls, at)?),
            ("rises", at) => order.trigger = Some(trigger(Direction::Rises, at)?),
            _ => return Err(format!("`{word}` says nothing about an order")),
        }
    }
    Ok(order)
}

fn first_market() -> MarketId {
    MarketId::default()
}

fn trigger(direction: Direction, price: &str) -> Parsed<Trigger> {
    Ok(Trigger { direction, price: names::price(price)? })
}

fn filter(words: &[&str]) -> Parsed<CancelFilter> {
    let mut filter = CancelFilter::ALL;
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("buy", "") => filter.side = Some(Side::Buy),
            ("sell", "") => filter.side = Some(Side::Sell),
            ("in", market) => filter.market = Some(names::market(market)?),
            ("prices", range) => {
                let (low, high) = range.split_once("..").ok_or("write prices=90..110")?;
                filter.prices = Some((names::price(low)?, names::price(high)?));
            }
            _ => return Err(format!("`{word}` selects nothing")),
        }
    }
    Ok(filter)
}

/// `quote m0: b99#1 -> buy 5 @ 99; sell 5 @ 101; s102#3 -> none`.
fn mass_quote(text: &str) -> Parsed<Command> {
    let rest = text.trim_start_matches("quote").trim();
    let (market, quotes) = rest.split_once(':').ok_or("write quote m0: buy 5 @ 99; sell 5 @ 101")?;
    let quotes = quotes.split(';').map(str::trim).filter(|text| !text.is_empty()).map(quote).collect::<Parsed<_>>()?;
    Ok(Command::MassQuote { market: names::market(market)?, quotes })
}

fn quote(text: &str) -> Parsed<Quote> {
    let (replaces, placed) = match text.split_once("->") {
        Some((id, placed)) => (Some(names::order(id.trim())?), placed.trim()),
        None => (None, text),
    };
    let none =
        NewOrder { lots: Lots::ZERO, ..NewOrder::limit(first_market(), Side::Buy, names::price("1")?, Lots::MAX) };
    let words: Vec<&str> = placed.split_whitespace().collect();
    let order = if placed == "none" { none } else { order(&words)? };
    Ok(Quote { replaces, side: order.side, price: order.price, lots: order.lots, client: order.client })
}

/// `pair sell 5 @ 110 + sell 5 @ 90 falls=95`.
fn pair(text: &str) -> Parsed<Command> {
    let (limit, stop) = text.trim_start_matches("pair").split_once(" + ").ok_or("write pair ORDER + ORDER")?;
    let leg = |text: &str| order(&text.split_whitespace().collect::<Vec<_>>());
    Ok(Command::OneCancelsOther(Box::new(OneCancelsOther { limit: leg(limit)?, stop: leg(stop)? })))
}
