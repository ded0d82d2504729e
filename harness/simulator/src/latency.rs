//! How long a node takes to know what L1 says, in simulated time: from the block that holds a fact to the node's books.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ashlar_api::door::Stage;
use commonware_runtime::{Clock, Runner, Spawner, Supervisor, deterministic};

use crate::people;
use crate::run::{POLL, Running, start};
use crate::scenario::Scenario;
use crate::world::{BEGIN_S, World, millis};

/// How finely it is looked.
const LOOK: Duration = Duration::from_millis(5);

/// Milliseconds from a fact being on L1 to the node knowing it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Latency {
    /// Of each commit, proof and finalization, ascending.
    sorted_ms: Vec<u64>,
    /// How often the client asks L1.
    pub poll_ms: u64,
    /// Facts whose way the node has measured by itself.
    pub measured: u64,
}

impl Latency {
    /// Facts that were seen.
    pub fn facts(&self) -> usize {
        self.sorted_ms.len()
    }

    /// Half of the facts were known after so long.
    pub fn p50_ms(&self) -> Option<u64> {
        self.part(50)
    }

    /// All but one in a hundred were known after so long.
    pub fn p99_ms(&self) -> Option<u64> {
        self.part(99)
    }

    /// All of the facts were known after so long.
    pub fn max_ms(&self) -> Option<u64> {
        self.sorted_ms.last().copied()
    }

    fn part(&self, percent: usize) -> Option<u64> {
        let last = self.sorted_ms.len().checked_sub(1)?;
        self.sorted_ms.get((self.sorted_ms.len() * percent / 100).min(last)).copied()
    }
}

/// When each fact was there, and when it was known.
#[derive(Default)]
struct Seen {
    there: BTreeMap<(u8, u64), u64>,
    known: BTreeMap<(u8, u64), u64>,
}

/// Runs a node in fair weather until so many batches are final.
pub fn sync_latency(batches: u64) -> Result<Latency, String> {
    let scenario = Scenario::calm(7);
    let world = Arc::new(World::new(scenario)?);
    let start_time = std::time::UNIX_EPOCH + Duration::from_secs(BEGIN_S + 200);
    let config = deterministic::Config::new().with_seed(scenario.seed).with_start_time(start_time);
    let seen = deterministic::Runner::new(config).start(|context| async move {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (mining, noting) = (world.clone(), seen.clone());
        context.child("miner").spawn(move |context| async move {
            loop {
                context.sleep(Duration::from_secs(mining.scenario.block_s)).await;
                let now_ms = millis(context.current());
                mining.chain.mine(now_ms / 1_000);
                let Some(contracts) = mining.chain.contracts() else { continue };
                let (committed, _, finalized) = contracts.batches();
                let mut seen = noting.lock().unwrap_or_else(PoisonError::into_inner);
                for (stage, upto) in [(0, committed), (1, contracts.proven(0)), (2, finalized)] {
                    for number in 1..=upto {
                        seen.there.entry((stage, number)).or_insert(now_ms);
                    }
                }
            }
        });
        let until_ms = millis(context.current()) + batches * 60_000;
        let Some(running) = start(&context, &world, until_ms).await? else {
            return Err("the node does not start".to_owned());
        };
        let Running { node, door, .. } = &running;
        people::start(&context, &world, door, 1..=world.scenario.traders);
        loop {
            context.sleep(LOOK).await;
            let now_ms = millis(context.current());
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            for (stage, of) in [(0, Stage::Committed), (1, Stage::Proven), (2, Stage::Final)] {
                for number in 1..=node.books().last_at(of).map_or(0, |last| last.get()) {
                    seen.known.entry((stage, number)).or_insert(now_ms);
                }
            }
            if seen.known.contains_key(&(2, batches)) {
                break;
            }
            if now_ms > until_ms {
                return Err(format!("only {} facts were known in time", seen.known.len()));
            }
        }
        let measured = node.metrics().noted_us.count();
        Ok((seen, measured))
    });
    let (seen, measured) = seen?;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let took = seen.known.iter().filter_map(|(fact, known)| known.checked_sub(*seen.there.get(fact)?));
    let mut sorted_ms: Vec<u64> = took.collect();
    sorted_ms.sort_unstable();
    Ok(Latency { sorted_ms, poll_ms: u64::try_from(POLL.as_millis()).unwrap_or(u64::MAX), measured })
}
