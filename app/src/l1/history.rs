//! What L1 and published data say about an exchange: its state after its last final batch, and what may be claimed.

use alloy::primitives::Address;
use anyhow::{Result, bail, ensure};
use ashlar_batch::{Withdrawal, WithdrawalProof, withdrawals_tree};
use ashlar_replica::Shadow;
use ashlar_sync::{Chain as _, Finding, fetch_checked, first_field};
use ashlar_types::{Address as Owner, BatchNumber};

use super::arguments::Data;
use super::place::{Found, Place};
use crate::rebuild::{Opened, Sources, THREADS};

/// A withdrawal that a final batch made, and its proof.
#[derive(Clone, Debug)]
pub struct Claimable {
    /// The batch.
    pub batch: BatchNumber,
    /// The withdrawal.
    pub withdrawal: Withdrawal,
    /// Its path to the root in the batch's header.
    pub proof: WithdrawalProof,
}

/// What everything comes to.
pub struct Replayed {
    /// The state.
    pub shadow: Shadow,
    /// What may be claimed, in order.
    pub claimable: Vec<Claimable>,
    /// What L1 said.
    pub opened: Opened,
}

/// Opens L1's history and the folders of data.
pub async fn open(place: &Place, data: &Data, found: &Found) -> Result<Opened> {
    let terms = found.file.as_ref().map(|file| file.terms.genesis()).transpose()?;
    let known = terms.as_ref();
    let Some(l1) = place.l1.first() else { bail!("name an L1 node with --l1") };
    let sources = Sources::of_node(
        l1,
        found.addresses.settlement,
        (&data.da[..], &data.da_nodes[..]),
        data.from_block.unwrap_or(0),
        data.house_owner.or(known.map(|genesis| Address::from(genesis.house_owner.0))),
        data.genesis_ms.or(known.map(|genesis| genesis.time.get())),
    );
    Opened::new(&sources).await
}

/// Executes every batch up to this one, each compared with its header, and keeps the withdrawals of these owners; of all, if none is named.
pub async fn replay(opened: Opened, upto: BatchNumber, of: Option<Address>) -> Result<Replayed> {
    let wanted = of.map(|owner| Owner(owner.0.0));
    let mut shadow = Shadow::from_snapshot(opened.origin.snapshot()?);
    let mut claimable = Vec::new();
    while shadow.header().number < upto {
        let number = shadow.header().number.next();
        let Some(batch) = opened.history.batch(number).await? else {
            bail!(
                "L1's events do not tell of batch {}; ask another node, or begin earlier with --from-block",
                number.get()
            )
        };
        let bytes = match fetch_checked(&opened.folders, &batch.header).await? {
            Ok(bytes) => bytes,
            Err(finding) => bail!("{}; name more folders with --da", opened.explain(&finding)),
        };
        let outcome = shadow.run(&bytes, &batch.header, &THREADS)?;
        if let Some((field, committed, computed)) = first_field(&batch.header, &outcome.header) {
            let finding = Finding::WrongField { batch: number, field, committed, computed };
            bail!("{}; what L1 calls final cannot be left with", opened.explain(&finding));
        }
        collect(&mut claimable, number, &outcome.withdrawals, wanted)?;
    }
    Ok(Replayed { shadow, claimable, opened })
}

fn collect(
    claimable: &mut Vec<Claimable>,
    batch: BatchNumber,
    withdrawals: &[Withdrawal],
    wanted: Option<Owner>,
) -> Result<()> {
    let theirs = |withdrawal: &Withdrawal| wanted.is_none_or(|owner| withdrawal.to == owner);
    if !withdrawals.iter().any(theirs) {
        return Ok(());
    }
    let tree = withdrawals_tree(withdrawals);
    for (place, withdrawal) in (0..).zip(withdrawals) {
        if !theirs(withdrawal) {
            continue;
        }
        let proof = tree.as_ref().and_then(|tree| WithdrawalProof::of(tree, place));
        ensure!(proof.is_some(), "batch {} has more withdrawals than a tree holds", batch.get());
        claimable.extend(proof.map(|proof| Claimable { batch, withdrawal: *withdrawal, proof }));
    }
    Ok(())
}
