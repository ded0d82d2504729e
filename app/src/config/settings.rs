//! The configuration of a node as types: read as a whole, and refused as a whole.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use alloy::primitives::Address;
use ashlar_coding::Expansion;
use ashlar_da::Remote;
use ashlar_sequencer::{AlertRules, BatchRules, Limits, Mode, Rate};
use ashlar_settlement::limits::ENDPOINTS_MAX;
use ashlar_sync::limits::SAMPLES_MAX;
use ashlar_sync::{CheckConfig, Strategy};
use ashlar_types::BatchNumber;

use super::keys::{self as key, Key};
use super::layers::{Layers, Mistake};
use super::reader::{Reader, path};
use crate::proving::Backend;
use crate::publishing::Publishing;
use crate::telemetry::TelemetrySettings;

/// What is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Whatever is for development only.
    Production,
    /// Nothing.
    Development,
}

/// Who proves.
#[derive(Clone, Debug)]
pub struct ProverSettings {
    /// How; nobody proves where it is absent.
    pub backend: Option<Backend>,
    /// The worker that is started here, unless the usual one.
    pub worker: Option<PathBuf>,
    /// Whether workers that are started elsewhere are waited for.
    pub remote: bool,
    /// Where workers of other machines connect.
    pub listen: Option<SocketAddr>,
    /// The file that names them.
    pub members_file: Option<PathBuf>,
    /// The files of the keys that sign for proofs.
    pub signer_key_files: Vec<PathBuf>,
    /// The file that names signers of other machines.
    pub signers_file: Option<PathBuf>,
    /// Commands of several batches under one proof.
    pub commands_max: u64,
}

impl ProverSettings {
    /// Whether workers prove, and not this process alone.
    pub fn has_workers(&self) -> bool {
        self.backend.is_some_and(Backend::is_proving) || self.remote || self.listen.is_some()
    }
}

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// The L1 and the contracts on it.
#[derive(Clone, Debug)]
pub struct L1Settings {
    /// Its nodes.
    pub endpoints: Vec<String>,
    /// How many must agree.
    pub quorum: usize,
    /// Which chain.
    pub chain_id: u64,
    /// The settlement contract.
    pub settlement: Address,
    /// The block of its deployment.
    pub deployed_block: u64,
    /// When the exchange began, unless with the first block.
    pub genesis_ms: Option<u64>,
    /// The house's first owner, unless the operator.
    pub house_owner: Option<Address>,
    /// The file of the submitter's key.
    pub key_file: PathBuf,
    /// How long a question may take.
    pub timeout: Duration,
    /// How often news are asked for.
    pub poll_every: Duration,
}

/// The servers.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// REST, streams, dashboard.
    pub listen: SocketAddr,
    /// The binary gateway.
    pub gateway: SocketAddr,
    /// The operator's side.
    pub admin: SocketAddr,
    /// Where the operator's token is.
    pub token_file: PathBuf,
    /// Requests of one address at once.
    pub burst: u32,
    /// And in a second.
    pub per_second: u32,
    /// Whether the dashboard is served.
    pub dashboard: bool,
}

/// Where a node that follows finds data.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Folders that somebody publishes to.
    pub folders: Vec<PathBuf>,
    /// Custodians.
    pub custodians: Vec<String>,
    /// Whether commits' calldata is read too.
    pub calldata: bool,
}

/// Everything that a node is told.
#[derive(Clone, Debug)]
pub struct NodeSettings {
    /// What is refused.
    pub profile: Profile,
    /// What kind of node.
    pub mode: Mode,
    /// The folder of everything.
    pub data: PathBuf,
    /// The file of the key that signs receipts.
    pub key_file: PathBuf,
    /// Worker threads.
    pub threads: usize,
    /// Groups of signatures at once.
    pub checkers: usize,
    /// Messages that may wait.
    pub waiting_max: usize,
    /// Commands whose answers are kept.
    pub kept_commands_max: u64,
    /// Commands between snapshots.
    pub checkpoint_commands: u64,
    /// The L1.
    pub l1: L1Settings,
    /// Folders of published data.
    pub da_folders: usize,
    /// Custodians in place of folders.
    pub da_custodians: Vec<String>,
    /// What they let in.
    pub da_writer_key_file: Option<PathBuf>,
    /// How many must confirm.
    pub da_confirmed_min: usize,
    /// How much longer coded data is.
    pub da_expansion: Expansion,
    /// Where commits leave data.
    pub da_target: Publishing,
    /// How many of the newest final batches folders keep, if they forget any.
    pub da_keep_newest: Option<u64>,
    /// The archive that must have what they forget.
    pub da_archive: Option<PathBuf>,
    /// What is read by a node that follows.
    pub source: SourceSettings,
    /// Who proves.
    pub prover: ProverSettings,
    /// The servers.
    pub api: ApiSettings,
    /// What can be changed while it runs.
    pub limits: Limits,
    /// What of the log is written.
    pub log_filter: String,
    /// How.
    pub log_format: LogFormat,
    /// Where traces go.
    pub telemetry: TelemetrySettings,
}

