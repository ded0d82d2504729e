//! What is kept of leaves while a batch runs, and written back when it is put away.
//!
//! 1. What is kept is read through here alone, so nobody sees a leaf that is behind it.
//! 2. Reading a leaf costs a recorder a hint and a guest its check. The account that speaks and the markets are asked for by every
//!    command, so they are read once.
//! 3. Which leaves a batch reads and what they say after it does not depend on any of this.

use ashlar_state::{Key, Row, Rows};
use ashlar_types::{AccountId, AssetId, Direction, MarketId, Side};

use super::keys;
use super::words::Words;
use crate::record::{Account, Balance, Live, Market};

/// A record and the leaf that it came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept<T> {
    row: Row,
    pub record: T,
    written: T,
}

impl<T: Words + Copy + PartialEq> Kept<T> {
    /// Reads one that must be there.
    #[inline(always)]
    pub fn read<R: Rows>(rows: &mut R, key: &Key) -> Option<Kept<T>> {
        let row = rows.row(key);
        if !rows.is_present(row) {
            return None;
        }
        let record = T::from_words(rows.words(row));
        Some(Kept { row, record, written: record })
    }

    /// Writes it back, if it has changed.
    #[inline(always)]
    pub fn put_away<R: Rows>(&mut self, rows: &mut R) {
        if self.record != self.written {
            rows.write(self.row, self.record.to_words().as_ref());
            self.written = self.record;
        }
    }
}

impl<T: Words + Copy + PartialEq + Default> Kept<T> {
    /// Reads one that is absent when it is all zero (SPEC K-7).
    #[inline(always)]
    pub fn read_or_zero<R: Rows>(rows: &mut R, key: &Key) -> Kept<T> {
        let row = rows.row(key);
        let record = T::from_words(rows.words(row));
        Kept { row, record, written: record }
    }

    /// Writes it back, if it has changed.
    #[inline(always)]
    pub fn put_away_or_zero<R: Rows>(&mut self, rows: &mut R) {
        if self.record == self.written {
            return;
        }
        if self.record == T::default() {
            rows.erase(self.row);
        } else {
            rows.write(self.row, self.record.to_words().as_ref());
        }
        self.written = self.record;
    }
}

/// Assets, and markets, of which something is kept at a time.
const PLACES: usize = 8;

/// The account that speaks: its own leaf, and those of its funds and counts that were asked for.
#[derive(Debug)]
pub(super) struct Speaker {
    id: AccountId,
    pub account: Kept<Account>,
    balances: [Option<(AssetId, Kept<Balance>)>; PLACES],
    counts: [Option<(MarketId, Kept<u32>)>; PLACES],
}

impl Speaker {
    pub fn read<R: Rows>(rows: &mut R, id: AccountId) -> Option<Speaker> {
        let account = Kept::read(rows, &keys::account(id))?;
        Some(Speaker { id, account, balances: [None; PLACES], counts: [None; PLACES] })
    }

    #[inline(always)]
    pub fn is(&self, id: AccountId) -> bool {
        self.id == id
    }

    /// One of its balances.
    #[inline(always)]
    pub fn balance<R: Rows>(&mut self, rows: &mut R, asset: AssetId) -> &mut Balance {
        let place = &mut self.balances[usize::from(asset.get()) % PLACES];
        let missing = place.as_ref().is_none_or(|(of, _)| *of != asset);
        if missing && let Some((_, other)) = place {
            other.put_away_or_zero(rows);
        }
        if missing {
            *place = None;
        }
        let read = || (asset, Kept::read_or_zero(rows, &keys::balance(self.id, asset)));
        &mut place.get_or_insert_with(read).1.record
    }

    /// How many orders and triggers it holds in a market.
    #[inline(always)]
    pub fn count<R: Rows>(&mut self, rows: &mut R, market: MarketId) -> &mut u32 {
        let place = &mut self.counts[usize::from(market.get()) % PLACES];
        let missing = place.as_ref().is_none_or(|(of, _)| *of != market);
        if missing && let Some((_, other)) = place {
            other.put_away_or_zero(rows);
        }
        if missing {
            *place = None;
        }
        let read = || (market, Kept::read_or_zero(rows, &keys::count(self.id, market)));
        &mut place.get_or_insert_with(read).1.record
    }

    pub fn put_away<R: Rows>(&mut self, rows: &mut R) {
        self.account.put_away(rows);
        for (_, balance) in self.balances.iter_mut().flatten() {
            balance.put_away_or_zero(rows);
        }
        for (_, count) in self.counts.iter_mut().flatten() {
            count.put_away_or_zero(rows);
        }
    }
}

/// A market that was opened.
#[derive(Debug)]
pub(super) struct KeptMarket {
    pub record: Market,
    pub live: Kept<Live>,
    /// The sentinels of its book's sides and of its triggers' directions, where they were asked for.
    books: [Option<Row>; 2],
    triggers: [Option<Row>; 2],
}

impl KeptMarket {
    pub fn read<R: Rows>(rows: &mut R, id: MarketId) -> Option<KeptMarket> {
        let record = Kept::read(rows, &keys::market(id))?.record;
        let row = rows.row(&keys::live(id));
        let live = Live::from_words(rows.words(row));
        let live = Kept { row, record: live, written: live };
        Some(KeptMarket { record, live, books: [None; 2], triggers: [None; 2] })
    }

    #[inline(always)]
    pub fn book_sentinel<R: Rows>(&mut self, rows: &mut R, id: MarketId, side: Side) -> Row {
        *self.books[side.index() % 2].get_or_insert_with(|| rows.row(&keys::book_sentinel(id, side)))
    }

    #[inline(always)]
    pub fn trigger_sentinel<R: Rows>(&mut self, rows: &mut R, id: MarketId, direction: Direction) -> Row {
        *self.triggers[direction as usize % 2].get_or_insert_with(|| rows.row(&keys::trigger_sentinel(id, direction)))
    }
}
