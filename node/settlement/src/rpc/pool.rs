use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use alloy::primitives::{Address, B256, Bytes, U256};
use futures::future::join_all;

use crate::l1::{Block, BlockAt, Call, FeeMarket, L1, L1Error, Log, Receipt};
use crate::limits::ENDPOINTS_MAX;

/// How several endpoints are used as one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolConfig {
    /// The chain that all of them must serve.
    pub chain_id: u64,
    /// How many must say the same about logs, receipts, and which block is safe or final.
    pub quorum: usize,
}

/// Several endpoints as one L1.
///
/// 1. A plain question goes to the endpoint that failed least lately, then to the next, until one answers.
/// 2. What decides about money (events, receipts, `safe`, `finalized`) needs a quorum of equal answers.
/// 3. A transaction goes to all of them at once; one that takes it is enough.
/// 4. An endpoint of another chain is never listened to.
#[derive(Clone, Debug)]
pub struct Pool<T> {
    endpoints: Arc<[T]>,
    config: PoolConfig,
    /// Failures of each endpoint, newest weighing most, and whether its chain was checked.
    standing: Arc<Mutex<Vec<Standing>>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    penalty: u32,
    checked: bool,
}

/// What a failure weighs; every success halves what is left.
const FAILURE: u32 = 64;

impl<T: L1> Pool<T> {
    /// All of these as one; more than the most that are kept are left out. The quorum is held between 1 and their number.
    pub fn new(endpoints: Vec<T>, config: PoolConfig) -> Pool<T> {
        let endpoints: Vec<T> = endpoints.into_iter().take(ENDPOINTS_MAX).collect();
        let quorum = config.quorum.clamp(1, endpoints.len().max(1));
        let standing = Arc::new(Mutex::new(vec![Standing::default(); endpoints.len()]));
        Pool { endpoints: endpoints.into(), config: PoolConfig { quorum, ..config }, standing }
    }

    /// Failures that each endpoint is remembered for, in their order: for a status page.
    pub fn penalties(&self) -> Vec<u32> {
        self.lock().iter().map(|standing| standing.penalty).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Standing>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn best_first(&self) -> Vec<usize> {
        let mut order: Vec<(u32, usize)> =
            self.lock().iter().enumerate().map(|(place, standing)| (standing.penalty, place)).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, place)| place).collect()
    }

    fn note(&self, place: usize, failed: bool) {
        if let Some(standing) = self.lock().get_mut(place) {
            standing.penalty = standing.penalty / 2 + if failed { FAILURE } else { 0 };
        }
    }

    /// An endpoint, once it has shown to serve the right chain.
    async fn checked(&self, place: usize) -> Result<&T, L1Error> {
        let endpoint = self.endpoints.get(place).ok_or(L1Error::Missing { what: "an endpoint" })?;
        if self.lock().get(place).is_some_and(|standing| standing.checked) {
            return Ok(endpoint);
        }
        let got = endpoint.chain_id().await?;
        if got != self.config.chain_id {
            let expected = self.config.chain_id;
            return Err(L1Error::WrongChain { endpoint: format!("number {}", place + 1), expected, got });
        }
        if let Some(standing) = self.lock().get_mut(place) {
            standing.checked = true;
        }
        Ok(endpoint)
    }

    async fn ask<'a, R, F: Future<Output = Result<R, L1Error>> + Send + 'a>(
        &'a self,
        place: usize,
        question: impl FnOnce(&'a T) -> F + Send,
    ) -> Result<R, L1Error> {
        let result = match self.checked(place).await {
            Ok(endpoint) => question(endpoint).await,
            Err(error) => Err(error),
        };
        self.note(place, result.as_ref().is_err_and(L1Error::is_endpoints_fault));
        result
    }

    /// The first answer that is not an endpoint's fault. One that says that something is missing is asked about again elsewhere.
    async fn first<'a, R, F: Future<Output = Result<R, L1Error>> + Send + 'a>(
        &'a self,
        question: impl Fn(&'a T) -> F + Send + Sync,
    ) -> Result<R, L1Error> {
        let mut last = L1Error::Missing { what: "an endpoint" };
        for place in self.best_first() {
            match self.ask(place, &question).await {
                Err(error) if error.is_endpoints_fault() || matches!(error, L1Error::Missing { .. }) => last = error,
                other => return other,
            }
        }
        Err(last)
    }

    /// An answer that a quorum of endpoints give.
    async fn agreed<'a, R: PartialEq + Send, F: Future<Output = Result<R, L1Error>> + Send + 'a>(
        &'a self,
        what: &'static str,
        question: impl Fn(&'a T) -> F + Send + Sync,
    ) -> Result<R, L1Error> {
        let mut answers: Vec<(R, usize)> = Vec::new();
        let mut fault = None;
        for place in self.best_first() {
            let answer = match self.ask(place, &question).await {
                Ok(answer) => answer,
                Err(error) => {
                    fault = Some(error);
                    continue;
                }
            };
            match answers.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, count)) => *count += 1,
                None => answers.push((answer, 1)),
            }
            if let Some(found) = answers.iter().position(|(_, count)| *count >= self.config.quorum) {
                return Ok(answers.swap_remove(found).0);
            }
        }
        let agreed = answers.iter().map(|(_, count)| *count).max().unwrap_or(0);
        match fault {
            Some(error) if agreed == 0 => Err(error),
            _ => Err(L1Error::Quorum { what, agreed, needed: self.config.quorum }),
        }
    }

    /// The newest block under a mark that a quorum have on their chain, at or below their own mark.
    async fn marked(&self, at: BlockAt) -> Result<Option<Block>, L1Error> {
        let mut marks = Vec::new();
        let mut fault = None;
        for place in self.best_first() {
            match self.ask(place, |endpoint| endpoint.block(at)).await {
                Ok(Some(block)) => marks.push((place, block)),
                Ok(None) => {}
                Err(error) => fault = Some(error),
            }
        }
        marks.sort_by_key(|(_, block)| std::cmp::Reverse(block.number));
        let candidates: VecDeque<Block> = marks.iter().map(|(_, block)| *block).collect();
        for candidate in candidates {
            let mut agreed = 0;
            for (place, mark) in marks.iter().filter(|(_, mark)| mark.number >= candidate.number) {
                let same = mark.hash == candidate.hash
                    || self
                        .ask(*place, |endpoint| endpoint.block(BlockAt::Number(candidate.number)))
                        .await?
                        .is_some_and(|block| block.hash == candidate.hash);
                agreed += usize::from(same);
            }
            if agreed >= self.config.quorum {
                return Ok(Some(candidate));
            }
        }
        match fault {
            Some(error) if marks.is_empty() => Err(error),
            _ => Ok(None),
        }
    }
}

