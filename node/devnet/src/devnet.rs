//! The chain with its threads, its port and its miner.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ethrex_common::{H256, H512};
use ethrex_p2p::types::{Node, NodeRecord};
use ethrex_rpc::{ClientVersion, GasTipEstimator, NodeData, RpcApiContext, RpcNamespace, start_block_executor};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::chain::Chain;
use crate::config::{Config, Mining, Tags};
use crate::error::{DevnetError, ethrex};
use crate::faults::{Fault, Faults};
use crate::genesis::GAS_LIMIT;
use crate::miner::by_the_clock;
use crate::reorg::{Orphaned, Reorg};
use crate::rpc::{Endpoint, service};

/// A blob transaction needs more stack than tokio's two mebibytes in a build without optimisation.
const STACK_BYTES: usize = 16 << 20;

/// A running development chain. It stops when this is dropped.
pub struct Devnet {
    threads: Threads,
    chain: Arc<Chain>,
    faults: Arc<Faults>,
    address: SocketAddr,
}

/// The chain's own threads. They are let go without waiting for them, since whoever drops this may run futures itself.
struct Threads {
    runtime: Option<Runtime>,
    /// Whether what fails on them fails because they end.
    ending: Arc<AtomicBool>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Release);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The head of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// Its time, in seconds.
    pub time_s: u64,
}

impl Devnet {
    /// Starts a chain on threads of its own; its JSON-RPC answers when this returns.
    pub fn start(config: &Config) -> Result<Devnet, DevnetError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("devnet")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(DevnetError::Threads)?;
        let ending = Arc::new(AtomicBool::new(false));
        let threads = Threads { runtime: Some(runtime), ending: ending.clone() };
        let faults = Arc::new(Faults::default());
        let given = (config.clone(), faults.clone());
        // On a thread of the runtime, since the calling one may have a small stack or run futures itself.
        let (sender, receiver) = std::sync::mpsc::channel();
        threads.handle()?.spawn(async move {
            // If nobody waits any more, nobody needs to know.
            let _ = sender.send(open(&given.0, given.1, ending).await);
        });
        let (chain, address) = receiver.recv().map_err(|_| DevnetError::Stopped)??;
        Ok(Devnet { threads, chain, faults, address })
    }

    /// The URL of its JSON-RPC.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The head.
    pub async fn head(&self) -> Result<Head, DevnetError> {
        self.on_threads(|chain| async move {
            let hash = chain.head().await?;
            let header = chain.header(hash)?;
            Ok(Head { number: header.number, hash: hash.0, time_s: header.timestamp })
        })
        .await
    }

    /// Makes a block of what waits and returns its hash.
    pub async fn mine(&self) -> Result<[u8; 32], DevnetError> {
        self.on_threads(|chain| async move { chain.mine().await.map(|hash| hash.0) }).await
    }

    /// Undoes the last `depth` blocks and puts `instead` others in their place.
    pub async fn reorganise(&self, depth: u64, instead: u64, what: Orphaned) -> Result<Reorg, DevnetError> {
        self.on_threads(move |chain| async move { chain.reorganise(depth, instead, what).await }).await
    }

    /// Moves the head to any known block.
    pub async fn return_to(&self, head: [u8; 32]) -> Result<(), DevnetError> {
        self.on_threads(move |chain| async move { chain.return_to(H256(head)).await }).await
    }

    /// Pins `safe` and `finalized` to the blocks so far behind the present head; `None` lets them trail it again.
    pub async fn pin_tags(&self, behind: Option<Tags>) -> Result<(), DevnetError> {
        self.on_threads(move |chain| async move { chain.pin_tags(behind).await }).await
    }

    /// Moves the chain's clock ahead.
    pub async fn increase_time(&self, seconds: u64) -> Result<(), DevnetError> {
        self.on_threads(move |chain| async move {
            chain.write().await.hurry(seconds);
            Ok(())
        })
        .await
    }

    /// Lets the next fitting request fail.
    pub fn fail(&self, fault: Fault) {
        self.faults.add(fault);
    }

    /// Forgets the blobs of all but so many of the newest blocks that carry some, as time does on a real chain.
    pub fn forget_blobs(&self, kept: usize) {
        self.chain.forget_blobs(kept);
    }

    /// Takes the endpoint down, or brings it back; the chain itself goes on.
    pub fn set_down(&self, down: bool) {
        self.faults.set_down(down);
    }

    /// Runs on the chain's own threads, whose stacks are large enough, whatever executor awaits the answer.
    async fn on_threads<T, F>(&self, work: impl FnOnce(Arc<Chain>) -> F + Send + 'static) -> Result<T, DevnetError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, DevnetError>> + Send + 'static,
    {
        let chain = self.chain.clone();
        self.threads.handle()?.spawn(async move { work(chain).await }).await.map_err(|_| DevnetError::Stopped)?
    }
}

impl Threads {
    fn handle(&self) -> Result<&Runtime, DevnetError> {
        self.runtime.as_ref().ok_or(DevnetError::Stopped)
    }
}

async fn open(
    config: &Config,
    faults: Arc<Faults>,
    ending: Arc<AtomicBool>,
) -> Result<(Arc<Chain>, SocketAddr), DevnetError> {
    let chain = Arc::new(Chain::open(config).await?);
    let endpoint = Endpoint { chain: chain.clone(), context: context(&chain)?, faults, mining: config.mining };
    let failed = |source| DevnetError::Port { port: config.port, source };
    let listener = TcpListener::bind(("127.0.0.1", config.port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, service(endpoint)).await {
            tracing::error!(%error, "JSON-RPC has stopped");
        }
    });
    if let Mining::Every { busy, idle } = config.mining {
        tokio::spawn(by_the_clock(chain.clone(), busy, idle, ending));
    }
    Ok((chain, address))
}

/// What ethrex's methods need: the chain, and a node's identity that no peer will ever see.
fn context(chain: &Chain) -> Result<RpcApiContext, DevnetError> {
    let doing = "naming the node";
    let key = secp256k1::SecretKey::from_byte_array(&[1; 32]).map_err(ethrex(doing))?;
    let public = secp256k1::PublicKey::from_secret_key(secp256k1::SECP256K1, &key).serialize_uncompressed();
    let node = Node::new(std::net::Ipv4Addr::LOCALHOST.into(), 0, 0, H512::from_slice(&public[1..]));
    let record = NodeRecord::from_node(&node, 1, &key).map_err(ethrex(doing))?;
    let version = ClientVersion::new(
        "ethrex".into(),
        "24.0.0".into(),
        "embedded".into(),
        "0".into(),
        std::env::consts::ARCH.into(),
        "1.95".into(),
    );
    let namespaces =
        [RpcNamespace::Eth, RpcNamespace::Net, RpcNamespace::Web3, RpcNamespace::Debug, RpcNamespace::Mempool];
    Ok(RpcApiContext {
        storage: chain.store.clone(),
        blockchain: chain.blockchain.clone(),
        active_filters: Arc::default(),
        syncer: None,
        peer_handler: None,
        node_data: NodeData {
            jwt_secret: bytes::Bytes::new(),
            local_p2p_node: node,
            local_node_record: record,
            client_version: version,
            extra_data: bytes::Bytes::new(),
        },
        gas_tip_estimator: Arc::new(tokio::sync::Mutex::new(GasTipEstimator::new())),
        log_filter_handler: None,
        gas_ceil: GAS_LIMIT,
        block_worker_channel: start_block_executor(chain.blockchain.clone()),
        ws: None,
        allowed_namespaces: Arc::new(namespaces.into()),
    })
}
