//! The embedded L1 and the contracts on it.

use std::time::Duration;

use alloy::primitives::{Address, B256};
use anyhow::{Context as _, Result, anyhow};
use ashlar_batch::BatchHeader;
use ashlar_contracts::{Profile, Terms};
use ashlar_devnet::{Config as ChainConfig, DEVELOPMENT_ACCOUNTS, Devnet, Mining};
use ashlar_exchange::Genesis;
use ashlar_prover::Capture;
use ashlar_settlement::contract::Addresses;
use ashlar_settlement::courier::CourierConfig;
use ashlar_settlement::deploy::{deploy, deploy_config};
use ashlar_settlement::l1::{BlockAt, L1 as _};
use ashlar_settlement::rpc::RpcL1;
use ashlar_settlement::signer::{LocalKey, Signer as _};
use ashlar_types::{Address as Owner, Deployment as Exchange, Time};
use commonware_runtime::tokio as runtime;

use super::custodians::Custodians;
use super::settings::Settings;
use crate::development::development_key;
use crate::proving::Policy;

/// The account that deploys, proposes and commits; a development key.
const OPERATOR: usize = 0;
/// How long an inbox entry may wait for a final batch.
const DEADLINE: Duration = Duration::from_secs(24 * 3_600);

/// A chain that mines once a second while there is something to settle, and otherwise hardly ever.
pub fn start_chain(settings: &Settings) -> Result<Devnet> {
    let busy = settings.block_time();
    let config = ChainConfig {
        port: settings.l1_port,
        chain_id: settings.chain_id(),
        mining: Mining::Every { busy, idle: (busy * 60).max(Duration::from_secs(60)) },
        record: settings.l1_record(),
        ..ChainConfig::default()
    };
    Devnet::start(&config).context("starting the embedded L1")
}

/// The contracts of one exchange, and how it began.
pub struct Deployment {
    addresses: Addresses,
    exchange: Exchange,
    genesis: Genesis,
    operator: LocalKey,
}

impl Deployment {
    /// Deploys what is missing. The exchange begins with the chain's first block, so that a second start finds the same one.
    pub async fn make(
        context: &mut runtime::Context,
        chain: &Devnet,
        l1: &RpcL1,
        settings: &Settings,
        custodians: &Custodians,
    ) -> Result<Deployment> {
        let key = DEVELOPMENT_ACCOUNTS[OPERATOR].development_key;
        let operator = LocalKey::from_hex(&alloy::hex::encode(key), "the first development account")?;
        let genesis = Genesis { house_owner: Owner(operator.address().0.0), time: begin(chain, l1).await? };
        let terms = terms(operator.address(), &genesis, settings.proving.policy(), custodians)?;
        let config = CourierConfig { poll_every: settings.block_time() / 8, ..deploy_config(settings.chain_id()) };
        let deployed = deploy(context, l1, operator.clone(), terms, &config).await?;
        let settlement = Owner(deployed.addresses.settlement.0.0);
        let exchange = Exchange { chain_id: settings.chain_id(), settlement };
        Ok(Deployment { addresses: deployed.addresses, exchange, genesis, operator })
    }

    /// Where the contracts are.
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The exchange that settles there.
    pub const fn exchange(&self) -> Exchange {
        self.exchange
    }

    /// How it began.
    pub const fn genesis(&self) -> Genesis {
        self.genesis
    }

    /// Who commits.
    pub fn operator(&self) -> LocalKey {
        self.operator.clone()
    }

    /// Its address.
    pub fn operator_address(&self) -> Address {
        self.operator.address()
    }

    /// What signs receipts at the door.
    pub fn node_key(&self) -> [u8; 32] {
        development_key("sequencer")
    }
}

/// The moment at which the exchange begins: that of the first block, before any that could hold a deposit, and the same at every start.
async fn begin(chain: &Devnet, l1: &RpcL1) -> Result<Time> {
    if chain.head().await?.number == 0 {
        chain.mine().await?;
    }
    let first = l1.block(BlockAt::Number(1)).await?.ok_or_else(|| anyhow!("the L1 has no first block"))?;
    let millis = first.at().time.checked_mul(1_000).and_then(Time::new);
    millis.ok_or_else(|| anyhow!("the L1's clock is beyond all time"))
}

fn terms(operator: Address, genesis: &Genesis, policy: Policy, custodians: &Custodians) -> Result<Terms> {
    // The state before the first command does not depend on where the exchange will settle.
    let nowhere = Exchange { chain_id: 0, settlement: Owner([0; 20]) };
    let (_, BatchHeader { state_root_after, .. }) = Capture::new(nowhere, genesis);
    Ok(Terms {
        profile: Profile::Development,
        deployer: operator,
        proposer: operator,
        council: operator,
        operator,
        short_delay: 0,
        long_delay: 0,
        activation_delay: 0,
        version: ashlar_guest::VERSION,
        required: 1 << policy.proof_type(),
        programs: vec![policy.terms()?],
        state_root: B256::from(state_root_after.to_word()),
        genesis_time_ms: genesis.time.get(),
        drift_seconds: 60,
        custodians: custodians.members.iter().map(|member| Address::from(member.0)).collect(),
        custody_threshold: u8::try_from(custodians.threshold)?,
        deadline_seconds: DEADLINE.as_secs() as u32,
        grace_seconds: DEADLINE.as_secs() as u32,
        forced_fee_min: 1_000_000_000_000_000,
        forced_per_block_max: 4,
    })
}
