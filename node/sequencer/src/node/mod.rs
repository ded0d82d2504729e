//! A whole node: everything wired, started from what is on disk, and stopped.

mod begin;
mod handle;
mod line;
mod present;
mod restart;
mod start;
mod unwind;

pub use handle::{Ended, FollowError, NodeHandle};
pub(crate) use present::{Present, closed, unavailable};

use commonware_runtime::{Clock, Spawner, Storage};

use crate::config::Config;
use crate::error::NodeError;
use crate::outside::Parts;

/// A node.
#[derive(Clone, Copy, Debug)]
pub struct Node;

impl Node {
    /// Starts a node from what is on its disk. When this is done, everything that was ever acknowledged has been executed again, and
    /// messages are let in.
    pub async fn start<E>(context: E, config: Config, parts: Parts) -> Result<NodeHandle, NodeError>
    where
        E: Spawner + Clock + Storage,
    {
        start::start(context, config, parts).await
    }
}
