//! Accounts and balances in the state, and their proofs for L1 (SPEC K-5, K-7).

use alloy::primitives::{Address, Bytes};
use ashlar_replica::Shadow;
use ashlar_state::Key;
use ashlar_types::{AccountId, AssetId};

/// Kinds of leaves.
const ACCOUNT_OWNER: u64 = 0x08;
const BALANCE: u64 = 0x0B;
/// Where a key's first word has the kind.
const KIND_SHIFT: u32 = 56;

/// One balance, free and reserved together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holding {
    /// The account.
    pub account: AccountId,
    /// Whose it is.
    pub owner: Address,
    /// Of what.
    pub asset: AssetId,
    /// How much, in the exchange's units.
    pub units: u64,
}

const fn key(kind: u64, one: u64, two: u64) -> Key {
    Key::new([kind << KIND_SHIFT, one, two])
}

/// The kind and the two words of a key, if it is of one of ours.
fn parts(key: &Key) -> Option<(u64, u32, u64)> {
    let bytes = key.to_bytes();
    let word = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes);
    Some((word(0)? >> KIND_SHIFT, u32::try_from(word(8)?).ok()?, word(16)?))
}

/// Every balance that is not nothing, of this owner or of all.
pub fn holdings(shadow: &Shadow, of: Option<Address>) -> Vec<Holding> {
    let mut owners = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    // Kinds ascend, so owners come before balances.
    for (key, words) in shadow.map().iter() {
        match parts(&key) {
            Some((ACCOUNT_OWNER, account, 0)) => drop(owners.insert(account, owner(words))),
            Some((BALANCE, account, asset)) => {
                let units = words.iter().fold(0_u64, |sum, word| sum.saturating_add(*word));
                let owner = owners.get(&account).copied().flatten();
                let asset = u16::try_from(asset).ok().and_then(AssetId::new);
                let account = AccountId::new(account);
                if let (Some(account), Some(owner), Some(asset)) = (account, owner, asset)
                    && units > 0
                    && of.is_none_or(|of| of == owner)
                {
                    found.push(Holding { account, owner, asset, units });
                }
            }
            _ => {}
        }
    }
    found
}

/// Twenty bytes in three words: eight, eight and four.
fn owner(words: &[u64]) -> Option<Address> {
    let [one, two, three] = *words else { return None };
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&one.to_be_bytes());
    bytes[8..16].copy_from_slice(&two.to_be_bytes());
    bytes[16..].copy_from_slice(&u32::try_from(three).ok()?.to_be_bytes());
    Some(Address::from(bytes))
}

/// The lookup proofs of an account's owner and of its balance.
pub fn proofs(shadow: &Shadow, holding: &Holding) -> (Bytes, Bytes) {
    let (account, asset) = (u64::from(holding.account.get()), u64::from(holding.asset.get()));
    let prove = |key: Key| Bytes::from(shadow.map().prove(&key).to_bytes());
    (prove(key(ACCOUNT_OWNER, account, 0)), prove(key(BALANCE, account, asset)))
}
