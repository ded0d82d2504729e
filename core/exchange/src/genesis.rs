//! The state an exchange begins with.

use ashlar_types::{Address, Time};

use crate::record::Clock;
use crate::store::Store;
use crate::trading::HOUSE;

/// What is fixed before the first command: everything else comes through the inbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Genesis {
    /// Who owns the house, account 0, where fees go.
    pub house_owner: Address,
    /// The moment it begins.
    pub time: Time,
}

impl Genesis {
    /// Writes the beginning into an empty store.
    pub fn write<S: Store>(&self, store: &mut S) {
        *store.clock() = Clock { time: self.time, accounts: 1, ..Clock::default() };
        store.begin();
        store.open_account(HOUSE, self.house_owner);
    }
}
