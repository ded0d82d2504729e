//! Keeps a service going: what may be tried again is tried again, later each time; what may not ends the service, and is said.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ashlar_api::door::ServiceState;
use commonware_runtime::Clock;
use tokio::sync::watch;

use super::board::Station;
use crate::measure::Metrics;
use crate::outside::{Advice, OutsideError};

/// The first wait after a failure, and the longest.
const WAIT_MIN: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(30);
/// How long a service waits for news before it looks again by itself.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What one turn of a service came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// It did something; there may be more.
    Worked,
    /// There was nothing to do.
    Idle,
    /// There will be nothing to do any more.
    Over,
}

/// Something that is done turn by turn.
pub trait Service: Send + 'static {
    /// One turn.
    fn turn(&mut self) -> impl Future<Output = Result<Turn, OutsideError>> + Send;
}

/// Runs turns of a service until it is over. When there is nothing to do it waits for news, and looks again by itself after a while.
pub async fn supervise<E: Clock, S: Service>(
    context: E,
    mut service: S,
    mut station: Station,
    metrics: Arc<Metrics>,
    mut news: watch::Receiver<()>,
) {
    let (mut wait, mut failure) = (WAIT_MIN, None::<String>);
    station.say(ServiceState::Running, "running");
    loop {
        station.go().await;
        match service.turn().await {
            Ok(Turn::Over) => return station.say(ServiceState::Stopped, "nothing is left to do"),
            Ok(done) => {
                if let Some(why) = failure.take() {
                    station.recover_from(&why, "running again");
                }
                wait = WAIT_MIN;
                if done == Turn::Idle {
                    tokio::select! {
                        biased;
                        // News that cannot come any more is no news; then time alone wakes it.
                        Ok(()) = news.changed() => {}
                        () = context.sleep(LOOK_AGAIN) => {}
                    }
                }
            }
            Err(OutsideError { advice: Advice::Stop, why }) => {
                tracing::error!(service = station.name(), why, "a service has stopped");
                return station.say(ServiceState::Stopped, why);
            }
            Err(OutsideError { advice: Advice::Retry, why }) => {
                metrics.failures.add(1);
                tracing::warn!(service = station.name(), why, "trying again later");
                station.say(ServiceState::Degraded, why.clone());
                failure = Some(why);
                context.sleep(wait).await;
                wait = (wait * 2).min(WAIT_MAX);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::Board;
    use commonware_runtime::{Runner, Spawner, Supervisor, deterministic};

    /// Fails first; then works, and says of what it works with what it is told to.
    struct Failing {
        turns: u32,
        station: Station,
        says: Option<&'static str>,
    }

    impl Service for Failing {
        async fn turn(&mut self) -> Result<Turn, OutsideError> {
            self.turns += 1;
            if self.turns == 1 {
                return Err(OutsideError::retry("it does not answer"));
            }
            if let Some(what) = self.says.take() {
                self.station.say(ServiceState::Degraded, what);
            }
            Ok(Turn::Idle)
        }
    }

    #[test]
    fn a_service_that_works_again_is_not_called_well_if_it_says_otherwise() {
        deterministic::Runner::seeded(1).start(|context| async move {
            for (says, state, note) in [
                (None, ServiceState::Running, "running again"),
                (Some("something differs"), ServiceState::Degraded, "something differs"),
            ] {
                let board = Board::default();
                let service = Failing { turns: 0, station: board.station("one"), says };
                let (station, (_news, listening)) = (board.station("one"), watch::channel(()));
                let running = context
                    .child("service")
                    .spawn(move |context| supervise(context, service, station, Arc::default(), listening));
                context.sleep(Duration::from_millis(50)).await;
                assert_eq!(board.health()[0].note, "it does not answer");
                context.sleep(Duration::from_secs(2)).await;
                assert_eq!((board.health()[0].state, board.health()[0].note.as_str()), (state, note));
                running.abort();
            }
        });
    }
}
