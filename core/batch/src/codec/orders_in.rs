//! The frequent commands, put together from their columns.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ashlar_types::limits::QUOTES_MAX as MASS_QUOTES_MAX;
use ashlar_types::{
    ClientId, Command, Lots, MarketId, NewOrder, OneCancelsOther, OrderId, Price, Quote, Rank, Side, Time, Trigger,
};

use super::decode::Decoder;
use super::predict::{gcd, unfold};
use super::shape::{Op, QuoteShape, Shape, any_price};
use crate::column::Column;
use crate::error::BatchError;
use crate::limits::QUOTES_MAX;

/// A market of the batch: its place in the dictionary and its id.
#[derive(Clone, Copy)]
struct Named {
    slot: usize,
    market: MarketId,
}

impl Decoder<'_> {
    #[inline]
    pub(super) fn columnar(&mut self, signer: usize, shape: Shape, time: Time) -> Result<Command, BatchError> {
        let market = self.market()?;
        Ok(match shape.op {
            Op::Place => Command::Place(self.order(signer, market, shape, time)?),
            Op::Cancel => Command::Cancel(self.id(market, shape.id_side)?),
            Op::Reduce => {
                let order = self.id(market, shape.id_side)?;
                Command::Reduce { order, by: self.lots(market)? }
            }
            Op::Replace => {
                let order = self.id(market, shape.id_side)?;
                let price = self.price(market, shape.id_side)?;
                Command::Replace { order, price, lots: self.lots(market)? }
            }
            Op::CancelPlace => {
                let of_id = if shape.foreign { self.foreign(market)? } else { market };
                let cancel = self.id(of_id, shape.id_side)?;
                Command::CancelPlace { cancel, place: self.order(signer, market, shape, time)? }
            }
            Op::MassQuote => Command::MassQuote { market: market.market, quotes: self.quotes(signer, market)? },
            Op::Pair => self.pair(signer, market, shape, time)?,
            // Read from the plain bytes by the caller.
            Op::Plain => return Err(BatchError::Value { column: Column::CommandShapes, got: shape.bits().into() }),
        })
    }

    fn pair(&mut self, signer: usize, market: Named, shape: Shape, time: Time) -> Result<Command, BatchError> {
        let limit = self.order(signer, market, shape, time)?;
        let shape = self.shape()?;
        if shape.op != Op::Place {
            return Err(BatchError::Value { column: Column::CommandShapes, got: shape.bits().into() });
        }
        let stop = self.order(signer, market, shape, time)?;
        Ok(Command::OneCancelsOther(Box::new(OneCancelsOther { limit, stop })))
    }

    fn quotes(&mut self, signer: usize, market: Named) -> Result<Vec<Quote>, BatchError> {
        let count = (self.take(Column::QuoteCounts)? as usize).saturating_add(1);
        if count > MASS_QUOTES_MAX {
            return Err(BatchError::Quotes { max: MASS_QUOTES_MAX, got: count });
        }
        self.quotes += count;
        if self.quotes > QUOTES_MAX {
            return Err(BatchError::TooMany { what: "quotes", max: QUOTES_MAX, got: self.quotes });
        }
        let mut quotes = Vec::with_capacity(count);
        for _ in 0..count {
            let bits = self.take(Column::QuoteShapes)?;
            let shape = QuoteShape::from_bits(bits);
            let shape = shape.ok_or(BatchError::Value { column: Column::QuoteShapes, got: bits })?;
            let replaces = match shape.replaces {
                None => None,
                Some((side, foreign)) => {
                    let of_id = if foreign { self.foreign(market)? } else { market };
                    Some(self.id(of_id, side)?)
                }
            };
            quotes.push(Quote {
                replaces,
                side: shape.side,
                price: self.price(market, shape.side)?,
                lots: self.lots(market)?,
                client: self.client(signer)?,
            });
        }
        Ok(quotes)
    }

    #[inline]
    fn order(&mut self, signer: usize, market: Named, shape: Shape, time: Time) -> Result<NewOrder, BatchError> {
        let shape = shape.order;
        let price = if shape.any_price { any_price(shape.side) } else { self.limit(market, shape.side)? };
        let lots = self.lots(market)?;
        let display = if shape.display { self.display()? } else { Lots::ZERO };
        let expires = if shape.expires { self.expiry(time)? } else { Time::NEVER };
        let trigger = match shape.trigger {
            None => None,
            Some(direction) => {
                let ticks = unfold(self.take(Column::TriggerPrices)?, price.get());
                Some(Trigger { direction, price: priced(Column::TriggerPrices, ticks)? })
            }
        };
        Ok(NewOrder {
            market: market.market,
            side: shape.side,
            kind: shape.kind,
            time_in_force: shape.time_in_force,
            post_only: shape.post_only,
            self_trade: shape.self_trade,
            price,
            lots,
            display,
            expires,
            trigger,
            client: self.client(signer)?,
        })
    }

    #[inline]
    fn market(&mut self) -> Result<Named, BatchError> {
        let got = self.take(Column::CommandMarkets)?;
        let slot = got as usize;
        let state = self.markets.get_mut(slot).ok_or(BatchError::Value { column: Column::CommandMarkets, got })?;
        state.used = true;
        Ok(Named { slot, market: state.market })
    }

    fn foreign(&mut self, here: Named) -> Result<Named, BatchError> {
        let there = self.market()?;
        if there.slot == here.slot {
            return Err(BatchError::Omissible { what: "the market of an order in the same market" });
        }
        Ok(there)
    }

    #[inline]
    fn id(&mut self, market: Named, side: Side) -> Result<OrderId, BatchError> {
        let (price, rank) =
            self.markets.get(market.slot).map_or((None, None), |state| (state.price(side), state.rank()));
        let ticks = match price {
            None => self.take(Column::FirstPrices)?,
            Some(expected) => unfold(self.take(Column::IdPrices)?, expected),
        };
        let rank = match rank {
            None => self.take(Column::FirstRanks)?,
            Some(expected) => unfold(self.take(Column::Ranks)?, expected),
        };
        let price = priced(Column::IdPrices, ticks)?;
        let id = OrderId { market: market.market, side, price, rank: Rank::new(rank) };
        if let Some(state) = self.markets.get_mut(market.slot) {
            state.saw_id(&id);
        }
        Ok(id)
    }

    /// The limit of an order whose shape says that it does not accept any price.
    #[inline]
    fn limit(&mut self, market: Named, side: Side) -> Result<Price, BatchError> {
        let price = self.price(market, side)?;
        if price == any_price(side) {
            return Err(BatchError::Omissible { what: "a limit that accepts any price" });
        }
        Ok(price)
    }

    #[inline]
    fn price(&mut self, market: Named, side: Side) -> Result<Price, BatchError> {
        let ticks = match self.markets.get(market.slot).and_then(|state| state.price(side)) {
            None => self.take(Column::FirstPrices)?,
            Some(expected) => unfold(self.take(Column::Prices)?, expected),
        };
        let price = priced(Column::Prices, ticks)?;
        if let Some(state) = self.markets.get_mut(market.slot) {
            state.saw_price(side, price);
        }
        Ok(price)
    }

    #[inline]
    fn lots(&mut self, market: Named) -> Result<Lots, BatchError> {
        let units = self.take(Column::Lots)?;
        let wrong = BatchError::Value { column: Column::Lots, got: units };
        let state = self.markets.get_mut(market.slot).ok_or(wrong)?;
        if state.unit == 0 && units != 0 {
            return Err(wrong);
        }
        if state.divisor != 1 {
            state.divisor = gcd(units, state.divisor);
        }
        units.checked_mul(state.unit).and_then(Lots::new).ok_or(wrong)
    }

    fn display(&mut self) -> Result<Lots, BatchError> {
        let got = self.take(Column::Displays)?;
        match Lots::new(got) {
            Some(Lots::ZERO) => Err(BatchError::Omissible { what: "a display of all" }),
            Some(lots) => Ok(lots),
            None => Err(BatchError::Value { column: Column::Displays, got }),
        }
    }

    fn expiry(&mut self, time: Time) -> Result<Time, BatchError> {
        let got = unfold(self.take(Column::Expiries)?, time.get());
        match Time::new(got) {
            Some(Time::NEVER) => Err(BatchError::Omissible { what: "the expiry of an order that does not expire" }),
            Some(expires) => Ok(expires),
            None => Err(BatchError::Value { column: Column::Expiries, got }),
        }
    }

    #[inline]
    fn client(&mut self, signer: usize) -> Result<ClientId, BatchError> {
        let client = match self.signers.get(signer).and_then(|state| state.client) {
            None => self.take(Column::FirstClients)?,
            Some(expected) => unfold(self.take(Column::Clients)?, expected),
        };
        if let Some(state) = self.signers.get_mut(signer) {
            state.client = Some(client.wrapping_add(1));
        }
        Ok(ClientId(client))
    }
}

fn priced(column: Column, ticks: u64) -> Result<Price, BatchError> {
    Price::new(ticks).ok_or(BatchError::Value { column, got: ticks })
}
