//! Several endpoints as one L1, when some of them are dead, behind, or lie.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes, U256};
use ashlar_settlement::l1::{Block, BlockAt, Call, FeeMarket, L1, L1Error, Log, Receipt};
use ashlar_settlement::rpc::{Pool, PoolConfig};
use ashlar_settlement::sim::{Orphans, SimChain, SimL1, Weather};
use ashlar_settlement::{Health, SettlementEvent};
use commonware_runtime::{Clock as _, Runner as _, deterministic};

use super::exchange::{CHAIN_ID, Journal, Node, addresses, block, chain, deposit};

/// How an endpoint answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    Honest,
    /// Not at all.
    Dead,
    /// As if the newest blocks, so many, were not there yet.
    Behind(u64),
    /// It invents entries of the inbox, hides what was mined, and calls the head final.
    Lying,
}

/// An endpoint that can be told how to answer.
#[derive(Clone)]
struct Odd {
    l1: SimL1,
    chain: SimChain,
    manner: Arc<Mutex<Manner>>,
}

impl Odd {
    fn manner(&self) -> Result<Manner, L1Error> {
        match *self.manner.lock().unwrap() {
            Manner::Dead => {
                let reason = "the connection was refused".to_owned();
                Err(L1Error::Transport { endpoint: "odd".into(), what: "anything", reason })
            }
            other => Ok(other),
        }
    }

    /// The newest block that it admits to know.
    fn height(&self) -> Result<u64, L1Error> {
        let head = self.chain.head().map_or(0, |head| head.number);
        Ok(match self.manner()? {
            Manner::Behind(blocks) => head.saturating_sub(blocks),
            _ => head,
        })
    }

    /// The question that an honest endpoint of this height would be asked instead.
    fn moved(&self, at: BlockAt) -> Result<BlockAt, L1Error> {
        Ok(match (at, self.manner()?) {
            (BlockAt::Latest, Manner::Behind(_)) => BlockAt::Number(self.height()?),
            (BlockAt::Safe | BlockAt::Finalized, Manner::Lying) => BlockAt::Latest,
            _ => at,
        })
    }

    async fn knows(&self, at: BlockAt) -> Result<Option<Block>, L1Error> {
        let found = self.l1.block(self.moved(at)?).await?;
        let height = self.height()?;
        match (at, self.manner()?) {
            (BlockAt::Safe | BlockAt::Finalized, Manner::Behind(blocks)) => match found {
                Some(mark) => self.l1.block(BlockAt::Number(mark.number.saturating_sub(blocks))).await,
                None => Ok(None),
            },
            _ => Ok(found.filter(|block| block.number <= height)),
        }
    }

    async fn needs(&self, at: BlockAt) -> Result<BlockAt, L1Error> {
        self.knows(at).await?.map(|block| BlockAt::Hash(block.hash)).ok_or(L1Error::Missing { what: "a block" })
    }
}

impl L1 for Odd {
    async fn chain_id(&self) -> Result<u64, L1Error> {
        self.manner()?;
        self.l1.chain_id().await
    }

    async fn block(&self, at: BlockAt) -> Result<Option<Block>, L1Error> {
        self.knows(at).await
    }

    async fn logs(&self, block: B256, of: &[Address]) -> Result<Vec<Log>, L1Error> {
        self.needs(BlockAt::Hash(block)).await?;
        let mut logs = self.l1.logs(block, of).await?;
        if self.manner()? == Manner::Lying {
            // Every entry twice, and the batches not at all.
            logs.retain(|log| log.address == addresses().bridge);
            let again = logs.clone();
            logs.extend(again);
        }
        Ok(logs)
    }

    async fn call(&self, call: &Call, at: BlockAt) -> Result<Bytes, L1Error> {
        self.l1.call(call, self.needs(at).await?).await
    }

    async fn estimate(&self, call: &Call) -> Result<u64, L1Error> {
        self.manner()?;
        self.l1.estimate(call).await
    }

    async fn nonce(&self, of: Address, at: BlockAt) -> Result<u64, L1Error> {
        self.l1.nonce(of, self.needs(at).await?).await
    }

    async fn balance(&self, of: Address) -> Result<U256, L1Error> {
        self.manner()?;
        self.l1.balance(of).await
    }

    async fn code(&self, of: Address) -> Result<Bytes, L1Error> {
        self.manner()?;
        self.l1.code(of).await
    }

