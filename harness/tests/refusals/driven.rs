//! Inputs that are refused because of a bound: too many dead orders to look past, and a cascade that is not done.

use ashlar_harness::Genesis;
use ashlar_harness::flow::{Timed, Venue, account_of};
use ashlar_types::limits::{CASCADE_MAX, DROPS_MAX};
use ashlar_types::{
    AssetId, Command, Direction, Header, Input, Lots, MarketId, MarketRules, MarketTerms, Message, NewOrder,
    OneCancelsOther, OrderId, PostOnly, Ppm, Price, Quote, Rank, Side, Signer, Time, TimeInForce, Trigger,
};

const BEGINNING_MS: u64 = 1_000_000;
const MARKET: MarketId = MarketId::FIRST;

fn venue() -> Venue {
    let [quote, base] = [0, 1].map(|number| AssetId::new(number).expect("an asset"));
    let lots_max = Lots::new(1_000).expect("lots");
    let rules = MarketRules {
        lots_min: lots(1),
        lots_max,
        band: Ppm(900_000),
        collar: Ppm(900_000),
        orders_max: 4_096,
        schedule: 0,
    };
    let terms = MarketTerms { base, quote, base_per_lot: 1, quote_per_tick: 1, fee_cap: Ppm(0) };
    let mut venue = Venue::new(time(0));
    venue.asset(quote);
    venue.asset(base);
    venue.market(MARKET, terms, rules, ticks(100));
    for number in 1..=2 {
        venue.deposit(number, quote, 1 << 40);
        venue.deposit(number, base, 1 << 40);
    }
    venue
}

pub fn genesis() -> Genesis {
    venue().genesis()
}

fn lots(lots: u64) -> Lots {
    Lots::new(lots).expect("lots")
}

fn ticks(ticks: u64) -> Price {
    Price::new(ticks).expect("a price")
}

fn time(later: u64) -> Time {
    Time::new(BEGINNING_MS + later).expect("a time")
}

/// An order of account 1 or 2, sent by its owner.
struct Sent(Vec<Timed>, [u64; 2]);

impl Sent {
    fn send(&mut self, later: u64, number: u32, command: Command) {
        let nonce = &mut self.1[number as usize - 1];
        *nonce += 1;
        let header =
            Header { account: account_of(number), signer: Signer::Owner, nonce: *nonce, not_after: Time::NEVER };
        self.0.push((time(later), Input::Message(Message { header, commands: vec![command] })));
    }
}

/// One refusal after another of each command that may be refused so.
pub fn inputs() -> Vec<Timed> {
    let (setup, _) = venue().finish();
    let mut sent = Sent(setup, [0; 2]);
    let order = |side, price| NewOrder::limit(MARKET, side, ticks(price), lots(1));
    let id = |side, price, rank| OrderId { market: MARKET, side, price: ticks(price), rank: Rank::new(rank) };

    sent.send(0, 2, Command::Place(order(Side::Buy, 50)));
    for _ in 0..=DROPS_MAX {
        sent.send(0, 1, Command::Place(NewOrder { expires: time(1), ..order(Side::Sell, 100) }));
    }
    let post_only = NewOrder { post_only: PostOnly::Slide, ..order(Side::Buy, 100) };
    sent.send(1, 2, Command::Place(post_only));
    sent.send(1, 2, Command::CancelPlace { cancel: id(Side::Buy, 50, 1), place: post_only });
    let trigger = Some(Trigger { direction: Direction::Rises, price: ticks(110) });
    let pair = OneCancelsOther { limit: order(Side::Buy, 100), stop: NewOrder { trigger, ..order(Side::Buy, 111) } };
    sent.send(1, 2, Command::OneCancelsOther(Box::new(pair)));
    // Taking what is dead and a trade at 105 make more triggers due than may fire.
    let take = NewOrder { time_in_force: TimeInForce::ImmediateOrCancel, ..order(Side::Buy, 105) };
    sent.send(1, 2, Command::Place(take));
    sent.send(1, 2, Command::Place(take));
    for _ in 0..=CASCADE_MAX {
        let trigger = Some(Trigger { direction: Direction::Rises, price: ticks(105) });
        sent.send(1, 2, Command::Place(NewOrder { trigger, ..order(Side::Buy, 105) }));
    }
    sent.send(1, 1, Command::Place(order(Side::Sell, 105)));
    sent.send(1, 2, Command::Place(take));

    sent.send(1, 2, Command::Place(order(Side::Buy, 60)));
    sent.send(1, 2, Command::Replace { order: id(Side::Buy, 50, 1), price: ticks(51), lots: lots(1) });
    sent.send(1, 2, Command::CancelPlace { cancel: id(Side::Buy, 50, 1), place: order(Side::Buy, 51) });
    sent.send(1, 2, Command::OneCancelsOther(Box::new(pair)));
    let quote = Quote { replaces: None, side: Side::Buy, price: ticks(60), lots: lots(1), client: Default::default() };
    sent.send(1, 2, Command::MassQuote { market: MARKET, quotes: vec![quote] });
    sent.0
}
