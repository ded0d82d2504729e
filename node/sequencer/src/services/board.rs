//! Where every service says how it does, and is told to rest.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ashlar_api::door::{ActError, ServiceHealth, ServiceState};
use tokio::sync::watch;

/// What one service says about itself.
#[derive(Debug)]
struct Slot {
    state: ServiceState,
    note: String,
    values: BTreeMap<&'static str, String>,
    rests: watch::Sender<bool>,
}

impl Slot {
    fn new() -> Slot {
        let note = "starting".to_owned();
        Slot { state: ServiceState::Running, note, values: BTreeMap::new(), rests: watch::Sender::new(false) }
    }
}

/// The services of a node.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<BTreeMap<&'static str, Slot>>>);

/// The place of one service on the board.
#[derive(Clone, Debug)]
pub struct Station {
    name: &'static str,
    board: Board,
    rests: watch::Receiver<bool>,
}

impl Board {
    /// The place of a service; it is made when it is asked for first.
    pub fn station(&self, name: &'static str) -> Station {
        let rests = self.with(|slots| slots.entry(name).or_insert_with(Slot::new).rests.subscribe());
        Station { name, board: self.clone(), rests }
    }

    /// Lets a service rest, or go on.
    pub fn rest(&self, name: &str, rests: bool) -> Result<(), ActError> {
        self.with(|slots| {
            let slot = slots.get_mut(name).ok_or_else(|| ActError::UnknownService { name: name.to_owned() })?;
            if slot.state == ServiceState::Stopped {
                return Err(ActError::NotNow { why: format!("{name} has stopped: {}", slot.note) });
            }
            // The service itself says once it rests.
            slot.rests.send_replace(rests);
            Ok(())
        })
    }

    /// What a service says about itself.
    pub fn inspect(&self, name: &str) -> Result<Vec<(String, String)>, ActError> {
        self.with(|slots| {
            let slot = slots.get(name).ok_or_else(|| ActError::UnknownService { name: name.to_owned() })?;
            let mut all =
                vec![("state".to_owned(), format!("{:?}", slot.state)), ("note".to_owned(), slot.note.clone())];
            all.extend(slot.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
            Ok(all)
        })
    }

    /// How each does.
    pub fn health(&self) -> Vec<ServiceHealth> {
        self.with(|slots| {
            let each = slots.iter().map(|(name, slot)| ServiceHealth {
                name: (*name).to_owned(),
                state: slot.state,
                note: slot.note.clone(),
            });
            each.collect()
        })
    }

    /// A service that has stopped, with its last words.
    pub fn stopped(&self) -> Option<String> {
        self.with(|slots| {
            let stopped = slots.iter().find(|(_, slot)| slot.state == ServiceState::Stopped);
            stopped.map(|(name, slot)| format!("{name} has stopped: {}", slot.note))
        })
    }

    /// The last words of a service that goes on trying, if it is one.
    pub fn trying(&self, name: &str) -> Option<String> {
        self.with(|slots| {
            let slot = slots.get(name).filter(|slot| slot.state == ServiceState::Degraded)?;
            Some(slot.note.clone())
        })
    }

    fn with<T>(&self, with: impl FnOnce(&mut BTreeMap<&'static str, Slot>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Station {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Says how it does.
    pub fn say(&self, state: ServiceState, note: impl Into<String>) {
        let note = note.into();
        self.board.with(|slots| {
            if let Some(slot) = slots.get_mut(self.name) {
                (slot.state, slot.note) = (state, note);
            }
        });
    }

    /// Says that it works, unless it has said something else since these last words.
    pub fn recover_from(&self, last_words: &str, note: &str) {
        self.board.with(|slots| {
            if let Some(slot) = slots.get_mut(self.name).filter(|slot| slot.note == last_words) {
                (slot.state, slot.note) = (ServiceState::Running, note.to_owned());
            }
        });
    }

    /// Keeps a value for whoever inspects it.
    pub fn show(&self, name: &'static str, value: impl ToString) {
        let value = value.to_string();
        self.board.with(|slots| {
            if let Some(slot) = slots.get_mut(self.name) {
                slot.values.insert(name, value);
            }
        });
    }

    /// Whether it was told to rest.
    pub fn rests(&self) -> bool {
        *self.rests.borrow()
    }

    /// Waits while it is told to rest.
    pub async fn go(&mut self) {
        if !self.rests() {
            return;
        }
        self.say(ServiceState::Paused, "told to rest");
        // If nobody can tell it to go on any more, the node is stopping, and what it waits for next says so.
        while *self.rests.borrow_and_update() {
            if self.rests.changed().await.is_err() {
                return;
            }
        }
        self.say(ServiceState::Running, "told to go on");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use commonware_runtime::{Clock, Runner, Spawner, Supervisor, deterministic};
    use std::time::Duration;

    #[test]
    fn a_service_rests_until_it_is_told_to_go_on() {
        deterministic::Runner::seeded(1).start(|context| async move {
            let board = Board::default();
            let mut station = board.station("worker");
            assert!(board.rest("nobody", true).is_err());
            board.rest("worker", true).unwrap();
            let service = context.child("worker").spawn(move |_| async move {
                station.go().await;
                station.say(ServiceState::Running, "done");
            });
            context.sleep(Duration::from_millis(10)).await;
            assert_eq!(board.health()[0].state, ServiceState::Paused);
            board.rest("worker", false).unwrap();
            service.await.unwrap();
            assert_eq!(board.health()[0].note, "done");
            assert_eq!(board.inspect("worker").unwrap()[1].1, "done");
        });
    }
}
