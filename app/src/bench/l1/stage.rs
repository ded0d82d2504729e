//! An L1 with the contracts on it, and one account that plays everybody.

use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::{SolCall, SolConstructor as _};
use anyhow::{Context as _, Result, ensure};
use ashlar_contracts::abi::{DevelopmentToken, IGovernance};
use ashlar_contracts::{Artifact, Profile, ProgramTerms, Terms, VerifierTerms};
use ashlar_devnet::{Config, DEVELOPMENT_ACCOUNTS, Devnet, Mining, Tags};
use ashlar_settlement::contract::Addresses;
use ashlar_settlement::courier::{Courier, CourierConfig};
use ashlar_settlement::deploy::{deploy, deploy_config};
use ashlar_settlement::fees::Urgency;
use ashlar_settlement::l1::{BlockAt, L1 as _, Receipt};
use ashlar_settlement::outbox::{GasLimit, Intent, IntentId};
use ashlar_settlement::rpc::{Endpoint, PoolConfig, RpcL1};
use ashlar_settlement::signer::{LocalKey, Signer as _};
use commonware_runtime::{Supervisor as _, tokio as runtime};

use super::chain::{STATE_ROOT, Signers};
use crate::development::development_key;

const CHAIN_ID: u64 = 9_002;
/// Proof types.
pub const DEVELOPMENT: u8 = 0;
pub const ATTESTED: u8 = 1;
/// Seconds until a missed entry freezes, and until the root is fixed.
pub const DEADLINE_S: u32 = 3_600;
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Gas for calls that are not tried beforehand.
const GAS: u64 = 15_000_000;

/// The stage.
pub struct Stage {
    pub devnet: Devnet,
    pub l1: RpcL1,
    pub context: runtime::Context,
    pub key: LocalKey,
    pub addresses: Addresses,
    pub signers: Signers,
    pub chain_id: u64,
    /// When the exchange began, in milliseconds.
    pub genesis_ms: u64,
    sent: u64,
}

impl Stage {
    /// Starts an L1 that mines this way, and deploys.
    pub async fn build(context: &runtime::Context, name: &'static str, mining: Mining) -> Result<Stage> {
        let tags = Tags { safe_behind: 1, finalized_behind: 2 };
        // Deploying waits for blocks, so they come at once; a slow chain is made slow afterwards by its miner alone.
        let config = Config { chain_id: CHAIN_ID, mining, tags, ..Config::default() };
        let devnet = Devnet::start(&config).context("starting the embedded L1")?;
        let endpoint = Endpoint::new(&devnet.url(), TIMEOUT)?;
        let l1 = RpcL1::new(vec![endpoint], PoolConfig { chain_id: CHAIN_ID, quorum: 1 });
        let secret = DEVELOPMENT_ACCOUNTS.first().context("there are development accounts")?.development_key;
        let key = LocalKey::from_hex(&alloy::hex::encode(secret), "the first development account")?;
        let signers = Signers::new(5, 3)?;
        devnet.mine().await?;
        let genesis_ms = l1.block(BlockAt::Latest).await?.context("L1 has no blocks")?.time.saturating_mul(1_000);
        let terms = terms(key.address(), &signers, genesis_ms);
        let mut context = context.child(name);
        let config = CourierConfig { poll_every: Duration::from_millis(10), ..deploy_config(CHAIN_ID) };
        let deployed = deploy(&mut context, &l1, key.clone(), terms, &config).await?;
        let addresses = deployed.addresses;
        Ok(Stage { devnet, l1, context, key, addresses, signers, chain_id: CHAIN_ID, genesis_ms, sent: 0 })
    }

    /// Sends and waits for the block; it must have had its effect.
    pub async fn send(&mut self, to: Option<Address>, value: U256, input: Bytes, blobs: Bytes) -> Result<Receipt> {
        self.sent += 1;
        let intent = Intent {
            id: IntentId(keccak256(self.sent.to_be_bytes())),
            label: format!("transaction {}", self.sent),
            to,
            value,
            input,
            blob_content: blobs,
            gas: GasLimit::Fixed(GAS),
            urgency: Urgency::NextBlock,
        };
        let config = CourierConfig {
            poll_every: Duration::from_millis(10),
            step_timeout: Duration::from_secs(30),
            // Each transaction has a record of its own: nothing here is to survive the run.
            ..CourierConfig::new(CHAIN_ID, &format!("bench-{}", self.sent))
        };
        let mut courier = Courier::open(&self.context.child("send"), &self.l1, self.key.clone(), config).await?;
        Ok(courier.carry(&mut self.context, intent).await?)
    }

