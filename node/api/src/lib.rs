//! The public door: schema, servers, typed client.
//!
//! 1. The servers know an exchange only through [`door::Door`]. Whatever stands behind it is never waited for while
//!    it executes: it hands its lines to a bounded channel, and a reader that is too slow begins anew.
//! 2. What can be read often (books, trades, candles, open orders) is kept here, from the lines; what only the state
//!    knows (funds, keys, batches, proofs) is asked for.
//! 3. Every collection, message and wait has its bound in [`limits`].
#![forbid(unsafe_code)]

pub mod limits;

pub mod door;

pub mod model;
pub mod schema;

pub mod http;
pub mod live;
pub mod socket;

pub mod admin;
pub mod gateway;

pub mod client;
