//! The one function that everything runs: apply one input, say what came of it.
//!
//! 1. It is a pure function of the store, the time and the input: no clock, no I/O, no randomness.
//! 2. Every command gets one receipt and one sequence number (SPEC C-1, C-2).
//! 3. A command that is refused changes nothing, except that its message's nonce stays used.

use alloc::vec::Vec;

use ashlar_book::Budget;
use ashlar_types::limits::{MESSAGE_COMMANDS_MAX, VALIDITY_MS_MAX};
use ashlar_types::{
    AccountId, Command, Header, Input, Lots, Message, NewOrder, OrderId, Price, Reason, Receipt, Scopes, Sequence,
    Signer, Time,
};

use crate::outcome::Outcome;
use crate::output::Output;
use crate::run::Run;
use crate::store::{Listed, NonceLane, Store};
use crate::trading::{HOUSE, Running};

/// Applies inputs to a store, one after another.
#[derive(Debug)]
pub struct Exchange<S> {
    /// What it works on.
    pub store: S,
    listed: Vec<Listed>,
    running: Running,
}

impl<S: Store> Exchange<S> {
    /// An exchange over a store that holds a genesis.
    pub fn new(store: S) -> Exchange<S> {
        Exchange { store, listed: Vec::new(), running: Running::NOBODY }
    }

    /// Applies one input at a time. A time before the last one counts as the last one.
    #[inline]
    pub fn apply<O: Output>(&mut self, time: Time, input: &Input, out: &mut O) {
        if input.commands() == 0 {
            return;
        }
        let clock = self.store.clock();
        clock.time = clock.time.max(time);
        let now = clock.time;
        let budget = Budget::COMMAND;
        let (running, listed) = (&mut self.running, &mut self.listed);
        let mut run = Run { store: &mut self.store, out, now, budget, running, listed };
        match input {
            Input::Message(message) => run.message(message),
            Input::Inbox { index, time, entry } => {
                let (account, reason) = run.inbox(*index, *time, entry);
                run.close(account, &Outcome::of(reason));
            }
            Input::System(command) => {
                let outcome = Outcome::from(run.system(command));
                run.close(HOUSE, &outcome);
            }
        }
    }
}

