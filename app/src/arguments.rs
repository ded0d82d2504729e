//! What can be asked of the binary.

use std::path::PathBuf;

use crate::bench::prove::ProveBenchArguments;
use crate::completions::CompletionsArguments;
use crate::config::ConfigArguments;
use crate::da::{DaArguments, DaNodeArguments};
use crate::doctor::DoctorArguments;
use crate::follow::PromoteArguments;
use crate::l1::{
    CancelAllArguments, ClaimArguments, DeployArguments, DepositArguments, ExitArguments, StatusArguments,
    WithdrawArguments,
};
#[cfg(feature = "monitor")]
use crate::monitor::MonitorArguments;
use crate::node::NodeArguments;
use crate::prove::ProveArguments;
use crate::prover::ProverArguments;
use crate::rebuild::{ArchiveArguments, RecoverArguments, VerifyArguments};
use crate::signer::SignerArguments;
use crate::simulate::SimulateArguments;
use crate::state::State;
#[cfg(feature = "devnet")]
use crate::up::UpArguments;
use crate::verify_proof::VerifyProofArguments;
use ashlar_harness::flow::{Shape, Shares};
use clap::{Args, Parser, Subcommand, ValueEnum};
#[cfg(not(feature = "devnet"))]
use clap::{CommandFactory as _, error::ErrorKind};

const EXIT_CODES: &str = "\
Exit codes: 0 it did what was asked; 1 it could not, or a check failed; 2 the arguments make no sense.";

