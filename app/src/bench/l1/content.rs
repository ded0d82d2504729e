//! What batches of the benchmark hold: bytes of a busy day, withdrawals, a state.

use alloy::primitives::Address;
use anyhow::{Context as _, Result, anyhow};
use ashlar_batch::codec::encode;
use ashlar_batch::{Batch, Timed, Withdrawal};
use ashlar_harness::HotEngine;
use ashlar_harness::flow::{Realistic, Shape, Shares, record};
use ashlar_state::{Key, Map, Serial, Sha256Node, Value};
use ashlar_types::{Address as Owner, Amount, AssetId, Sequence, WithdrawalIndex};

/// Markets and accounts of the day, and which day it is.
const MARKETS: u16 = 4;
const ACCOUNTS: u32 = 1_000;
const SEED: u64 = 1;
/// Accounts of the state that is left.
const OWNERS: u32 = 16;

/// The bytes of a batch of so many commands of a busy day, each with a signature of its own.
pub fn real_batch(commands: u32) -> Result<Vec<u8>> {
    let mut flow = Realistic::new(Shape { shares: Shares::PLAIN, ..Shape::mixed(SEED, MARKETS, ACCOUNTS) });
    let mut engine = HotEngine::new(&flow.genesis());
    let setup = flow.setup_len();
    // Some of what comes before is no part of the batch: a market that has just begun is not like the others.
    let warm = commands as usize;
    let mut timed = record(&mut flow, &mut engine, setup + warm + commands as usize);
    let mut inputs = Vec::new();
    let mut left = u64::from(commands);
    for (time, input) in timed.drain(setup + warm..) {
        left = left.saturating_sub(input.commands() as u64);
        inputs.push(Timed { time, input });
        if left == 0 {
            break;
        }
    }
    encode(&Batch { first_sequence: Sequence::new(1), inputs }).map_err(|error| anyhow!("{error}"))
}

/// So many withdrawals of one unit for one owner, the first ones of the exchange.
pub fn withdrawals(to: Address, count: u64) -> Result<Vec<Withdrawal>> {
    let amount = Amount::new(1).context("one is an amount")?;
    let one =
        |index| Withdrawal { index: WithdrawalIndex::new(index), to: Owner(to.0.0), asset: AssetId::FIRST, amount };
    Ok((0..count).map(one).collect())
}

/// The owner leaf of an account (SPEC K-5).
pub const fn owner_key(account: u32) -> Key {
    Key::new([0x08 << 56, account as u64, 0])
}

/// The leaf of what it has of ether.
pub const fn balance_key(account: u32) -> Key {
    Key::new([0x0B << 56, account as u64, 0])
}

/// Thirty-two leaves: accounts of one owner, with something free and something reserved.
pub fn state(owner: Address) -> Result<Map<Sha256Node>> {
    let [one, two] =
        [0, 8].map(|at| owner.0.0.get(at..at + 8).and_then(|part| part.try_into().ok()).map(u64::from_be_bytes));
    let three = owner.0.0.last_chunk::<4>().map(|part| u64::from(u32::from_be_bytes(*part)));
    let words = [one, two, three].map(Option::unwrap_or_default);
    let value = |words: &[u64]| Value::new(words).map_err(|_| anyhow!("no value"));
    let owned = (0..OWNERS).map(|account| Ok((owner_key(account), value(&words)?)));
    let balances = (0..OWNERS).map(|account| Ok((balance_key(account), value(&[1, 2])?)));
    let leaves: Vec<(Key, Value)> = owned.chain(balances).collect::<Result<_>>()?;
    Map::from_sorted(&leaves, &Serial).map_err(|error| anyhow!("{error}"))
}
