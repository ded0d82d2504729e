//! Whether messages are let in at all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ashlar_api::door::Refusal;
use ashlar_types::{Command, Message};

/// The gate, shared between the door and whoever may close it.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Said once the gate is anything but open, so that the open gate costs one load.
    narrowed: AtomicBool,
    reasons: RwLock<Reasons>,
}

#[derive(Debug, Default)]
struct Reasons {
    held: Option<String>,
    closed: Option<String>,
    no_new_risk: Option<String>,
}

impl Gate {
    /// Lets nothing in, for a reason, or takes that back.
    pub fn close(&self, why: Option<String>) {
        self.change(|reasons| reasons.closed = why);
    }

    /// Lets nothing in while the order of everything is in doubt or is being made anew. What whoever closes the gate said stays said.
    pub fn hold(&self, why: Option<String>) {
        self.change(|reasons| reasons.held = why);
    }

    /// Why the order of everything is in doubt, if it is.
    pub fn held(&self) -> Option<String> {
        self.0.reasons.read().unwrap_or_else(PoisonError::into_inner).held.clone()
    }

    /// Lets in only what makes open orders fewer, for a reason, or takes that back (SPEC Q-14).
    pub fn refuse_new_risk(&self, why: Option<String>) {
        self.change(|reasons| reasons.no_new_risk = why);
    }

    /// Whether only what makes open orders fewer is let in.
    pub fn refuses_new_risk(&self) -> bool {
        self.0.reasons.read().unwrap_or_else(PoisonError::into_inner).no_new_risk.is_some()
    }

    /// Why the gate is not wide open.
    pub fn why(&self) -> Option<String> {
        let reasons = self.0.reasons.read().unwrap_or_else(PoisonError::into_inner);
        reasons.held.clone().or_else(|| reasons.closed.clone()).or_else(|| reasons.no_new_risk.clone())
    }

    /// Whether a message may come in now.
    pub fn admit(&self, message: &Message) -> Result<(), Refusal> {
        if !self.0.narrowed.load(Ordering::Acquire) {
            return Ok(());
        }
        let reasons = self.0.reasons.read().unwrap_or_else(PoisonError::into_inner);
        match (reasons.held.as_ref().or(reasons.closed.as_ref()), &reasons.no_new_risk) {
            (Some(why), _) => Err(Refusal::Closed { why: why.clone() }),
            (None, Some(why)) if message.commands.iter().any(opens_risk) => Err(Refusal::Closed { why: why.clone() }),
            _ => Ok(()),
        }
    }

    fn change(&self, with: impl FnOnce(&mut Reasons)) {
        let mut reasons = self.0.reasons.write().unwrap_or_else(PoisonError::into_inner);
        with(&mut reasons);
        let narrowed = reasons.held.is_some() || reasons.closed.is_some() || reasons.no_new_risk.is_some();
        self.0.narrowed.store(narrowed, Ordering::Release);
    }
}

/// Whether a command may leave more to prove or more at risk than before: everything but cancelling, reducing and protecting an account.
pub fn opens_risk(command: &Command) -> bool {
    match command {
        Command::Cancel(_)
        | Command::Reduce { .. }
        | Command::CancelAll(_)
        | Command::DeadMan(_)
        | Command::Withdraw { .. }
        | Command::KillSwitch { .. }
        | Command::RevokeKey(_)
        | Command::Sweep(_) => false,
        Command::MassQuote { quotes, .. } => quotes.iter().any(|quote| !quote.lots.is_zero()),
        Command::Place(_)
        | Command::Replace { .. }
        | Command::CancelPlace { .. }
        | Command::OneCancelsOther(_)
        | Command::Transfer { .. }
        | Command::RegisterKey(_)
        | Command::OpenSubAccount => true,
    }
}
