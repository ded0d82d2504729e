//! The names that scripts use, and what they stand for.

use ashlar_types::{AccountId, Address, Amount, AssetId, Lots, MarketId, OrderId, Price, Rank, Side, Time};

/// The accounts of the standard world, by id.
pub const ACCOUNTS: [&str; 5] = ["house", "alice", "bob", "carol", "dave"];
/// The assets of the standard world, by id.
pub const ASSETS: [&str; 3] = ["BTC", "USD", "EUR"];
/// When the standard world begins.
pub const BEGINNING_MS: u64 = 1_000_000;

/// What a word means, or what is wrong with it.
pub type Parsed<T> = Result<T, String>;

/// A number.
pub fn number<T: std::str::FromStr>(word: &str) -> Parsed<T> {
    word.parse().map_err(|_| format!("`{word}` is not a number that fits here"))
}

/// An account: a name, or `a` and its id.
pub fn account(word: &str) -> Parsed<AccountId> {
    let id = index_or_number(word)? as u32;
    AccountId::new(id).ok_or_else(|| format!("`{word}` is no account id"))
}

/// The owner of the standard account of this name.
pub fn owner(word: &str) -> Parsed<Address> {
    Ok(owner_of(index_or_number(word)?))
}

/// The address of the owner of this number.
pub fn owner_of(number: usize) -> Address {
    let mut bytes = [0xA0; 20];
    bytes[19] = number as u8;
    Address(bytes)
}

/// The name of an owner.
pub fn owner_name(address: &Address) -> String {
    let number = usize::from(address.0[19]);
    ACCOUNTS.get(number).map_or_else(|| format!("a{number}"), |name| (*name).to_owned())
}

/// The name of an account.
pub fn account_name(account: AccountId) -> String {
    let id = account.get();
    ACCOUNTS.get(id as usize).map_or_else(|| format!("a{id}"), |name| (*name).to_owned())
}

/// An asset: a name, or `asset` and its id.
pub fn asset(word: &str) -> Parsed<AssetId> {
    let id = match word.strip_prefix("asset") {
        Some(id) => number(id)?,
        None => index(&ASSETS, word)? as u16,
    };
    AssetId::new(id).ok_or_else(|| format!("`{word}` is no asset id"))
}

/// The name of an asset.
pub fn asset_name(asset: AssetId) -> String {
    let id = asset.get();
    ASSETS.get(usize::from(id)).map_or_else(|| format!("asset{id}"), |name| (*name).to_owned())
}

/// A market: `m` and its id.
pub fn market(word: &str) -> Parsed<MarketId> {
    let id = word.strip_prefix('m').ok_or_else(|| format!("`{word}` is no market"))?;
    MarketId::new(number(id)?).ok_or_else(|| format!("`{word}` is no market id"))
}

/// An order: side, price and rank, after its market if that is not the first.
pub fn order(word: &str) -> Parsed<OrderId> {
    let wrong = || format!("`{word}` is no order; write b100#1, or m1/s100#1");
    let (at, rest) = word.split_once('/').unwrap_or(("m0", word));
    let side = match rest.as_bytes().first() {
        Some(b'b') => Side::Buy,
        Some(b's') => Side::Sell,
        _ => return Err(wrong()),
    };
    let (ticks, rank) = rest[1..].split_once('#').ok_or_else(wrong)?;
    Ok(OrderId { market: market(at)?, side, price: price(ticks)?, rank: Rank::new(number(rank)?) })
}

/// The name of an order.
pub fn order_name(order: OrderId) -> String {
    let market = order.market.get();
    let market = if market == 0 { String::new() } else { format!("m{market}/") };
    let side = match order.side {
        Side::Buy => 'b',
        Side::Sell => 's',
    };
    format!("{market}{side}{}#{}", order.price.get(), order.rank.get())
}

/// A price; `max` is the highest.
pub fn price(word: &str) -> Parsed<Price> {
    if word == "max" {
        return Ok(Price::MAX);
    }
    Price::new(number(word)?).ok_or_else(|| format!("`{word}` is not a price"))
}

/// A number of lots.
pub fn lots(word: &str) -> Parsed<Lots> {
    Lots::new(number(word)?).ok_or_else(|| format!("`{word}` is not a number of lots"))
}

/// An amount; `max` is the largest.
pub fn amount(word: &str) -> Parsed<Amount> {
    if word == "max" {
        return Ok(Amount::MAX);
    }
    Amount::new(number(word)?).ok_or_else(|| format!("`{word}` is not an amount"))
}

/// A time: `+` and milliseconds after the beginning, `-` and milliseconds before it, or `never`.
pub fn time(word: &str) -> Parsed<Time> {
    let ms = match word.split_at_checked(1) {
        _ if word == "never" => return Ok(Time::NEVER),
        Some(("+", ms)) => BEGINNING_MS + number::<u64>(ms)?,
        Some(("-", ms)) => BEGINNING_MS.saturating_sub(number(ms)?),
        _ => return Err(format!("`{word}` is not a time; write +50 or never")),
    };
    Time::new(ms).ok_or_else(|| format!("`{word}` is not a time"))
}

fn index_or_number(word: &str) -> Parsed<usize> {
    index(&ACCOUNTS, word).or_else(|wrong| word.strip_prefix('a').and_then(|id| number(id).ok()).ok_or(wrong))
}

fn index(names: &[&str], word: &str) -> Parsed<usize> {
    names.iter().position(|name| *name == word).ok_or_else(|| format!("`{word}` is none of {}", names.join(", ")))
}