    async fn fees(&self) -> Result<FeeMarket, L1Error> {
        self.manner()?;
        self.l1.fees().await
    }

    async fn send(&self, raw: &Bytes) -> Result<B256, L1Error> {
        self.manner()?;
        self.l1.send(raw).await
    }

    async fn receipt(&self, tx: B256) -> Result<Option<Receipt>, L1Error> {
        let height = self.height()?;
        let lies = self.manner()? == Manner::Lying;
        Ok(self.l1.receipt(tx).await?.filter(|receipt| !lies && receipt.block_number <= height))
    }
}

/// Endpoints of one chain, and how each of them answers.
struct Endpoints {
    chain: SimChain,
    manners: Vec<Arc<Mutex<Manner>>>,
}

impl Endpoints {
    fn new(seed: u64, manners: &[Manner]) -> Endpoints {
        let chain = chain(seed, manners.len(), Weather::FAIR);
        Endpoints { chain, manners: manners.iter().map(|manner| Arc::new(Mutex::new(*manner))).collect() }
    }

    fn pool(&self, quorum: usize) -> Pool<Odd> {
        let odd = |(place, manner): (usize, &Arc<Mutex<Manner>>)| Odd {
            l1: self.chain.endpoint(place),
            chain: self.chain.clone(),
            manner: manner.clone(),
        };
        Pool::new(self.manners.iter().enumerate().map(odd).collect(), PoolConfig { chain_id: CHAIN_ID, quorum })
    }

    fn set(&self, place: usize, manner: Manner) {
        *self.manners[place].lock().unwrap() = manner;
    }
}

/// So many blocks with deposits and batches.
async fn trade(context: &deterministic::Context, endpoints: &Endpoints, node: &mut Node, blocks: u64) {
    for number in 0..blocks {
        endpoints.chain.enter(deposit(number));
        block(context, &endpoints.chain, node).await;
        if number % 4 == 3 {
            node.journal.build();
            node.ask().await.unwrap();
        }
    }
    for _ in 0..8 {
        block(context, &endpoints.chain, node).await;
    }
}

#[test]
fn what_one_of_three_invents_or_hides_is_not_believed() {
    // Wherever it stands among them: the first is asked first.
    for place in 0..3 {
        deterministic::Runner::seeded(7).start(|context| async move {
            let mut manners = [Manner::Honest; 3];
            manners[place] = Manner::Lying;
            let endpoints = Endpoints::new(7, &manners);
            endpoints.chain.set_marks(3, 1_000);
            endpoints.chain.mine(1);
            let mut node = Node::start(&context, endpoints.pool(2), Journal::new()).await.unwrap();
            trade(&context, &endpoints, &mut node, 24).await;
            node.check(&endpoints.chain, "beside a liar").await;
            assert_eq!(node.journal.last().number.get(), 6);
            let entries = node.events.iter().filter(|event| matches!(event, SettlementEvent::InboxSafe(_))).count();
            assert_eq!(entries, 24, "each entry once");
        });
    }
}

#[test]
fn without_a_quorum_nothing_is_believed_and_nothing_is_lost() {
    deterministic::Runner::seeded(8).start(|context| async move {
        let endpoints = Endpoints::new(8, &[Manner::Honest; 3]);
        endpoints.chain.set_marks(2, 1_000);
        endpoints.chain.mine(1);
        let pool = endpoints.pool(2);
        let mut node = Node::start(&context, pool.clone(), Journal::new()).await.unwrap();
        trade(&context, &endpoints, &mut node, 8).await;
        assert_eq!(node.settlement.handle.status().await.unwrap().health, Health::Good);
        // One is dead and one lies: the honest one alone convinces nobody.
        endpoints.set(0, Manner::Dead);
        endpoints.set(1, Manner::Lying);
        let (known, told) = (node.settlement.handle.status().await.unwrap(), node.events.len());
        endpoints.chain.enter(deposit(100));
        block(&context, &endpoints.chain, &mut node).await;
        let head = endpoints.chain.head().unwrap();
        let logs = pool.logs(head.hash, &[addresses().bridge]).await;
        assert_eq!(logs, Err(L1Error::Quorum { what: "logs", agreed: 1, needed: 2 }));
        let status = node.settlement.handle.status().await.unwrap();
        assert!(matches!(&status.health, Health::Troubled(why) if why.contains("1 of the 2")), "{:?}", status.health);
        for _ in 0..6 {
            block(&context, &endpoints.chain, &mut node).await;
        }
        let status = node.settlement.handle.status().await.unwrap();
        assert!(matches!(status.health, Health::Unreachable(_)), "after a minute: {:?}", status.health);
        assert_eq!((status.inbox_head, status.head), (known.inbox_head, known.head), "nothing was believed");
        let news = node.events[told..].iter().filter(|event| !matches!(event, SettlementEvent::Heard { .. })).count();
        assert_eq!(news, 0, "nothing was told: {:?}", &node.events[told..]);
        // All three dead is said as what it is.
        endpoints.set(1, Manner::Dead);
        endpoints.set(2, Manner::Dead);
        let logs = pool.logs(head.hash, &[addresses().bridge]).await;
        assert!(matches!(logs, Err(L1Error::Transport { .. })), "{logs:?}");
        for place in 0..3 {
            endpoints.set(place, Manner::Honest);
        }
        trade(&context, &endpoints, &mut node, 8).await;
        node.check(&endpoints.chain, "with a quorum again").await;
        assert_eq!(node.settlement.handle.status().await.unwrap().health, Health::Good);
    });
}

