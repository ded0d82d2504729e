//! What an account does about itself: funds, keys, stops, sub-accounts (C-26, C-28, C-29).

use ashlar_types::limits::ACCOUNTS_MAX;
use ashlar_types::{
    AccountId, Address, Amount, AssetId, Event, KeyGrant, KeySlot, Reason, Scopes, Time, WithdrawalIndex,
};

use super::money::amount as amount_of;
use super::state::{Account, SessionKey, State};
use super::turn::Turn;

/// What of a command without an order: done, or why not.
pub type Done = Result<(), Reason>;

impl State {
    /// The id of the next account, if there is room for one.
    pub fn next_account(&self) -> Option<AccountId> {
        let opened = u32::try_from(self.accounts.len()).ok()?;
        if opened < ACCOUNTS_MAX { AccountId::new(opened) } else { None }
    }

    /// Opens an account; an owner's first one is found by its address from then on.
    pub fn open_account(&mut self, id: AccountId, owner: Address) {
        let account = Account { owner, stopped: false, frozen: false, tier: 0, orders: 0, dead_man: Time::NEVER };
        self.accounts.insert(id, account);
        self.owners.entry(owner).or_insert(id);
    }

    /// *Open sub-account* (C-29).
    pub fn open_sub_account(&mut self, turn: &mut Turn, account: AccountId) -> Done {
        let id = self.next_account().ok_or(Reason::TooManyAccounts)?;
        let owner = self.account(account).owner;
        self.open_account(id, owner);
        turn.say(Event::Opened { account: id, owner });
        Ok(())
    }

    /// *Dead-man* (C-26).
    pub fn dead_man(&mut self, now: Time, account: AccountId, at: Time) -> Done {
        if at <= now {
            return Err(Reason::BadParameter);
        }
        let account = self.account_mut(account);
        if account.dead_man <= now && account.orders > 0 {
            return Err(Reason::DeadManFired);
        }
        account.dead_man = at;
        Ok(())
    }

    /// *Transfer* (C-28).
    pub fn transfer(
        &mut self,
        turn: &mut Turn,
        from: AccountId,
        to: AccountId,
        asset: AssetId,
        amount: Amount,
    ) -> Done {
        if to == from {
            return Err(Reason::BadCombination);
        }
        let receiver = self.accounts.get(&to).ok_or(Reason::UnknownAccount)?;
        if receiver.owner != self.account(from).owner {
            return Err(Reason::NotOwner);
        }
        self.check_covered(from, asset, amount)?;
        self.debit(from, asset, amount.get());
        self.credit(to, asset, amount.get());
        turn.say(Event::Credited { account: to, asset, amount });
        Ok(())
    }

    /// *Withdraw* (C-28).
    pub fn withdraw(&mut self, turn: &mut Turn, account: AccountId, asset: AssetId, amount: Amount) -> Done {
        self.check_covered(account, asset, amount)?;
        self.pay_out(turn, account, asset, amount.get());
        Ok(())
    }

    fn check_covered(&self, account: AccountId, asset: AssetId, amount: Amount) -> Done {
        if !self.assets.contains_key(&asset) {
            return Err(Reason::UnknownAsset);
        }
        if amount.is_zero() {
            return Err(Reason::ZeroAmount);
        }
        if amount.get() > self.free(account, asset) { Err(Reason::InsufficientFunds) } else { Ok(()) }
    }

    /// Takes free funds out of the exchange, for the owner to claim.
    pub fn pay_out(&mut self, turn: &mut Turn, account: AccountId, asset: AssetId, units: u64) {
        self.debit(account, asset, units);
        self.assets.get_mut(&asset).expect("only listed assets are held").total -= units;
        let owner = self.account(account).owner;
        self.say_withdrawn(turn, owner, asset, amount_of(units));
    }

    /// Says that funds may be claimed on L1, under the next index.
    pub fn say_withdrawn(&mut self, turn: &mut Turn, to: Address, asset: AssetId, amount: Amount) {
        let index = WithdrawalIndex::new(self.withdrawals);
        self.withdrawals += 1;
        turn.say(Event::Withdrawn { index, to, asset, amount });
    }

    /// *Register key* (C-29): a new epoch of the slot, and nonces that start anew.
    pub fn register_key(&mut self, now: Time, account: AccountId, grant: &KeyGrant) -> Done {
        let no_point = grant.public == [0; 32];
        if no_point || !Scopes::ALL.covers(grant.scopes) || grant.expires <= now {
            return Err(Reason::BadParameter);
        }
        let slot = self.slots.entry((account, grant.slot)).or_default();
        slot.epoch += 1;
        slot.key = Some(SessionKey { public: grant.public, scopes: grant.scopes, expires: grant.expires });
        self.nonces.remove(&(account, Some(grant.slot)));
        Ok(())
    }

    /// *Revoke key* (C-29): the epoch stays used.
    pub fn revoke_key(&mut self, account: AccountId, slot: KeySlot) -> Done {
        let slot = self.slots.get_mut(&(account, slot)).ok_or(Reason::UnknownKey)?;
        slot.usable().ok_or(Reason::UnknownKey)?;
        slot.key = None;
        Ok(())
    }
}
