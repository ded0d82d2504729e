//! A worker's process on this machine: started, watched, and started again. It is never part of this one, and runs on what is left over.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ashlar_prover::ProverHandle;
use ashlar_prover_wire::{ADDRESS_VARIABLE, TOKEN_VARIABLE, Token};
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// The first wait before it is started again, and the longest.
const WAIT_MIN: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How long one that an earlier node has started may take to come back before another one is started.
const RETURN: Duration = Duration::from_secs(5);
/// How long it may take to end once it was told to.
const END: Duration = Duration::from_secs(5);

/// A worker to be started.
#[derive(Clone, Debug)]
pub struct LocalWorker {
    /// Its name among those that may connect.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// What it is called with.
    pub arguments: Vec<String>,
    /// Where the coordinator listens.
    pub address: String,
    /// What both know.
    pub token: Token,
    /// Where everything goes that it prints.
    pub log: PathBuf,
}

/// A program called such that it takes only what others leave of the processors, as far as this machine can do that.
pub fn niced(program: &Path) -> Command {
    let has = |name: &str| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).any(|folder| folder.join(name).is_file())
    };
    let mut words = Vec::new();
    if has("chrt") {
        words.extend(["chrt", "--idle", "0"]);
    }
    if has("nice") {
        words.extend(["nice", "-n", "19"]);
    }
    let Some((first, rest)) = words.split_first() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    command
}

impl LocalWorker {
    /// Starts it once.
    pub fn start(&self) -> Result<Child> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.with_context(|| format!("{} cannot be written", self.log.display()))?;
        niced(&self.program)
            .args(&self.arguments)
            .env(ADDRESS_VARIABLE, &self.address)
            .env(TOKEN_VARIABLE, self.token.to_hex())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.program.display()))
    }

    /// Keeps it running, until told to stop.
    pub fn supervise(self, prover: ProverHandle) -> Supervised {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(keep(self, prover, stopped));
        Supervised { stop, task }
    }
}

/// A process that is kept running.
pub struct Supervised {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Supervised {
    /// Waits for the process to end, which its coordinator has told it to, and ends it if it does not.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A task that has panicked has ended as well.
        let _ = self.task.await;
    }
}

async fn keep(worker: LocalWorker, prover: ProverHandle, mut stop: watch::Receiver<bool>) {
    if is_back(&worker, &prover).await {
        tracing::info!(worker = worker.name, "a worker of an earlier start has come back");
    }
    let mut wait = WAIT_MIN;
    loop {
        // One that is there was started by an earlier node, or by hand.
        while is_connected(&worker, &prover).await {
            if wait_or_stop(LOOK, &mut stop).await {
                return;
            }
        }
        let begun = Instant::now();
        match worker.start() {
            Ok(child) => {
                if watch_over(child, &worker, &prover, &mut stop).await {
                    return;
                }
            }
            Err(error) => tracing::error!(worker = worker.name, error = format!("{error:#}"), "a worker"),
        }
        wait = if begun.elapsed() > WAIT_MAX { WAIT_MIN } else { (wait * 2).min(WAIT_MAX) };
        tracing::warn!(worker = worker.name, log = %worker.log.display(), "a worker has ended; it is started again in {wait:?}");
        if wait_or_stop(wait, &mut stop).await {
            return;
        }
    }
}

async fn is_back(worker: &LocalWorker, prover: &ProverHandle) -> bool {
    let begun = Instant::now();
    // Only what was handed in before can have a worker already.
    while prover.pressure().backlog.jobs > 0 && begun.elapsed() < RETURN {
        if is_connected(worker, prover).await {
            return true;
        }
        tokio::time::sleep(LOOK).await;
    }
    false
}

async fn is_connected(worker: &LocalWorker, prover: &ProverHandle) -> bool {
    prover.connected().await.is_ok_and(|names| names.contains(&worker.name))
}

/// Waits for the process to end; whether because of being told to stop.
async fn watch_over(
    mut child: Child,
    worker: &LocalWorker,
    prover: &ProverHandle,
    stop: &mut watch::Receiver<bool>,
) -> bool {
    let mut cut_off = prover.cut_off();
    loop {
        if wait_or_stop(LOOK, stop).await {
            end(&mut child, END).await;
            return true;
        }
        // A process whose state cannot be asked for is ended like one that was cut off.
        let Ok(None) = child.try_wait() else {
            end(&mut child, Duration::ZERO).await;
            return false;
        };
        match cut_off.try_recv() {
            Ok(cut) if cut.worker == worker.name => {
                end(&mut child, Duration::ZERO).await;
                return false;
            }
            Ok(_) | Err(TryRecvError::Empty | TryRecvError::Lagged(_)) => {}
            // Without a coordinator nobody wants it; whoever stops the coordinator says stop too.
            Err(TryRecvError::Closed) => {
                end(&mut child, END).await;
                return true;
            }
        }
    }
}

async fn end(child: &mut Child, patience: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    // One that has ended already cannot be ended, which is as well.
    let _ = child.kill();
    let _ = child.wait();
}

/// Whether it was told to stop meanwhile, or whoever could is gone.
async fn wait_or_stop(wait: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        told = stop.wait_for(|stop| *stop) => { let _ = told; true }
        () = tokio::time::sleep(wait) => false,
    }
}
