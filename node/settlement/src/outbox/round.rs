use alloy::primitives::{Bytes, U256, keccak256};
use commonware_runtime::Storage;

use crate::fees::Urgency;
use crate::follower::Follower;
use crate::l1::{BlockAt, BlockRef, FeeMarket, L1, L1Error, Receipt};
use crate::limits::IN_FLIGHT_MAX;
use crate::signer::{Signer, SignerError};
use crate::store::StoreError;

use super::Outbox;
use super::entry::{Entry, GasLimit, Intent, IntentId, OutboxEvent, Record};

/// Why a round ended early.
pub(super) enum Stop {
    /// The log failed: the instance must stop.
    Store(StoreError),
    /// L1 or the signer failed: later.
    Later(String),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Store(error)
    }
}

impl From<L1Error> for Stop {
    fn from(error: L1Error) -> Stop {
        Stop::Later(error.to_string())
    }
}

impl From<SignerError> for Stop {
    fn from(error: SignerError) -> Stop {
        Stop::Later(error.to_string())
    }
}

/// What one round knows of L1.
pub(super) struct View<'a, L: L1> {
    pub l1: &'a L,
    pub chain: &'a Follower,
    pub now_ms: u64,
    /// The account's transactions up to the followed tip.
    pub nonce: u64,
    /// Whether the tip moved since the last round.
    pub moved: bool,
    market: Option<FeeMarket>,
}

impl<L: L1> View<'_, L> {
    pub async fn market(&mut self) -> Result<FeeMarket, L1Error> {
        if let Some(market) = &self.market {
            return Ok(market.clone());
        }
        let market = self.l1.fees().await?;
        self.market = Some(market.clone());
        Ok(market)
    }
}

impl<E: Storage, S: Signer> Outbox<E, S> {
    /// Does what can be done now: finds what was mined, replaces what was left out, sends what waits. `dice` is any random number; it spreads
    /// the pauses after failures.
    pub async fn pump<L: L1>(
        &mut self,
        l1: &L,
        chain: &Follower,
        now_ms: u64,
        dice: u64,
    ) -> Result<Vec<OutboxEvent>, StoreError> {
        let mut events = Vec::new();
        if now_ms < self.retry_at_ms || self.entries.is_empty() {
            return Ok(events);
        }
        match self.round(l1, chain, now_ms, &mut events).await {
            Ok(()) => {
                self.seen_tip = chain.tip().hash;
                self.failed_in_a_row = 0;
                self.last_error = None;
                Ok(events)
            }
            Err(Stop::Store(error)) => Err(error),
            Err(Stop::Later(reason)) => {
                self.statistics.failures += 1;
                self.retry_at_ms = now_ms.saturating_add(self.pause_ms(dice));
                self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
                self.last_error = Some(reason);
                Ok(events)
            }
        }
    }

    /// Between half and all of a pause that doubles with every failure.
    fn pause_ms(&self, dice: u64) -> u64 {
        let (min, max) = (self.config.backoff_min.as_millis(), self.config.backoff_max.as_millis());
        let whole = min.saturating_mul(1 << self.failed_in_a_row.min(20)).min(max);
        let half = u64::try_from(whole / 2).unwrap_or(u64::MAX);
        half.saturating_add(dice % half.saturating_add(1))
    }

    async fn round<L: L1>(
        &mut self,
        l1: &L,
        chain: &Follower,
        now_ms: u64,
        events: &mut Vec<OutboxEvent>,
    ) -> Result<(), Stop> {
        let tip = chain.tip();
        let nonce = l1.nonce(self.signer.address(), BlockAt::Hash(tip.hash)).await?;
        let moved = tip.hash != self.seen_tip;
        let mut view = View { l1, chain, now_ms, nonce, moved, market: None };
        self.find_mined(&view, events).await?;
        self.fill_gap(&view).await?;
        let sent: Vec<u64> = self.by_nonce(Entry::is_in_flight);
        let urgent_below = self.urgent_below();
        for place in sent {
            self.attend(place, urgent_below, &mut view, events).await?;
        }
        let queued: Vec<u64> =
            self.entries.iter().filter(|(_, entry)| entry.nonce.is_none()).map(|(place, _)| *place).collect();
        for place in queued {
            let in_flight = self.entries.values().filter(|entry| entry.is_in_flight()).count();
            if in_flight >= self.config.in_flight_max.min(IN_FLIGHT_MAX) {
                break;
            }
            self.begin(place, &mut view, events).await?;
        }
        Ok(())
    }

    fn by_nonce(&self, which: impl Fn(&Entry) -> bool) -> Vec<u64> {
        let mut places: Vec<(u64, u64)> = self
            .entries
            .iter()
            .filter(|(_, entry)| which(entry))
            .filter_map(|(place, entry)| Some((entry.nonce?, *place)))
            .collect();
        places.sort_unstable();
        places.into_iter().map(|(_, place)| place).collect()
    }

