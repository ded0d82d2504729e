//! The stream: market data, private news and order entry over one WebSocket.
//!
//! 1. Whatever a client sends is answered, or ends the connection with a word.
//! 2. A client that takes what it is told too slowly, or says nothing for too long, is let go.
//! 3. When a connection ends, for whatever reason, its last will is handed in.

mod session;

pub use session::{LastWill, upgrade};
