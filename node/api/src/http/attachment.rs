//! Answers that a browser saves as a file.

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// Lines for a spreadsheet, to be saved under this name.
pub fn csv(name: &str, text: String) -> Response {
    saved(name, "text/csv; charset=utf-8", text.into())
}

/// Bytes that a program of ours reads, to be saved under this name.
pub fn bytes(name: &str, bytes: Vec<u8>) -> Response {
    saved(name, "application/octet-stream", bytes.into())
}

/// The same, holding on to a place for as long as the bytes are in memory.
pub fn held<P: Send + 'static>(name: &str, bytes: Vec<u8>, place: P) -> Response {
    saved(name, "application/octet-stream", Bytes::from_owner(Held { bytes, _place: place }).into())
}

struct Held<P> {
    bytes: Vec<u8>,
    _place: P,
}

impl<P> AsRef<[u8]> for Held<P> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn saved(name: &str, kind: &'static str, content: Body) -> Response {
    let name = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)], content).into_response()
}