    /// Every nonce below the account's count was used by some transaction: finds out by which.
    async fn find_mined<L: L1>(&mut self, view: &View<'_, L>, events: &mut Vec<OutboxEvent>) -> Result<(), Stop> {
        let used = self.by_nonce(|entry| entry.is_in_flight() && entry.nonce.is_some_and(|own| own < view.nonce));
        for place in used {
            let Some(entry) = self.entries.get(&place) else { continue };
            let (id, txs) =
                (entry.intent.id, entry.attempts.iter().rev().map(|attempt| attempt.tx).collect::<Vec<_>>());
            let mut found = None;
            for tx in txs {
                if let Some(receipt) = view.l1.receipt(tx).await?
                    && let Some(block) = place_of(&receipt, view.chain)
                {
                    found = Some((receipt, block));
                    break;
                }
            }
            let Some((receipt, block)) = found else {
                self.check_displaced(place, view).await?;
                continue;
            };
            if let Some(entry) = self.entries.get_mut(&place) {
                entry.mined = Some((receipt.tx, block, receipt.succeeded));
                entry.resend = false;
            }
            self.statistics.mined += 1;
            self.statistics.reverted += u64::from(!receipt.succeeded);
            self.statistics.gas_used = self.statistics.gas_used.saturating_add(receipt.gas_used);
            self.statistics.paid_wei = self.statistics.paid_wei.saturating_add(receipt.cost());
            let (tx, succeeded, paid) = (receipt.tx, receipt.succeeded, receipt.paid());
            events.push(OutboxEvent::Mined { id, tx, block, succeeded, paid });
        }
        Ok(())
    }

    /// Gives the intent another nonce if its own is used, for good, by a transaction that is not ours.
    async fn check_displaced<L: L1>(&mut self, place: u64, view: &View<'_, L>) -> Result<(), Stop> {
        let Some(finalized) = self.finalized else { return Ok(()) };
        let Some(entry) = self.entries.get(&place) else { return Ok(()) };
        let (id, own) = (entry.intent.id, entry.nonce);
        // What was mined below all that is remembered cannot be told from what is not ours.
        if !view.chain.contains(finalized.number, finalized.hash) {
            return Ok(());
        }
        let used = view.l1.nonce(self.signer.address(), BlockAt::Hash(finalized.hash)).await?;
        if own.is_some_and(|own| own < used) {
            for attempt in self.entries.get(&place).map(|entry| entry.attempts.clone()).unwrap_or_default() {
                if view.l1.receipt(attempt.tx).await?.is_some() {
                    return Ok(());
                }
            }
            self.log.append(&[Record::Displaced { id }]).await?;
            if let Some(entry) = self.entries.get_mut(&place) {
                entry.nonce = None;
                entry.attempts.clear();
                entry.resend = false;
            }
        }
        Ok(())
    }

    /// If nothing of ours has the nonce that L1 waits for, and something has a later one, that would wait for ever.
    async fn fill_gap<L: L1>(&mut self, view: &View<'_, L>) -> Result<(), Stop> {
        let nonces: Vec<u64> = self.entries.values().filter_map(|entry| entry.nonce).collect();
        let gap = nonces.iter().any(|own| *own > view.nonce) && !nonces.contains(&view.nonce);
        let someone_waits = self.entries.values().any(|entry| entry.nonce.is_none());
        if !gap || someone_waits {
            return Ok(());
        }
        let name = [b"fill".as_slice(), &view.nonce.to_be_bytes(), view.chain.tip().hash.as_slice()].concat();
        let intent = Intent {
            id: IntentId(keccak256(name)),
            label: format!("fill the gap at nonce {}", view.nonce),
            to: Some(self.signer.address()),
            value: U256::ZERO,
            input: Bytes::new(),
            blob_content: Bytes::new(),
            gas: GasLimit::Fixed(super::send::TRANSFER_GAS),
            urgency: Urgency::NextBlock,
        };
        if !self.places.contains_key(&intent.id) {
            self.log.append(&[Record::Taken(Box::new(intent.clone()))]).await?;
            self.insert(intent);
        }
        Ok(())
    }

    /// The smallest nonce that neither L1 nor anything of ours has used.
    pub(super) fn free_nonce(&self, from: u64) -> u64 {
        let mut used: Vec<u64> =
            self.entries.values().filter_map(|entry| entry.nonce).filter(|own| *own >= from).collect();
        used.sort_unstable();
        used.dedup();
        let run = used.iter().enumerate().take_while(|(offset, own)| **own == from + *offset as u64).count();
        from.saturating_add(run as u64)
    }
}

/// Where a receipt is in the followed chain. What is below all that is remembered cannot be taken back any more.
fn place_of(receipt: &Receipt, chain: &Follower) -> Option<BlockRef> {
    if receipt.block_number < chain.base().number {
        return Some(BlockRef { number: receipt.block_number, hash: receipt.block_hash, time: 0 });
    }
    let block = chain.at(receipt.block_number)?;
    (block.hash == receipt.block_hash).then(|| block.at())
}
