//! When a process that serves ends.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

/// Waits until somebody says so, by an interrupt or as whoever runs services does, or until so many seconds are over.
pub async fn asked(seconds: Option<u64>) -> Result<()> {
    let listen = |kind| signal(kind).context("listening for the signal to stop");
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let time_is_up = async {
        match seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = time_is_up => {}
    }
    Ok(())
}