impl NodeSettings {
    /// Reads all of it, or tells all that is wrong with it.
    pub fn read(layers: &Layers) -> Result<NodeSettings, Vec<Mistake>> {
        let mut reader = Reader::new(layers);
        let r = &mut reader;
        let data = r.path(&key::DATA);
        let expansions = [("2", Expansion::Double), ("4", Expansion::Quadruple)];
        let settings = NodeSettings {
            profile: r.word(&key::PROFILE, Profile::Production, PROFILES),
            mode: r.word(&key::MODE, Mode::Standard, MODES),
            key_file: r.path(&key::KEY_FILE),
            threads: r.number(&key::THREADS, 1..=256),
            checkers: r.number(&key::CHECKERS, 1..=256),
            waiting_max: r.number(&key::WAITING_MAX, 1..=1 << 20),
            kept_commands_max: r.number(&key::KEPT_COMMANDS_MAX, 1..=1 << 32),
            checkpoint_commands: r.number(&key::CHECKPOINT_COMMANDS, 1..=1 << 40),
            l1: l1(r),
            da_folders: r.number(&key::DA_FOLDERS, 1..=64),
            da_custodians: r.optional(&key::DA_CUSTODIANS, custodians).unwrap_or_default(),
            da_writer_key_file: r.optional(&key::DA_WRITER_KEY_FILE, path),
            da_confirmed_min: r.number(&key::DA_CONFIRMED_MIN, 1..=64),
            da_expansion: r.word(&key::DA_EXPANSION, Expansion::Double, &expansions),
            da_target: r.word(&key::DA_TARGET, Publishing::Calldata, Publishing::WORDS),
            da_keep_newest: r.optional(&key::DA_KEEP_NEWEST, kept_newest),
            da_archive: r.optional(&key::DA_ARCHIVE, path),
            source: SourceSettings {
                folders: r.optional(&key::SOURCE_FOLDERS, paths).unwrap_or_default(),
                custodians: r.optional(&key::SOURCE_CUSTODIANS, custodians).unwrap_or_default(),
                calldata: r.flag(&key::SOURCE_CALLDATA),
            },
            prover: prover(r),
            api: api(r, &data),
            limits: limits(r),
            log_filter: r.value(&key::LOG_FILTER, String::new(), filter),
            log_format: r.word(&key::LOG_FORMAT, LogFormat::Text, LOG_FORMATS),
            telemetry: telemetry(r),
            data,
        };
        settings.compare(r);
        let mistakes = reader.into_mistakes();
        if mistakes.is_empty() { Ok(settings) } else { Err(mistakes) }
    }

