//! The task that follows the exchange.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ashlar_types::AccountId;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::changes::{Told, tell_restart};
use super::hub::Hub;
use crate::door::{Block, Door, Feed, Opening};
use crate::limits::{FLUSH_MS, REOPEN_MS, TIP_MS};
use crate::model::Model;
use crate::schema::{AccountView, Channel, ServerSays, TipView, UnwoundView};

/// Locks. What is guarded is never left half changed by a panic that matters more than serving what is there.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the follower keeps up to date: the model and the listeners. Whoever takes both locks takes the hub's first.
#[derive(Default)]
pub struct Follower {
    hub: Mutex<Hub>,
    model: Mutex<Option<Model>>,
    asking: Mutex<BTreeSet<AccountId>>,
    /// What listeners were told last of how far everything has come; nothing while nobody listens.
    tip: Mutex<Option<TipView>>,
    following: AtomicBool,
    restarts: AtomicU64,
    blocks: AtomicU64,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower").field("following", &self.following).finish_non_exhaustive()
    }
}

impl Follower {
    /// Whether it has the state and reads the feed.
    pub fn is_following(&self) -> bool {
        self.following.load(Ordering::Relaxed)
    }

    /// How often it began anew after the first time, and blocks it has read.
    pub fn counts(&self) -> [u64; 2] {
        [self.restarts.load(Ordering::Relaxed), self.blocks.load(Ordering::Relaxed)]
    }

    /// Looks at the model; `None` before there is one.
    pub fn look<T>(&self, look: impl FnOnce(&Model) -> T) -> Option<T> {
        lock(&self.model).as_ref().map(look)
    }

