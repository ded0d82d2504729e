use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ashlar_connections::{Place, Places};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::allowance::Allowances;
use super::patience::Patience;
use crate::door::{Door, Venue};
use crate::limits::{COSTS_ASKED_MAX, LARGE_ANSWERS_MAX, LARGE_PER_IP_MAX};
use crate::live::Follower;

/// A file that is served as it is.
#[derive(Clone, Copy, Debug)]
pub struct StaticFile {
    /// Where, from the root: `/` or `/app.js`.
    pub path: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
}

/// How the public servers are run.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Requests and socket messages that one address may send at once.
    pub burst: u32,
    /// How many of them come back each second.
    pub per_second: u32,
    /// Files served beside the API, such as a dashboard.
    pub files: &'static [StaticFile],
    /// How long clients are waited for.
    pub patience: Patience,
}

impl Default for ApiConfig {
    fn default() -> ApiConfig {
        ApiConfig { burst: 2_000, per_second: 1_000, files: &[], patience: Patience::default() }
    }
}

/// What every server shares.
#[derive(Clone, Debug)]
pub struct Api(Arc<Shared>);

struct Shared {
    door: Arc<dyn Door>,
    venue: Venue,
    follower: Arc<Follower>,
    allowances: Allowances,
    config: ApiConfig,
    counters: Counters,
    /// Large answers that may be in memory at once.
    large: Arc<Places>,
    /// Questions of what batches cost that may wait at once.
    costs: Arc<Semaphore>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("follower", &self.follower).finish_non_exhaustive()
    }
}

/// What was counted. The labels are few and fixed, whatever clients send.
#[derive(Debug, Default)]
pub struct Counters {
    /// Answers by the hundred of their status.
    pub answers: [AtomicU64; 6],
    /// Messages handed in.
    pub submitted: AtomicU64,
    /// Messages refused.
    pub refused: AtomicU64,
    /// Requests beyond an allowance.
    pub limited: AtomicU64,
    /// Connections turned away.
    pub turned_away: AtomicU64,
    /// Connections of any kind, ever.
    pub connections: AtomicU64,
    /// Streams now.
    pub streams: AtomicU64,
    /// Listeners let go because they were too slow.
    pub too_slow: AtomicU64,
    /// Messages over the binary gateway.
    pub gateway: AtomicU64,
}

impl Api {
    /// Over a door. Nothing is followed before [`Api::follow`].
    pub fn new(door: Arc<dyn Door>, config: ApiConfig) -> Api {
        let allowances = Allowances::new(config.burst, config.per_second);
        let venue = door.venue();
        Api(Arc::new(Shared {
            door,
            venue,
            follower: Arc::default(),
            allowances,
            config,
            counters: Counters::default(),
            large: Places::new(LARGE_ANSWERS_MAX, LARGE_PER_IP_MAX),
            costs: Arc::new(Semaphore::new(COSTS_ASKED_MAX)),
        }))
    }

    /// Follows the exchange, for as long as this future is polled.
    pub async fn follow(self) {
        Arc::clone(&self.0.follower).run(Arc::clone(&self.0.door)).await;
    }

    /// The exchange.
    pub fn door(&self) -> &dyn Door {
        &*self.0.door
    }

    /// What does not change while it runs.
    pub fn venue(&self) -> &Venue {
        &self.0.venue
    }

    /// What is kept, and who listens.
    pub fn follower(&self) -> &Follower {
        &self.0.follower
    }

    /// A place for a large answer to this address, if there is one; it is held until the answer is sent or given up.
    pub fn large_answer(&self, ip: IpAddr) -> Option<Place> {
        self.0.large.enter(ip)
    }

    /// A place for the question of what a batch cost, if there is one; it is held until that is answered.
    pub fn cost_question(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.costs).try_acquire_owned().ok()
    }

    /// What each address may still send.
    pub fn allowances(&self) -> &Allowances {
        &self.0.allowances
    }

    /// How the servers are run.
    pub fn config(&self) -> &ApiConfig {
        &self.0.config
    }

    /// What was counted.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }
}

/// One more.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
