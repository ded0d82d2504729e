//! Messages: who may speak, and what each command does (C-2 to C-5).

use ashlar_types::limits::{MESSAGE_COMMANDS_MAX, VALIDITY_MS_MAX};
use ashlar_types::{AccountId, ClientId, Command, Header, KeySlot, Message, Reason, Scopes, Signer, Time};

use super::Reference;
use super::account::Done;
use super::state::State;
use super::turn::{Outcome, Turn};
use crate::engine::Output;

/// What the signer of a message may do.
#[derive(Clone, Copy)]
enum Authority {
    /// Everything.
    Owner,
    /// What the scopes of its key allow, and revoking that key.
    Session { slot: KeySlot, scopes: Scopes },
}

/// What a command takes (C-5).
enum Needs {
    Scope(Scopes),
    OwnSlot(KeySlot),
    Owner,
}

impl Reference {
    /// A message: refused whole (C-2, C-3), or its commands one by one.
    pub(super) fn message(&mut self, now: Time, message: &Message, out: &mut Vec<Output>) {
        let header = &message.header;
        if message.commands.is_empty() {
            return;
        }
        let admitted = if message.commands.len() > MESSAGE_COMMANDS_MAX {
            Err(Reason::BadMessage)
        } else {
            self.state.admit(now, header)
        };
        for command in &message.commands {
            let mut turn = Turn::new(now);
            let outcome = match admitted {
                Err(reason) => not_heard(command, reason),
                Ok(authority) if !authority.allows(command) => not_heard(command, Reason::OutOfScope),
                Ok(_) => self.state.command(&mut turn, header.account, command),
            };
            self.close(turn, header.account, outcome, out);
        }
    }
}

impl Authority {
    fn allows(self, command: &Command) -> bool {
        let Authority::Session { slot, scopes } = self else { return true };
        match needs(command) {
            Needs::Scope(scope) => scopes.covers(scope),
            Needs::OwnSlot(named) => named == slot,
            Needs::Owner => false,
        }
    }
}

fn needs(command: &Command) -> Needs {
    match command {
        Command::Place(_)
        | Command::Replace { .. }
        | Command::CancelPlace { .. }
        | Command::MassQuote { .. }
        | Command::OneCancelsOther(_) => Needs::Scope(Scopes::TRADE),
        Command::Cancel(_)
        | Command::Reduce { .. }
        | Command::CancelAll(_)
        | Command::DeadMan(_)
        | Command::Sweep(_)
        | Command::KillSwitch { stop: true } => Needs::Scope(Scopes::CANCEL),
        Command::Transfer { .. } => Needs::Scope(Scopes::TRANSFER),
        Command::Withdraw { .. } => Needs::Scope(Scopes::WITHDRAW),
        Command::RevokeKey(slot) => Needs::OwnSlot(*slot),
        Command::KillSwitch { stop: false } | Command::RegisterKey(_) | Command::OpenSubAccount => Needs::Owner,
    }
}

impl State {
    /// Whether a message may speak (C-3); if it may, its nonce is used.
    fn admit(&mut self, now: Time, header: &Header) -> Result<Authority, Reason> {
        if !self.accounts.contains_key(&header.account) {
            return Err(Reason::UnknownAccount);
        }
        let authority = self.authority(now, header.account, header.signer)?;
        let ahead = header.not_after.get().saturating_sub(now.get());
        if now >= header.not_after || ahead > VALIDITY_MS_MAX && header.not_after != Time::NEVER {
            return Err(Reason::NotAfter);
        }
        let slot = match header.signer {
            Signer::Owner => None,
            Signer::Session { slot, .. } => Some(slot),
        };
        let key = (header.account, slot);
        self.nonces.get(&key).cloned().unwrap_or_default().check(header.nonce)?;
        self.nonces.entry(key).or_default().take(header.nonce);
        Ok(authority)
    }

    fn authority(&self, now: Time, account: AccountId, signer: Signer) -> Result<Authority, Reason> {
        let Signer::Session { slot, epoch } = signer else { return Ok(Authority::Owner) };
        let held = self.slots.get(&(account, slot)).filter(|held| held.epoch == epoch).ok_or(Reason::UnknownKey)?;
        let key = held.usable().ok_or(Reason::UnknownKey)?;
        if now >= key.expires { Err(Reason::KeyExpired) } else { Ok(Authority::Session { slot, scopes: key.scopes }) }
    }

    /// One command of an account that may give it.
    fn command(&mut self, turn: &mut Turn, account: AccountId, command: &Command) -> Outcome {
        match command {
            Command::Place(order) => self.place(turn, account, order),
            Command::Cancel(order) => self.cancel(turn, account, *order),
            Command::Reduce { order, by } => self.reduce(turn, account, *order, by.get()),
            Command::Replace { order, price, lots } => self.replace(turn, account, *order, *price, lots.get()),
            Command::CancelPlace { cancel, place } => self.cancel_place(turn, account, *cancel, place),
            Command::CancelAll(filter) => self.cancel_all(turn, account, filter),
            Command::MassQuote { market, quotes } => self.mass_quote(turn, account, *market, quotes),
            Command::OneCancelsOther(legs) => self.one_cancels_other(turn, account, legs),
            Command::Sweep(orders) => self.sweep(turn, orders),
            Command::DeadMan(at) => said(self.dead_man(turn.now, account, *at)),
            Command::Transfer { to, asset, amount } => said(self.transfer(turn, account, *to, *asset, *amount)),
            Command::Withdraw { asset, amount } => said(self.withdraw(turn, account, *asset, *amount)),
            Command::RegisterKey(grant) => said(self.register_key(turn.now, account, grant)),
            Command::RevokeKey(slot) => said(self.revoke_key(account, *slot)),
            Command::OpenSubAccount => said(self.open_sub_account(turn, account)),
            Command::KillSwitch { stop } => {
                self.account_mut(account).stopped = *stop;
                Outcome::only(Reason::Done)
            }
        }
    }
}

/// The receipt of a command that was not looked into: what it says itself about its order.
fn not_heard(command: &Command, reason: Reason) -> Outcome {
    let nameless = ClientId(0);
    match command {
        Command::Place(order) => Outcome { client: order.client, ..Outcome::only(reason) },
        Command::OneCancelsOther(legs) => Outcome { client: legs.limit.client, ..Outcome::only(reason) },
        Command::Cancel(id) => Outcome::about(reason, *id, nameless),
        Command::Reduce { order: id, .. } | Command::Replace { order: id, .. } => Outcome::about(reason, *id, nameless),
        Command::CancelPlace { cancel: id, .. } => Outcome::about(reason, *id, nameless),
        _ => Outcome::only(reason),
    }
}

/// The receipt of a command without an order.
pub fn said(done: Done) -> Outcome {
    Outcome::only(done.err().unwrap_or(Reason::Done))
}