/// Ashlar, a provable exchange: everything that a person runs.
#[derive(Debug, Parser)]
#[command(name = "ashlar", version, after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do; without it everything is started, as by `up`.
    #[command(subcommand)]
    pub what: Option<What>,
    #[cfg(feature = "devnet")]
    #[command(flatten)]
    up: UpArguments,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Start a whole exchange in this process: L1, contracts, node, API, traders
    #[cfg(feature = "devnet")]
    #[command(after_help = "Example: ashlar up --data exchange --traders 20")]
    Up(UpArguments),
    /// Run a market of the core alone and watch it
    #[command(after_help = "Example: ashlar demo --seconds 20 --markets 6")]
    Demo(DemoArguments),
    /// Run a node of an exchange that is deployed already; docs/configuration.md has what it can be told
    #[command(after_help = "Example: ashlar node --config node.toml --set log.format=json")]
    Node(NodeArguments),
    /// Have a node that follows take over from one that is gone; docs/operator.md says what to see to before
    #[command(after_help = "Example: ashlar promote --config node.toml --other-is-gone")]
    Promote(PromoteArguments),
    /// Check or print the configuration of a node
    #[command(after_help = "Example: ashlar config print --help-too > node.toml")]
    Config(ConfigArguments),
    /// Look at this machine and at a configured deployment, and say what is wrong and what to do
    #[command(after_help = "Example: ashlar doctor --machine\n         ashlar doctor --config node.toml --json")]
    Doctor(DoctorArguments),
    /// Print what a shell needs to complete commands and options
    #[command(after_help = "Example: ashlar completions bash > /etc/bash_completion.d/ashlar")]
    Completions(CompletionsArguments),
    /// Check an exchange from L1 and published data alone, trusting nobody
    #[command(after_help = "Example: ashlar verify --data exchange")]
    Verify(VerifyArguments),
    /// Rebuild the state of an exchange from L1 and published data alone
    #[command(after_help = "Example: ashlar recover --data exchange --into recovered")]
    Recover(RecoverArguments),
    /// Put, get, sample, repair and audit published data, in folders and at custodians
    #[command(after_help = "Example: ashlar da audit --da exchange/da-0 --da exchange/da-1")]
    Da(DaArguments),
    /// Keep every batch for good, under one root, and find it again
    #[command(after_help = "Example: ashlar archive add --data exchange --archive archive")]
    Archive(ArchiveArguments),
    /// Keep published data for others and sign for it
    #[command(
        after_help = "Example: ashlar da-node --data custodian-1 --listen 127.0.0.1:9301 --place 1/4 --development"
    )]
    DaNode(DaNodeArguments),
    /// Be a prover's worker, for a coordinator on this machine or another
    #[command(after_help = "Example: ashlar prover --backend execute --connect 10.0.0.1:4000 --token-file token")]
    Prover(ProverArguments),
    /// Verify proofs on a machine of your own and sign for them, so that L1 counts you
    #[command(
        after_help = "Example: ashlar signer --key-file signer.key --token-file signer-token --listen 10.0.0.2:4100"
    )]
    Signer(SignerArguments),
    /// Prove one batch of a node's folder into a file
    #[command(after_help = "Example: ashlar prove --batch 3 --data exchange --out batch-3.proof")]
    Prove(ProveArguments),
    /// Check a file of a proof, trusting nobody
    #[command(
        name = "verify-proof",
        after_help = "Example: ashlar verify-proof 3.proof\n         curl -so 3.proof http://127.0.0.1:8080/v1/batches/3/proof/file"
    )]
    VerifyProof(VerifyProofArguments),
    /// Deploy the contracts of an exchange, once, however often it is begun
    #[command(
        after_help = "Example: ashlar deploy --profile dev --l1 http://127.0.0.1:8545 --key-file key --into exchange\n         ashlar deploy --profile production --print-terms"
    )]
    Deploy(Box<DeployArguments>),
    /// Pay into an exchange
    #[command(
        after_help = "Example: ashlar deposit --l1 http://127.0.0.1:8545 --deployment exchange/deployment.json --key-file key --asset 0 --amount 1.5"
    )]
    Deposit(Box<DepositArguments>),
    /// Take out of an exchange: ask it, or force it on L1
    #[command(
        after_help = "Example: ashlar withdraw --l1 http://127.0.0.1:8545 --deployment exchange/deployment.json --key-file key --api 127.0.0.1:8080 --account 1 --asset 0 --amount 0.5\n         ashlar withdraw … --account 1 --asset 0 --amount all --forced"
    )]
    Withdraw(Box<WithdrawArguments>),
    /// Cancel every order of an account on L1, whether the operator likes it or not
    #[command(
        after_help = "Example: ashlar cancel-all --l1 http://127.0.0.1:8545 --deployment exchange/deployment.json --key-file key --account 1"
    )]
    CancelAll(Box<CancelAllArguments>),
    /// Claim on L1 what was withdrawn, once its batch is final
    #[command(
        after_help = "Example: ashlar claim --l1 http://127.0.0.1:8545 --deployment exchange/deployment.json --key-file key --da exchange/da-0 --da exchange/da-1"
    )]
    Claim(Box<ClaimArguments>),
    /// Leave an exchange that missed a deadline, with nothing but L1 and published data
    #[command(
        after_help = "Example: ashlar exit --l1 http://127.0.0.1:8545 --deployment exchange/deployment.json --key-file key --da exchange/da-0 --da exchange/da-1"
    )]
    Exit(Box<ExitArguments>),
    /// Look at an exchange on L1
    #[command(
        subcommand,
        after_help = "Example: ashlar l1 status --l1 http://127.0.0.1:8545 --deployment exchange/deployment.json"
    )]
    L1(OnL1),
    /// Watch a node on the terminal by its public API; docs/monitor.md shows how
    #[cfg(feature = "monitor")]
    #[command(
        after_help = "Example: ashlar monitor --url http://127.0.0.1:8080\n         ashlar monitor --once --json"
    )]
    Monitor(MonitorArguments),
    /// Look at states that were kept
    #[command(subcommand, after_help = "Example: ashlar state diff exchange recovered")]
    State(State),
    /// Run a whole node with everything around it from a seed, and see that nothing is ever lost
    #[command(after_help = "Example: ashlar simulate --seed 17\n         ashlar simulate --seeds 10000 --json")]
    Simulate(SimulateArguments),
    /// Measure; what each figure means is in docs/benchmarks.md
    #[command(subcommand, after_help = "Example: ashlar bench core --json")]
    Bench(Bench),
}

