use ashlar_types::{BatchNumber, ExchangeId};
use commonware_runtime::Storage;

use super::Refusal;
use super::keep::Custodian;
use crate::{Answer, BatchKey, Deposit, Kept, Receipt, SectionKey, Share, Store, StoreError, Wanted};

/// A custodian in the publisher's own process, as a store. It checks and signs like one elsewhere, and is as dead as its publisher: for development.
pub struct Local<E> {
    name: String,
    custodian: Custodian<E>,
    exchange: ExchangeId,
}

impl<E: Storage> Local<E> {
    /// Keeps batches of this exchange.
    pub fn new(name: impl Into<String>, custodian: Custodian<E>, exchange: ExchangeId) -> Local<E> {
        Local { name: name.into(), custodian, exchange }
    }
}

fn refused(refusal: Refusal) -> StoreError {
    match refusal {
        Refusal::Store(error) => error,
        refusal => StoreError::Refused(refusal.to_string()),
    }
}

impl<E: Storage> Store for Local<E> {
    fn name(&self) -> &str {
        &self.name
    }

    fn put<'a>(&'a self, key: &'a BatchKey, deposit: &'a Deposit) -> Answer<'a, Option<Receipt>> {
        Box::pin(
            async move { self.custodian.keep(self.exchange, key, deposit.clone()).await.map(Some).map_err(refused) },
        )
    }

    fn get<'a>(&'a self, key: &'a BatchKey, wanted: Wanted<'a>) -> Answer<'a, Share> {
        Box::pin(self.custodian.share(key, wanted))
    }

    fn signatures<'a>(&'a self, key: &'a SectionKey) -> Answer<'a, Vec<u8>> {
        Box::pin(self.custodian.section(key))
    }

    fn list(&self, from: BatchNumber, most: usize) -> Answer<'_, Kept> {
        Box::pin(self.custodian.list(from, most))
    }
}
