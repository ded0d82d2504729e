//! Every key of the configuration: its name, what it usually is, and what it means.
//!
//! This table is the one place where a key is made. The file, the environment and the flags know no other, and docs/configuration.md
//! is compared with it.

/// What holds if no layer says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Usual {
    /// This value.
    Is(&'static str),
    /// Nothing does: some layer has to say it.
    Needed,
    /// It is left out.
    Absent,
}

/// Something that can be chosen.
#[derive(Debug)]
pub struct Key {
    /// Its name: a table of the file, a dot, and a name in that table.
    pub name: &'static str,
    /// Without a choice.
    pub usual: Usual,
    /// Whether it is shown to nobody.
    pub is_secret: bool,
    /// What it means.
    pub help: &'static str,
}

impl Key {
    /// The name of its environment variable.
    pub fn variable(&self) -> String {
        format!("{VARIABLES}{}", self.name.to_uppercase().replace('.', "_"))
    }
}

/// The beginning of the names of all environment variables of the configuration.
pub const VARIABLES: &str = "ASHLAR_NODE_";

macro_rules! keys {
    ($($key:ident = $name:literal, $usual:expr, $help:literal $(, $secret:ident)?;)*) => {
        $(
            #[doc = $help]
            pub static $key: Key =
                Key { name: $name, usual: $usual, is_secret: keys!(@secret $($secret)?), help: $help };
        )*

        /// All of them, in the order in which they are printed.
        pub static ALL: &[&Key] = &[$(&$key),*];
    };
    (@secret) => { false };
    (@secret secret) => { true };
}

use Usual::{Absent, Is, Needed};

