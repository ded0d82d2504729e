use alloy::primitives::{B256, Bytes, U256};
use commonware_runtime::Storage;

use crate::fees::{Offer, Urgency};
use crate::l1::{Advice, Call, L1, L1Error};
use crate::limits::ATTEMPTS_MAX;
use crate::signer::Signer;
use crate::transaction::{Body, Unsigned, sidecar};

use super::entry::{Attempt, Entry, GasLimit, Intent, OutboxEvent, Outcome, Record};
use super::round::{Stop, View};
use super::{Outbox, digest_of};

/// What sending ether costs.
pub(super) const TRANSFER_GAS: u64 = 21_000;
/// Blocks over which an intent must keep reverting when tried, with nothing else on its way, before it is refused.
const REVERT_BLOCKS: u64 = 2;

impl<E: Storage, S: Signer> Outbox<E, S> {
    /// Looks after one transaction on its way: replaces it if it was left out or is not wanted, or hands it to the pool again.
    pub(super) async fn attend<L: L1>(
        &mut self,
        place: u64,
        urgent_below: Option<u64>,
        view: &mut View<'_, L>,
        events: &mut Vec<OutboxEvent>,
    ) -> Result<(), Stop> {
        let Some(entry) = self.entries.get(&place) else { return Ok(()) };
        if entry.nonce.is_some_and(|own| own < view.nonce) {
            return Ok(());
        }
        let urgency = entry.urgency(urgent_below);
        let patience = match urgency {
            Urgency::NextBlock => self.config.bump_after,
            Urgency::Patient => self.config.bump_after_patient,
        };
        let unwanted = entry.cancel.is_some() && !entry.attempts.last().is_some_and(|last| last.cancels);
        // A block that is as old as the transaction could not hold it; whose clock is wrong is believed after some more blocks.
        let (tip, made_ms) = (view.chain.tip(), entry.attempts.last().map_or(0, |last| last.at_ms));
        let waited = if tip.time.saturating_mul(1_000) > made_ms { patience } else { patience.saturating_mul(2) + 1 };
        let left_out = view.moved && tip.number >= entry.offered_at.saturating_add(waited);
        let held_up = urgency == Urgency::NextBlock && entry.offered_for == Urgency::Patient;
        let is_due = unwanted || left_out || held_up || entry.underpriced;
        if is_due && self.replace(place, view, events).await? {
            return Ok(());
        }
        if self.entries.get(&place).is_some_and(|entry| entry.resend || view.moved) {
            self.broadcast(place, view).await?;
        }
        Ok(())
    }

    /// The nonce of the last urgent transaction on its way. What stands before it is as urgent: nothing is mined before the nonces below it.
    pub(super) fn urgent_below(&self) -> Option<u64> {
        let urgent = |entry: &&Entry| entry.is_in_flight() && entry.intent.urgency == Urgency::NextBlock;
        self.entries.values().filter(urgent).filter_map(|entry| entry.nonce).max()
    }

    /// Makes the first transaction of an intent, unless it has to wait.
    pub(super) async fn begin<L: L1>(
        &mut self,
        place: u64,
        view: &mut View<'_, L>,
        events: &mut Vec<OutboxEvent>,
    ) -> Result<(), Stop> {
        let Some(entry) = self.entries.get(&place) else { return Ok(()) };
        let intent = entry.intent.clone();
        let gas_limit = match self.gas_for(&intent, view).await {
            Ok(gas_limit) => gas_limit,
            Err(L1Error::Revert { reason, .. }) => {
                let others = self.entries.values().any(Entry::is_in_flight);
                match intent.gas {
                    GasLimit::Behind(bound) if others => bound,
                    _ => return self.keeps_reverting(place, &intent, reason, others, view, events).await,
                }
            }
            Err(error) => return Err(error.into()),
        };
        let market = self.of_others(view.market().await?);
        let offer = self.config.fees.offer(&market, intent.urgency, !intent.blob_content.is_empty());
        let nonce = self.free_nonce(view.nonce);
        self.make(place, nonce, gas_limit, offer, false, view, events).await?;
        self.broadcast(place, view).await
    }