/// What to look at on L1.
#[derive(Debug, Subcommand)]
pub enum OnL1 {
    /// Where it stands: batches, proofs, inbox, deadlines, roles, what the bridge holds
    #[command(
        after_help = "Example: ashlar l1 status --l1 http://127.0.0.1:8545 --deployment exchange/deployment.json --json"
    )]
    Status(StatusArguments),
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// The order book alone, on a recorded workload
    #[command(after_help = "Example: ashlar bench book --workload orders_normal_s23_n1000000.bin.xz")]
    Book(BookArguments),
    /// The whole core: accounts, keys, nonces, reservations, risk, fees, receipts
    #[command(after_help = "Example: ashlar bench core --accounts 1000000 --seconds 20 --json")]
    Core(CoreArguments),
    /// Coding, committing, opening and checking of published data, and the bytes of batches
    #[command(after_help = "Example: ashlar bench da --bytes 8388608 --json")]
    Da(DaBenchArguments),
    /// The contracts on the embedded L1: gas of each call and of a command, and how long an anchor takes
    #[cfg(feature = "devnet")]
    #[command(after_help = "Example: ashlar bench l1 --json")]
    L1(L1Arguments),
    /// A whole node: signed messages in, durable answers out, batches behind them
    #[command(after_help = "Example: ashlar bench node --clients 8 --json")]
    Node(NodeBenchArguments),
    /// Proofs: capturing, executing, cycles, proving, checking; and what trading beside a prover feels
    #[command(
        after_help = "Example: ashlar bench prove --json\n         ashlar bench prove --latency --seconds 20\n         ashlar bench prove --backend sp1 --worker ashlar-sp1-worker"
    )]
    Prove(ProveBenchArguments),
    /// Updates of the state root, and how long witnesses are
    #[command(after_help = "Example: ashlar bench state --threads 2 --json")]
    State(StateArguments),
    /// Replay, starts from checkpoints, recovery, and how soon the node knows what L1 says
    #[command(after_help = "Example: ashlar bench sync --commands 1000000 --json")]
    Sync(SyncArguments),
}

/// Of the synchronisation benchmark.
#[derive(Clone, Debug, Args)]
pub struct SyncArguments {
    /// Commands of the history
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub commands: u64,
    /// Commands of a batch
    #[arg(long, default_value_t = 5_000, value_parser = count)]
    pub batch_commands: usize,
    /// Accounts of the history
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub accounts: u32,
    /// Open orders of the checkpoint that a start is measured from
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub orders: u64,
    /// Batches whose way over L1 is watched
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub latency_batches: u64,
    /// Of the flow
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of the demo market.
#[derive(Clone, Debug, Args)]
pub struct DemoArguments {
    /// How long it runs
    #[arg(long, default_value_t = 5.0, value_parser = seconds)]
    pub seconds: f64,
    /// How many markets there are
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub markets: u16,
    /// How many traders there are
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub accounts: u32,
    /// Which of all markets it is; the same number gives the same commands
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print what it came to as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Of the book's benchmark.
#[derive(Clone, Debug, Args)]
pub struct BookArguments {
    /// A workload of the public matching-engine benchmark, .bin or .bin.xz
    #[arg(long, value_name = "FILE")]
    pub workload: PathBuf,
    /// How long to measure; at least once through the workload
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,
    /// Arrivals in a second, for the latencies
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub rate: u64,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of the L1's benchmark.
#[derive(Clone, Debug, Args)]
pub struct L1Arguments {
    /// Commands of the batches whose cost is shared among them
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch: u32,
    /// For how long anchors are measured
    #[arg(long, default_value_t = 20.0, value_parser = seconds)]
    pub seconds: f64,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of the node's benchmark.
#[derive(Clone, Debug, Args)]
pub struct NodeBenchArguments {
    /// How many clients send at once
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub clients: u32,
    /// Messages of each client that hold one command
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub messages: u32,
    /// Commands of all clients that are signed 256 at once
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u32).range(256..=100_000_000))]
    pub bulk_commands: u32,
    /// From which orders are drawn
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of the benchmark of published data.
#[derive(Clone, Debug, Args)]
pub struct DaBenchArguments {
    /// Bytes that are coded and committed to
    #[arg(long, default_value_t = 1 << 21, value_parser = batch_bytes)]
    pub bytes: usize,
    /// Commands of the batch whose bytes are counted
    #[arg(long, default_value_t = 10_000, value_parser = chunk)]
    pub commands: usize,
    /// Markets of that batch
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=4_096))]
    pub markets: u16,
    /// Accounts of that batch
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub accounts: u32,
    /// How long to measure
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,
    /// From which data and commands are drawn
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of the core's benchmark.
#[derive(Clone, Debug, Args)]
pub struct CoreArguments {
    /// How many markets there are
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=4_096))]
    pub markets: u16,
    /// How many accounts there are
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=4_000_000))]
    pub accounts: u32,
    /// How long to measure; making the commands takes time beyond it
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,
    /// Arrivals in a second, for the latencies
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub rate: u64,
    /// What the commands are
    #[arg(long, value_enum, default_value_t = Mix::Mixed)]
    pub flow: Mix,
    /// Which of all flows of commands
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Commands that are made at a time
    #[arg(long, default_value_t = 1 << 18, value_parser = chunk)]
    pub chunk: usize,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What commands there are in a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Mix {
    /// Every kind: orders, cancels, replaces, mass quotes, stops, pairs, cancel-alls
    Mixed,
    /// Orders, immediate orders, cancels and replaces
    Plain,
}

