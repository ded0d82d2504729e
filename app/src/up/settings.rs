//! What can be chosen about `ashlar up`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ashlar_settlement::gas::GasModel;
use clap::Args;

use super::proving::{ProvingArguments, ProvingSettings};
use crate::publishing::{Possible, Publishing};

/// The chain id of the embedded L1.
const CHAIN_ID: u64 = 9_001;

/// Of the whole exchange in one process.
#[derive(Clone, Debug, Args)]
pub struct UpArguments {
    /// Keep everything in this folder, the L1 too, and go on from it; without it everything is gone afterwards
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the API listens; the binary gateway and the operator's server are on the next two ports
    #[arg(long, value_name = "ADDRESS", env = "ASHLAR_API", default_value = "127.0.0.1:8080")]
    api: SocketAddr,
    /// The port of the embedded L1; 0 lets the system choose
    #[arg(long, default_value_t = 0)]
    l1_port: u16,
    /// Milliseconds between L1 blocks while there is something to settle
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    block_ms: u64,
    /// Milliseconds after which a batch is closed. If it is not said: 4000, and 60000 with a prover that proves
    #[arg(long, value_parser = clap::value_parser!(u64).range(100..=600_000))]
    batch_ms: Option<u64>,
    /// How many simulated traders there are; 0 for none. If it is not said: 12, and 3 with a prover that proves
    #[arg(long, value_parser = clap::value_parser!(u16).range(0..=512))]
    traders: Option<u16>,
    /// Commands a second of all traders together. If it is not said: 100, and 2 with a prover that proves
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,
    /// Publish to this custodian, http://HOST:PORT, in place of folders; give as many as there are (see `ashlar da-node`)
    #[arg(long = "da-node", value_name = "URL")]
    da_nodes: Vec<String>,
    /// How many custodians must sign for a batch before it is committed; otherwise three quarters of them
    #[arg(long, value_name = "COUNT", requires = "da_nodes")]
    da_confirm: Option<usize>,
    /// Where commits leave the data of batches. Custodians are those of --da-node, or four in this process over its folders
    #[arg(long, value_enum, value_name = "WHERE", default_value_t = Publishing::Calldata)]
    publish: Publishing,
    #[command(flatten)]
    proving: ProvingArguments,
    /// Stop by itself after so many seconds
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
    /// Stop by itself once the first trade is final on L1
    #[arg(long, env = "ASHLAR_UNTIL_FINAL", value_parser = clap::builder::BoolishValueParser::new(), num_args = 0..=1, default_missing_value = "true", default_value = "false")]
    until_final: bool,
    /// Print one JSON object a line: when all is started, each second how it goes, and when the first trade is final
    #[arg(long)]
    json: bool,
}

/// What was chosen, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    folder: Folder,
    /// Where the API listens.
    pub api: SocketAddr,
    /// The port of the embedded L1.
    pub l1_port: u16,
    block_ms: u64,
    batch_ms: u64,
    /// How many simulated traders there are.
    pub traders: u16,
    /// Commands a second of all of them.
    pub rate: u32,
    /// Custodians that batches are published to; none for folders.
    pub da_nodes: Vec<String>,
    /// How many of them must sign.
    pub da_confirm: usize,
    /// Who proves, and how.
    pub proving: ProvingSettings,
    /// Where commits leave data.
    pub publish: Publishing,
    /// Stop after so many seconds.
    pub seconds: Option<u64>,
    /// Stop once the first trade is final.
    pub until_final: bool,
    /// Whether a program reads what is said.
    pub json: bool,
}

/// The folder of everything; one that nobody named is removed at the end.
#[derive(Clone, Debug)]
struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Settings {
    /// Checks what was asked for.
    pub fn from(arguments: &UpArguments) -> Result<Settings> {
        let folder = match &arguments.data {
            Some(path) => Folder { path: path.clone(), kept: true },
            None => {
                let name = format!("ashlar-{}", std::process::id());
                Folder { path: std::env::temp_dir().join(name), kept: false }
            }
        };
        std::fs::create_dir_all(&folder.path)
            .with_context(|| format!("{} cannot be made; name another folder with --data", folder.path.display()))?;
        if !arguments.api.ip().is_loopback() {
            bail!(
                "{} is not on loopback: keys of a development deployment are public, so nobody else may reach it",
                arguments.api
            );
        }
        let proving = ProvingSettings::from(&arguments.proving)?;
        let is_proven = proving.backend.is_proving();
        Ok(Settings {
            folder,
            api: arguments.api,
            l1_port: arguments.l1_port,
            block_ms: arguments.block_ms,
            batch_ms: arguments.batch_ms.unwrap_or(if is_proven { 60_000 } else { 4_000 }),
            traders: arguments.traders.unwrap_or(if is_proven { 3 } else { 12 }),
            rate: arguments.rate.unwrap_or(if is_proven { 2 } else { 100 }),
            proving,
            da_confirm: arguments.da_confirm.unwrap_or((arguments.da_nodes.len() * 3).div_ceil(4)),
            da_nodes: arguments.da_nodes.clone(),
            publish: arguments.publish,
            seconds: arguments.seconds,
            until_final: arguments.until_final,
            json: arguments.json,
        })
    }

    /// Where everything is kept while it runs.
    pub fn folder(&self) -> PathBuf {
        self.folder.path.clone()
    }

    /// Where the L1's blocks are recorded, if they are to be kept.
    pub fn l1_record(&self) -> Option<PathBuf> {
        self.folder.kept.then(|| self.folder.path.join("l1-blocks"))
    }

    /// The L1's chain id.
    pub const fn chain_id(&self) -> u64 {
        CHAIN_ID
    }

    /// An address so many ports beside the API's; where the system chose that one, it chooses this one too.
    pub fn beside(&self, ports: u16) -> SocketAddr {
        let port = if self.api.port() == 0 { 0 } else { self.api.port().wrapping_add(ports) };
        SocketAddr::new(self.api.ip(), port)
    }

    /// The file with the operator's token.
    pub fn token(&self) -> PathBuf {
        self.folder.path.join("admin-token")
    }

    /// The time between L1 blocks.
    pub const fn block_time(&self) -> Duration {
        Duration::from_millis(self.block_ms)
    }

    /// When a batch is committed, and where its data goes. A batch that has just been closed is old enough for a usual price, and
    /// none waits for long on a chain whose gas costs nothing.
    pub fn gas_model(&self, possible: Possible) -> GasModel {
        let age_max = Duration::from_millis(self.batch_ms.saturating_mul(3) / 2).max(self.block_time() * 6);
        self.publish.allow(possible, GasModel { age_max, ..GasModel::default() })
    }

    /// Milliseconds after which a batch is closed.
    pub const fn batch_ms(&self) -> u64 {
        self.batch_ms
    }

    /// For how long a batch may wait for its data before that is an alarm: ten others were closed meanwhile.
    pub const fn data_lag_ms(&self) -> u64 {
        self.batch_ms.saturating_mul(10)
    }

    /// Removes what nobody asked to keep.
    pub fn clear(&self) {
        if !self.folder.kept {
            // What cannot be removed now is in a folder that the system empties.
            let _ = std::fs::remove_dir_all(&self.folder.path);
        }
    }
}