    async fn gas_for<L: L1>(&self, intent: &Intent, view: &View<'_, L>) -> Result<u64, L1Error> {
        match intent.gas {
            GasLimit::Fixed(gas) => Ok(gas),
            GasLimit::Estimate | GasLimit::Behind(_) => {
                let (from, data) = (self.signer.address(), intent.input.clone());
                let call = Call { from, to: intent.to, value: intent.value, data };
                let gas = view.l1.estimate(&call).await?;
                Ok(gas.saturating_add(gas / 5))
            }
        }
    }

    /// What others on their way will do may be what it needs, and an endpoint may be some blocks behind: only what keeps
    /// reverting with nothing else on its way is refused.
    async fn keeps_reverting<L: L1>(
        &mut self,
        place: u64,
        intent: &Intent,
        reason: String,
        others: bool,
        view: &View<'_, L>,
        events: &mut Vec<OutboxEvent>,
    ) -> Result<(), Stop> {
        let tip = view.chain.tip().number;
        let since = self.entries.get_mut(&place).and_then(|entry| {
            entry.reverts_since = if others { None } else { Some(entry.reverts_since.unwrap_or(tip)) };
            entry.reverts_since
        });
        if since.is_some_and(|since| tip >= since.saturating_add(REVERT_BLOCKS)) {
            self.refuse(intent, format!("it would revert: {reason}"), events).await?;
        }
        Ok(())
    }

    async fn refuse(&mut self, intent: &Intent, reason: String, events: &mut Vec<OutboxEvent>) -> Result<(), Stop> {
        let (id, digest, outcome) = (intent.id, digest_of(intent), Outcome::NotDone { reason });
        self.log.append(&[Record::Ended { id, digest, outcome: outcome.clone() }]).await?;
        self.close(id, digest, outcome.clone());
        events.push(OutboxEvent::Ended { id, outcome });
        Ok(())
    }

    /// Offers more for the same nonce, if the caps allow it; says whether it did.
    async fn replace<L: L1>(
        &mut self,
        place: u64,
        view: &mut View<'_, L>,
        events: &mut Vec<OutboxEvent>,
    ) -> Result<bool, Stop> {
        let Some(entry) = self.entries.get(&place) else { return Ok(false) };
        let (Some(nonce), Some(last)) = (entry.nonce, entry.attempts.last().cloned()) else { return Ok(false) };
        let (urgency, cancels) = (entry.urgency(self.urgent_below()), entry.cancel.is_some() || last.cancels);
        let had_blobs = last.offer.blob_fee_max.is_some();
        let market = self.of_others(view.market().await?);
        let offer = self.config.fees.replace(&last.offer, &market, urgency);
        let Some(offer) = offer.filter(|_| entry.attempts.len() < ATTEMPTS_MAX) else {
            self.statistics.capped += 1;
            return Ok(false);
        };
        // A pool that has blobs for a nonce takes nothing else for it, so what replaces them carries one as well.
        let offer = if had_blobs { offer } else { Offer { blob_fee_max: None, ..offer } };
        let gas_limit = if cancels { TRANSFER_GAS } else { last.gas_limit };
        self.make(place, nonce, gas_limit, offer, cancels, view, events).await?;
        self.statistics.replacements += 1;
        self.broadcast(place, view).await?;
        Ok(true)
    }