impl<T: L1> L1 for Pool<T> {
    async fn chain_id(&self) -> Result<u64, L1Error> {
        self.first(|endpoint| endpoint.chain_id()).await
    }

    async fn block(&self, at: BlockAt) -> Result<Option<Block>, L1Error> {
        match at {
            BlockAt::Safe | BlockAt::Finalized if self.config.quorum > 1 => self.marked(at).await,
            // An endpoint that is behind knows fewer blocks: what one does not know is asked of the next.
            BlockAt::Hash(_) | BlockAt::Number(_) => {
                let known = |endpoint: &'_ T| {
                    let asked = endpoint.clone();
                    async move { asked.block(at).await?.ok_or(L1Error::Missing { what: "a block" }) }
                };
                match self.first(known).await {
                    Ok(block) => Ok(Some(block)),
                    Err(L1Error::Missing { .. }) => Ok(None),
                    Err(error) => Err(error),
                }
            }
            BlockAt::Latest | BlockAt::Safe | BlockAt::Finalized => self.first(|endpoint| endpoint.block(at)).await,
        }
    }

    async fn logs(&self, block: B256, of: &[Address]) -> Result<Vec<Log>, L1Error> {
        self.agreed("logs", |endpoint| endpoint.logs(block, of)).await
    }

    async fn call(&self, call: &Call, at: BlockAt) -> Result<Bytes, L1Error> {
        match at {
            // After a block that is named by its hash there is one right answer, and a quorum can give it.
            BlockAt::Hash(_) if self.config.quorum > 1 => {
                self.agreed("a call", |endpoint| endpoint.call(call, at)).await
            }
            _ => self.first(|endpoint| endpoint.call(call, at)).await,
        }
    }

    async fn estimate(&self, call: &Call) -> Result<u64, L1Error> {
        self.first(|endpoint| endpoint.estimate(call)).await
    }

    async fn nonce(&self, of: Address, at: BlockAt) -> Result<u64, L1Error> {
        self.first(|endpoint| endpoint.nonce(of, at)).await
    }

    async fn balance(&self, of: Address) -> Result<U256, L1Error> {
        self.first(|endpoint| endpoint.balance(of)).await
    }

    async fn code(&self, of: Address) -> Result<Bytes, L1Error> {
        self.first(|endpoint| endpoint.code(of)).await
    }

    async fn fees(&self) -> Result<FeeMarket, L1Error> {
        self.first(|endpoint| endpoint.fees()).await
    }

    async fn send(&self, raw: &Bytes) -> Result<B256, L1Error> {
        let all = (0..self.endpoints.len()).map(|place| self.ask(place, |endpoint| endpoint.send(raw)));
        let results = join_all(all).await;
        let mut worst = L1Error::Missing { what: "an endpoint" };
        for result in results {
            match result {
                Ok(hash) => return Ok(hash),
                Err(L1Error::AlreadyKnown) => worst = L1Error::AlreadyKnown,
                // What a pool says about the transaction counts more than that another one is out of reach.
                Err(error) if worst != L1Error::AlreadyKnown && (!error.is_endpoints_fault() || is_empty(&worst)) => {
                    worst = error;
                }
                Err(_) => {}
            }
        }
        Err(worst)
    }

    async fn receipt(&self, tx: B256) -> Result<Option<Receipt>, L1Error> {
        self.agreed("a receipt", |endpoint| endpoint.receipt(tx)).await
    }
}

const fn is_empty(error: &L1Error) -> bool {
    matches!(error, L1Error::Missing { .. })
}