impl Mix {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Mix::Mixed => "mixed",
            Mix::Plain => "plain",
        }
    }
}

impl CoreArguments {
    /// The shape of the flow.
    pub fn shape(&self) -> Shape {
        let shares = match self.flow {
            Mix::Mixed => Shares::MIXED,
            Mix::Plain => Shares::PLAIN,
        };
        Shape { shares, ..Shape::mixed(self.seed, self.markets, self.accounts) }
    }
}

/// Of the state's benchmark.
#[derive(Clone, Debug, Args)]
pub struct StateArguments {
    /// How many leaves the map has
    #[arg(long, default_value_t = 1_000_000, value_parser = count)]
    pub leaves: usize,
    /// How many of them a batch changes
    #[arg(long, default_value_t = 100_000, value_parser = count)]
    pub batch: usize,
    /// On how many threads
    #[arg(long, default_value_t = 2, value_parser = threads)]
    pub threads: usize,
    /// How long to measure
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,
    /// Accounts of the batches whose witnesses are measured
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub accounts: u32,
    /// Markets of those batches
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=4_096))]
    pub markets: u16,
    /// Commands before those batches, which have a fiftieth and a fifth of this many
    #[arg(long, default_value_t = 50_000, value_parser = count)]
    pub commands: usize,
    /// Which of all flows
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

impl Arguments {
    /// What to do: without a subcommand, everything.
    #[cfg(feature = "devnet")]
    pub fn into_what(self) -> What {
        self.what.unwrap_or(What::Up(self.up))
    }

    /// What to do. Without an L1 of its own there is nothing that is done without a subcommand.
    #[cfg(not(feature = "devnet"))]
    pub fn into_what(self) -> What {
        let none = || -> What {
            let why = "this build has no L1 of its own to start an exchange on; `ashlar help` lists what it does";
            Arguments::command().error(ErrorKind::MissingSubcommand, why).exit()
        };
        self.what.unwrap_or_else(none)
    }
}

/// A day, for whoever wants to be sure.
const SECONDS_MAX: f64 = 86_400.0;

pub fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "it must be a number of seconds, such as 5 or 0.5".to_owned())?;
    if seconds.is_finite() && (0.0..=SECONDS_MAX).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(format!("it must be between 0 and {SECONDS_MAX}"))
    }
}

