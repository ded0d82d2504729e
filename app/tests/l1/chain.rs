//! An L1 that mines by itself and whose clock can be moved: ethrex in this process, or anvil in another.

use std::time::Duration;

use alloy::providers::{Provider, ProviderBuilder};
use ashlar_devnet::{Config, Devnet, Mining, Tags};
use serde_json::json;

use crate::anvil::Anvil;

/// What both call themselves.
pub const CHAIN_ID: u64 = 31_337;
/// Time between blocks.
pub const BLOCK: Duration = Duration::from_millis(100);

pub enum Chain {
    Ethrex(Devnet),
    Anvil(Anvil),
}

impl Chain {
    pub fn ethrex() -> Chain {
        Chain::ethrex_with(BLOCK, Tags { safe_behind: 1, finalized_behind: 2 })
    }

    /// One whose clock goes as fast as this machine's. Each block takes a second of it at least, so with more blocks it would go faster.
    pub fn ethrex_in_step() -> Chain {
        Chain::ethrex_with(Duration::from_secs(1), Tags { safe_behind: 1, finalized_behind: 2 })
    }

    /// With so much time between blocks and tags so far behind the head.
    pub fn ethrex_with(block: Duration, tags: Tags) -> Chain {
        let mining = Mining::Every { busy: block, idle: block };
        let config = Config { chain_id: CHAIN_ID, mining, tags, ..Config::default() };
        Chain::Ethrex(Devnet::start(&config).expect("starts"))
    }

    pub fn url(&self) -> String {
        match self {
            Chain::Ethrex(devnet) => devnet.url(),
            Chain::Anvil(anvil) => anvil.url(),
        }
    }

    /// Moves the clock ahead and waits for a block of the new time.
    pub async fn hurry(&self, seconds: u64) {
        let before = self.time().await;
        match self {
            Chain::Ethrex(devnet) => devnet.increase_time(seconds).await.expect("moves"),
            Chain::Anvil(_) => {
                let l1 = ProviderBuilder::new().connect_http(self.url().parse().expect("a URL"));
                let moved = l1.raw_request::<_, serde_json::Value>("evm_increaseTime".into(), json!([seconds])).await;
                moved.expect("moves");
            }
        }
        while self.time().await < before + seconds {
            tokio::time::sleep(BLOCK).await;
        }
    }

    /// The time of the head, in seconds.
    pub async fn time(&self) -> u64 {
        let l1 = ProviderBuilder::new().connect_http(self.url().parse().expect("a URL"));
        let head = l1.get_block(alloy::eips::BlockId::latest()).await.expect("answers").expect("a head");
        head.header.timestamp
    }
}
