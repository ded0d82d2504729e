//! Failures on request: what a real endpoint does to a client on a bad day.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

/// A failure of one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The connection ends without an answer.
    NoAnswer,
    /// HTTP 503.
    Unavailable,
    /// The answer comes late.
    Late(Duration),
    /// A transaction is accepted, its hash returned, and forgotten.
    LostBroadcast,
    /// A transaction is accepted, but the caller is not told.
    UnansweredBroadcast,
}

impl Fault {
    /// Whether it waits for a request that sends a transaction.
    fn is_of_broadcasts(self) -> bool {
        matches!(self, Fault::LostBroadcast | Fault::UnansweredBroadcast)
    }
}

/// Faults that wait for the next requests, and whether the endpoint is down altogether.
#[derive(Default)]
pub struct Faults(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    next: VecDeque<Fault>,
    down: bool,
}

/// Faults that may wait at once.
const WAITING_MAX: usize = 4_096;

impl Faults {
    /// Lets the next fitting request fail; faults beyond the bound are dropped.
    pub fn add(&self, fault: Fault) {
        let mut waiting = self.waiting();
        if waiting.next.len() < WAITING_MAX {
            waiting.next.push_back(fault);
        }
    }

    /// Takes the endpoint down, or brings it back.
    pub fn set_down(&self, down: bool) {
        self.waiting().down = down;
    }

    /// The failure of this request.
    pub fn take(&self, broadcast: bool) -> Option<Fault> {
        let mut waiting = self.waiting();
        if waiting.down {
            return Some(Fault::Unavailable);
        }
        let at = waiting.next.iter().position(|fault| broadcast || !fault.is_of_broadcasts())?;
        waiting.next.remove(at)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
