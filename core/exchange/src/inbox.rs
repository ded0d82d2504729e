//! Entries of the L1 inbox: each is total, whatever it says (SPEC C-30 to C-32).

use ashlar_types::limits::ACCOUNTS_MAX;
use ashlar_types::{AccountId, Address, Amount, AssetId, CancelFilter, Event, InboxEntry, InboxIndex, Reason, Time};

use crate::output::Output;
use crate::record::Asset;
use crate::run::Run;
use crate::store::Store;
use crate::trading::HOUSE;

impl<S: Store, O: Output> Run<'_, S, O> {
    /// Consumes an entry if it is the next one. Also says whom the receipt is for.
    pub fn inbox(&mut self, index: InboxIndex, time: Time, entry: &InboxEntry) -> (AccountId, Reason) {
        let now = self.now;
        let clock = self.store.clock();
        if index.get() != clock.inbox_cursor || time > now || time < clock.inbox_time {
            return (HOUSE, Reason::InboxOrder);
        }
        clock.inbox_cursor = clock.inbox_cursor.saturating_add(1);
        clock.inbox_time = time;
        let (account, result) = match entry {
            InboxEntry::Deposit { owner, account, asset, amount } => {
                return self.deposit(*owner, *account, *asset, *amount);
            }
            InboxEntry::ForcedCancelAll { owner, account } => {
                (*account, self.owned(*owner, *account).map(|()| self.force_cancel(*account)))
            }
            InboxEntry::ForcedWithdraw { owner, account, asset, amount } => {
                (*account, self.forced_withdraw(*owner, *account, *asset, *amount))
            }
            InboxEntry::RegisterKey { owner, account, grant } => {
                (*account, self.owned(*owner, *account).and_then(|()| self.register_key(*account, grant)))
            }
            InboxEntry::RevokeKey { owner, account, slot } => {
                (*account, self.owned(*owner, *account).and_then(|()| self.revoke_key(*account, *slot)))
            }
            InboxEntry::Param(change) => (HOUSE, self.param(change)),
        };
        (account, result.err().unwrap_or(Reason::Done))
    }

    fn owned(&mut self, owner: Address, account: AccountId) -> Result<(), Reason> {
        match self.store.owner(account) {
            None => Err(Reason::UnknownAccount),
            Some(holder) if holder != owner => Err(Reason::NotOwner),
            Some(_) => Ok(()),
        }
    }

    fn deposit(
        &mut self,
        owner: Address,
        account: Option<AccountId>,
        asset: AssetId,
        amount: Amount,
    ) -> (AccountId, Reason) {
        if amount.is_zero() {
            return (HOUSE, Reason::ZeroAmount);
        }
        match self.credit(owner, account, asset, amount) {
            Ok(account) => {
                self.out.event(&Event::Credited { account, asset, amount });
                (account, Reason::Done)
            }
            Err(reason) => {
                self.give_back(owner, asset, amount);
                (HOUSE, reason)
            }
        }
    }

    /// Credits a deposit where it belongs, if there is such a place and room for it.
    fn credit(
        &mut self,
        owner: Address,
        account: Option<AccountId>,
        asset: AssetId,
        amount: Amount,
    ) -> Result<AccountId, Reason> {
        let sum = |a: &mut Asset| a.total.checked_add(amount).filter(|total| *total <= a.terms.total_max);
        let total = self.store.asset(asset, sum).ok_or(Reason::Returned)?;
        let found = match account {
            Some(account) => Some(self.owned(owner, account).map(|()| account).map_err(|_| Reason::Returned)?),
            None => self.store.first_account(owner),
        };
        if found.is_none() && self.store.clock().accounts >= ACCOUNTS_MAX {
            return Err(Reason::Returned);
        }
        let total = total.ok_or(Reason::AboveCap)?;
        let account = match found {
            Some(account) => account,
            None => self.open_account(owner).map_err(|_| Reason::Returned)?,
        };
        self.store.asset(asset, |a| a.total = total);
        self.store.balance(account, asset, |b| b.free = b.free.saturating_add(amount));
        Ok(account)
    }

    fn force_cancel(&mut self, account: AccountId) {
        self.cancel_all(account, &CancelFilter::ALL, Reason::Forced);
    }

    fn forced_withdraw(
        &mut self,
        owner: Address,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
    ) -> Result<(), Reason> {
        self.owned(owner, account)?;
        self.force_cancel(account);
        self.store.asset(asset, |_| ()).ok_or(Reason::UnknownAsset)?;
        let paid = self.store.balance(account, asset, |b| {
            let paid = b.free.min(amount);
            b.free = b.free.saturating_sub(paid);
            paid
        });
        if paid.is_zero() {
            return Err(Reason::ZeroAmount);
        }
        self.pay_out(owner, asset, paid);
        Ok(())
    }
}
