use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;

/// The clock by which it is seen which store is slow.
#[derive(Clone)]
pub struct Pace {
    now: Arc<dyn Fn() -> Duration + Send + Sync>,
    sleep: Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>,
}

impl Pace {
    /// Of another clock: time since any moment that stays the same, and a sleep by it.
    pub fn new(
        now: impl Fn() -> Duration + Send + Sync + 'static,
        sleep: impl Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Pace {
        Pace { now: Arc::new(now), sleep: Arc::new(sleep) }
    }

    pub(crate) fn now(&self) -> Duration {
        (self.now)()
    }

    pub(crate) fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        (self.sleep)(time)
    }
}

impl Default for Pace {
    /// Of the machine. Where no runtime keeps time, nobody is ever late.
    fn default() -> Pace {
        let start = Instant::now();
        Pace::new(
            move || start.elapsed(),
            |time| match tokio::runtime::Handle::try_current() {
                Ok(_) => Box::pin(tokio::time::sleep(time)),
                Err(_) => Box::pin(std::future::pending()),
            },
        )
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pace")
    }
}
