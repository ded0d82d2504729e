//! A real L1 over JSON-RPC: any endpoint that speaks Ethereum, and several of them as one.

mod endpoint;
mod errors;
mod pool;

pub use endpoint::Endpoint;
pub use pool::{Pool, PoolConfig};

/// Several HTTP endpoints with failover and quorum reads.
pub type RpcL1 = Pool<Endpoint>;