keys! {
    PROFILE = "node.profile", Is("production"), "What is refused: production takes no development proofs or keys; or development";
    MODE = "node.mode", Is("standard"), "standard; validium, whose data is with custodians and never on L1, so that nobody can leave without them; or following, which takes no messages and executes what another node settles";
    DATA = "node.data", Needed, "The folder of everything that is kept";
    KEY_FILE = "node.key_file", Needed, "A file of mode 600 with the key that signs receipts, 64 hexadecimal digits";
    THREADS = "node.threads", Is("2"), "Threads for everything but the engine and the builder, which have their own";
    CHECKERS = "node.checkers", Is("2"), "Groups of signatures that are checked at once";
    WAITING_MAX = "node.waiting_max", Is("16384"), "Messages that may wait at the door; the next one is refused";
    KEPT_COMMANDS_MAX = "node.kept_commands_max", Is("262144"), "Commands whose answers are kept for who asks again";
    CHECKPOINT_COMMANDS = "node.checkpoint_commands", Is("1048576"), "Commands between two snapshots";

    L1_ENDPOINTS = "l1.endpoints", Needed, "JSON-RPC addresses of L1 nodes, the preferred first", secret;
    L1_QUORUM = "l1.quorum", Is("1"), "How many of them must agree before anything is believed";
    L1_CHAIN_ID = "l1.chain_id", Needed, "Which chain they must be";
    L1_SETTLEMENT = "l1.settlement", Needed, "The settlement contract; it names the others";
    L1_DEPLOYED_BLOCK = "l1.deployed_block", Is("0"), "The block of its deployment; nothing before it is read";
    L1_GENESIS_MS = "l1.genesis_ms", Absent, "When the exchange began, in milliseconds since 1970; absent, with L1's first block";
    L1_HOUSE_OWNER = "l1.house_owner", Absent, "The first owner of the house's account; absent, the contract's operator";
    L1_KEY_FILE = "l1.key_file", Needed, "A file of mode 600 with the key that commits and proves, 64 hexadecimal digits; a node that follows reads it when it takes over";
    L1_TIMEOUT_MS = "l1.timeout_ms", Is("10000"), "After so long a question to L1 is asked of another node";
    L1_POLL_MS = "l1.poll_ms", Is("200"), "How often L1 is asked for news";

    DA_FOLDERS = "da.folders", Is("4"), "Folders over which each batch is spread";
    DA_CONFIRMED_MIN = "da.confirmed_min", Is("4"), "How many of them must have a batch before it is committed";
    DA_EXPANSION = "da.expansion", Is("2"), "How many times as much is stored as there is data: 2 or 4";
    DA_CUSTODIANS = "da.custodians", Absent, "Custodians that batches go to in place of folders, http://HOST:PORT#0xADDRESS each, parted by commas";
    DA_TARGET = "da.target", Is("calldata"), "Where commits leave data: calldata, blobs, custody (with the custodians, whose signatures L1 checks), or auto, the cheapest that the contracts allow";
    DA_KEEP_NEWEST = "da.keep_newest", Absent, "How many of the newest final batches folders keep; what is older and in da.archive is forgotten. Absent, nothing is";
    DA_ARCHIVE = "da.archive", Absent, "The folder of the archive without which folders forget nothing, as `ashlar archive add` fills it";
    DA_WRITER_KEY_FILE = "da.writer_key_file", Absent, "A file of mode 600 with the key that custodians let in, 64 hexadecimal digits";

    SOURCE_FOLDERS = "source.folders", Absent, "Of a node that follows, or that rebuilds its state: folders of published data that it reads, parted by commas";
    SOURCE_CUSTODIANS = "source.custodians", Absent, "Of a node that follows, or that rebuilds its state: custodians that it asks, http://HOST:PORT each, parted by commas";
    SOURCE_CALLDATA = "source.calldata", Is("true"), "Of a node that follows, or that rebuilds its state: whether it also reads batches from the calldata of their commits; signatures are not there";

    PROVER = "prover.kind", Is("none"), "Who proves: none, sp1, risc0, openvm, or execute-only, which proves nothing and is for development";
    PROVER_WORKER = "prover.worker", Absent, "The worker that is started here; absent, the one where it is usually built";
    PROVER_REMOTE = "prover.remote", Is("false"), "Start no worker here: those that connect prove, as ashlar prover does";
    PROVER_LISTEN = "prover.listen", Absent, "Where workers of other machines connect; those of this one use prover.sock in the data folder";
    PROVER_MEMBERS = "prover.members_file", Absent, "Which of them may: a file of mode 600, on each line a name, a token, and verify if it only verifies";
    PROVER_SIGNERS = "prover.signer_key_files", Absent, "Files of mode 600 with the keys that sign for verified proofs on L1, parted by commas";
    PROVER_SIGNERS_ELSEWHERE = "prover.signers_file", Absent, "Signers on other machines: a file of mode 600, on each line an address, a URL, and a token (ashlar signer)";
    PROVER_COMMANDS_MAX = "prover.commands_max", Is("96"), "Commands that several batches under one proof may have; 96 are proven in 24 GiB";

    API_LISTEN = "api.listen", Is("127.0.0.1:8080"), "Where the API and the dashboard are served";
    API_GATEWAY = "api.gateway", Is("127.0.0.1:8081"), "Where the binary gateway listens";
    API_ADMIN = "api.admin", Is("127.0.0.1:8082"), "Where the operator's server listens; loopback only";
    API_TOKEN_FILE = "api.token_file", Absent, "The operator's token; absent, admin-token in the data folder. It is made if it is not there";
    API_BURST = "api.burst", Is("2000"), "Requests that one address may send at once";
    API_PER_SECOND = "api.per_second", Is("1000"), "How many of them come back each second";
    API_DASHBOARD = "api.dashboard", Is("true"), "Whether the dashboard is served beside the API";

    BATCH_COMMANDS_MAX = "batch.commands_max", Is("65536"), "Commands after which a batch is closed";
    BATCH_BYTES_MAX = "batch.bytes_max", Is("4194304"), "Bytes after which a batch is closed";
    BATCH_AGE_MS_MAX = "batch.age_ms_max", Is("2000"), "Milliseconds after which a batch is closed";
    BATCH_GAS_PRICE_HIGH = "batch.gas_price_high", Is("0"), "Above this price of gas, in wei, batches may grow older; 0 for never";
    BATCH_PATIENCE = "batch.patience", Is("4"), "How many times as old they may then be";
    BATCH_UNPROVEN_HIGH = "batch.unproven_batches_high", Is("8"), "With more unproven batches than this, batches are made as large as they may be";
    BATCH_DEADLINE_MS = "batch.deadline_ms", Is("86400000"), "How long the contract gives a batch until it is final";
    BATCH_UNPROVEN_FLOOR = "batch.unproven_commands_floor", Is("16777216"), "Unproven commands that are never too many";
    BATCH_VERSION_MARGIN = "batch.version_margin_ms", Is("1800000"), "How long before a version begins on L1 no batch is built any more; longer than a batch takes to its commit";

    RATE_PEER_BURST = "rate.peer_burst", Is("200000"), "Commands that one address may send at once";
    RATE_PEER_PER_SECOND = "rate.peer_per_second", Is("100000"), "How many of them come back each second";
    RATE_KEY_BURST = "rate.key_burst", Is("20000"), "Commands that one key may sign at once";
    RATE_KEY_PER_SECOND = "rate.key_per_second", Is("10000"), "How many of them come back each second";

    ALERT_ERRORS = "alert.errors_permille", Is("10"), "Messages turned away, in a thousand, above which there is an alarm; 0 for none";
    ALERT_PROVER_LAG = "alert.prover_lag_ms", Is("900000"), "Age of the oldest unproven batch";
    ALERT_L1_LAG = "alert.l1_lag_ms", Is("300000"), "Silence of L1, or age of the oldest uncommitted batch";
    ALERT_DATA_LAG = "alert.data_lag_ms", Is("60000"), "Age of the oldest batch whose data is not published; 0 for no alarm";
    ALERT_BALANCE = "alert.balance_min_wei", Is("50000000000000000"), "The least that the submitter may have";
    ALERT_CAPACITY = "alert.capacity_percent", Is("50"), "Unproven work, in a hundred of where new orders are refused";

    ALERT_ANSWER = "alert.answer_us_max", Is("25000"), "The time within which answers are promised, in microseconds";
    ALERT_LEVEL = "alert.level_permille_min", Is("950"), "Answers of a thousand that must keep that promise, over an hour; 0 for no alarm";
    ALERT_SLOWER = "alert.slower_percent", Is("300"), "How long answers may take, in a hundred of what is usual here; 0 for no alarm";

    ALERT_SYNC = "alert.sync_ms_max", Is("500"), "The time within which what L1 says must be known here; 0 for no alarm";
    ALERT_CHECKPOINT = "alert.checkpoint_percent", Is("300"), "Commands that may come without a checkpoint, in a hundred of node.checkpoint_commands; 0 for no alarm";

    CHECK_INTERVAL = "check.interval_ms", Is("12000"), "Between two checks of what is stored and given out; headers are compared at each L1 block. 0 for no checks at all";
    CHECK_SAMPLES = "check.samples", Is("2"), "Batches that each check draws, beside the one whose turn it is";
    CHECK_DATA = "check.data_batches", Is("0"), "How many of the newest batches stores are expected to have, where they keep no more; 0 for all";
    CHECK_LAG = "check.lag_max", Is("64"), "Batches that L1 may be behind this node before there is an alarm";
    CHECK_STRATEGY = "check.strategy", Is("halt"), "What follows from a divergence beside the alarm: alert (nothing), halt (nothing is let in), or reconcile (who follows begins anew from L1; others halt)";

    LOG_FILTER = "log.filter", Is("info"), "Which lines of the log are written, as ASHLAR_LOG says it";
    LOG_FORMAT = "log.format", Is("text"), "How: text or json";

    OTLP_ENDPOINT = "telemetry.otlp_endpoint", Absent, "A collector of OpenTelemetry traces over HTTP, such as http://127.0.0.1:4318";
    OTLP_HEADERS = "telemetry.otlp_headers", Absent, "Headers that it asks for: name=value, parted by commas", secret;
    SERVICE = "telemetry.service", Is("ashlar"), "The name under which the collector knows this node";
    SAMPLED = "telemetry.sampled_permille", Is("1000"), "Traces that are exported, in a thousand";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_key_has_a_name_of_its_own_in_every_layer() {
        let names: BTreeSet<_> = ALL.iter().map(|key| key.name).collect();
        let variables: BTreeSet<_> = ALL.iter().map(|key| key.variable()).collect();
        assert_eq!((names.len(), variables.len()), (ALL.len(), ALL.len()));
        for key in ALL {
            assert_eq!(key.name.split('.').count(), 2, "{} is not a name in a table", key.name);
        }
    }
}
