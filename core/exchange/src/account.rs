//! Funds, keys and switches of one account (SPEC C-26 to C-29).

use ashlar_book::Floor;
use ashlar_types::limits::{ACCOUNTS_MAX, SWEEP_ORDERS_MAX};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, Event, KeyGrant, KeySlot, MarketState, OrderId, Reason, Scopes, Time,
    WithdrawalIndex,
};

use crate::outcome::Outcome;
use crate::output::Output;
use crate::record::{Nonces, SessionKey};
use crate::removal::Found;
use crate::run::Run;
use crate::store::{NonceLane, Store, View};

impl<S: Store, O: Output> Run<'_, S, O> {
    pub fn dead_man(&mut self, who: AccountId, at: Time) -> Result<(), Reason> {
        if at <= self.now {
            return Err(Reason::BadParameter);
        }
        let now = self.now;
        let set = self.store.account(who, |a| {
            if a.dead_man <= now && a.orders > 0 {
                return Err(Reason::DeadManFired);
            }
            a.dead_man = at;
            Ok(())
        });
        set.unwrap_or(Err(Reason::UnknownAccount))
    }

    pub fn kill_switch(&mut self, who: AccountId, stop: bool) -> Result<(), Reason> {
        self.store.account(who, |a| a.stopped = stop).ok_or(Reason::UnknownAccount)
    }

    pub fn transfer(&mut self, who: AccountId, to: AccountId, asset: AssetId, amount: Amount) -> Result<(), Reason> {
        if to == who {
            return Err(Reason::BadCombination);
        }
        let receiver = self.store.owner(to).ok_or(Reason::UnknownAccount)?;
        if self.store.owner(who) != Some(receiver) {
            return Err(Reason::NotOwner);
        }
        self.take_free(who, asset, amount)?;
        self.store.balance(to, asset, |b| b.free = b.free.saturating_add(amount));
        self.out.event(&Event::Credited { account: to, asset, amount });
        Ok(())
    }

    pub fn withdraw(&mut self, who: AccountId, asset: AssetId, amount: Amount) -> Result<(), Reason> {
        let owner = self.store.owner(who).ok_or(Reason::UnknownAccount)?;
        self.take_free(who, asset, amount)?;
        self.pay_out(owner, asset, amount);
        Ok(())
    }

    fn take_free(&mut self, who: AccountId, asset: AssetId, amount: Amount) -> Result<(), Reason> {
        self.store.asset(asset, |_| ()).ok_or(Reason::UnknownAsset)?;
        if amount.is_zero() {
            return Err(Reason::ZeroAmount);
        }
        self.store.balance(who, asset, |b| {
            b.free = b.free.checked_sub(amount).ok_or(Reason::InsufficientFunds)?;
            Ok(())
        })
    }

    /// Takes an amount off what the exchange owes and says that it may be claimed.
    pub fn pay_out(&mut self, to: Address, asset: AssetId, amount: Amount) {
        self.store.asset(asset, |a| a.total = a.total.saturating_sub(amount));
        self.give_back(to, asset, amount);
    }

    /// Says that an amount may be claimed.
    pub fn give_back(&mut self, to: Address, asset: AssetId, amount: Amount) {
        let clock = self.store.clock();
        let index = WithdrawalIndex::new(clock.withdrawals);
        clock.withdrawals = clock.withdrawals.saturating_add(1);
        self.out.event(&Event::Withdrawn { index, to, asset, amount });
    }

    pub fn register_key(&mut self, who: AccountId, grant: &KeyGrant) -> Result<(), Reason> {
        let is_point = grant.public != [0; 32];
        if !is_point || !Scopes::ALL.covers(grant.scopes) || grant.expires <= self.now {
            return Err(Reason::BadParameter);
        }
        let epoch = self.store.key(who, grant.slot).map_or(0, |k| k.epoch).saturating_add(1);
        let key = SessionKey { public: grant.public, scopes: grant.scopes, epoch, expires: grant.expires };
        self.store.set_key(who, grant.slot, &key);
        self.store.nonces(who, NonceLane::Slot(grant.slot), |n| *n = Nonces::default());
        Ok(())
    }

    pub fn revoke_key(&mut self, who: AccountId, slot: KeySlot) -> Result<(), Reason> {
        let key = self.store.key(who, slot).filter(|k| k.is_set).ok_or(Reason::UnknownKey)?;
        self.store.set_key(who, slot, &SessionKey::revoked(key.epoch));
        Ok(())
    }

    pub fn open_sub_account(&mut self, who: AccountId) -> Result<(), Reason> {
        let owner = self.store.owner(who).ok_or(Reason::UnknownAccount)?;
        self.open_account(owner).map(|_| ())
    }

    /// Opens the next account.
    pub fn open_account(&mut self, owner: Address) -> Result<AccountId, Reason> {
        let next = self.store.clock().accounts;
        let account = AccountId::new(next).filter(|_| next < ACCOUNTS_MAX).ok_or(Reason::TooManyAccounts)?;
        self.store.clock().accounts = next.saturating_add(1);
        self.store.open_account(account, owner);
        self.out.event(&Event::Opened { account, owner });
        Ok(account)
    }

    pub fn sweep(&mut self, orders: &[OrderId]) -> Outcome {
        if orders.is_empty() || orders.len() > SWEEP_ORDERS_MAX {
            return Outcome::of(Reason::BadMessage);
        }
        let mut swept = false;
        for id in orders {
            self.in_market(id.market, |market| {
                let Some(found) = market.find(*id) else { return Outcome::of(Reason::UnknownOrder) };
                let expires = match found {
                    Found::Resting(_, order) => order.expires,
                    Found::Waiting(_, order) => order.expires,
                };
                let reason = if market.is_dead(found.account(), expires) {
                    Reason::Expired
                } else if market.view.live().state == MarketState::Delisting {
                    Reason::Delisted
                } else {
                    return Outcome::of(Reason::NotDead);
                };
                market.take_out(&found, Some(reason));
                swept = true;
                Outcome::of(reason)
            });
        }
        Outcome::of(if swept { Reason::Done } else { Reason::NotDead })
    }
}
