//! What must be true of an exchange whenever one looks, checked on the whole state.

use anyhow::{Result, bail};
use ashlar_exchange::{HotStore, Store, View};
use ashlar_state::{Digest, Map, Sha256Node};
use ashlar_types::{AccountId, AssetId, MarketId, Side};

use crate::figures::grouped;
use crate::threads::{Threads, available};

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// The root of the state.
    pub root: Digest,
    /// Its leaves.
    pub leaves: usize,
    /// What was checked, in words, and whether it holds.
    pub checks: Vec<(String, bool)>,
}

impl Found {
    /// An error if anything does not hold.
    pub fn verdict(&self) -> Result<()> {
        match self.checks.iter().find(|(_, holds)| !holds) {
            Some((what, _)) => bail!("a check failed, which is a bug of Ashlar: {what}"),
            None => Ok(()),
        }
    }
}

/// Checks everything. The other store has executed the same commands.
pub fn run(store: &mut HotStore, other: &mut HotStore, markets: u16) -> Result<Found> {
    let mut checks = Vec::new();
    for number in 0..u16::MAX {
        let asset = AssetId::new(number);
        let Some(total) = asset.and_then(|asset| store.asset(asset, |asset| asset.total.get())) else { break };
        checks.extend(asset.map(|asset| conserved(store, asset, total)));
    }
    checks.push(uncrossed(store, markets));
    let leaves = store.leaves();
    let same = leaves == other.leaves();
    checks.push(("a second engine that executed the same commands holds the same state".to_owned(), same));
    let map = Map::<Sha256Node>::from_sorted(&leaves, &Threads(available()))?;
    Ok(Found { root: map.root(), leaves: leaves.len(), checks })
}

/// Every unit that came in is in exactly one balance.
fn conserved(store: &mut HotStore, asset: AssetId, total: u64) -> (String, bool) {
    let (mut free, mut reserved) = (0_u128, 0_u128);
    for account in (0..store.clock().accounts).filter_map(AccountId::new) {
        let (of_free, of_reserved) = store.balance(account, asset, |b| (b.free.get(), b.reserved.get()));
        free += u128::from(of_free);
        reserved += u128::from(of_reserved);
    }
    let [free_text, reserved_text, total_text] =
        [free, reserved, u128::from(total)].map(|units| grouped(&units.to_string()));
    let what = format!(
        "asset {} adds up: {free_text} free and {reserved_text} held by orders are the {total_text} that came in",
        asset.get()
    );
    (what, free + reserved == u128::from(total))
}

fn uncrossed(store: &mut HotStore, markets: u16) -> (String, bool) {
    let crossed = (0..markets).filter_map(MarketId::new).find(|id| {
        let Some(mut view) = store.open(*id) else { return false };
        let best = view.best_price(Side::Buy).zip(view.best_price(Side::Sell));
        best.is_some_and(|(bid, ask)| bid >= ask)
    });
    let what = match crossed {
        Some(id) => format!("in market {} the best bid meets the best ask and they have not traded", id.get()),
        None => "no book is crossed: in every market the best bid is below the best ask".to_owned(),
    };
    (what, crossed.is_none())
}
