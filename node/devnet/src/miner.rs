//! Blocks by the clock.
//!
//! A transaction is final only once enough blocks stand on its own. So the fast clock runs on until the last block with a transaction
//! is final, and then the slow one: an idle chain does not grow, and nobody waits for the slow clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::chain::Chain;

/// Makes blocks for as long as the task lives: every `busy` while there is something to settle, and otherwise every `idle`. A block that
/// is not made because its threads are ending is no error.
pub async fn by_the_clock(chain: Arc<Chain>, busy: Duration, idle: Duration, ending: Arc<AtomicBool>) {
    let mut tick = interval(busy.max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Instant::now();
    loop {
        tick.tick().await;
        if !chain.is_busy() && !chain.is_settling() && last.elapsed() < idle {
            continue;
        }
        last = Instant::now();
        if let Err(error) = chain.mine().await {
            if ending.load(Ordering::Acquire) {
                return;
            }
            tracing::error!(%error, "no block was made");
        }
    }
}
