//! What the monitor knows, and how news and keys change it.

mod keys;
mod seen;
mod take;

pub use keys::{Effect, Key};
pub use seen::{AccountSeen, Listed, Log, Looked, LookedAt, Seen, Stream, Subject};
pub use take::{Broken, Link, News};

/// One of the pictures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Screen {
    /// The exchange at a glance.
    Overview,
    /// One market's ladder and trades.
    Books,
    /// The pipeline of batches.
    Batches,
    /// What vouches for them.
    Proofs,
    /// What comes from L1 and what goes there.
    Messages,
    /// One account.
    Accounts,
    /// Services and metrics.
    Health,
    /// What waits: at the door, in batches, on its way to L1.
    Mempool,
    /// The last lines of the node's log.
    Logs,
    /// The keys.
    Help,
}

impl Screen {
    /// All, in the order of their keys.
    pub const ALL: [Screen; 10] = [
        Screen::Overview,
        Screen::Books,
        Screen::Batches,
        Screen::Proofs,
        Screen::Messages,
        Screen::Accounts,
        Screen::Health,
        Screen::Mempool,
        Screen::Logs,
        Screen::Help,
    ];

    /// Its place among all.
    pub fn place(self) -> usize {
        Screen::ALL.iter().position(|screen| *screen == self).unwrap_or(0)
    }

    /// Its name where there is little room.
    pub const fn short_name(self) -> &'static str {
        match self {
            Screen::Accounts => "Acct",
            Screen::Mempool => "Pool",
            other => other.name(),
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Screen::Overview => "Overview",
            Screen::Books => "Books",
            Screen::Batches => "Batches",
            Screen::Proofs => "Proofs",
            Screen::Messages => "L1",
            Screen::Accounts => "Accounts",
            Screen::Health => "Health",
            Screen::Mempool => "Mempool",
            Screen::Logs => "Logs",
            Screen::Help => "Help",
        }
    }
}

/// Where a person is in a list, and which of its rows are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// The selected row.
    pub row: usize,
    /// Only rows with these letters are shown.
    pub filter: String,
}

/// What letters that are typed are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Typing {
    /// The filter of the screen.
    Filter,
    /// Whose account to show.
    Account,
}

/// Everything that a picture depends on.
#[derive(Clone, Debug)]
pub struct Model {
    /// The node, as the person named it.
    pub node: String,
    /// What is shown.
    pub screen: Screen,
    /// Whether the node answers.
    pub link: Link,
    /// What letters are for, with those typed so far.
    pub typing: Option<(Typing, String)>,
    /// Which market's book, by its place in the list.
    pub market: usize,
    /// Whose account.
    pub subject: Option<Subject>,
    /// A word to the person about what was typed.
    pub notice: Option<String>,
    /// The time of the last news or tick.
    pub now_ms: u64,
    places: [Place; Screen::ALL.len()],
    live: Seen,
    frozen: Option<Box<Seen>>,
}

impl Model {
    /// Of a node that has not answered yet.
    pub fn new(node: &str) -> Model {
        Model {
            node: node.to_owned(),
            screen: Screen::Overview,
            link: Link::Connecting,
            typing: None,
            market: 0,
            subject: None,
            notice: None,
            now_ms: 0,
            places: Default::default(),
            live: Seen::default(),
            frozen: None,
        }
    }

    /// What is shown: what was seen last, or when the picture was stopped.
    pub fn seen(&self) -> &Seen {
        self.frozen.as_deref().unwrap_or(&self.live)
    }

    /// Whether the picture was stopped.
    pub fn is_paused(&self) -> bool {
        self.frozen.is_some()
    }

    /// Where the person is in the list of the screen.
    pub fn place(&self) -> &Place {
        &self.places[self.screen.place()]
    }

    fn place_mut(&mut self) -> &mut Place {
        &mut self.places[self.screen.place()]
    }

    /// The number of the market whose book is wanted.
    pub fn market_wanted(&self) -> Option<u16> {
        let markets = &self.live.listed.as_ref()?.markets;
        markets.get(self.market).map(|market| market.market)
    }
}
