//! Batches over folders of the disk, or over custodians who sign for them.

use std::sync::Arc;

use ashlar_api::door::{CustodyFacts, RowFacts};
use ashlar_batch::{BatchHeader, Hash};
use ashlar_coding::{Chunk, Coded, Row};
use ashlar_da::{
    Availability as Stores, BatchKey, FetchError, Fetched, Published as Done, Receipt, Retained, SourceReport,
    StoreError, Verdict, Wanted, signatures_of,
};
use ashlar_sequencer::{Asked, Availability, Custody, OutsideError, Sealed};
use ashlar_types::{BatchNumber, to_bytes};

use super::Signed;
use super::custody::Ledger;
use crate::clock::now_ms;

/// Publishes to the stores of a deployment.
#[derive(Clone)]
pub struct Published {
    stores: Arc<Stores>,
    signed: Option<Arc<Signed>>,
    only_reads: bool,
    retained: Option<Arc<Retained>>,
    ledger: Arc<Ledger>,
}

impl Published {
    /// Over these stores.
    pub fn new(stores: Stores) -> Published {
        Published { stores: Arc::new(stores), signed: None, only_reads: false, retained: None, ledger: Arc::default() }
    }

    /// Over custodians: nothing is published before as many have signed as L1 asks for.
    pub fn signed(self, signed: Signed) -> Published {
        Published { signed: Some(Arc::new(signed)), ..self }
    }

    /// Over folders that have forgotten so much, and that may have a policy by which they go on.
    pub fn retaining(self, retained: Retained) -> Published {
        Published { retained: Some(Arc::new(retained)), ..self }
    }

    /// Of stores that somebody else publishes to.
    pub fn only_read(self) -> Published {
        Published { only_reads: true, ..self }
    }

    /// Gives every store its share, and keeps what custodians sign.
    async fn put(&self, sealed: &Sealed, coded: &Coded) -> Result<(), OutsideError> {
        let number = sealed.header().number;
        let input = sealed.input().map_err(|error| OutsideError::stop(error.to_string()))?;
        let signatures = signatures_of(input.signatures);
        let signatures = signatures.ok_or_else(|| OutsideError::stop("a built batch has no whole signatures"))?;
        let published = self.stores.put(number, coded, &signatures).await;
        self.ledger.note(&self.stores, number, &published, now_ms());
        let Done { failed, receipts, confirmed, .. } =
            published.map_err(|error| OutsideError::retry(error.to_string()))?;
        for (store, error) in failed {
            tracing::warn!(batch = number.get(), store, %error, "a store did not confirm");
        }
        tracing::debug!(batch = number.get(), confirmed, receipts = receipts.len(), "published");
        if let Some(signed) = &self.signed {
            let all = signed.gather(sealed.header(), &receipts)?;
            signed.enough(&all)?;
        }
        Ok(())
    }

    fn code(&self, sealed: &Sealed) -> Result<Coded, OutsideError> {
        let input = sealed.input().map_err(|error| OutsideError::stop(error.to_string()))?;
        self.stores.code(input.batch).map_err(|error| OutsideError::stop(error.to_string()))
    }
}

impl Availability for Published {
    fn commitment(&self, bytes: &[u8]) -> Result<Hash, OutsideError> {
        let coded = self.stores.code(bytes).map_err(|error| OutsideError::stop(error.to_string()))?;
        let commitment = coded.commitment().to_hash();
        self.stores.reuse(coded);
        Ok(commitment)
    }

    fn publish(&self, sealed: Arc<Sealed>) -> Asked<()> {
        let published = self.clone();
        Box::pin(async move {
            if published.only_reads {
                return Ok(());
            }
            let coded = published.code(&sealed)?;
            let header = sealed.header();
            if coded.commitment().to_hash() != header.da_commitment {
                let number = header.number.get();
                return Err(OutsideError::stop(format!(
                    "batch {number} was committed under another code than stores are given here; set da.expansion to what its sequencer has"
                )));
            }
            published.put(&sealed, &coded).await?;
            published.stores.reuse(coded);
            Ok(())
        })
    }