    /// The listeners.
    pub fn hub(&self) -> MutexGuard<'_, Hub> {
        lock(&self.hub)
    }

    /// Lets the news of an account be kept, or not.
    pub fn watch(&self, account: AccountId, watched: bool) {
        if let Some(model) = lock(&self.model).as_mut() {
            if watched {
                model.watched.insert(account);
            } else {
                model.watched.remove(&account);
            }
        }
    }

    /// Follows the exchange for as long as the task is let live.
    pub async fn run(self: Arc<Self>, door: Arc<dyn Door>) {
        tokio::join!(self.follow(&door), self.tell_tips(&door));
    }

    /// What listeners were told last of how far everything has come.
    pub fn tip(&self) -> Option<TipView> {
        lock(&self.tip).clone()
    }

    /// Tells those who listen how far everything has come, each time that it changes. Batches and L1 move without a command, so the feed does not say it.
    async fn tell_tips(&self, door: &Arc<dyn Door>) {
        let mut look = interval(Duration::from_millis(TIP_MS));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            if !self.hub().is_heard(&Channel::Tip) {
                *lock(&self.tip) = None;
                continue;
            }
            let Ok(tip) = door.tip().await else { continue };
            let tip = TipView::from(&tip);
            // Whoever joins is told what was told last, under the same lock, and so misses nothing and hears nothing twice.
            let mut hub = lock(&self.hub);
            let mut told = lock(&self.tip);
            if told.as_ref() != Some(&tip) {
                hub.tell(&Channel::Tip, &ServerSays::Tip(tip.clone()));
                *told = Some(tip);
            }
        }
    }

    async fn follow(self: &Arc<Self>, door: &Arc<dyn Door>) {
        let mut told = Told::default();
        let mut epoch = door.epoch();
        loop {
            match door.open_with_past().await {
                Ok(opening) => {
                    let feed = self.begin(opening);
                    let before = std::mem::replace(&mut epoch, door.epoch());
                    if epoch > before {
                        self.tell_unwound(door, before).await;
                    }
                    self.following.store(true, Ordering::Relaxed);
                    self.read(feed, door, &mut told).await;
                    self.following.store(false, Ordering::Relaxed);
                    self.restarts.fetch_add(1, Ordering::Relaxed);
                }
                Err(unavailable) => tracing::debug!(%unavailable, "the exchange cannot be followed yet"),
            }
            sleep(Duration::from_millis(REOPEN_MS)).await;
        }
    }

    /// Tells everybody who listens to an account what became of its commands, for the order of everything was made anew.
    async fn tell_unwound(&self, door: &Arc<dyn Door>, after: u64) {
        let listened: Vec<_> = self.hub().accounts().collect();
        for account in listened {
            let Some(id) = AccountId::new(account) else { continue };
            match door.unwound(id, after).await {
                Ok(unwound) if unwound.is_empty() => {}
                Ok(unwound) => {
                    let commands = unwound.iter().map(UnwoundView::from).collect();
                    self.hub().tell(&Channel::Account { account }, &ServerSays::Unwound { account, commands });
                }
                Err(unavailable) => tracing::warn!(%unavailable, account, "an account was not told what was unwound"),
            }
        }
    }

    /// Takes up how everything stands, and gives what comes after. Nothing else of the opening stays in memory while that is read.
    fn begin(&self, opening: Opening) -> Feed {
        let Opening { standing, recalled, feed } = opening;
        // This takes a while, in which nobody is to wait for a lock.
        let recalled = recalled.and_then(|recalled| match Model::recall(&recalled) {
            Ok(model) if model.next == standing.next => Some(model),
            Ok(model) => {
                tracing::error!(next = model.next.get(), "what was recalled does not end where the feed begins");
                None
            }
            Err(gap) => {
                tracing::error!(%gap, "what was recalled has a gap");
                None
            }
        });
        let mut hub = lock(&self.hub);
        let mut kept = lock(&self.model);
        match (kept.as_mut(), recalled) {
            (Some(model), _) => model.restart(&standing),
            (None, recalled) => *kept = Some(recalled.unwrap_or_else(|| Model::new(&standing))),
        }
        if let Some(model) = kept.as_mut() {
            tell_restart(model, &mut hub);
        }
        feed
    }

    /// Reads until the place in the feed is lost.
    async fn read(self: &Arc<Self>, mut feed: Feed, door: &Arc<dyn Door>, told: &mut Told) {
        let mut flush = interval(Duration::from_millis(FLUSH_MS));
        flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                block = feed.recv() => match block {
                    Ok(block) => if !self.apply(&block, &mut feed) { return },
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "lost the place in the feed; beginning anew");
                        return;
                    }
                    Err(RecvError::Closed) => return,
                },
                _ = flush.tick() => self.flush(door, told),
            }
        }
    }

    /// Applies a block and those that already wait behind it.
    fn apply(&self, block: &Arc<Block>, feed: &mut Feed) -> bool {
        let mut kept = lock(&self.model);
        let Some(model) = kept.as_mut() else { return false };
        let mut next = Some(Arc::clone(block));
        while let Some(block) = next {
            if let Err(gap) = model.apply(&block) {
                tracing::error!(%gap, "the feed has a gap");
                return false;
            }
            self.blocks.fetch_add(1, Ordering::Relaxed);
            next = match feed.try_recv() {
                Ok(block) => Some(block),
                Err(TryRecvError::Empty | TryRecvError::Closed) => None,
                Err(TryRecvError::Lagged(_)) => return false,
            };
        }
        true
    }

    fn flush(self: &Arc<Self>, door: &Arc<dyn Door>, told: &mut Told) {
        let accounts = {
            let mut hub = lock(&self.hub);
            let mut kept = lock(&self.model);
            let Some(model) = kept.as_mut() else { return };
            told.tell(model, &mut hub)
        };
        for account in accounts {
            self.ask_standing(account, door);
        }
    }

    /// Tells an account's listeners how it stands. One question at a time: what comes in the meantime is seen by the next one.
    fn ask_standing(self: &Arc<Self>, account: AccountId, door: &Arc<dyn Door>) {
        if !lock(&self.asking).insert(account) {
            return;
        }
        let (this, pending) = (Arc::clone(self), door.account(account));
        tokio::spawn(async move {
            let facts = pending.await;
            lock(&this.asking).remove(&account);
            if let Ok(Some(facts)) = facts {
                let says = ServerSays::Standing(AccountView::of(account, &facts));
                lock(&this.hub).tell(&Channel::Account { account: account.get() }, &says);
            }
        });
    }
}
