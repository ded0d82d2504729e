//! Which exchange it is, and how it began: asked of L1, and compared with what L1 keeps.

use std::time::Duration;

use alloy::primitives::{Address, B256};
use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_batch::{BatchHeader, Hash};
use ashlar_contracts::abi::ISettlement;
use ashlar_exchange::Genesis;
use ashlar_prover::Capture;
use ashlar_replica::{Epoch, L1Block, Snapshot, SnapshotHead};
use ashlar_settlement::contract::Addresses;
use ashlar_settlement::l1::{BlockAt, L1 as _};
use ashlar_settlement::rpc::{Endpoint, PoolConfig, RpcL1};
use ashlar_state::{Serial, Value};
use ashlar_types::{Address as Owner, Deployment, Time};

use super::arguments::Sources;
use super::contract::{ask, try_ask};
use super::record::Replayed;

/// A question to L1 that takes longer than this has failed.
pub const L1_TIMEOUT: Duration = Duration::from_secs(30);
/// Contracts of the deployer that are looked at for the settlement contract.
const CREATED_MAX: u64 = 64;

/// An exchange as L1 knows it.
pub struct Origin {
    /// The L1.
    pub l1: RpcL1,
    /// Where it is, if it is one node.
    pub url: Option<String>,
    /// Its contracts.
    pub addresses: Addresses,
    /// Its name.
    pub exchange: Deployment,
    /// The hash that the contract keeps of the header before the first batch.
    pub genesis_hash: Hash,
    genesis: Genesis,
    /// Answers for as long as it is kept.
    _replayed: Option<Replayed>,
}

/// What is known of an exchange beforehand.
pub struct Known {
    /// Which chain it is on.
    pub chain_id: u64,
    /// Its settlement contract.
    pub settlement: Address,
    /// Nothing of its contracts is before this block.
    pub from_block: u64,
    /// The first owner of the house's account, unless the operator.
    pub house_owner: Option<Address>,
    /// When it began, unless with the chain's first block.
    pub genesis_ms: Option<u64>,
}

impl Origin {
    /// Finds everything out.
    pub async fn find(sources: &Sources) -> Result<Origin> {
        let replayed = sources.record().filter(|_| sources.l1.is_none()).map(|at| Replayed::start(&at)).transpose()?;
        let url = match (&sources.l1, &replayed) {
            (Some(url), _) => url.clone(),
            (None, Some(replayed)) => replayed.url(),
            (None, None) => bail!("name an L1 node with --l1, or a record of its blocks with --l1-record"),
        };
        let endpoint = Endpoint::new(&url, L1_TIMEOUT)?;
        let chain_id = endpoint.chain_id().await.context("asking L1 which chain it is")?;
        let l1 = RpcL1::new(vec![endpoint], PoolConfig { chain_id, quorum: 1 });
        let settlement = match (sources.settlement, &replayed) {
            (Some(settlement), _) => settlement,
            (None, Some(replayed)) => created(&l1, chain_id, replayed.deployer().into()).await?,
            (None, None) => bail!("name the settlement contract with --settlement"),
        };
        let Sources { from_block, house_owner, genesis_ms, .. } = *sources;
        let known = Known { chain_id, settlement, from_block, house_owner, genesis_ms };
        Ok(Origin { url: Some(url), _replayed: replayed, ..Origin::of(l1, &known).await? })
    }

    /// Asks the contracts.
    pub async fn of(l1: RpcL1, known: &Known) -> Result<Origin> {
        let settlement = known.settlement;
        let exchange = exchange(known.chain_id, settlement);
        let at = BlockAt::Latest;
        let id = ask(&l1, at, settlement, &ISettlement::exchangeIdCall {}).await?;
        if id.0 != exchange.exchange_id().0 {
            bail!(
                "{settlement} is the settlement contract of another exchange or chain; correct its address or the chain"
            );
        }
        let addresses = Addresses {
            settlement,
            bridge: ask(&l1, at, settlement, &ISettlement::bridgeCall {}).await?,
            registry: ask(&l1, at, settlement, &ISettlement::registryCall {}).await?,
            governance: ask(&l1, at, settlement, &ISettlement::governanceCall {}).await?,
            incidents: ask(&l1, at, settlement, &ISettlement::incidentsCall {}).await?,
            deployed_block: known.from_block,
        };
        let genesis = genesis(&l1, known).await?;
        let kept: B256 = ask(&l1, at, settlement, &ISettlement::headerHashCall { number: 0 }).await?;
        let genesis_hash = Hash(kept.0);
        let origin = Origin { l1, addresses, exchange, genesis_hash, genesis, url: None, _replayed: None };
        origin.check_genesis()?;
        Ok(origin)
    }

    /// How it began.
    pub const fn genesis(&self) -> Genesis {
        self.genesis
    }

    fn begin(&self) -> (Capture, BatchHeader) {
        Capture::new(self.exchange, &self.genesis)
    }

    fn check_genesis(&self) -> Result<()> {
        let computed = self.begin().1.hash();
        if computed == self.genesis_hash {
            return Ok(());
        }
        let Genesis { house_owner, time } = &self.genesis;
        bail!(
            "an exchange that begins at {} ms with {} as the house's owner has genesis {}, and L1 keeps {}; \
             give the true ones with --genesis-ms and --house-owner, or l1.genesis_ms and l1.house_owner",
            time.get(),
            Address::from(house_owner.0),
            B256::from(computed.0),
            B256::from(self.genesis_hash.0)
        )
    }

    /// The state before the first batch.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let (capture, header) = self.begin();
        let leaves =
            capture.leaves().map(|(key, words)| Ok((key, Value::new(words).map_err(|_| anyhow!("no value"))?)));
        let leaves: Vec<_> = leaves.collect::<Result<_>>()?;
        let count = leaves.len() as u64;
        let head = SnapshotHead { header, epoch: Epoch::new(0), block: L1Block::default(), leaves: count };
        Snapshot::of_leaves(head, leaves, &Serial).context("the state before the first batch")
    }
}

const fn exchange(chain_id: u64, settlement: Address) -> Deployment {
    Deployment { chain_id, settlement: Owner(settlement.0.0) }
}

/// The settlement contract among those that an account created: the one that has the exchange id of its own address.
async fn created(l1: &RpcL1, chain_id: u64, deployer: Address) -> Result<Address> {
    for nonce in 0..CREATED_MAX {
        let candidate = deployer.create(nonce);
        if l1.code(candidate).await?.is_empty() {
            continue;
        }
        let id = try_ask(l1, BlockAt::Latest, candidate, &ISettlement::exchangeIdCall {}).await?;
        if id.is_some_and(|id| id.0 == exchange(chain_id, candidate).exchange_id().0) {
            return Ok(candidate);
        }
    }
    bail!("the record has no settlement contract of {deployer}; name it with --settlement")
}

/// How it began, as far as it was not said: with L1's first block, the house owned by the operator.
async fn genesis(l1: &RpcL1, known: &Known) -> Result<Genesis> {
    let house_owner = match known.house_owner {
        Some(owner) => owner,
        None => ask(l1, BlockAt::Latest, known.settlement, &ISettlement::operatorCall {}).await?,
    };
    let millis = match known.genesis_ms {
        Some(millis) => Some(millis),
        None => {
            let first = l1.block(BlockAt::Number(1)).await?.context("L1 has no first block")?;
            first.time.checked_mul(1_000)
        }
    };
    let time = millis.and_then(Time::new).context("the exchange begins beyond all time; correct when it begins")?;
    Ok(Genesis { house_owner: Owner(house_owner.0.0), time })
}
