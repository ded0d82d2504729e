//! The development account that gives others something to trade with.

use std::sync::Arc;
use std::time::Duration;

use alloy::network::{EthereumWallet, TransactionBuilder as _};
use alloy::primitives::{Address, B256, U256};
use alloy::providers::{DynProvider, Provider as _, ProviderBuilder};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolConstructor as _;
use anyhow::{Context as _, Result, bail, ensure};
use ashlar_batch::NO_ACCOUNT;
use ashlar_contracts::Artifact;
use ashlar_contracts::abi::{DevelopmentToken, IBridge};
use ashlar_devnet::DEVELOPMENT_ACCOUNTS;
use ashlar_types::Address as Owner;
use tokio::sync::Mutex;

use super::venue::{Coin, Listed};

/// The account; a development key.
const BANK: usize = 1;

/// How often a receipt is looked for, and how long it is waited in between.
const RECEIPT_LOOKS: u32 = 600;
const RECEIPT_PAUSE: Duration = Duration::from_millis(100);

/// Deposits for others, one transaction after the other, so that nonces do not collide.
#[derive(Clone)]
pub struct Bank {
    l1: DynProvider,
    bridge: Address,
    address: Address,
    turn: Arc<Mutex<()>>,
}

impl Bank {
    /// With the bank's development key.
    pub fn new(url: &str, bridge: Address) -> Result<Bank> {
        let signer = PrivateKeySigner::from_slice(&DEVELOPMENT_ACCOUNTS[BANK].development_key)?;
        let address = signer.address();
        let l1 = ProviderBuilder::new()
            .disable_recommended_fillers()
            .with_simple_nonce_management()
            .with_gas_estimation()
            .fetch_chain_id()
            .wallet(EthereumWallet::from(signer))
            .connect_http(url.parse()?)
            .erased();
        Ok(Bank { l1, bridge, address, turn: Arc::default() })
    }

    /// The bank's own token of this number, made if it is not there yet. They are the bank's first transactions, so their addresses are
    /// known beforehand.
    pub async fn token(&self, number: u64, symbol: &str, decimals: u8) -> Result<Address> {
        let _turn = self.turn.lock().await;
        let address = self.address.create(number);
        if self.l1.get_code_at(address).await?.is_empty() {
            let call =
                DevelopmentToken::constructorCall { name_: symbol.into(), symbol_: symbol.into(), decimals_: decimals };
            let code = [Artifact::DEVELOPMENT_TOKEN.creation_code()?.as_ref(), &call.abi_encode()].concat();
            let request = TransactionRequest::default().with_nonce(number).with_deploy_code(code);
            let sent = *self.l1.send_transaction(request).await?.tx_hash();
            let receipt = self.mined(sent).await?;
            ensure!(receipt.contract_address == Some(address), "the token {symbol} is not where it was to be");
        }
        Ok(address)
    }

    /// Makes the tokens that it gives away, and lets the bridge take them.
    pub async fn fill(&self, tokens: &[Address]) -> Result<()> {
        let _turn = self.turn.lock().await;
        for token in tokens {
            let token = DevelopmentToken::new(*token, &self.l1);
            if token.allowance(self.address, self.bridge).call().await? > U256::ZERO {
                continue;
            }
            let made = *token.mint(self.address, U256::MAX >> 1).send().await?.tx_hash();
            self.mined(made).await.context("making tokens")?;
            let allowed = *token.approve(self.bridge, U256::MAX).send().await?.tx_hash();
            self.mined(allowed).await.context("letting the bridge take tokens")?;
        }
        Ok(())
    }

    /// Deposits for an owner so much of each coin as the faucet gives; how many transactions that were.
    pub async fn give(&self, owner: Owner, listed: &Listed, times: u32) -> Result<usize> {
        let _turn = self.turn.lock().await;
        let bridge = IBridge::new(self.bridge, &self.l1);
        let mut sent = Vec::new();
        for Coin { asset, token, faucet, .. } in &listed.coins {
            let amount = faucet * U256::from(times);
            let value = if token.is_zero() { amount } else { U256::ZERO };
            let call = bridge.deposit(asset.get(), Address::from(owner.0), NO_ACCOUNT, amount).value(value);
            let pending =
                call.gas(300_000).send().await.with_context(|| format!("depositing asset {}", asset.get()))?;
            sent.push(*pending.tx_hash());
        }
        let transactions = sent.len();
        for deposit in sent {
            self.mined(deposit).await.context("depositing")?;
        }
        Ok(transactions)
    }

    /// Waits until a transaction is in a block. Asked for by its receipt: a chain that makes no further block has no news to wait for.
    async fn mined(&self, transaction: B256) -> Result<TransactionReceipt> {
        for _ in 0..RECEIPT_LOOKS {
            if let Some(receipt) = self.l1.get_transaction_receipt(transaction).await? {
                ensure!(receipt.status(), "L1 refused transaction {transaction}");
                return Ok(receipt);
            }
            tokio::time::sleep(RECEIPT_PAUSE).await;
        }
        bail!("transaction {transaction} was not mined in {} s", (RECEIPT_PAUSE * RECEIPT_LOOKS).as_secs())
    }
}
