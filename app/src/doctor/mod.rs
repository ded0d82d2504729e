//! `ashlar doctor`: looks at a machine, and at a deployment if one is configured, and says what is wrong and what to do.

mod deployment;
mod finding;
mod machine;

use std::io::{Write as _, stdout};

use anyhow::{Result, bail};
use clap::Args;
use commonware_runtime::{Runner as _, tokio as runtime};

use crate::config::{NodeSettings, Sources};
use finding::{Finding, State};
pub use machine::syncs as sync_times;

/// Of the doctor.
#[derive(Clone, Debug, Args)]
pub struct DoctorArguments {
    #[command(flatten)]
    sources: Sources,
    /// Look at the machine alone
    #[arg(long)]
    machine: bool,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// Looks at everything, and fails if something would keep a node from working.
pub fn run(arguments: &DoctorArguments) -> Result<()> {
    let mut findings = Vec::new();
    let mut tell = |finding: Finding| -> Result<()> {
        let line = if arguments.json { finding.json() } else { finding.to_string() };
        writeln!(stdout(), "{line}")?;
        findings.push(finding.state);
        Ok(())
    };
    let settings = if arguments.machine { None } else { Some(NodeSettings::read(&arguments.sources.layers())) };
    let folder = settings.as_ref().and_then(|read| read.as_ref().ok()).map(|settings| settings.data.clone());
    for finding in machine::look(folder.as_deref()) {
        tell(finding)?;
    }
    match &settings {
        None => {}
        Some(Err(mistakes)) => {
            for mistake in mistakes {
                tell(Finding::failed(
                    "configuration",
                    mistake.to_string(),
                    "correct it; see `ashlar config print --help-too`",
                ))?;
            }
        }
        Some(Ok(settings)) => {
            for finding in deployment::look_here(settings) {
                tell(finding)?;
            }
            for finding in asked(settings) {
                tell(finding)?;
            }
        }
    }
    let count = |state| findings.iter().filter(|found| **found == state).count();
    let (warnings, failures) = (count(State::Warning), count(State::Failed));
    if failures > 0 {
        bail!("{failures} of {} checks failed, and {warnings} warn", findings.len());
    }
    if !arguments.json {
        writeln!(stdout(), "{} checks, {warnings} of them warn, none failed", findings.len())?;
    }
    Ok(())
}

/// What L1 has to be asked for, on a runtime of its own.
fn asked(settings: &NodeSettings) -> Vec<Finding> {
    let scratch = std::env::temp_dir().join(format!("ashlar-doctor-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&scratch).with_worker_threads(1);
    let found = runtime::Runner::new(config).start(|_| deployment::ask(settings.clone()));
    // Nothing was stored, and the system empties that folder.
    let _ = std::fs::remove_dir_all(&scratch);
    found
}
