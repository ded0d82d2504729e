//! The one place where inputs get their order, their time and their effect.
//!
//! 1. Whatever has a place in the order of everything was executed here, by one loop, in that order.
//! 2. Time never goes back, and every input of a block has the block's (SPEC Q-10).
//! 3. A message that the exchange would refuse whole takes no place: its sender is told why (SPEC Q-11).
//! 4. What is executed is handed on before it is durable; nothing of it is told to anyone here.

mod draft;
mod hot;

pub use draft::InboxItem;
pub(crate) use draft::{Draft, Followed, Given, Lines, Work};
pub(crate) use hot::{Engine, StopAt};