impl<S: Store, O: Output> Run<'_, S, O> {
    /// Gives the command that just ran its number and its receipt.
    #[inline(always)]
    fn close(&mut self, account: AccountId, outcome: &Outcome) {
        let clock = self.store.clock();
        let sequence = Sequence::new(clock.next_sequence);
        clock.next_sequence = clock.next_sequence.saturating_add(1);
        let Outcome { reason, order, client, filled, remaining } = *outcome;
        self.out.receipt(&Receipt { sequence, time: self.now, account, reason, order, client, filled, remaining });
    }

    #[inline(always)]
    fn message(&mut self, message: &Message) {
        let who = message.header.account;
        let accepted = if message.commands.len() > MESSAGE_COMMANDS_MAX {
            Err(Reason::BadMessage)
        } else {
            self.accept(&message.header)
        };
        let scopes = match accepted {
            Ok(scopes) => scopes,
            Err(reason) => return self.refuse_all(who, &message.commands, reason),
        };
        for command in &message.commands {
            self.budget = Budget::COMMAND;
            self.command(&message.header, scopes, command);
        }
    }

    #[cold]
    fn refuse_all(&mut self, who: AccountId, commands: &[Command], reason: Reason) {
        for command in commands {
            self.close(who, &named_by(command, reason));
        }
    }

    /// C-3 and C-4: who speaks, and with which scopes; the owner has none to be missing.
    #[inline(always)]
    fn accept(&mut self, header: &Header) -> Result<Option<Scopes>, Reason> {
        let who = header.account;
        self.store.account(who, |_| ()).ok_or(Reason::UnknownAccount)?;
        let (lane, scopes) = match header.signer {
            Signer::Owner => (NonceLane::Owner, None),
            Signer::Session { slot, epoch } => {
                let key = self.store.key(who, slot).ok_or(Reason::UnknownKey)?;
                if !key.is_set || key.epoch != epoch {
                    return Err(Reason::UnknownKey);
                }
                if self.now >= key.expires {
                    return Err(Reason::KeyExpired);
                }
                (NonceLane::Slot(slot), Some(key.scopes))
            }
        };
        let latest = self.now.get().saturating_add(VALIDITY_MS_MAX);
        if self.now >= header.not_after || (header.not_after != Time::NEVER && header.not_after.get() > latest) {
            return Err(Reason::NotAfter);
        }
        self.store.nonces(who, lane, |n| n.take(header.nonce))?;
        Ok(scopes)
    }

    /// Runs a command to its receipt. The usual ones end in functions of their own that write it, so that what came of a command
    /// is nowhere put together only to be taken apart again.
    #[inline(always)]
    fn command(&mut self, header: &Header, scopes: Option<Scopes>, command: &Command) {
        let who = header.account;
        let may = |need| scopes.is_none_or(|have| have.covers(need));
        match command {
            Command::Place(order) if may(Scopes::TRADE) => self.run_place(who, order),
            Command::Cancel(id) if may(Scopes::CANCEL) => self.run_cancel(who, id),
            Command::Replace { order, price, lots } if may(Scopes::TRADE) => {
                self.run_replace(who, order, *price, *lots)
            }
            other => self.rarer(header, scopes, other),
        }
    }

    #[inline(never)]
    fn run_place(&mut self, who: AccountId, order: &NewOrder) {
        let outcome = if let Ok(mut market) = self.open(order.market) {
            let placed = market.place(who, order);
            market.end();
            placed.unwrap_or_else(|reason| Outcome::refused(reason, order.client))
        } else {
            Outcome::refused(self.may_trade(who).err().unwrap_or(Reason::UnknownMarket), order.client)
        };
        self.close(who, &outcome);
    }

    #[inline(never)]
    fn run_cancel(&mut self, who: AccountId, id: &OrderId) {
        let outcome = self.cancel(who, *id);
        self.close(who, &outcome);
    }

    #[inline(never)]
    fn run_replace(&mut self, who: AccountId, id: &OrderId, price: Price, lots: Lots) {
        let outcome = self.replace(who, *id, price, lots);
        self.close(who, &outcome);
    }

    /// What the usual commands are not, or what may not be done.
    #[inline(never)]
    fn rarer(&mut self, header: &Header, scopes: Option<Scopes>, command: &Command) {
        let who = header.account;
        let own_slot = |slot| matches!(header.signer, Signer::Session { slot: own, .. } if own == slot);
        let allowed = match (scopes, needed(command)) {
            (None, _) => true,
            (Some(have), Need::Scopes(need)) => have.covers(need),
            (Some(_), Need::Owner) => matches!(command, Command::RevokeKey(slot) if own_slot(*slot)),
        };
        if !allowed {
            return self.close(who, &named_by(command, Reason::OutOfScope));
        }
        let outcome = match command {
            Command::Place(order) => return self.run_place(who, order),
            Command::Cancel(id) => return self.run_cancel(who, id),
            Command::Replace { order, price, lots } => return self.run_replace(who, order, *price, *lots),
            Command::Reduce { order, by } => self.reduce(who, *order, *by),
            Command::CancelPlace { cancel, place } => self.cancel_place(who, *cancel, place),
            Command::CancelAll(filter) => self.cancel_all(who, filter, Reason::Cancelled),
            Command::MassQuote { market, quotes } => self.mass_quote(who, *market, quotes),
            Command::OneCancelsOther(pair) => self.one_cancels_other(who, pair),
            Command::DeadMan(at) => self.dead_man(who, *at).into(),
            Command::Transfer { to, asset, amount } => self.transfer(who, *to, *asset, *amount).into(),
            Command::Withdraw { asset, amount } => self.withdraw(who, *asset, *amount).into(),
            Command::KillSwitch { stop } => self.kill_switch(who, *stop).into(),
            Command::RegisterKey(grant) => self.register_key(who, grant).into(),
            Command::RevokeKey(slot) => self.revoke_key(who, *slot).into(),
            Command::OpenSubAccount => self.open_sub_account(who).into(),
            Command::Sweep(orders) => self.sweep(orders),
        };
        self.close(who, &outcome);
    }
}

enum Need {
    Scopes(Scopes),
    Owner,
}

/// C-5: what a command takes.
#[inline(always)]
fn needed(command: &Command) -> Need {
    match command {
        Command::Place(_)
        | Command::Replace { .. }
        | Command::CancelPlace { .. }
        | Command::MassQuote { .. }
        | Command::OneCancelsOther(_) => Need::Scopes(Scopes::TRADE),
        Command::Cancel(_)
        | Command::Reduce { .. }
        | Command::CancelAll(_)
        | Command::DeadMan(_)
        | Command::Sweep(_)
        | Command::KillSwitch { stop: true } => Need::Scopes(Scopes::CANCEL),
        Command::Transfer { .. } => Need::Scopes(Scopes::TRANSFER),
        Command::Withdraw { .. } => Need::Scopes(Scopes::WITHDRAW),
        Command::RegisterKey(_)
        | Command::RevokeKey(_)
        | Command::OpenSubAccount
        | Command::KillSwitch { stop: false } => Need::Owner,
    }
}

/// The receipt of a command that was refused before it ran still says what it was about.
fn named_by(command: &Command, reason: Reason) -> Outcome {
    match command {
        Command::Place(order) => Outcome::refused(reason, order.client),
        Command::OneCancelsOther(pair) => Outcome::refused(reason, pair.limit.client),
        Command::CancelPlace { cancel: order, .. }
        | Command::Cancel(order)
        | Command::Reduce { order, .. }
        | Command::Replace { order, .. } => Outcome::about(reason, *order, crate::place::NO_CLIENT),
        _ => Outcome::of(reason),
    }
}