    /// Signs a transaction and makes it durable. Nobody has seen it yet.
    #[allow(clippy::too_many_arguments)]
    async fn make<L: L1>(
        &mut self,
        place: u64,
        nonce: u64,
        gas_limit: u64,
        offer: Offer,
        cancels: bool,
        view: &View<'_, L>,
        events: &mut Vec<OutboxEvent>,
    ) -> Result<(), Stop> {
        let Some(unsigned) = self.unsigned(place, nonce, gas_limit, &offer, cancels)? else { return Ok(()) };
        let signature = self.signer.sign(unsigned.signing_hash()).await?;
        let (tx, _) = unsigned.signed(signature);
        let attempt = Attempt { tx, offer, gas_limit, signature, cancels, at_ms: view.now_ms };
        let known = self.entries.get(&place).map(|entry| (entry.intent.id, entry.urgency(self.urgent_below())));
        let Some((id, urgency)) = known else { return Ok(()) };
        self.log.append(&[Record::Attempted { id, nonce, attempt: attempt.clone() }]).await?;
        if let Some(entry) = self.entries.get_mut(&place) {
            entry.nonce = Some(nonce);
            entry.attempts.push(attempt);
            (entry.offered_at, entry.offered_for) = (view.chain.tip().number, urgency);
            (entry.resend, entry.underpriced) = (true, false);
        }
        self.statistics.attempts += 1;
        if urgency == Urgency::NextBlock {
            self.tipped(offer.tip);
        }
        events.push(OutboxEvent::Attempted { id, tx });
        Ok(())
    }

    fn unsigned(
        &mut self,
        place: u64,
        nonce: u64,
        gas_limit: u64,
        offer: &Offer,
        cancels: bool,
    ) -> Result<Option<Unsigned>, Stop> {
        let Some(entry) = self.entries.get(&place) else { return Ok(None) };
        let intent = &entry.intent;
        let content: &[u8] = if cancels { &[0] } else { &intent.blob_content };
        let with_blobs = offer.blob_fee_max.is_some();
        let fresh = if with_blobs && (cancels || !self.sidecars.contains_key(&place)) {
            Some(sidecar(content).map_err(|error| Stop::Later(error.to_string()))?)
        } else {
            None
        };
        let body = if cancels {
            Body { to: Some(self.signer.address()), value: U256::ZERO, input: Bytes::new() }
        } else {
            Body { to: intent.to, value: intent.value, input: intent.input.clone() }
        };
        if let (Some(fresh), false) = (&fresh, cancels) {
            self.sidecars.insert(place, fresh.clone());
        }
        let used = if with_blobs { fresh.as_ref().or(self.sidecars.get(&place)) } else { None };
        Ok(Some(Unsigned::new(self.chain_id, nonce, gas_limit, offer, &body, used)))
    }

    /// The bytes of the last transaction made, again from what is durable.
    fn raw(&mut self, place: u64) -> Result<Option<(B256, Bytes)>, Stop> {
        let Some(entry) = self.entries.get(&place) else { return Ok(None) };
        let (Some(nonce), Some(last)) = (entry.nonce, entry.attempts.last().cloned()) else { return Ok(None) };
        let unsigned = self.unsigned(place, nonce, last.gas_limit, &last.offer, last.cancels)?;
        Ok(unsigned.map(|unsigned| unsigned.signed(last.signature)))
    }

    /// Hands the last transaction to the pool.
    async fn broadcast<L: L1>(&mut self, place: u64, view: &View<'_, L>) -> Result<(), Stop> {
        let Some((_, raw)) = self.raw(place)? else { return Ok(()) };
        self.statistics.broadcasts += 1;
        let result = view.l1.send(&raw).await;
        let Some(entry) = self.entries.get_mut(&place) else { return Ok(()) };
        let error = match result {
            Ok(_) => {
                entry.resend = false;
                return Ok(());
            }
            Err(error) => error,
        };
        match error.advice() {
            // A used nonce is looked into when the followed chain shows it.
            Advice::Done | Advice::Resolve => entry.resend = false,
            Advice::Bump => (entry.resend, entry.underpriced) = (true, true),
            Advice::Retry => {
                entry.resend = true;
                return Err(error.into());
            }
            Advice::GiveUp => {
                let last_cancels = entry.attempts.last().is_some_and(|last| last.cancels);
                if last_cancels || entry.cancel.is_some() {
                    return Err(error.into());
                }
                // Its nonce must be used up all the same, or everything behind it waits for ever.
                let (id, reason) = (entry.intent.id, error.to_string());
                self.log.append(&[Record::CancelAsked { id, reason: reason.clone() }]).await?;
                if let Some(entry) = self.entries.get_mut(&place) {
                    entry.cancel = Some(reason);
                }
            }
        }
        Ok(())
    }
}
