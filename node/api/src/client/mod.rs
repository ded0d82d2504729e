//! The typed client: signing, REST, the stream and the gateway.
//!
//! 1. It holds the key and signs; a node is never trusted with one.
//! 2. It speaks plain HTTP and TCP. Where the way to a node is not trusted, a tunnel or proxy ends TLS.

mod book;
mod error;
mod gateway;
mod rest;
mod stream;
mod trader;

pub use book::{BookMirror, OutOfStep};
pub use error::ClientError;
pub use gateway::GatewayClient;
pub use rest::RestClient;
pub use stream::StreamClient;
pub use trader::Trader;
