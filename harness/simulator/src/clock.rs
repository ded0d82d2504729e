//! A runtime whose clock can be put forward and back, as an operator or a time server does.

use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use commonware_runtime::{BlobVersion, Clock, Error, Handle, Name, Spawner, Storage, Supervisor, signal};
use governor::clock::{Clock as GovernorClock, ReasonablyRealtime};

/// The runtime with the time that a node sees. What it waits for takes as long as it takes.
#[derive(Clone, Debug)]
pub struct Jumping<E> {
    inner: E,
    skew_ms: Arc<AtomicI64>,
}

impl<E> Jumping<E> {
    /// Shows the time that is, until the clock is put elsewhere.
    pub fn new(inner: E, skew_ms: Arc<AtomicI64>) -> Jumping<E> {
        Jumping { inner, skew_ms }
    }

    fn of(&self, inner: E) -> Jumping<E> {
        Jumping { inner, skew_ms: self.skew_ms.clone() }
    }

    fn skew(&self) -> (Duration, bool) {
        let skew = self.skew_ms.load(Ordering::Acquire);
        (Duration::from_millis(skew.unsigned_abs()), skew < 0)
    }

    fn shown(&self, real: SystemTime) -> SystemTime {
        match self.skew() {
            (behind, true) => real.checked_sub(behind).unwrap_or(SystemTime::UNIX_EPOCH),
            (ahead, false) => real + ahead,
        }
    }

    fn real(&self, shown: SystemTime) -> SystemTime {
        match self.skew() {
            (behind, true) => shown + behind,
            (ahead, false) => shown.checked_sub(ahead).unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }
}

impl<E: Supervisor> Supervisor for Jumping<E> {
    fn name(&self) -> Name {
        self.inner.name()
    }

    fn child(&self, label: &'static str) -> Self {
        self.of(self.inner.child(label))
    }

    fn with_attribute(self, key: &'static str, value: impl std::fmt::Display) -> Self {
        let Jumping { inner, skew_ms } = self;
        Jumping { inner: inner.with_attribute(key, value), skew_ms }
    }
}

impl<E: Spawner> Spawner for Jumping<E> {
    fn shared(self, blocking: bool) -> Self {
        let Jumping { inner, skew_ms } = self;
        Jumping { inner: inner.shared(blocking), skew_ms }
    }

    fn dedicated(self) -> Self {
        let Jumping { inner, skew_ms } = self;
        Jumping { inner: inner.dedicated(), skew_ms }
    }

    fn spawn<F, Fut, T>(self, f: F) -> Handle<T>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let Jumping { inner, skew_ms } = self;
        inner.spawn(move |inner| f(Jumping { inner, skew_ms }))
    }

    async fn stop(self, value: i32, timeout: Option<Duration>) -> Result<(), Error> {
        self.inner.stop(value, timeout).await
    }

    fn stopped(&self) -> signal::Signal {
        self.inner.stopped()
    }
}

impl<E: Clock> GovernorClock for Jumping<E> {
    type Instant = SystemTime;

    fn now(&self) -> SystemTime {
        self.current()
    }
}

impl<E: Clock> ReasonablyRealtime for Jumping<E> {}

impl<E: Clock> Clock for Jumping<E> {
    fn current(&self) -> SystemTime {
        self.shown(self.inner.current())
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static + use<E> {
        self.inner.sleep(duration)
    }

    fn sleep_until(&self, deadline: SystemTime) -> impl Future<Output = ()> + Send + 'static + use<E> {
        self.inner.sleep_until(self.real(deadline))
    }
}

impl<E: Storage> Storage for Jumping<E> {
    type Blob = E::Blob;

    async fn open_versioned(
        &self,
        partition: &str,
        name: &[u8],
        versions: RangeInclusive<BlobVersion>,
    ) -> Result<(Self::Blob, u64, BlobVersion), Error> {
        self.inner.open_versioned(partition, name, versions).await
    }

    async fn remove(&self, partition: &str, name: Option<&[u8]>) -> Result<(), Error> {
        self.inner.remove(partition, name).await
    }

    async fn scan(&self, partition: &str) -> Result<Vec<Vec<u8>>, Error> {
        self.inner.scan(partition).await
    }
}