#[test]
fn an_endpoint_that_is_behind_is_no_reorg_and_holds_nobody_up() {
    deterministic::Runner::seeded(9).start(|context| async move {
        let endpoints = Endpoints::new(9, &[Manner::Behind(3), Manner::Honest, Manner::Honest]);
        endpoints.chain.set_marks(2, 1_000);
        endpoints.chain.mine(1);
        let mut node = Node::start(&context, endpoints.pool(2), Journal::new()).await.unwrap();
        trade(&context, &endpoints, &mut node, 12).await;
        let is_reorg = |event: &SettlementEvent| matches!(event, SettlementEvent::Reorg { .. });
        assert!(!node.events.iter().any(is_reorg), "slow is not another chain");
        endpoints.set(0, Manner::Honest);
        for _ in 0..6 {
            block(&context, &endpoints.chain, &mut node).await;
        }
        node.check(&endpoints.chain, "beside one that was behind").await;
    });
}

#[test]
fn a_mark_is_the_newest_that_a_quorum_stand_behind() {
    deterministic::Runner::seeded(10).start(|context| async move {
        let endpoints = Endpoints::new(10, &[Manner::Behind(2), Manner::Lying, Manner::Behind(5)]);
        endpoints.chain.set_marks(4, 8);
        for second in 1..=30 {
            endpoints.chain.mine(second);
        }
        let mark = |quorum: usize, at| {
            let pool = endpoints.pool(quorum);
            async move { pool.block(at).await.unwrap().map(|block| block.number) }
        };
        // Safe is 26: one says 24, one 30, which is a lie, and one 21.
        assert_eq!(mark(2, BlockAt::Safe).await, Some(24), "the liar cannot move it, but bears the lower one out");
        assert_eq!(mark(3, BlockAt::Safe).await, Some(21));
        assert_eq!(mark(2, BlockAt::Finalized).await, Some(20));
        assert_eq!(mark(3, BlockAt::Finalized).await, Some(17));
        endpoints.set(0, Manner::Dead);
        assert_eq!(mark(2, BlockAt::Safe).await, Some(21));
        assert_eq!(mark(3, BlockAt::Safe).await, None, "two are not three");
        context.sleep(Duration::from_millis(1)).await;
    });
}

#[test]
fn who_failed_lately_is_asked_last() {
    deterministic::Runner::seeded(11).start(|_context| async move {
        let endpoints = Endpoints::new(11, &[Manner::Dead, Manner::Honest]);
        endpoints.chain.mine(1);
        let pool = endpoints.pool(1);
        assert_eq!(pool.block(BlockAt::Latest).await.unwrap(), endpoints.chain.head());
        let [dead, alive] = pool.penalties()[..] else { panic!("two endpoints") };
        assert!(dead > 0 && alive == 0, "{dead} and {alive}");
        let before = endpoints.chain.calls();
        pool.block(BlockAt::Latest).await.unwrap();
        assert_eq!(pool.penalties(), [dead, 0], "the dead one was not asked again");
        assert_eq!(endpoints.chain.calls(), before + 1);
        // A reorg does not change who is asked.
        endpoints.chain.reorg(1, 1, Orphans::Kept).unwrap();
        assert_eq!(pool.block(BlockAt::Latest).await.unwrap(), endpoints.chain.head());
    });
}