    /// What fits each key and does not fit the others.
    fn compare(&self, r: &mut Reader<'_>) {
        if self.l1.quorum > self.l1.endpoints.len().max(1) {
            r.refuse(&key::L1_QUORUM, format!("it is more than the {} endpoints", self.l1.endpoints.len()));
        }
        let (stores, kind) = match self.da_custodians.len() {
            0 => (self.da_folders, "folders"),
            custodians => (custodians, "custodians"),
        };
        let least = stores.div_ceil(1 << self.da_expansion.levels());
        if !(least..=stores).contains(&self.da_confirmed_min) {
            r.refuse(&key::DA_CONFIRMED_MIN, format!("with {stores} {kind} it must be {least} to {stores}"));
        }
        if !self.da_custodians.is_empty() && self.da_writer_key_file.is_none() {
            r.refuse(&key::DA_WRITER_KEY_FILE, "custodians let nobody in without it; name the file of a writer's key");
        }
        if self.da_keep_newest.is_some() && !self.da_custodians.is_empty() {
            r.refuse(&key::DA_KEEP_NEWEST, "custodians have policies of their own; leave it out, or da.custodians");
        }
        if self.da_keep_newest.is_some() && self.da_archive.is_none() {
            r.refuse(&key::DA_KEEP_NEWEST, "nothing is forgotten that is not archived; name da.archive");
        }
        if self.da_archive.is_some() && self.da_keep_newest.is_none() {
            r.refuse(&key::DA_ARCHIVE, "nothing is forgotten without a policy; set da.keep_newest, or leave it out");
        }
        if self.da_target == Publishing::Custody && self.da_custodians.is_empty() {
            r.refuse(&key::DA_TARGET, "nobody signs for folders; name da.custodians, or choose another target");
        }
        if self.mode.follows() && self.source.folders.is_empty() && self.source.custodians.is_empty() {
            r.refuse(
                &key::SOURCE_FOLDERS,
                "a node that follows needs the signatures of messages, which are with stores; name source.folders or source.custodians",
            );
        }
        if self.mode == Mode::Validium && self.da_target != Publishing::Custody {
            r.refuse(
                &key::DA_TARGET,
                "a validium leaves no data on L1; set it to custody and name da.custodians, or node.mode=standard",
            );
        }
        if self.da_target == Publishing::Blobs && self.profile == Profile::Production {
            r.refuse(
                &key::DA_TARGET,
                "nothing binds blobs to the data root yet, and production refuses them; choose another target",
            );
        }
        self.compare_prover(r);
        if !self.api.admin.ip().is_loopback() {
            r.refuse(&key::API_ADMIN, "it must be on loopback; let a tunnel bring operators there");
        }
        let mut taken: BTreeMap<SocketAddr, &Key> = BTreeMap::new();
        let servers = [
            (self.api.listen, &key::API_LISTEN),
            (self.api.gateway, &key::API_GATEWAY),
            (self.api.admin, &key::API_ADMIN),
        ];
        for (address, key) in servers {
            // Port zero lets the system choose, which never chooses one twice.
            if let Some(other) = taken.insert(address, key).filter(|_| address.port() != 0) {
                r.refuse(key, format!("{} has this address already", other.name));
            }
        }
        if self.key_file == self.l1.key_file && !self.key_file.as_os_str().is_empty() {
            r.refuse(&key::L1_KEY_FILE, "node.key_file is the same; what signs receipts must not pay on L1");
        }
    }

    fn compare_prover(&self, r: &mut Reader<'_>) {
        let ProverSettings { backend, worker, remote, listen, members_file, .. } = &self.prover;
        let nobody_signs = self.prover.signer_key_files.is_empty() && self.prover.signers_file.is_none();
        if self.profile == Profile::Production && *backend == Some(Backend::Execute) {
            r.refuse(
                &key::PROVER,
                "it proves nothing, and the production profile refuses it; set node.profile=development",
            );
        }
        if backend.is_none() && self.prover.has_workers() {
            r.refuse(&key::PROVER, "there are workers and nothing for them to do; name what they prove with");
        }
        if backend.is_some_and(Backend::is_proving) && nobody_signs {
            r.refuse(
                &key::PROVER_SIGNERS,
                "L1 has no verifier for STARKs and counts signers; name the files of their keys, or in prover.signers_file where they are",
            );
        }
        if *remote && worker.is_some() {
            r.refuse(&key::PROVER_WORKER, "prover.remote says that none is started here; leave one of them out");
        }
        if listen.is_some() && members_file.is_none() {
            r.refuse(&key::PROVER_LISTEN, "nobody of another machine may connect without prover.members_file");
        }
    }
}

const PROFILES: &[(&str, Profile)] = &[("production", Profile::Production), ("development", Profile::Development)];
const MODES: &[(&str, Mode)] = &[
    ("standard", Mode::Standard),
    ("validium", Mode::Validium),
    // From which batch on is found out at the start.
    ("following", Mode::Following { from: BatchNumber::new(1) }),
];
const STRATEGIES: &[(&str, Strategy)] = &[
    (Strategy::Alert.word(), Strategy::Alert),
    (Strategy::Halt.word(), Strategy::Halt),
    (Strategy::Reconcile.word(), Strategy::Reconcile),
];
const PROVERS: &[(&str, Option<Backend>)] = &[
    ("none", None),
    ("sp1", Some(Backend::Sp1)),
    ("risc0", Some(Backend::RiscZero)),
    ("openvm", Some(Backend::OpenVm)),
    ("execute-only", Some(Backend::Execute)),
];
const LOG_FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

