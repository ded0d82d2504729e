//! What each call costs.

use alloy::primitives::{Address, B256, Bytes, U256};
use anyhow::{Context as _, Result};
use ashlar_batch::merkle::Tree;
use ashlar_batch::{BatchHeader, Withdrawal, WithdrawalProof, withdrawals_tree};
use ashlar_contracts::abi::IBridge;
use ashlar_devnet::Mining;
use ashlar_settlement::contract::{DataRef, ProofType, commit_input, finalize_input, prove_input};
use ashlar_settlement::l1::{BlockAt, Receipt};
use ashlar_settlement::signer::Signer as _;
use ashlar_settlement::user::{self, UserCall};
use ashlar_types::{AccountId, Address as Owner, AssetId, BatchNumber, Deployment, Time};
use commonware_runtime::tokio as runtime;

use super::chain::{Headers, attest, custody, values, vouch, with_inbox, with_withdrawals};
use super::content::{real_batch, withdrawals};
use super::leaving::leaving;
use super::stage::{ATTESTED, DEVELOPMENT, Stage};
use crate::figures::Figure;
use crate::rebuild::ask;

/// Batches under one proof and one finalization.
const BATCHES: u64 = 10;
/// Bytes of a batch that fit into a call beside its header.
const CALLDATA_CONTENT_MAX: usize = ashlar_settlement::limits::CALLDATA_MAX - 1_024;
/// What every transaction costs.
const BASE_GAS: f64 = 21_000.0;
const WHY: &str = "21,000 gas is what any transaction costs before it does anything";
const NOTHING: U256 = U256::ZERO;

/// Every call, measured on a chain that mines at once.
pub async fn measure(context: &runtime::Context, commands: u32) -> Result<Vec<Figure>> {
    let stage = Stage::build(context, "calls", Mining::OnTransaction).await?;
    let settlement = Owner(stage.addresses.settlement.0.0);
    let exchange = Deployment { chain_id: stage.chain_id, settlement }.exchange_id();
    let headers = Headers::new(exchange, stage.genesis_ms)?;
    let settled = headers.tip;
    let mut bench = Bench { stage, headers, settled, figures: Vec::new() };
    bench.inbox().await?;
    bench.pipeline(commands).await?;
    leaving(&mut bench).await?;
    Ok(bench.figures)
}

/// A chain on which calls are measured, one after the other.
pub struct Bench {
    /// The L1.
    pub stage: Stage,
    /// Its batches.
    pub headers: Headers,
    /// The last header that is proven and final.
    settled: BatchHeader,
    figures: Vec<Figure>,
}

impl Bench {
    /// Keeps what a call cost.
    pub fn note(&mut self, call: &str, receipt: &Receipt) -> u64 {
        let figure = Figure::new("l1", "gas", receipt.gas_used as f64, "gas").limit(BASE_GAS, WHY);
        self.figures.push(figure.at("call", call));
        receipt.gas_used
    }

    /// Sends what a user would.
    pub async fn user(&mut self, call: UserCall) -> Result<Receipt> {
        self.stage.send(Some(call.to), call.value, call.input, Bytes::new()).await
    }

    /// Money and force in. The first of each also pays for storage that later ones find.
    async fn inbox(&mut self) -> Result<()> {
        let (bridge, owner) = (self.stage.addresses.bridge, self.stage.key.address());
        let (ether, token) = (AssetId::FIRST, AssetId::new(1).context("there is an asset 1")?);
        let most = u64::MAX >> 2;
        let list = |asset, token, scale| IBridge::listAssetCall { asset, token, scaleDigits: scale, totalMax: most };
        self.stage.govern(&list(0, Address::ZERO, 9)).await?;
        let contract = self.stage.token().await?;
        self.stage.govern(&list(1, contract, 0)).await?;
        let wei = U256::from(5_000_000_000_000_000_000_u64);
        for measured in [false, true] {
            let deposited = self.user(user::deposit_ether(bridge, ether, owner, None, wei)).await?;
            let amount = U256::from(1_000_000);
            let tokens = self.user(user::deposit_token(bridge, contract, token, owner, None, amount)).await?;
            let fee = user::forced_fee(&self.stage.l1, bridge).await?;
            let forced = self.user(user::force_withdraw(bridge, account(1)?, ether, 5, fee)).await?;
            if measured {
                self.note("deposit/ether", &deposited);
                self.note("deposit/token", &tokens);
                self.note("force/withdraw", &forced);
            }
        }
        Ok(())
    }