    fn custody(&self, sealed: Arc<Sealed>) -> Asked<Custody> {
        let published = self.clone();
        Box::pin(async move {
            let signed = published.signed.as_ref();
            let signed =
                signed.ok_or_else(|| OutsideError::stop("data is not with custodians; choose another target"))?;
            let coded = published.code(&sealed)?;
            let mut all = signed.gather(sealed.header(), &[])?;
            if signed.enough(&all).is_err() {
                // Who was let in by governance, or what was kept here and lost: whoever holds the batch signs again.
                published.put(&sealed, &coded).await?;
                all = signed.gather(sealed.header(), &[])?;
            }
            let signatures = Receipt::for_contract(&signed.enough(&all)?);
            let manifest = coded.manifest();
            let above = manifest.siblings().iter().copied().chain([manifest.digest()]);
            let height = u8::try_from(manifest.layout().data_height()).unwrap_or(u8::MAX);
            Ok(Custody { height, siblings: above.map(|digest| digest.to_word()).collect(), signatures })
        })
    }

    fn fetch(&self, header: BatchHeader) -> Asked<Option<Vec<u8>>> {
        let stores = self.stores.clone();
        Box::pin(async move {
            let error = match stores.fetch(&header).await {
                Ok(Fetched { bytes, .. }) => return Ok(Some(bytes)),
                Err(error) => error,
            };
            // One that gives no answer may have it.
            let gives_none = |report: &SourceReport| {
                matches!(report.verdict, Verdict::Silent(StoreError::Failed { .. } | StoreError::Refused(_)))
            };
            let is_unsaid = matches!(error, FetchError::OtherScheme { .. }) || error.sources().iter().any(gives_none);
            if is_unsaid { Err(OutsideError::retry(error.to_string())) } else { Ok(None) }
        })
    }

    fn settled(&self, upto: BatchNumber) -> Asked<()> {
        let (stores, retained) = (self.stores.clone(), self.retained.clone());
        Box::pin(async move {
            let Some(retained) = retained else { return Ok(()) };
            match retained.forget(&stores, upto).await {
                Ok(0) => {}
                Ok(forgotten) => {
                    tracing::info!(
                        forgotten,
                        kept_from = retained.kept_from().get(),
                        "folders forgot what is archived"
                    );
                }
                // What is not forgotten takes room and harms nobody else: publishing goes on.
                Err(error) => tracing::warn!(%error, "folders forget nothing"),
            }
            Ok(())
        })
    }

    fn kept_from(&self) -> BatchNumber {
        self.retained.as_ref().map_or_else(BatchNumber::default, |retained| retained.kept_from())
    }

    fn row(&self, header: BatchHeader, row: u16) -> Asked<Option<RowFacts>> {
        let stores = self.stores.clone();
        Box::pin(async move {
            let key = BatchKey::of(&header).ok_or_else(|| OutsideError::stop("the batch was published elsewhere"))?;
            let only = [Row::new(row)];
            for store in stores.stores() {
                // A store that is down or damaged says nothing about the others.
                let Ok(share) = store.get(&key, Wanted::Only(&only)).await else { continue };
                let layout = *share.manifest.layout();
                let wanted = |chunk: &&Chunk| layout.row_at(chunk.place()) == Some(Row::new(row));
                if let Some(chunk) = share.chunks.iter().find(wanted) {
                    let rows = u32::try_from(layout.rows()).unwrap_or(u32::MAX);
                    return Ok(Some(RowFacts { rows, chunk: to_bytes(chunk) }));
                }
            }
            Ok(None)
        })
    }

    fn stores(&self) -> CustodyFacts {
        let signers = self.signed.as_ref().map_or(0, |signed| signed.threshold());
        self.ledger.facts(&self.stores, signers)
    }
}
