//! What leaving costs: a missed deadline, the fixed root, and a balance out of a state of 32 leaves.

use alloy::primitives::{Bytes, U256};
use anyhow::{Context as _, Result, bail};
use ashlar_batch::merkle::Digest;
use ashlar_settlement::contract::{DataRef, Fact, fact};
use ashlar_settlement::l1::L1 as _;
use ashlar_settlement::signer::Signer as _;
use ashlar_settlement::user;
use ashlar_state::Key;
use ashlar_types::{AssetId, InboxIndex};

use super::calls::{Bench, account};
use super::content::{balance_key, owner_key, state};
use super::stage::DEADLINE_S;

/// What the batch holds that leaves the state.
const CONTENT: &[u8] = b"the last batch";

/// Ends the exchange.
pub async fn leaving(bench: &mut Bench) -> Result<()> {
    let (bridge, owner) = (bench.stage.addresses.bridge, bench.stage.key.address());
    let map = state(owner)?;
    let root = Digest::from_words(*map.root().words()).context("a digest has seven words")?;
    let now = bench.now().await?;
    let header = bench.headers.next(CONTENT, 1, |header| {
        (header.first_time, header.last_time, header.state_root_after) = (now, now, root);
    })?;
    bench.commit(&header, &DataRef::Calldata { content: Bytes::from_static(CONTENT) }).await?;
    bench.settle().await?;
    let (index, entry) = missed(bench).await?;
    bench.stage.hurry(u64::from(DEADLINE_S) + 1).await?;
    let receipt = bench.user(user::freeze(bridge, index, entry)).await?;
    bench.note("freeze", &receipt);
    bench.stage.hurry(u64::from(DEADLINE_S) + 1).await?;
    let receipt = bench.user(user::fix_root(bridge)).await?;
    bench.note("fix root", &receipt);
    let prove = |key: Key| Bytes::from(map.prove(&key).to_bytes());
    // The first one also pays for a word of marks that later ones find.
    for number in [3, 4] {
        let (owned, balance) = (prove(owner_key(number)), prove(balance_key(number)));
        let call = user::escape(bridge, account(number)?, AssetId::FIRST, owned, balance, owner);
        let receipt = bench.user(call).await?;
        if number == 4 {
            bench.note("escape/32 leaves", &receipt);
        }
    }
    Ok(())
}

/// An entry that nobody will consume.
async fn missed(bench: &mut Bench) -> Result<(InboxIndex, Bytes)> {
    let bridge = bench.stage.addresses.bridge;
    let fee: U256 = user::forced_fee(&bench.stage.l1, bridge).await?;
    let receipt = bench.user(user::force_cancel_all(bridge, account(7)?, fee)).await?;
    for log in bench.stage.l1.logs(receipt.block_hash, &[bridge]).await? {
        if let Some(Fact::EntryAdded(entry)) = fact(&bench.stage.addresses, &log)? {
            return Ok((InboxIndex::new(entry.index), entry.entry));
        }
    }
    bail!("L1 tells of no entry in transaction {}", receipt.tx)
}
