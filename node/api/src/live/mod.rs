//! Following the exchange and telling listeners what changed.
//!
//! 1. One task reads the feed; nothing that a client does keeps it from reading.
//! 2. What changes faster than anyone can look is told together, at most once in [`crate::limits::FLUSH_MS`].
//! 3. A listener has a queue of fixed size. Whoever lets it fill is let go, with a word; the others notice nothing.

mod changes;
mod follow;
mod hub;
mod render;

pub use follow::Follower;
pub use hub::{Hub, Listener, Shown, to_text};
pub use render::{book_view, candle_view, history_line, ticker_view, trade_view};