/// A number of batches.
fn kept_newest(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "it must be a number of batches, 1 or more".to_owned())
}

/// Addresses of custodians, parted by commas.
fn custodians(text: &str) -> Result<Vec<String>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|url| Remote::new(url, None).map(|_| url.to_owned()).map_err(|error| error.to_string())).collect()
}

/// Files or folders, parted by commas.
fn paths(text: &str) -> Result<Vec<PathBuf>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(path).collect()
}

fn prover(r: &mut Reader<'_>) -> ProverSettings {
    ProverSettings {
        backend: r.word(&key::PROVER, None, PROVERS),
        worker: r.optional(&key::PROVER_WORKER, path),
        remote: r.flag(&key::PROVER_REMOTE),
        listen: r.optional(&key::PROVER_LISTEN, socket),
        members_file: r.optional(&key::PROVER_MEMBERS, path),
        signer_key_files: r.optional(&key::PROVER_SIGNERS, paths).unwrap_or_default(),
        signers_file: r.optional(&key::PROVER_SIGNERS_ELSEWHERE, path),
        commands_max: r.number(&key::PROVER_COMMANDS_MAX, 1..=1 << 32),
    }
}

fn l1(r: &mut Reader<'_>) -> L1Settings {
    let endpoints = r.list(&key::L1_ENDPOINTS, url);
    if endpoints.len() > ENDPOINTS_MAX {
        r.refuse(&key::L1_ENDPOINTS, format!("there are {}, and {ENDPOINTS_MAX} is the most", endpoints.len()));
    }
    L1Settings {
        endpoints,
        quorum: r.number(&key::L1_QUORUM, 1..=ENDPOINTS_MAX),
        chain_id: r.number(&key::L1_CHAIN_ID, 1..=u64::MAX),
        settlement: r.value(&key::L1_SETTLEMENT, Address::ZERO, contract),
        deployed_block: r.number(&key::L1_DEPLOYED_BLOCK, 0..=u64::MAX),
        genesis_ms: r.optional(&key::L1_GENESIS_MS, |text| super::reader::whole(text, &(1..=u64::MAX >> 16))),
        house_owner: r.optional(&key::L1_HOUSE_OWNER, contract),
        key_file: r.path(&key::L1_KEY_FILE),
        timeout: Duration::from_millis(r.number(&key::L1_TIMEOUT_MS, 100..=600_000)),
        poll_every: Duration::from_millis(r.number(&key::L1_POLL_MS, 10..=600_000)),
    }
}

fn api(r: &mut Reader<'_>, data: &std::path::Path) -> ApiSettings {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    ApiSettings {
        listen: r.value(&key::API_LISTEN, nowhere, socket),
        gateway: r.value(&key::API_GATEWAY, nowhere, socket),
        admin: r.value(&key::API_ADMIN, nowhere, socket),
        token_file: r.optional(&key::API_TOKEN_FILE, path).unwrap_or_else(|| data.join("admin-token")),
        burst: r.number(&key::API_BURST, 1..=u32::MAX),
        per_second: r.number(&key::API_PER_SECOND, 1..=u32::MAX),
        dashboard: r.flag(&key::API_DASHBOARD),
    }
}

