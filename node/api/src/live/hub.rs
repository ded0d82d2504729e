//! Who listens to what.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ashlar_types::{MarketId, Sequence};
use tokio::sync::{Notify, mpsc};

use crate::limits::LISTENER_QUEUE_MAX;
use crate::model::Depth;
use crate::schema::{Channel, ServerSays};

/// A book as it was last shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The number of this state.
    pub update: u64,
    /// The number of the next command when this was so.
    pub sequence: Sequence,
    /// The levels.
    pub depth: Arc<Depth>,
}

/// One connection's way to hear.
#[derive(Clone, Debug)]
pub struct Listener {
    id: u64,
    queue: mpsc::Sender<Arc<str>>,
    too_slow: Arc<Notify>,
}

impl Listener {
    /// A listener, and where its connection reads what it is told.
    pub fn new() -> (Listener, mpsc::Receiver<Arc<str>>) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (queue, told) = mpsc::channel(LISTENER_QUEUE_MAX);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        (Listener { id, queue, too_slow: Arc::new(Notify::new()) }, told)
    }

    /// Tells it, unless its queue is full: then it is let go, and `false` is returned.
    pub fn tell(&self, text: &Arc<str>) -> bool {
        let told = self.queue.try_send(Arc::clone(text)).is_ok();
        if !told {
            self.too_slow.notify_one();
        }
        told
    }

    /// Tells it once there is room.
    pub async fn tell_in_turn(&self, text: Arc<str>) {
        // A connection that is gone needs to be told nothing.
        let _ = self.queue.send(text).await;
    }

    /// Returns when it was let go.
    pub async fn let_go(&self) {
        self.too_slow.notified().await;
    }
}

/// Everybody who listens, and the books as they were shown.
#[derive(Debug, Default)]
pub struct Hub {
    pub(super) books: BTreeMap<MarketId, Shown>,
    pub(super) listeners: HashMap<Channel, Vec<Listener>>,
}

impl Hub {
    /// A book as it was last shown.
    pub fn shown(&self, market: MarketId) -> Option<&Shown> {
        self.books.get(&market)
    }

    /// Whether anyone listens.
    pub fn is_heard(&self, channel: &Channel) -> bool {
        self.listeners.contains_key(channel)
    }

    /// The accounts that anyone listens to.
    pub fn accounts(&self) -> impl Iterator<Item = u32> {
        self.listeners.keys().filter_map(|channel| match channel {
            Channel::Account { account } => Some(*account),
            _ => None,
        })
    }

    /// Adds a listener to a channel; once, however often it asks.
    pub fn join(&mut self, channel: Channel, listener: &Listener) {
        let listeners = self.listeners.entry(channel).or_default();
        if !listeners.iter().any(|other| other.id == listener.id) {
            listeners.push(listener.clone());
        }
    }

    /// Takes a listener out of a channel; `true` if nobody is left there.
    pub fn leave(&mut self, channel: &Channel, listener: &Listener) -> bool {
        let Some(listeners) = self.listeners.get_mut(channel) else { return true };
        listeners.retain(|other| other.id != listener.id);
        let empty = listeners.is_empty();
        if empty {
            self.listeners.remove(channel);
        }
        empty
    }

    /// Tells everybody who listens to a channel.
    pub fn tell(&mut self, channel: &Channel, says: &ServerSays) {
        let Some(listeners) = self.listeners.get_mut(channel) else { return };
        let text = to_text(says);
        listeners.retain(|listener| listener.tell(&text));
        if listeners.is_empty() {
            self.listeners.remove(channel);
        }
    }
}

/// As it is sent.
pub fn to_text(says: &ServerSays) -> Arc<str> {
    // Our own words have no maps with keys that are no strings, which is all that could fail here.
    serde_json::to_string(says).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_does_not_listen_is_let_go_and_the_others_are_told() {
        let mut hub = Hub::default();
        let channel = Channel::Trades { market: 0 };
        let (slow, slow_told) = Listener::new();
        let (quick, mut quick_told) = Listener::new();
        hub.join(channel, &slow);
        hub.join(channel, &quick);
        hub.join(channel, &quick);
        let mut heard = 0;
        for _ in 0..2 * LISTENER_QUEUE_MAX {
            hub.tell(&channel, &ServerSays::Restarted);
            while quick_told.try_recv().is_ok() {
                heard += 1;
            }
        }
        assert_eq!(heard, 2 * LISTENER_QUEUE_MAX);
        assert_eq!(slow_told.len(), LISTENER_QUEUE_MAX, "a queue never holds more");
        assert_eq!(hub.listeners.get(&channel).map(Vec::len), Some(1));
        assert!(hub.leave(&channel, &quick));
        assert!(!hub.is_heard(&channel));
    }
}
