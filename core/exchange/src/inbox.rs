//! Entries of the L1 inbox: each is total, whatever it says (SPEC C-30 to C-32).

use ashlar_types::{AccountId, Address, Amount, AssetId, CancelFilter, Event, InboxEntry, InboxIndex, Reason, Time};

use crate::output::Output;
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
            Some(account) => {
                self.out.event(&Event::Credited { account, asset, amount });
                (account, Reason::Done)
            }
            None => {
                self.give_back(owner, asset, amount);
                (HOUSE, Reason::Returned)
            }
        }
    }

    /// Credits a deposit where it belongs, if there is such a place.
    fn credit(
        &mut self,
        owner: Address,
        account: Option<AccountId>,
        asset: AssetId,
        amount: Amount,
    ) -> Option<AccountId> {
        let total =
            self.store.asset(asset, |a| a.total.checked_add(amount).filter(|total| *total <= a.terms.total_max))??;
        let account = match account {
            Some(account) => self.owned(owner, account).ok().map(|()| account)?,
            None => match self.store.first_account(owner) {
                Some(account) => account,
                None => self.open_account(owner).ok()?,
            },
        };
        self.store.asset(asset, |a| a.total = total);
        self.store.balance(account, asset, |b| b.free = b.free.saturating_add(amount));
        Some(account)
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
