//! The line that takes work at present. While the order of everything is made anew there is none.

use std::sync::{Arc, PoisonError, RwLock};

use ashlar_api::door::{Refusal, Unavailable};
use tokio::sync::mpsc;

use crate::admit::{Directory, Submission};
use crate::build::Wish;
use crate::engine::Work;
use crate::keep::Executed;

/// What those outside of the line say while there is none.
const NONE: &str = "there is no line at present: the node starts, stops, or orders anew after L1 took something back";

/// The ways into a line.
#[derive(Clone)]
pub(crate) struct Ways {
    pub submissions: mpsc::Sender<Submission>,
    pub engine: mpsc::Sender<Work>,
    pub wishes: mpsc::Sender<Wish>,
    pub keeper: mpsc::Sender<Executed>,
    pub directory: Directory,
}

/// The present line, shared by everyone who hands something to it.
#[derive(Clone, Default)]
pub(crate) struct Present(Arc<RwLock<Option<Ways>>>);

impl Present {
    /// Another line from now on, or none. Nobody keeps a way into the old one.
    pub fn set(&self, ways: Option<Ways>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ways;
    }

    /// Hands work to the engine.
    pub async fn work(&self, work: Work) -> Result<(), Unavailable> {
        let engine = self.with(|ways| ways.engine.clone()).ok_or_else(unavailable)?;
        engine.send(work).await.map_err(|_| unavailable())
    }

    /// Hands the producer a wish.
    pub async fn wish(&self, wish: Wish) -> Result<(), Unavailable> {
        let wishes = self.with(|ways| ways.wishes.clone()).ok_or_else(unavailable)?;
        wishes.send(wish).await.map_err(|_| unavailable())
    }

    /// Looks at the ways in, if there is a line.
    pub fn with<T>(&self, look: impl FnOnce(&Ways) -> T) -> Option<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(look)
    }
}

/// There is no line.
pub(crate) fn unavailable() -> Unavailable {
    Unavailable { why: NONE.to_owned() }
}

/// There is no line for a message.
pub(crate) fn closed() -> Refusal {
    Refusal::Closed { why: NONE.to_owned() }
}
