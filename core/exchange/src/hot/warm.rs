//! Which memory a later command will read, so that it can be asked for ahead of time.
//!
//! Nothing here changes anything or decides anything. A command that names nonsense makes nonsense be fetched. What a command is
//! about is looked up once: nobody can predict which kind comes next, and each question about it costs a processor its guess.

use ashlar_book::At;
use ashlar_types::{AccountId, AssetId, Command, Input, MarketId, NewOrder, OrderId, Price, Rank, Side};

use super::ledger::{balance_key, count_key};
use super::store::HotStore;
use super::view::HotMarket;

/// How far ahead of its command a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ahead {
    /// Some sixteen commands: names what can be told from the command alone.
    Far,
    /// Some eight: names what has to be looked up in what the first call named.
    Near,
    /// Some four: names what is beside that.
    Next,
}

/// What a command will be about, for whoever reads ahead of it.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    market: MarketId,
    /// Of the order that is named; no order has rank zero, so a search for none finds none.
    rank: Rank,
    /// Where that order seems to be.
    slot: u32,
}

impl Expected {
    /// Nothing that could be told.
    pub const NOTHING: Expected = Expected { market: MarketId::FIRST, rank: Rank::new(0), slot: 0 };
}

/// The part of a command that says where it leads.
struct Subject {
    market: MarketId,
    side: Side,
    price: Price,
    rank: Rank,
}

impl Subject {
    #[inline(always)]
    fn of(command: &Command) -> Option<Subject> {
        match command {
            Command::Place(NewOrder { market, side, price, .. }) => {
                Some(Subject { market: *market, side: *side, price: *price, rank: Rank::new(0) })
            }
            Command::Cancel(order) | Command::Replace { order, .. } => {
                let OrderId { market, side, price, rank } = *order;
                Some(Subject { market, side, price, rank })
            }
            _ => None,
        }
    }
}

impl HotStore {
    /// Names the memory that applying this input will read; `touch` may ask for it, and need not.
    #[inline(always)]
    pub fn warm(&self, input: &Input, ahead: Ahead, touch: impl Fn(*const u8)) {
        let Input::Message(message) = input else { return };
        let who = message.header.account;
        if ahead == Ahead::Far {
            self.name_account(who, &touch);
        }
        for command in &message.commands {
            let Some(subject) = Subject::of(command) else { continue };
            let mut expected = Expected { market: subject.market, rank: subject.rank, slot: 0 };
            match ahead {
                Ahead::Far => self.name_subject(who, &subject, &touch),
                Ahead::Near => self.name_order(&mut expected, &touch),
                Ahead::Next => {
                    self.name_order(&mut expected, &touch);
                    self.name_neighbours(&expected, &touch);
                }
            }
        }
    }

    /// The same of an input of one command, some sixteen commands ahead; what it gives tells the later calls about it all they
    /// need.
    #[inline(always)]
    pub fn expect(&self, input: &Input, touch: impl Fn(*const u8)) -> Expected {
        let Input::Message(message) = input else { return Expected::NOTHING };
        let who = message.header.account;
        self.name_account(who, &touch);
        let Some(subject) = message.commands.first().and_then(Subject::of) else { return Expected::NOTHING };
        self.name_subject(who, &subject, &touch);
        Expected { market: subject.market, rank: subject.rank, slot: 0 }
    }

    /// Some eight commands ahead.
    #[inline(always)]
    pub fn name_order(&self, expected: &mut Expected, touch: &impl Fn(*const u8)) {
        let Some(entry) = self.entry(expected.market) else { return };
        let at = entry.book.name_order(expected.rank, touch);
        expected.slot = at.slot();
        entry.chains[0].name(at.slot(), touch);
    }

    /// Some four commands ahead.
    #[inline(always)]
    pub fn name_neighbours(&self, expected: &Expected, touch: &impl Fn(*const u8)) {
        let Some(entry) = self.entry(expected.market) else { return };
        entry.book.name_neighbours(At::of_slot(expected.slot), touch);
        entry.chains[0].name_neighbours(expected.slot, touch);
    }

    #[inline(always)]
    fn entry(&self, market: MarketId) -> Option<&HotMarket> {
        self.markets.get(usize::from(market.get()))?.as_deref()
    }

    #[inline(always)]
    fn name_account(&self, who: AccountId, touch: &impl Fn(*const u8)) {
        if let Some(line) = self.ledger.accounts.get(who.get() as usize) {
            touch(core::ptr::from_ref(line).cast());
        }
    }

    #[inline(always)]
    fn name_subject(&self, who: AccountId, subject: &Subject, touch: &impl Fn(*const u8)) {
        let &Subject { market, side, price, rank } = subject;
        let Some(entry) = self.entry(market) else { return };
        touch(core::ptr::from_ref(&entry.live).cast());
        entry.book.name_parts(touch);
        let terms = &entry.record.terms;
        touch(self.ledger.balances.first_look(balance_key(who, reserved_asset(terms.base, terms.quote, side))));
        touch(self.ledger.counts.first_look(count_key(who, market)));
        entry.book.name_index(rank, touch);
        entry.book.name_price(side, price, touch);
    }
}

/// [`crate::funds::reserved_asset`] without a branch, for the side of a command to come is anybody's guess.
#[inline(always)]
fn reserved_asset(base: AssetId, quote: AssetId, side: Side) -> AssetId {
    [quote, base][side.index()]
}
