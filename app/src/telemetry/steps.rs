//! Steps of the log as spans.

use std::fmt;
use std::time::{Duration, SystemTime};

use ashlar_sequencer::STEPS;
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;

/// Listens to steps.
pub struct Steps(SdkTracer);

impl Steps {
    /// Whose spans this tracer makes.
    pub const fn new(tracer: SdkTracer) -> Steps {
        Steps(tracer)
    }

    fn export(&self, step: Step) {
        let Some(trace) = step.trace.filter(|trace| *trace != TraceId::INVALID) else { return };
        let ended = SystemTime::now();
        let began = ended.checked_sub(Duration::from_micros(step.us)).unwrap_or(ended);
        // All steps of a trace hang under one span that is never sent: which of them comes first is not known when it is made.
        let [.., a, b, c, d, e, f, g, h] = trace.to_bytes();
        let root = SpanId::from_bytes([a | 1, b, c, d, e, f, g, h]);
        let parent = SpanContext::new(trace, root, TraceFlags::SAMPLED, true, TraceState::default());
        let builder = self.0.span_builder(step.name).with_start_time(began).with_attributes(step.more);
        let mut span = self.0.build_with_context(builder, &Context::new().with_remote_span_context(parent));
        span.end_with_timestamp(ended);
    }
}

impl<S: Subscriber> Layer<S> for Steps {
    fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == STEPS {
            let mut step = Step::default();
            event.record(&mut step);
            self.export(step);
        }
    }
}

/// A step as it was logged.
#[derive(Default)]
struct Step {
    trace: Option<TraceId>,
    name: String,
    us: u64,
    more: Vec<KeyValue>,
}

impl Visit for Step {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "us" => self.us = value,
            name => self.more.push(KeyValue::new(name, i64::try_from(value).unwrap_or(i64::MAX))),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "step" => self.name = value.to_owned(),
            name => self.more.push(KeyValue::new(name, value.to_owned())),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "trace" => self.trace = TraceId::from_hex(&text).ok(),
            "message" => {}
            name => self.more.push(KeyValue::new(name, text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{TelemetrySettings, start};
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use tracing_subscriber::layer::SubscriberExt as _;

    /// Takes one delivery and answers that it is well.
    fn collector() -> (String, std::thread::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let taking = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a delivery");
            let (mut taken, mut part) = (Vec::new(), [0; 4_096]);
            loop {
                let read = stream.read(&mut part).expect("reads");
                taken.extend_from_slice(&part[..read]);
                if read == 0 || is_whole(&taken) {
                    break;
                }
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("answers");
            taken
        });
        (address, taking)
    }

    fn is_whole(taken: &[u8]) -> bool {
        let Some(end) = taken.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
        let head = String::from_utf8_lossy(&taken[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        length.is_some_and(|length| taken.len() >= end + 4 + length)
    }

    #[test]
    fn a_step_reaches_the_collector_as_a_span_of_its_trace() {
        let (endpoint, taking) = collector();
        let settings = TelemetrySettings {
            endpoint: Some(endpoint),
            headers: vec![("x-key".to_owned(), "open".to_owned())],
            service: "one".to_owned(),
            sampled_permille: 1_000,
        };
        let (steps, exporting) = start(&settings).expect("starts").expect("there is a collector");
        let trace = "000102030405060708090a0b0c0d0e0f";
        tracing::subscriber::with_default(tracing_subscriber::registry().with(steps), || {
            tracing::debug!(target: STEPS, trace = %trace, step = "answered", us = 1_500_u64, sequence = 7_u64);
            tracing::debug!(target: "elsewhere", trace = %trace, step = "unheard", us = 1_u64);
            tracing::debug!(target: STEPS, trace = "no id", step = "nowhere", us = 1_u64);
        });
        drop(exporting);
        let taken = taking.join().expect("a delivery");
        let text = String::from_utf8_lossy(&taken).into_owned();
        assert!(text.starts_with("POST /v1/traces ") && text.to_lowercase().contains("x-key: open"), "{text}");
        let id: Vec<u8> = (0..16).collect();
        assert!(taken.windows(16).any(|window| window == id), "the trace is the one that was logged");
        assert!(text.contains("answered") && text.contains("sequence"), "{text}");
        assert!(!text.contains("unheard") && !text.contains("nowhere"), "{text}");
    }

    #[test]
    fn without_a_collector_nothing_is_made() {
        let settings =
            TelemetrySettings { endpoint: None, headers: Vec::new(), service: String::new(), sampled_permille: 1_000 };
        assert!(start(&settings).expect("starts").is_none());
    }
}
