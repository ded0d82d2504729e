//! The frequent commands, taken apart into columns.

use ashlar_types::{ClientId, Command, Lots, NewOrder, OrderId, Price, Quote, Side, Time};

use super::encode::Encoder;
use super::predict::fold;
use super::shape::{QuoteShape, Shape};
use crate::column::Column;

impl Encoder {
    pub(super) fn columnar(&mut self, signer: usize, command: &Command, shape: Shape, time: Time) {
        match command {
            Command::Place(order) => {
                let market = self.market(order.market);
                self.order(signer, market, order, shape, time);
            }
            Command::Cancel(id) => {
                let market = self.market(id.market);
                self.id(market, id);
            }
            Command::Reduce { order, by } => {
                let market = self.market(order.market);
                self.id(market, order);
                self.lots(market, *by);
            }
            Command::Replace { order, price, lots } => {
                let market = self.market(order.market);
                self.id(market, order);
                self.price(market, order.side, *price);
                self.lots(market, *lots);
            }
            Command::CancelPlace { cancel, place } => {
                let market = self.market(place.market);
                let of_id = if shape.foreign { self.market(cancel.market) } else { market };
                self.id(of_id, cancel);
                self.order(signer, market, place, shape, time);
            }
            Command::OneCancelsOther(legs) => {
                let market = self.market(legs.limit.market);
                self.order(signer, market, &legs.limit, shape, time);
                let stop = Shape::of_place(&legs.stop);
                self.shape(stop);
                self.order(signer, market, &legs.stop, stop, time);
            }
            Command::MassQuote { market, quotes } => {
                let market = self.market(*market);
                self.put(Column::QuoteCounts, quotes.len().saturating_sub(1) as u64);
                for quote in quotes {
                    self.quote(signer, market, quote);
                }
            }
            _ => {}
        }
    }

    fn quote(&mut self, signer: usize, market: usize, quote: &Quote) {
        let here = self.survey.markets.get(market).map(|state| state.market);
        let replaces = quote.replaces.map(|id| (id.side, Some(id.market) != here));
        self.put(Column::QuoteShapes, QuoteShape { side: quote.side, replaces }.bits());
        if let (Some(id), Some((_, foreign))) = (&quote.replaces, replaces) {
            let of_id = if foreign { self.market(id.market) } else { market };
            self.id(of_id, id);
        }
        self.price(market, quote.side, quote.price);
        self.lots(market, quote.lots);
        self.client(signer, quote.client);
    }

    fn order(&mut self, signer: usize, market: usize, order: &NewOrder, shape: Shape, time: Time) {
        if !shape.order.any_price {
            self.price(market, order.side, order.price);
        }
        self.lots(market, order.lots);
        if shape.order.display {
            self.put(Column::Displays, order.display.get());
        }
        if shape.order.expires {
            self.put(Column::Expiries, fold(order.expires.get(), time.get()));
        }
        if let Some(trigger) = order.trigger {
            self.put(Column::TriggerPrices, fold(trigger.price.get(), order.price.get()));
        }
        self.client(signer, order.client);
    }

    fn id(&mut self, market: usize, id: &OrderId) {
        let Some(state) = self.survey.markets.get_mut(market) else { return };
        let (price, rank) = (state.price(id.side), state.rank());
        state.saw_id(id);
        match price {
            None => self.put(Column::FirstPrices, id.price.get()),
            Some(expected) => self.put(Column::IdPrices, fold(id.price.get(), expected)),
        }
        match rank {
            None => self.put(Column::FirstRanks, id.rank.get()),
            Some(expected) => self.put(Column::Ranks, fold(id.rank.get(), expected)),
        }
    }

    fn price(&mut self, market: usize, side: Side, price: Price) {
        let Some(state) = self.survey.markets.get_mut(market) else { return };
        let expected = state.price(side);
        state.saw_price(side, price);
        match expected {
            None => self.put(Column::FirstPrices, price.get()),
            Some(expected) => self.put(Column::Prices, fold(price.get(), expected)),
        }
    }

    fn lots(&mut self, market: usize, lots: Lots) {
        let unit = self.survey.markets.get(market).map_or(0, |state| state.unit);
        self.put(Column::Lots, lots.get().checked_div(unit).unwrap_or(0));
    }

    fn client(&mut self, signer: usize, client: ClientId) {
        let Some(state) = self.survey.signers.get_mut(signer) else { return };
        match state.client.replace(client.0.wrapping_add(1)) {
            None => self.put(Column::FirstClients, client.0),
            Some(expected) => self.put(Column::Clients, fold(client.0, expected)),
        }
    }
}
