use alloc::vec;
use alloc::vec::Vec;

use ashlar_types::limits::{MARKETS_MAX, MESSAGE_COMMANDS_MAX, QUOTES_MAX as MASS_QUOTES_MAX};
use ashlar_types::{AccountId, Command, Header, Input, KeySlot, Lots, MarketId, OrderId, Signer};

use super::predict::{MarketState, SignerState, gcd};
use super::shape::Shape;
use crate::content::Batch;
use crate::error::BatchError;
use crate::limits::QUOTES_MAX;

/// The dictionaries of a batch: what its columns refer to by index.
pub(super) struct Survey {
    signer_keys: Vec<u64>,
    pub signers: Vec<SignerState>,
    /// Place in the dictionary by market.
    market_slots: Vec<u16>,
    pub markets: Vec<MarketState>,
    pub shapes: Vec<u32>,
    quotes: usize,
    /// The common divisor of the sizes of each market that is named.
    units: Vec<Option<u64>>,
}

/// A signer as one number whose order is the dictionary's: account 28, slot 4 with the owner first, epoch 32.
pub(super) const fn signer_key(account: AccountId, signer: Signer) -> u64 {
    let (slot, epoch) = match signer {
        Signer::Owner => (0, 0),
        Signer::Session { slot, epoch } => (1 + slot.get() as u64, epoch as u64),
    };
    (account.get() as u64) << 36 | slot << 32 | epoch
}

/// The slot of a signer as its column has it: the owner is zero.
pub(super) const fn signer_of(slot: u64, epoch: u64) -> Option<Signer> {
    if epoch > u32::MAX as u64 || slot > u8::MAX as u64 {
        return None;
    }
    match (slot, epoch) {
        (0, 0) => Some(Signer::Owner),
        (0, _) => None,
        (slot, epoch) => match KeySlot::new((slot - 1) as u8) {
            Some(slot) => Some(Signer::Session { slot, epoch: epoch as u32 }),
            None => None,
        },
    }
}

impl Survey {
    pub(super) fn of(batch: &Batch) -> Result<Survey, BatchError> {
        let mut survey = Survey {
            signer_keys: Vec::with_capacity(batch.inputs.len()),
            signers: Vec::new(),
            market_slots: Vec::new(),
            markets: Vec::new(),
            shapes: Vec::new(),
            quotes: 0,
            units: vec![None; MARKETS_MAX.into()],
        };
        let mut headers: Vec<(u64, Header)> = Vec::new();
        for timed in &batch.inputs {
            let Input::Message(message) = &timed.input else { continue };
            let header = message.header;
            headers.push((signer_key(header.account, header.signer), header));
            let got = message.commands.len();
            if got == 0 || got > MESSAGE_COMMANDS_MAX {
                return Err(BatchError::MessageCommands { max: MESSAGE_COMMANDS_MAX, got });
            }
            for command in &message.commands {
                survey.shapes.push(Shape::of(command).bits());
                survey.command(command)?;
            }
        }
        headers.sort_unstable_by_key(|(key, _)| *key);
        headers.dedup_by_key(|(key, _)| *key);
        survey.signer_keys = headers.iter().map(|(key, _)| *key).collect();
        survey.signers = headers.iter().map(|(_, of)| SignerState::new(of.account, of.signer)).collect();
        survey.shapes.sort_unstable();
        survey.shapes.dedup();
        survey.number_markets();
        Ok(survey)
    }

    fn command(&mut self, command: &Command) -> Result<(), BatchError> {
        match command {
            Command::Place(order) => self.lots(order.market, order.lots),
            Command::Cancel(id) => self.id(id),
            Command::Reduce { order, by } => self.lots(order.market, *by),
            Command::Replace { order, lots, .. } => self.lots(order.market, *lots),
            Command::CancelPlace { cancel, place } => {
                self.id(cancel);
                self.lots(place.market, place.lots);
            }
            Command::OneCancelsOther(legs) if legs.limit.market == legs.stop.market => {
                self.shapes.push(Shape::of_place(&legs.stop).bits());
                self.lots(legs.limit.market, legs.limit.lots);
                self.lots(legs.stop.market, legs.stop.lots);
            }
            Command::MassQuote { market, quotes } => {
                if quotes.is_empty() || quotes.len() > MASS_QUOTES_MAX {
                    return Err(BatchError::Quotes { max: MASS_QUOTES_MAX, got: quotes.len() });
                }
                self.quotes += quotes.len();
                if self.quotes > QUOTES_MAX {
                    return Err(BatchError::TooMany { what: "quotes", max: QUOTES_MAX, got: self.quotes });
                }
                for quote in quotes {
                    if let Some(id) = &quote.replaces {
                        self.id(id);
                    }
                    self.lots(*market, quote.lots);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn id(&mut self, id: &OrderId) {
        self.lots(id.market, Lots::ZERO);
    }

    /// Names a market and a size in it; zero has every divisor.
    fn lots(&mut self, market: MarketId, lots: Lots) {
        if let Some(unit) = self.units.get_mut(usize::from(market.get())) {
            *unit = match *unit {
                Some(1) => Some(1),
                unit => Some(gcd(lots.get(), unit.unwrap_or(0))),
            };
        }
    }

    fn number_markets(&mut self) {
        self.market_slots = vec![0; self.units.len()];
        for ((id, unit), slot) in (0u16..).zip(&self.units).zip(&mut self.market_slots) {
            if let (Some(unit), Some(market)) = (unit, MarketId::new(id)) {
                *slot = self.markets.len() as u16;
                self.markets.push(MarketState::new(market, *unit));
            }
        }
    }

    /// Where a signer of the batch stands in the dictionary.
    pub(super) fn signer_slot(&self, header: &Header) -> usize {
        match self.signer_keys.binary_search(&signer_key(header.account, header.signer)) {
            Ok(slot) | Err(slot) => slot,
        }
    }

    /// Where a market of the batch stands in the dictionary.
    pub(super) fn market_slot(&self, market: MarketId) -> usize {
        self.market_slots.get(usize::from(market.get())).copied().unwrap_or(0).into()
    }

    /// Where a shape of the batch stands in the dictionary.
    pub(super) fn shape_slot(&self, bits: u32) -> usize {
        match self.shapes.binary_search(&bits) {
            Ok(slot) | Err(slot) => slot,
        }
    }
}
