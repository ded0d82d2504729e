//! Which exchange on which L1, checked before anything is asked of it.

use std::path::PathBuf;
use std::time::Duration;

use alloy::primitives::Address;
use anyhow::{Context as _, Result, bail};
use ashlar_contracts::abi::ISettlement;
use ashlar_settlement::contract::Addresses;
use ashlar_settlement::l1::{BlockAt, L1 as _};
use ashlar_settlement::rpc::{Endpoint, PoolConfig, RpcL1};
use ashlar_settlement::{SetupError, check_contracts};
use clap::Args;

use super::deployment::DeploymentFile;
use crate::rebuild::ask;

/// A question to L1 that takes longer than this has failed.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Which L1, and which exchange there.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// The JSON-RPC of an L1 node; name several and most of them must agree
    #[arg(long = "l1", value_name = "URL", env = "ASHLAR_L1", value_delimiter = ',', required = true)]
    pub l1: Vec<String>,
    /// The chain that it must be; otherwise that of the deployment file, or whatever the node serves
    #[arg(long, value_name = "ID")]
    pub chain_id: Option<u64>,
    /// The `deployment.json` that `ashlar deploy` left: it names the contracts
    #[arg(long, value_name = "FILE", env = "ASHLAR_DEPLOYMENT", required_unless_present = "settlement")]
    pub deployment: Option<PathBuf>,
    /// The settlement contract, where there is no such file; the others are asked of it
    #[arg(long, value_name = "ADDRESS", conflicts_with = "deployment")]
    pub settlement: Option<Address>,
}

/// An exchange on an L1 that answers.
pub struct Found {
    /// The L1.
    pub l1: RpcL1,
    /// Its name.
    pub chain_id: u64,
    /// The contracts.
    pub addresses: Addresses,
    /// What is known of the deployment, if there is its file.
    pub file: Option<DeploymentFile>,
}

impl Place {
    /// Connects, and checks chain and contracts.
    pub async fn find(&self) -> Result<Found> {
        let file = self.deployment.as_ref().map(DeploymentFile::read).transpose()?;
        let (l1, chain_id) = connect(&self.l1, self.chain_id.or(file.as_ref().map(|file| file.chain_id))).await?;
        let settlement = match (&file, self.settlement) {
            (Some(file), _) => file.settlement()?,
            (None, Some(settlement)) => settlement,
            (None, None) => bail!("name the exchange with --deployment or --settlement"),
        };
        let known = file.as_ref().and_then(|file| file.deployed.as_ref());
        let addresses = match known {
            Some(deployed) => deployed.addresses,
            None => asked(&l1, settlement).await?,
        };
        check_contracts(&l1, chain_id, &addresses).await?;
        Ok(Found { l1, chain_id, addresses, file })
    }
}

/// The addresses of the other contracts.
async fn asked(l1: &RpcL1, settlement: Address) -> Result<Addresses> {
    if l1.code(settlement).await?.is_empty() {
        return Err(SetupError::NoContract { name: "settlement contract", address: settlement }.into());
    }
    let at = BlockAt::Latest;
    Ok(Addresses {
        settlement,
        bridge: ask(l1, at, settlement, &ISettlement::bridgeCall {}).await?,
        registry: ask(l1, at, settlement, &ISettlement::registryCall {}).await?,
        governance: ask(l1, at, settlement, &ISettlement::governanceCall {}).await?,
        incidents: ask(l1, at, settlement, &ISettlement::incidentsCall {}).await?,
        deployed_block: 0,
    })
}

/// An L1 over these nodes, and which chain it is: most of them must agree on what decides about money.
pub async fn connect(urls: &[String], expected: Option<u64>) -> Result<(RpcL1, u64)> {
    let endpoints: Vec<Endpoint> = urls.iter().map(|url| Endpoint::new(url, TIMEOUT)).collect::<Result<_, _>>()?;
    let mut served = Err(anyhow::anyhow!("name an L1 node with --l1"));
    for endpoint in &endpoints {
        served = endpoint.chain_id().await.context("asking L1 which chain it is");
        if served.is_ok() {
            break;
        }
    }
    let served = served?;
    if let Some(expected) = expected.filter(|expected| *expected != served) {
        return Err(SetupError::WrongChain { expected, got: served }.into());
    }
    let quorum = endpoints.len() / 2 + 1;
    Ok((RpcL1::new(endpoints, PoolConfig { chain_id: served, quorum }), served))
}
