//! The services behind trading: each an actor of its own, with a name, a state, and a switch.

mod audit;
mod board;
mod consistency;
mod settle;
mod stored;
mod supervise;
mod watcher;
mod watchman;

pub use board::{Board, Station};
pub use stored::look_at_stored;
pub use supervise::{Service, Turn, supervise};

pub(crate) use audit::keep_audit;
pub(crate) use consistency::{Consistency, Seen as Checks};
pub(crate) use settle::{Committer, Coordinator, Handed, Hands, Publisher, Sender};
pub(crate) use watcher::{Anew, Mark, TakenBack, Watcher};
pub(crate) use watchman::Watchman;