    /// A call of a contract.
    pub async fn call<C: SolCall>(&mut self, to: Address, value: U256, call: &C) -> Result<Receipt> {
        self.send(Some(to), value, call.abi_encode().into(), Bytes::new()).await
    }

    /// A call of the bridge by governance.
    pub async fn govern<C: SolCall>(&mut self, call: &C) -> Result<()> {
        let (target, value, salt) = (self.addresses.bridge, U256::ZERO, B256::ZERO);
        let data = Bytes::from(call.abi_encode());
        let governance = self.addresses.governance;
        self.call(governance, value, &IGovernance::scheduleCall { target, value, data: data.clone(), salt }).await?;
        self.call(governance, value, &IGovernance::executeCall { target, value, data, salt }).await.map(drop)
    }

    /// A token of which the account has a million, and which the bridge may take.
    pub async fn token(&mut self) -> Result<Address> {
        let call = DevelopmentToken::constructorCall { name_: "USDX".into(), symbol_: "USDX".into(), decimals_: 6 };
        let code = [Artifact::DEVELOPMENT_TOKEN.creation_code()?.as_ref(), &call.abi_encode()].concat();
        let made = self.send(None, U256::ZERO, code.into(), Bytes::new()).await?;
        let token = made.created.context("the token was not created")?;
        let (to, amount, nothing) = (self.key.address(), U256::from(1_000_000_000_000_u64), U256::ZERO);
        self.call(token, nothing, &DevelopmentToken::mintCall { to, amount }).await?;
        let spender = self.addresses.bridge;
        self.call(token, nothing, &DevelopmentToken::approveCall { spender, amount }).await?;
        Ok(token)
    }

    /// Moves the clock ahead by at least so much. Blocks that came faster than once a second are ahead of it already.
    pub async fn hurry(&self, seconds: u64) -> Result<()> {
        let until_ms = self.now_ms().await?.saturating_add(seconds.saturating_mul(1_000));
        while self.now_ms().await? < until_ms {
            self.devnet.increase_time(seconds).await?;
            self.devnet.mine().await?;
        }
        Ok(())
    }

    /// The head's time in milliseconds.
    pub async fn now_ms(&self) -> Result<u64> {
        let head = self.l1.block(BlockAt::Latest).await?.context("L1 has no blocks")?;
        ensure!(head.time > 0, "L1's clock stands at zero");
        Ok(head.time.saturating_mul(1_000))
    }
}

fn terms(account: Address, signers: &Signers, genesis_ms: u64) -> Terms {
    let program = |proof_type, verifier| ProgramTerms {
        proof_type,
        program_hash: B256::from(development_key("bench program hash")),
        key: program_key(),
        verifier,
    };
    let (members, threshold) = (signers.addresses(), signers.threshold());
    Terms {
        profile: Profile::Development,
        deployer: account,
        proposer: account,
        council: account,
        operator: account,
        short_delay: 0,
        long_delay: 0,
        activation_delay: 0,
        version: ashlar_guest::VERSION,
        required: 1 << ATTESTED,
        programs: vec![
            program(DEVELOPMENT, VerifierTerms::Development),
            program(ATTESTED, VerifierTerms::Attestation { members: members.clone(), threshold }),
        ],
        state_root: B256::from(STATE_ROOT.to_word()),
        genesis_time_ms: genesis_ms,
        drift_seconds: 60,
        custodians: members,
        custody_threshold: threshold,
        deadline_seconds: DEADLINE_S,
        grace_seconds: DEADLINE_S,
        forced_fee_min: 1_000_000_000_000_000,
        forced_per_block_max: 4,
    }
}

/// How the verifiers name the program.
pub fn program_key() -> B256 {
    B256::from(development_key("bench program"))
}
