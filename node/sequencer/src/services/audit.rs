//! What the operator changed, and when, written down before it is done.

use std::sync::Arc;

use commonware_runtime::{Blob, Clock, Storage, WriteOptions};
use tokio::sync::{mpsc, oneshot};

use crate::limits::AUDIT_BYTES_MAX;
use crate::measure::{Metrics, millis};

/// Appends lines to the audit log, each durable before it is acknowledged. Ends when nobody can ask any more.
pub(crate) async fn keep_audit<E: Storage + Clock>(
    context: E,
    partition: String,
    metrics: Arc<Metrics>,
    mut lines: mpsc::Receiver<(String, oneshot::Sender<bool>)>,
) {
    let opened = context.open(&format!("{partition}-audit"), b"log").await;
    let Ok((blob, mut end)) = opened.inspect_err(|error| tracing::error!(%error, "the audit log cannot be opened"))
    else {
        // Without it every change is refused, since nobody acknowledges.
        return;
    };
    while let Some((what, done)) = lines.recv().await {
        let mut line = format!("{} {}", millis(&context), what.replace(['\n', '\r'], " "));
        line.truncate(line.floor_char_boundary(AUDIT_BYTES_MAX));
        line.push('\n');
        let length = line.len() as u64;
        let written = blob.write_at(end, line.into_bytes(), WriteOptions::SYNC).await;
        if let Err(error) = &written {
            tracing::error!(%error, "the audit log cannot be written");
        } else {
            end += length;
            metrics.audits.add(1);
        }
        // Whoever asked may have gone.
        let _ = done.send(written.is_ok());
    }
}
