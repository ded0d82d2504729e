use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{Decimal, Hex, Wei};
use super::settled::BatchView;
use crate::door::{OutboxFacts, Paid};

/// What a transaction on L1 cost.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CostView {
    /// Units of gas that it used.
    pub gas_used: Decimal,
    /// What each of them cost.
    pub gas_price: Wei,
    /// What its blobs cost in all.
    pub blob_cost: Wei,
    /// What was paid in all.
    pub total: Wei,
}

/// Something that waits to be done on L1, or is on its way there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutboxView {
    /// What it is, for people.
    pub label: String,
    /// `waiting`, `sent` or `included`.
    pub state: String,
    /// The nonce that it has; null while no transaction was made for it.
    pub nonce: Option<Decimal>,
    /// The transactions made for it, the oldest first; one of them at most is ever mined.
    pub transactions: Vec<Hex>,
    /// The block that it is in, if it is in one that is not final yet.
    pub block: Option<Decimal>,
    /// When the last transaction for it was made.
    pub offered: Option<u64>,
}

impl From<&Paid> for CostView {
    fn from(paid: &Paid) -> CostView {
        let gas = u128::from(paid.gas_used).saturating_mul(paid.gas_price);
        CostView {
            gas_used: Decimal(paid.gas_used),
            gas_price: Wei(paid.gas_price),
            blob_cost: Wei(paid.blob_cost),
            total: Wei(gas.saturating_add(paid.blob_cost)),
        }
    }
}

impl BatchView {
    /// Says what the transactions cost by which the batch stands on L1, those of them that are known.
    pub fn add_costs(&mut self, paid: &[Paid]) {
        for transaction in [&mut self.commit, &mut self.prove, &mut self.finalize].into_iter().flatten() {
            let cost = paid.iter().find(|paid| transaction.hash.0 == paid.hash);
            transaction.cost = cost.map(CostView::from);
        }
    }
}

impl From<&OutboxFacts> for OutboxView {
    fn from(facts: &OutboxFacts) -> OutboxView {
        let state = match (facts.nonce, facts.block) {
            (_, Some(_)) => "included",
            (Some(_), None) => "sent",
            (None, None) => "waiting",
        };
        OutboxView {
            label: facts.label.clone(),
            state: state.to_owned(),
            nonce: facts.nonce.map(Decimal),
            transactions: facts.transactions.iter().map(|tx| Hex::of(tx)).collect(),
            block: facts.block.map(Decimal),
            offered: facts.offered_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_stands_at_the_transaction_that_it_is_of() {
        let mut view: BatchView = serde_json::from_value(serde_json::json!({
            "number": "4", "stage": "proven", "header": [], "hash": "0x", "first": "0", "next": "1", "first_time": 0, "last_time": 0,
            "data_bytes": "9", "commit": {"hash": format!("0x{}", "01".repeat(32)), "block": "7"},
            "prove": {"hash": format!("0x{}", "02".repeat(32)), "block": "8"}, "finalize": null, "proof": null,
        }))
        .expect("a batch");
        let paid = |byte, gas_used| Paid { hash: [byte; 32], gas_used, gas_price: u128::from(u64::MAX), blob_cost: 5 };
        view.add_costs(&[paid(3, 9), paid(2, 10)]);
        assert_eq!(
            view.commit.as_ref().map(|at| at.cost.clone()),
            Some(None),
            "another transaction's cost says nothing"
        );
        let cost = view.prove.and_then(|at| at.cost).expect("a cost");
        assert_eq!((cost.gas_used, cost.total), (Decimal(10), Wei(10 * u128::from(u64::MAX) + 5)));
    }
}
