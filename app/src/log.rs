//! Where the log goes: standard error, for people or for machines.

use std::io::stderr;

use anyhow::{Context as _, Result};
use ashlar_sequencer::STEPS;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::LogFormat;
use crate::telemetry::Steps;

/// What goes wrong is said on standard error; `ASHLAR_LOG` says how much of the rest.
pub fn start_by_environment() -> Result<()> {
    let filter = std::env::var("ASHLAR_LOG").unwrap_or_else(|_| "warn".to_owned());
    start(&filter, LogFormat::Text, None)
}

/// Starts it as it is configured; steps also go to a collector, if there is one.
pub fn start(filter: &str, format: LogFormat, steps: Option<Steps>) -> Result<()> {
    let filter = EnvFilter::builder().parse(filter).context("the filter of the log")?;
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    let lines = match format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
    };
    let steps = steps.map(|steps| steps.with_filter(Targets::new().with_target(STEPS, Level::DEBUG)));
    tracing_subscriber::registry().with(lines).with(steps).try_init().context("the log is started already")
}
