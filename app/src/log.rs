//! Where the log goes: standard error, for people or for machines, and a ring of its last lines for the operator's server.

use std::fmt::{Debug, Write as _};
use std::io::stderr;
use std::sync::LazyLock;

use anyhow::{Context as _, Result};
use ashlar_api::admin::{Log, LogLine};
use ashlar_sequencer::STEPS;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use crate::clock::now_ms;
use crate::config::LogFormat;
use crate::telemetry::Steps;

/// The last lines, of this process.
static KEPT: LazyLock<Log> = LazyLock::new(Log::default);

/// Names of fields whose values are nobody's business.
const SECRET_NAMES: [&str; 5] = ["token", "secret", "password", "private", "authorization"];

/// The last lines of the log, for the operator's server.
pub fn kept() -> Log {
    KEPT.clone()
}

/// What goes wrong is said on standard error; `ASHLAR_LOG` says how much of the rest.
pub fn start_by_environment() -> Result<()> {
    let filter = std::env::var("ASHLAR_LOG").unwrap_or_else(|_| "warn".to_owned());
    start(&filter, LogFormat::Text, None)
}

/// Starts it as it is configured; steps also go to a collector, if there is one.
pub fn start(filter: &str, format: LogFormat, steps: Option<Steps>) -> Result<()> {
    let read = || EnvFilter::builder().parse(filter).context("the filter of the log");
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    let lines = match format {
        LogFormat::Text => lines.with_filter(read()?).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(read()?).boxed(),
    };
    let steps = steps.map(|steps| steps.with_filter(Targets::new().with_target(STEPS, Level::DEBUG)));
    let kept = Keeping(kept()).with_filter(read()?);
    let started = tracing_subscriber::registry().with(lines).with(kept).with(steps).try_init();
    started.context("the log is started already")
}

/// Puts what is logged into the ring.
struct Keeping(Log);

impl<S: Subscriber> Layer<S> for Keeping {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        self.0.push(LogLine {
            time: now_ms(),
            level: event.metadata().level().as_str().to_lowercase(),
            target: event.metadata().target().to_owned(),
            text: words.text(),
        });
    }
}

/// The message of an event, then its fields as `name=value`.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Words {
    fn text(self) -> String {
        [self.message, self.fields].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let name = field.name();
        // Writing to a string does not fail.
        let _ = match name {
            "message" => write!(self.message, "{value:?}"),
            _ => {
                let gap = if self.fields.is_empty() { "" } else { " " };
                let is_secret = SECRET_NAMES.iter().any(|secret| name.contains(secret));
                if is_secret {
                    write!(self.fields, "{gap}{name}=(hidden)")
                } else {
                    write!(self.fields, "{gap}{name}={value:?}")
                }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_kept_and_a_secret_is_not() {
        let log = Log::default();
        let subscriber = tracing_subscriber::registry().with(Keeping(log.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(batch = 7_u64, store = "da-1", admin_token = "5eed", "a store did not confirm");
            tracing::info!("second");
        });
        let told = log.last(10);
        assert_eq!((told.len(), told[0].text.as_str(), told[0].level.as_str()), (2, "second", "info"));
        assert_eq!(told[1].text, "a store did not confirm batch=7 store=\"da-1\" admin_token=(hidden)");
        assert!(told[1].target.ends_with("log::tests") && told[1].time > 0);
    }
}
