//! Who may speak, as the door knows it: a copy of owners and session keys that signatures are checked against.
//!
//! It may be older than the state. That never lets anyone in: a slot's epoch is never used twice, so a key found here under its epoch is
//! the right one for ever, and the engine looks again whether it is still in force where the message takes its place.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use ashlar_exchange::{HotStore, SessionKey, Store};
use ashlar_types::limits::KEYS_MAX;
use ashlar_types::{AccountId, Address, KeySlot};

/// Owners and keys.
#[derive(Debug, Default)]
struct People {
    owners: Vec<Address>,
    accounts: BTreeMap<Address, Vec<AccountId>>,
    keys: BTreeMap<(AccountId, KeySlot), SessionKey>,
}

/// The directory, shared between the engine that writes it and the checkers that read it.
#[derive(Clone, Debug, Default)]
pub struct Directory(Arc<RwLock<People>>);

impl Directory {
    /// Everyone whom a state knows.
    pub fn of(store: &mut HotStore) -> Directory {
        let directory = Directory::default();
        directory.open_accounts(store);
        directory.write(|people| people.keys.extend(store.session_keys()));
        directory
    }

    /// Forgets everyone and learns them anew, after the state went back.
    pub fn reset(&self, store: &mut HotStore) {
        self.write(|people| *people = People::default());
        self.open_accounts(store);
        self.write(|people| people.keys.extend(store.session_keys()));
    }

    /// Learns the accounts that were opened since it looked last.
    pub fn open_accounts(&self, store: &mut HotStore) {
        let known = self.read(|people| people.owners.len());
        let open = store.clock().accounts as usize;
        if open <= known {
            return;
        }
        let new: Vec<_> = (known..open)
            .filter_map(|number| AccountId::new(u32::try_from(number).ok()?))
            .filter_map(|account| Some((account, store.owner(account)?)))
            .collect();
        self.write(|people| {
            for (account, owner) in new {
                people.owners.push(owner);
                people.accounts.entry(owner).or_default().push(account);
            }
        });
    }

    /// Learns what the slots of an account hold now.
    pub fn learn_keys(&self, store: &HotStore, account: AccountId) {
        let slots = (0..KEYS_MAX).filter_map(KeySlot::new);
        let held: Vec<_> = slots.filter_map(|slot| Some((slot, store.session_key(account, slot)?))).collect();
        self.write(|people| {
            for (slot, key) in held {
                people.keys.insert((account, slot), key);
            }
        });
    }

    /// The key that a slot holds, as far as is known here.
    pub fn key(&self, account: AccountId, slot: KeySlot) -> Option<SessionKey> {
        self.read(|people| people.keys.get(&(account, slot)).copied())
    }

    /// Whose an account is.
    pub fn owner(&self, account: AccountId) -> Option<Address> {
        self.read(|people| people.owners.get(account.get() as usize).copied())
    }

    /// The accounts of an owner, the oldest first, at most so many.
    pub fn accounts_of(&self, owner: Address, max: usize) -> Vec<AccountId> {
        self.read(|people| {
            people.accounts.get(&owner).map_or_else(Vec::new, |all| all.iter().copied().take(max).collect())
        })
    }

    fn read<T>(&self, with: impl FnOnce(&People) -> T) -> T {
        // Nothing is left half written by a panic: each change is one insertion.
        with(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, with: impl FnOnce(&mut People) -> T) -> T {
        with(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}