    /// Batches of so many real commands: committed in three ways, proven together in two, made final, one withdrawal claimed.
    async fn pipeline(&mut self, commands: u32) -> Result<()> {
        let bytes = real_batch(commands)?;
        let (consumed, inbox) = self.inbox_now().await?;
        let mut by_custody = None;
        let withdrawals = withdrawals(self.stage.key.address(), 16)?;
        let tree = withdrawals_tree(&withdrawals).context("few withdrawals")?;
        for number in 0..BATCHES {
            let now = self.now().await?;
            let header = self.headers.next(&bytes, commands.into(), |header| {
                (header.first_time, header.last_time) = (now, now);
                with_inbox(header, consumed, inbox);
                if number == 0 {
                    with_withdrawals(header, tree.root(), 16);
                }
            })?;
            let data = custody(&header, &bytes, &self.stage.signers)?;
            let receipt = self.commit(&header, &data).await?;
            by_custody = Some(receipt);
        }
        let by_custody = self.note("commit/custody, 3 of 5", &by_custody.context("there were batches")?);
        let first = self.settled.number.next();
        let (proof_gas, final_gas) = self.settle().await?;
        self.claim(first, &withdrawals, &tree).await?;
        let shared = (proof_gas + final_gas) as f64 / BATCHES as f64;
        self.per_command("custody", by_custody as f64 + shared, commands, &bytes);
        for (name, data) in [
            ("calldata", DataRef::Calldata { content: bytes.clone().into() }),
            ("blobs", DataRef::Blobs { content: bytes.clone().into() }),
        ] {
            if name == "calldata" && bytes.len() > CALLDATA_CONTENT_MAX {
                continue;
            }
            let now = self.now().await?;
            let header = self.headers.next(&bytes, commands.into(), |header| {
                (header.first_time, header.last_time) = (now, now);
            })?;
            let receipt = self.commit(&header, &data).await?;
            self.note(&format!("commit/{name}"), &receipt);
            self.per_command(name, receipt.gas_used as f64 + shared, commands, &bytes);
        }
        Ok(())
    }

    fn per_command(&mut self, data: &'static str, gas: f64, commands: u32, bytes: &[u8]) {
        let each = f64::from(commands);
        let floor = BASE_GAS * (1.0 + 2.0 / BATCHES as f64) / each;
        let why = "21,000 gas for a commit, and a tenth of that for a proof and a finalization of ten batches each";
        let figure = Figure::new("l1", "gas_per_command", gas / each, "gas").limit(floor, why);
        let figure = figure.at("batch", commands).at("data", data).at("batches_a_proof", BATCHES);
        self.figures.push(figure.at("bytes_per_command", bytes.len() as f64 / each));
        if data == "blobs" {
            let blobs = ashlar_settlement::transaction::blobs_needed(bytes.len()) as f64;
            let least = bytes.len() as f64 / each;
            let figure = Figure::new("l1", "blob_gas_per_command", blobs * 131_072.0 / each, "blob gas");
            let figure = figure.limit(least, "a blob costs its own length in blob gas, and is paid for whole");
            self.figures.push(figure.at("batch", commands).at("blobs", blobs));
        }
    }

    fn settlement(&self) -> Address {
        self.stage.addresses.settlement
    }

    /// Commits a batch.
    pub async fn commit(&mut self, header: &BatchHeader, data: &DataRef) -> Result<Receipt> {
        let blobs = match data {
            DataRef::Blobs { content } => content.clone(),
            DataRef::Calldata { .. } | DataRef::Custody { .. } => Bytes::new(),
        };
        self.stage.send(Some(self.settlement()), NOTHING, commit_input(header, data), blobs).await
    }

    /// One proof of each kind over everything that is not proven, and its finalization: what the attested proof and that cost.
    pub async fn settle(&mut self) -> Result<(u64, u64)> {
        let (before, last) = (self.settled, self.headers.tip);
        let values = values(&before, &last);
        let count = u32::try_from(values.count).context("few batches")?;
        let first = before.number.next();
        let vouched = prove_input(ProofType(DEVELOPMENT), first, count, vouch(&values));
        let receipt = self.stage.send(Some(self.settlement()), NOTHING, vouched, Bytes::new()).await?;
        let measured = u64::from(count) == BATCHES;
        if measured {
            self.note("prove/development", &receipt);
        }
        let attested = prove_input(ProofType(ATTESTED), first, count, attest(&values, &self.stage.signers)?);
        let proof = self.stage.send(Some(self.settlement()), NOTHING, attested, Bytes::new()).await?;
        let finalized = self.stage.send(Some(self.settlement()), NOTHING, finalize_input(&last), Bytes::new()).await?;
        self.settled = last;
        if measured {
            self.note("prove/attested, 3 of 5", &proof);
            self.note("finalize", &finalized);
        }
        Ok((proof.gas_used, finalized.gas_used))
    }

    async fn claim(&mut self, batch: BatchNumber, withdrawals: &[Withdrawal], tree: &Tree) -> Result<()> {
        let (bridge, to) = (self.stage.addresses.bridge, self.stage.key.address());
        for (place, withdrawal) in (0..2).zip(withdrawals) {
            let proof = WithdrawalProof::of(tree, place).context("it has a path")?;
            let receipt = self.user(user::claim(bridge, batch, withdrawal, &proof, to)).await?;
            if place == 1 {
                self.note("claim/ether, 16 in the batch", &receipt);
            }
        }
        Ok(())
    }

    /// How many entries the inbox has, and their hash.
    async fn inbox_now(&self) -> Result<(u64, B256)> {
        let (l1, bridge, at) = (&self.stage.l1, self.stage.addresses.bridge, BlockAt::Latest);
        let count = ask(l1, at, bridge, &IBridge::inboxCountCall {}).await?;
        Ok((count, ask(l1, at, bridge, &IBridge::inboxHashCall { count }).await?))
    }

    /// The head's time, as a batch has it.
    pub async fn now(&self) -> Result<Time> {
        Time::new(self.stage.now_ms().await?).context("L1's clock is beyond all time")
    }
}

/// An account of this number.
pub fn account(number: u32) -> Result<AccountId> {
    AccountId::new(number).context("there is such an account")
}
