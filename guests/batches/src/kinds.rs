//! Batches of one kind of command each, to see what that kind costs.

use ashlar_exchange::Line;
use ashlar_harness::flow::{Shares, owner_of};
use ashlar_types::{
    Amount, AssetId, Command, InboxEntry, Lots, MarketId, NewOrder, OrderId, Price, Reason, Side, TimeInForce,
};

use crate::day::{Day, DayShape};
use crate::node::Recorded;
use crate::speakers::account;

/// What every command of a batch does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Comes to rest in a book.
    Place,
    /// Takes one whole resting order.
    Match,
    /// Cancels a resting order.
    Cancel,
    /// Gives a resting order another price.
    Replace,
    /// Arrives from L1.
    Deposit,
    /// Leaves for L1.
    Withdraw,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 6] = [Kind::Place, Kind::Match, Kind::Cancel, Kind::Replace, Kind::Deposit, Kind::Withdraw];

    /// In small letters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Match => "match",
            Self::Cancel => "cancel",
            Self::Replace => "replace",
            Self::Deposit => "deposit",
            Self::Withdraw => "withdraw",
        }
    }
}

/// Commands under one signature.
const AT_ONCE: usize = 64;
/// The first prices of resting orders; the market begins at 20,000.
const BIDS: u64 = 19_000;
const ASKS: u64 = 20_100;
/// Different prices.
const LEVELS: u64 = 100;

/// A batch of so many commands of a kind, `AT_ONCE` in a message, over an exchange with so many idle accounts.
pub fn batch_of_kind(kind: Kind, commands: usize, idle: u32) -> Recorded {
    let shape = DayShape { seed: 7, markets: 1, traders: 16, idle, warm_up: 0, shares: Shares::PLAIN };
    let mut day = Day::begin(&shape);
    let resting = match kind {
        Kind::Match => Some(Side::Sell),
        Kind::Cancel | Kind::Replace => Some(Side::Buy),
        Kind::Place | Kind::Deposit | Kind::Withdraw => None,
    };
    let orders = resting.map(|side| rest(&mut day, side, commands)).unwrap_or_default();
    for from in (0..commands).step_by(AT_ONCE) {
        let numbers = from as u64..commands.min(from + AT_ONCE) as u64;
        // Who matches is not whom they match.
        let who = maker(from) + if kind == Kind::Match { 8 } else { 0 };
        if kind == Kind::Deposit {
            numbers.for_each(|number| deposit(&mut day, number));
            continue;
        }
        let said = numbers.map(|number| command(kind, number, orders.get(number as usize).copied())).collect();
        day.speech.session(account(who), said);
    }
    day.seal()
}

/// Half of the traders.
fn maker(from: usize) -> u32 {
    1 + (from / AT_ONCE) as u32 % 8
}

fn command(kind: Kind, number: u64, order: Option<OrderId>) -> Command {
    let order = || order.expect("as many orders rest as are needed");
    match kind {
        Kind::Place => Command::Place(limit(Side::Buy, BIDS + number % LEVELS, 1)),
        Kind::Match => {
            let taker = limit(Side::Buy, ASKS + LEVELS, 1);
            Command::Place(NewOrder { time_in_force: TimeInForce::ImmediateOrCancel, ..taker })
        }
        Kind::Cancel => Command::Cancel(order()),
        Kind::Replace => {
            let price = Price::saturating(BIDS + LEVELS + number % LEVELS);
            Command::Replace { order: order(), price, lots: Lots::new(1).expect("a lot") }
        }
        Kind::Deposit | Kind::Withdraw => {
            Command::Withdraw { asset: asset(), amount: Amount::new(1 + number).expect("an amount") }
        }
    }
}

/// Lets orders come to rest in an earlier batch.
fn rest(day: &mut Day, side: Side, count: usize) -> Vec<OrderId> {
    let from = if side == Side::Buy { BIDS } else { ASKS };
    for first in (0..count).step_by(AT_ONCE) {
        let numbers = first as u64..count.min(first + AT_ONCE) as u64;
        let orders = numbers.map(|number| Command::Place(limit(side, from + number % LEVELS, 1)));
        day.speech.session(account(maker(first)), orders.collect());
    }
    let placed = day.seal().lines.into_iter().filter_map(|line| match line {
        Line::Receipt(receipt) if receipt.reason == Reason::Resting => receipt.order,
        _ => None,
    });
    placed.collect()
}

fn limit(side: Side, price: u64, lots: u64) -> NewOrder {
    let market = MarketId::new(0).expect("a market");
    NewOrder::limit(market, side, Price::saturating(price), Lots::new(lots).expect("lots"))
}

fn asset() -> AssetId {
    AssetId::new(0).expect("an asset")
}

fn deposit(day: &mut Day, number: u64) {
    let owner = owner_of(1 + (number % 16) as u32);
    let amount = Amount::new(1 + number).expect("an amount");
    day.speech.inbox(InboxEntry::Deposit { owner, account: None, asset: asset(), amount });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch is of its kind only if every command did what the kind does.
    #[test]
    fn commands_do_what_their_kind_does() {
        for kind in Kind::ALL {
            let recorded = batch_of_kind(kind, 128, 10);
            let reason = match kind {
                // A replace comes to rest, having removed what it replaces.
                Kind::Place | Kind::Replace => Reason::Resting,
                Kind::Match => Reason::Filled,
                Kind::Cancel => Reason::Cancelled,
                Kind::Deposit | Kind::Withdraw => Reason::Done,
            };
            let is_it = |line: &&Line| matches!(line, Line::Receipt(receipt) if receipt.reason == reason);
            let did = recorded.lines.iter().filter(is_it).count();
            assert_eq!(did, 128, "{}: {:?}", kind.name(), recorded.lines.iter().take(4).collect::<Vec<_>>());
        }
    }
}
