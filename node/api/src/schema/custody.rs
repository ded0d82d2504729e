use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{Decimal, Hex};
use crate::door::{CustodyFacts, StoreFacts};

/// Where the data of batches is kept.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CustodyView {
    /// Stores that must confirm a batch before it counts as published.
    pub needed: u32,
    /// Custodians whose signatures L1 asks for where data stays with them; 0 where it asks for none.
    pub signers: u32,
    /// Each store, in the order over which a batch is spread.
    pub stores: Vec<StoreView>,
    /// What custodians signed of the batches that were published last, the newest first.
    pub receipts: Vec<CustodyReceiptView>,
}

/// One store, as this node has met it since it started.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StoreView {
    /// Its name.
    pub name: String,
    /// `good`, `silent`, `wrong`, or `unknown` while it was not asked for anything.
    pub standing: String,
    /// The last batch that it confirmed.
    pub confirmed: Option<Decimal>,
    /// When it did.
    pub confirmed_at: Option<u64>,
    /// Batches in a row that it did not confirm.
    pub missed: Decimal,
    /// Why it did not, the last time.
    pub reason: Option<String>,
    /// Answers of it that were right.
    pub right: Decimal,
    /// Answers in which something was wrong.
    pub wrong: Decimal,
    /// Questions without an answer since the last one that had one.
    pub silent: Decimal,
}

/// A custodian's signature under what it keeps of a batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CustodyReceiptView {
    /// The batch.
    pub batch: Decimal,
    /// Who signed.
    pub custodian: Hex,
}

impl From<&StoreFacts> for StoreView {
    fn from(store: &StoreFacts) -> StoreView {
        let StoreFacts { name, confirmed, missed, reason, right, wrong, silent } = store;
        let standing = match (*wrong, (*silent).max(*missed), *right, confirmed) {
            (1.., ..) => "wrong",
            (0, 1.., ..) => "silent",
            (0, 0, 0, None) => "unknown",
            (0, 0, ..) => "good",
        };
        StoreView {
            name: name.clone(),
            standing: standing.to_owned(),
            confirmed: confirmed.map(|(batch, _)| Decimal(batch.get())),
            confirmed_at: confirmed.map(|(_, at_ms)| at_ms),
            missed: Decimal(*missed),
            reason: reason.clone(),
            right: Decimal(*right),
            wrong: Decimal(*wrong),
            silent: Decimal(*silent),
        }
    }
}

impl From<&CustodyFacts> for CustodyView {
    fn from(custody: &CustodyFacts) -> CustodyView {
        let receipt = |(batch, custodian): &(ashlar_types::BatchNumber, ashlar_types::Address)| CustodyReceiptView {
            batch: Decimal(batch.get()),
            custodian: Hex::of(&custodian.0),
        };
        CustodyView {
            needed: custody.needed,
            signers: custody.signers,
            stores: custody.stores.iter().map(StoreView::from).collect(),
            receipts: custody.receipts.iter().map(receipt).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_types::BatchNumber;

    #[test]
    fn the_standing_of_a_store_is_the_worst_that_is_known_of_it() {
        let fresh =
            StoreFacts { name: "a".into(), confirmed: None, missed: 0, reason: None, right: 0, wrong: 0, silent: 0 };
        let word = |store: &StoreFacts| StoreView::from(store).standing;
        assert_eq!(word(&fresh), "unknown");
        let confirmed = Some((BatchNumber::new(3), 5));
        assert_eq!(word(&StoreFacts { confirmed, ..fresh.clone() }), "good");
        assert_eq!(word(&StoreFacts { confirmed, missed: 2, ..fresh.clone() }), "silent");
        assert_eq!(word(&StoreFacts { silent: 1, right: 9, ..fresh.clone() }), "silent");
        assert_eq!(word(&StoreFacts { wrong: 1, silent: 1, ..fresh }), "wrong");
    }
}
