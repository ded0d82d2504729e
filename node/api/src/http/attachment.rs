//! Answers that a browser saves as a file.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::large::Large;
use crate::limits::{LARGE_MS_MAX, LARGE_PACE_MIN};

/// Lines for a spreadsheet, to be saved under this name.
pub fn csv(name: &str, text: String) -> Response {
    saved(name, "text/csv; charset=utf-8", text.into())
}

/// Bytes that a program of ours reads, to be saved under this name.
pub fn bytes(name: &str, bytes: Vec<u8>) -> Response {
    saved(name, "application/octet-stream", bytes.into())
}

/// The same of megabytes, holding on to a place for as long as they are in memory. Whoever does not take them at some pace does not get the rest.
pub fn large<P: Send + 'static>(name: &str, bytes: Vec<u8>, place: P) -> Response {
    let within = LARGE_MS_MAX + 1_000 * bytes.len() as u64 / LARGE_PACE_MIN;
    saved(name, "application/octet-stream", Body::new(Large::new(bytes, place, Duration::from_millis(within))))
}

fn saved(name: &str, kind: &'static str, content: Body) -> Response {
    let name = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)], content).into_response()
}
