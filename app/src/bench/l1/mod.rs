//! `ashlar bench l1`: what each call costs on the embedded ethrex, and how long an anchor takes to be in a block.
//!
//! Every figure comes from transactions of this run. Headers are made up, since the contracts see hashes and links of them and no more; withdrawals,
//! the state that is escaped from, signatures and the bytes of a batch are real ones.

mod anchor;
mod calls;
mod chain;
mod content;
mod leaving;
mod stage;

use anyhow::Result;
use commonware_runtime::{Runner as _, tokio as runtime};

use crate::arguments::L1Arguments;
use crate::figures::Figure;

/// Runs the benchmark on a runtime whose storage is gone afterwards.
pub fn run(arguments: &L1Arguments) -> Result<Vec<Figure>> {
    let folder = std::env::temp_dir().join(format!("ashlar-bench-l1-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&folder).with_worker_threads(2);
    let measured = runtime::Runner::new(config).start(|context| async move {
        let mut figures = calls::measure(&context, arguments.batch).await?;
        figures.extend(anchor::measure(&context, arguments.seconds).await?);
        Ok(figures)
    });
    // What cannot be removed now is in a folder that the system empties.
    let _ = std::fs::remove_dir_all(&folder);
    measured
}
