//! A wallet with a connection to a development chain.

#![allow(dead_code, reason = "each test file uses its own part")]

use alloy::network::{EthereumWallet, TransactionBuilder};
use alloy::primitives::{Address, B256, U256};
use alloy::providers::fillers::BlobGasFiller;
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use ashlar_devnet::{Account, Config, DEVELOPMENT_ACCOUNTS, Devnet};
use serde_json::Value;

pub const BOB: Address = Address::repeat_byte(0xb0);

pub fn devnet(config: Config) -> Devnet {
    Devnet::start(&config).expect("starts")
}

/// A provider that signs as a development account and asks for the nonce each time, as a chain that reorganises demands.
pub fn wallet(devnet: &Devnet, account: Account) -> impl Provider + Clone + use<> {
    let signer = PrivateKeySigner::from_slice(&account.development_key).expect("a key");
    assert_eq!(signer.address().0.0, account.address, "the key is the address's");
    let provider = ProviderBuilder::new()
        .disable_recommended_fillers()
        .with_simple_nonce_management()
        .with_gas_estimation()
        .filler(BlobGasFiller::default())
        .fetch_chain_id()
        .wallet(EthereumWallet::from(signer))
        .connect_http(devnet.url().parse().expect("a URL"));
    provider.client().set_poll_interval(std::time::Duration::from_millis(10));
    provider
}

pub fn alice(devnet: &Devnet) -> impl Provider + Clone + use<> {
    wallet(devnet, DEVELOPMENT_ACCOUNTS[0])
}

/// Sends so much to Bob and returns the hash, without waiting for a block.
pub async fn pay(from: &impl Provider, wei: u64) -> B256 {
    let payment = TransactionRequest::default().with_to(BOB).with_value(U256::from(wei));
    *from.send_transaction(payment).await.expect("accepted").tx_hash()
}

pub async fn raw(from: &impl Provider, method: &'static str, params: Value) -> Result<Value, String> {
    from.raw_request::<_, Value>(method.into(), params).await.map_err(|error| error.to_string())
}
