//! Entries of the L1 inbox (C-30 to C-32).

use ashlar_types::{AccountId, Address, Amount, AssetId, CancelFilter, Event, InboxEntry, InboxIndex, Reason, Time};

use super::account::Done;
use super::message::said;
use super::state::State;
use super::turn::{Outcome, Turn};

impl State {
    /// One entry: the account its receipt names, and the rest of the receipt.
    pub fn inbox(
        &mut self,
        turn: &mut Turn,
        index: InboxIndex,
        time: Time,
        entry: &InboxEntry,
    ) -> (AccountId, Outcome) {
        if index.get() != self.inbox_cursor || time > turn.now || time < self.last_inbox_time {
            return (AccountId::default(), Outcome::only(Reason::InboxOrder));
        }
        self.inbox_cursor += 1;
        self.last_inbox_time = time;
        let named = match entry {
            InboxEntry::Deposit { .. } | InboxEntry::Param(_) => AccountId::default(),
            InboxEntry::ForcedCancelAll { account, .. }
            | InboxEntry::ForcedWithdraw { account, .. }
            | InboxEntry::RegisterKey { account, .. }
            | InboxEntry::RevokeKey { account, .. } => *account,
        };
        let done = match entry {
            InboxEntry::Deposit { owner, account, asset, amount } => {
                return self.deposit(turn, *owner, *account, *asset, *amount);
            }
            InboxEntry::ForcedCancelAll { owner, account } => self.forced_cancel_all(turn, *owner, *account),
            InboxEntry::ForcedWithdraw { owner, account, asset, amount } => {
                self.forced_withdraw(turn, *owner, *account, *asset, *amount)
            }
            InboxEntry::RegisterKey { owner, account, grant } => {
                self.check_owner(*owner, *account).and_then(|()| self.register_key(turn.now, *account, grant))
            }
            InboxEntry::RevokeKey { owner, account, slot } => {
                self.check_owner(*owner, *account).and_then(|()| self.revoke_key(*account, *slot))
            }
            InboxEntry::Param(change) => self.change_parameter(change),
        };
        (named, said(done))
    }

    /// *Deposit* (C-31): credited, or sent back as a withdrawal.
    fn deposit(
        &mut self,
        turn: &mut Turn,
        owner: Address,
        account: Option<AccountId>,
        asset: AssetId,
        amount: Amount,
    ) -> (AccountId, Outcome) {
        let nobody = AccountId::default();
        if amount.is_zero() {
            return (nobody, Outcome::only(Reason::ZeroAmount));
        }
        let account = match self.account_to_credit(owner, account).filter(|_| self.assets.contains_key(&asset)) {
            Some(account) if self.has_room_for(asset, amount) => account,
            refused => {
                self.say_withdrawn(turn, owner, asset, amount);
                let reason = if refused.is_some() { Reason::AboveCap } else { Reason::Returned };
                return (nobody, Outcome::only(reason));
            }
        };
        if !self.accounts.contains_key(&account) {
            self.open_account(account, owner);
            turn.say(Event::Opened { account, owner });
        }
        self.assets.get_mut(&asset).expect("it was found to be listed").total += amount.get();
        self.credit(account, asset, amount.get());
        turn.say(Event::Credited { account, asset, amount });
        (account, Outcome::only(Reason::Done))
    }

    /// The account named if it is the owner's, or the owner's first, or the one to open.
    fn account_to_credit(&self, owner: Address, named: Option<AccountId>) -> Option<AccountId> {
        match named {
            Some(named) => self.accounts.get(&named).filter(|account| account.owner == owner).map(|_| named),
            None => self.owners.get(&owner).copied().or_else(|| self.next_account()),
        }
    }

    /// Whether the asset is listed and its total would stay within its cap.
    fn has_room_for(&self, asset: AssetId, amount: Amount) -> bool {
        self.assets.get(&asset).is_some_and(|asset| {
            u128::from(asset.total) + u128::from(amount.get()) <= u128::from(asset.terms.total_max.get())
        })
    }

    fn check_owner(&self, owner: Address, account: AccountId) -> Done {
        let account = self.accounts.get(&account).ok_or(Reason::UnknownAccount)?;
        if account.owner == owner { Ok(()) } else { Err(Reason::NotOwner) }
    }

    /// *Forced cancel-all* (C-32).
    fn forced_cancel_all(&mut self, turn: &mut Turn, owner: Address, account: AccountId) -> Done {
        self.check_owner(owner, account)?;
        self.remove_all(turn, account, &CancelFilter::ALL, Reason::Forced);
        Ok(())
    }

    /// *Forced withdrawal* (C-32).
    fn forced_withdraw(
        &mut self,
        turn: &mut Turn,
        owner: Address,
        account: AccountId,
        asset: AssetId,
        asked: Amount,
    ) -> Done {
        self.forced_cancel_all(turn, owner, account)?;
        if !self.assets.contains_key(&asset) {
            return Err(Reason::UnknownAsset);
        }
        let paid = asked.get().min(self.free(account, asset));
        if paid == 0 {
            return Err(Reason::ZeroAmount);
        }
        self.pay_out(turn, account, asset, paid);
        Ok(())
    }
}
