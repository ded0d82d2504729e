//! Traces for a collector that speaks OpenTelemetry, over HTTP.
//!
//! The node logs each step of a command or a batch with the id of its trace and the time it took (`ashlar_sequencer::STEPS`). Here a step
//! becomes a span of that trace, so the node itself knows nothing of collectors and does nothing while there is none.

mod steps;

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Sampler, SdkTracerProvider};

pub use steps::Steps;

/// What a collector may take for one delivery.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where traces go.
#[derive(Clone, Debug)]
pub struct TelemetrySettings {
    /// The collector, such as `http://127.0.0.1:4318`; without it nothing is exported.
    pub endpoint: Option<String>,
    /// Headers that it asks for, such as an authorization.
    pub headers: Vec<(String, String)>,
    /// The name under which it knows this node.
    pub service: String,
    /// Traces that are exported, in a thousand.
    pub sampled_permille: u16,
}

/// Exports until it is dropped, then delivers what is left.
pub struct Exporting(SdkTracerProvider);

impl Drop for Exporting {
    fn drop(&mut self) {
        // A collector that is gone does not keep a node from stopping.
        let _ = self.0.shutdown();
    }
}

/// What turns steps into spans, and what delivers them; nothing if there is no collector.
pub fn start(settings: &TelemetrySettings) -> Result<Option<(Steps, Exporting)>> {
    let Some(endpoint) = &settings.endpoint else { return Ok(None) };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_headers(settings.headers.iter().cloned().collect::<HashMap<_, _>>())
        .with_timeout(TIMEOUT)
        .build()
        .context("the exporter of traces does not start; correct telemetry.otlp_endpoint")?;
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).build())
        .with_resource(Resource::builder_empty().with_service_name(settings.service.clone()).build())
        .with_sampler(Sampler::TraceIdRatioBased(f64::from(settings.sampled_permille) / 1_000.0))
        .build();
    Ok(Some((Steps::new(provider.tracer("ashlar")), Exporting(provider))))
}