fn limits(r: &mut Reader<'_>) -> Limits {
    let mut rate = |burst, per_second| Rate {
        burst: r.number(burst, 1..=1_000_000_000),
        per_second: r.number(per_second, 1..=1_000_000_000),
    };
    let per_peer = rate(&key::RATE_PEER_BURST, &key::RATE_PEER_PER_SECOND);
    let per_key = rate(&key::RATE_KEY_BURST, &key::RATE_KEY_PER_SECOND);
    let batches = BatchRules {
        commands_max: r.number(&key::BATCH_COMMANDS_MAX, 1..=BatchRules::commands_most()),
        bytes_max: r.number(&key::BATCH_BYTES_MAX, 1..=BatchRules::bytes_most()),
        age_ms_max: r.number(&key::BATCH_AGE_MS_MAX, 1..=86_400_000),
        gas_price_high: r.number(&key::BATCH_GAS_PRICE_HIGH, 0..=u64::MAX),
        patience: r.number(&key::BATCH_PATIENCE, 1..=1_000),
        unproven_batches_high: r.number(&key::BATCH_UNPROVEN_HIGH, 0..=u64::MAX),
        deadline_ms: r.number(&key::BATCH_DEADLINE_MS, 60_000..=u64::MAX),
        unproven_commands_floor: r.number(&key::BATCH_UNPROVEN_FLOOR, 1..=u64::MAX),
        version_margin_ms: r.number(&key::BATCH_VERSION_MARGIN, 0..=86_400_000),
    };
    let alerts = AlertRules {
        errors_permille: r.number(&key::ALERT_ERRORS, 0..=1_000),
        prover_lag_ms: r.number(&key::ALERT_PROVER_LAG, 0..=u64::MAX),
        data_lag_ms: r.number(&key::ALERT_DATA_LAG, 0..=u64::MAX),
        l1_lag_ms: r.number(&key::ALERT_L1_LAG, 0..=u64::MAX),
        balance_min: r.number(&key::ALERT_BALANCE, 0..=u128::MAX),
        capacity_percent: r.number(&key::ALERT_CAPACITY, 0..=100),
        answer_us_max: r.number(&key::ALERT_ANSWER, 1..=3_600_000_000),
        level_permille_min: r.number(&key::ALERT_LEVEL, 0..=1_000),
        slower_percent: r.number(&key::ALERT_SLOWER, 0..=100_000),
        sync_ms_max: r.number(&key::ALERT_SYNC, 0..=u64::MAX),
        checkpoint_percent: r.number(&key::ALERT_CHECKPOINT, 0..=1_000_000),
    };
    let checks = CheckConfig {
        interval: Duration::from_millis(r.number(&key::CHECK_INTERVAL, 0..=86_400_000)),
        samples: r.number(&key::CHECK_SAMPLES, 0..=SAMPLES_MAX),
        data_batches: r.number(&key::CHECK_DATA, 0..=u64::MAX),
        lag_max: r.number(&key::CHECK_LAG, 1..=u64::MAX),
        strategy: r.word(&key::CHECK_STRATEGY, Strategy::Halt, STRATEGIES),
    };
    Limits { per_peer, per_key, batches, alerts, checks }
}

fn telemetry(r: &mut Reader<'_>) -> TelemetrySettings {
    TelemetrySettings {
        endpoint: r.optional(&key::OTLP_ENDPOINT, url),
        headers: r.optional(&key::OTLP_HEADERS, headers).unwrap_or_default(),
        service: r.value(&key::SERVICE, String::new(), |text| Ok(text.to_owned())),
        sampled_permille: r.number(&key::SAMPLED, 0..=1_000),
    }
}

fn headers(text: &str) -> Result<Vec<(String, String)>, String> {
    let pair = |part: &str| part.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    let pairs: Option<Vec<_>> = text.split(',').map(pair).collect();
    pairs.ok_or_else(|| "it must be name=value, parted by commas".to_owned())
}

fn url(text: &str) -> Result<String, String> {
    let is_http = text.starts_with("http://") || text.starts_with("https://");
    let parsed = is_http.then(|| text.parse::<alloy::transports::http::reqwest::Url>().ok()).flatten();
    let parsed = parsed.filter(|url| url.has_host());
    parsed.map(|url| url.to_string()).ok_or_else(|| "one is no address such as https://l1.example:8545".to_owned())
}

fn contract(text: &str) -> Result<Address, String> {
    let parsed = text.parse::<Address>().ok().filter(|address| !address.is_zero());
    parsed.ok_or_else(|| "it must be 0x and the 40 digits of an address".to_owned())
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "it must be an address and a port, such as 127.0.0.1:8080".to_owned())
}

fn filter(text: &str) -> Result<String, String> {
    let parsed = tracing_subscriber::EnvFilter::builder().parse(text);
    parsed.map(|_| text.to_owned()).map_err(|error| format!("it is no filter of logs: {error}"))
}