fn between(text: &str, low: usize, high: usize) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "it must be a whole number".to_owned())?;
    if (low..=high).contains(&number) { Ok(number) } else { Err(format!("it must be between {low} and {high}")) }
}

fn count(text: &str) -> Result<usize, String> {
    between(text, 1, 100_000_000)
}

fn chunk(text: &str) -> Result<usize, String> {
    between(text, 64, 1 << 22)
}

fn batch_bytes(text: &str) -> Result<usize, String> {
    between(text, 64, 1 << 23)
}

fn threads(text: &str) -> Result<usize, String> {
    between(text, 1, 256)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parsed(line: &str) -> Result<What, String> {
        let arguments = Arguments::try_parse_from(line.split_whitespace());
        arguments.map(Arguments::into_what).map_err(|error| error.to_string())
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_in_its_help() {
        fn look(command: &clap::Command, path: &str, seen: &mut usize) {
            for inner in command.get_subcommands() {
                let path = format!("{path} {}", inner.get_name());
                let example = inner.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(example.contains("Example: ashlar "), "{path} --help shows no example");
                *seen += 1;
                look(inner, &path, seen);
            }
        }
        let mut seen = 0;
        look(&Arguments::command(), "ashlar", &mut seen);
        assert!(seen > 14, "{seen} commands were found");
    }

    #[test]
    fn every_command_prints_json_on_demand() {
        /// Those whose output is a text that something else reads: a shell's script.
        const OTHERWISE: [&str; 1] = ["ashlar completions"];
        fn look(command: &clap::Command, path: &str, seen: &mut Vec<String>) {
            for inner in command.get_subcommands() {
                let path = format!("{path} {}", inner.get_name());
                let is_leaf = inner.get_subcommands().next().is_none();
                if is_leaf && !OTHERWISE.contains(&path.as_str()) {
                    let takes = inner.get_arguments().any(|argument| argument.get_long() == Some("json"));
                    assert!(takes, "{path} has no --json");
                    seen.push(path.clone());
                }
                look(inner, &path, seen);
            }
        }
        let mut seen = Vec::new();
        look(&Arguments::command(), "ashlar", &mut seen);
        assert!(seen.len() > 25, "{seen:?}");
        assert!(Arguments::command().get_arguments().any(|argument| argument.get_long() == Some("json")));
    }

    #[test]
    fn without_a_command_everything_is_started() {
        assert!(matches!(parsed("ashlar"), Ok(What::Up(_))));
        assert!(matches!(parsed("ashlar --traders 3"), Ok(What::Up(_))));
        assert!(matches!(parsed("ashlar up --traders 3"), Ok(What::Up(_))));
        assert!(matches!(parsed("ashlar demo"), Ok(What::Demo(demo)) if demo.seconds == 5.0));
        assert!(matches!(parsed("ashlar demo --markets 2"), Ok(What::Demo(demo)) if demo.markets == 2));
    }

    #[test]
    fn benches_take_their_parameters() {
        let core = parsed("ashlar bench core --markets 3 --accounts 20 --seconds 0.5 --rate 1000 --seed 9 --json");
        assert!(matches!(core, Ok(What::Bench(Bench::Core(core))) if core.rate == 1_000 && core.json));
        let state = parsed("ashlar bench state --leaves 10 --batch 5 --threads 1");
        assert!(matches!(state, Ok(What::Bench(Bench::State(state))) if state.batch == 5));
        assert!(matches!(parsed("ashlar bench book --workload a.bin"), Ok(What::Bench(Bench::Book(_)))));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_value_and_the_range() {
        let refused = |line: &str| parsed(line).expect_err("it makes no sense");
        assert!(refused("ashlar demo --seconds=-1").contains("--seconds"));
        assert!(refused("ashlar demo --seconds nan").contains("between 0 and 86400"));
        assert!(refused("ashlar bench core --markets 5000").contains("4096"));
        assert!(refused("ashlar bench state --threads 0").contains("between 1 and 256"));
        assert!(refused("ashlar bench book").contains("--workload"));
        assert!(refused("ashlar bench").contains("core"));
    }
}
