use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use alloy::primitives::Address;
use ashlar_settlement::l1::BlockAt;
use ashlar_types::AccountId;
use clap::{Args, ValueEnum};

use super::amount::Amount;
use super::key::KeyArguments;
use super::place::Place;

/// What is deployed, and how far it may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Profile {
    /// Proves nothing, and says so; every delay is zero
    Dev,
    /// Verifiers that verify, custodians, a council, delays longer than leaving takes
    Production,
}

/// How far a transaction must have come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Until {
    /// In a block
    Latest,
    /// In a block that an honest majority will not leave
    Safe,
    /// In a block that cannot be left
    Finalized,
}

impl Until {
    /// As L1 is asked.
    pub const fn mark(self) -> BlockAt {
        match self {
            Until::Latest => BlockAt::Latest,
            Until::Safe => BlockAt::Safe,
            Until::Finalized => BlockAt::Finalized,
        }
    }
}

/// How a transaction is sent.
#[derive(Clone, Debug, Args)]
pub struct Sending {
    /// How far L1 must have come with each transaction before the command ends
    #[arg(long, value_enum, default_value_t = Until::Latest)]
    pub wait: Until,
    /// Seconds after which it is no longer waited for
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
    /// Keep what was sent in this folder, so that a command that was stopped goes on instead of sending again; use it with --once
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
    /// A name of your own for this: with the same --journal it is done once, however often it is asked
    #[arg(long, value_name = "NAME", requires = "journal")]
    pub once: Option<String>,
}

impl Sending {
    /// How long a step may take.
    pub const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// Of a deployment.
#[derive(Clone, Debug, Args)]
pub struct DeployArguments {
    /// The JSON-RPC of an L1 node; name several and most of them must agree
    #[arg(
        long = "l1",
        value_name = "URL",
        env = "ASHLAR_L1",
        value_delimiter = ',',
        required_unless_present = "print_terms"
    )]
    pub l1: Vec<String>,
    /// The chain that it must be; otherwise whatever the node serves
    #[arg(long, value_name = "ID")]
    pub chain_id: Option<u64>,
    /// What is allowed
    #[arg(long, value_enum)]
    pub profile: Profile,
    /// What is deployed, as JSON; --print-terms shows its form. Without it `dev` has terms of its own
    #[arg(long, value_name = "FILE")]
    pub terms: Option<PathBuf>,
    /// Keep what was done in this folder: `deployment.json` names the contracts. Begun again with it, it goes on where it was
    #[arg(long, value_name = "DIR", required_unless_present = "print_terms")]
    pub into: Option<PathBuf>,
    /// Seconds after which a step is no longer waited for
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
    /// Print terms to begin with, and do nothing
    #[arg(long)]
    pub print_terms: bool,
    #[command(flatten)]
    pub key: KeyArguments,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Of a deposit.
#[derive(Clone, Debug, Args)]
pub struct DepositArguments {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub key: KeyArguments,
    /// Which asset, by its number in the exchange; 0 is ether on a development exchange
    #[arg(long)]
    pub asset: u16,
    /// How much, in whole coins (1.5) or, with `u` behind it, in the token's smallest unit (1500000u)
    #[arg(long)]
    pub amount: Amount,
    /// For whom; otherwise for the key's own address
    #[arg(long, value_name = "ADDRESS")]
    pub owner: Option<Address>,
    /// Into which account of the owner; otherwise its first, which is opened if there is none
    #[arg(long, value_parser = account)]
    pub account: Option<AccountId>,
    #[command(flatten)]
    pub sending: Sending,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of a withdrawal.
#[derive(Clone, Debug, Args)]
pub struct WithdrawArguments {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub key: KeyArguments,
    /// From which account
    #[arg(long, value_parser = account)]
    pub account: AccountId,
    /// Which asset
    #[arg(long)]
    pub asset: u16,
    /// How much, in whole coins or with `u` in the token's smallest unit; `all` takes what is there, and needs --forced
    #[arg(long)]
    pub amount: Amount,
    /// The API of the exchange, which orders the withdrawal like any other command
    #[arg(long, value_name = "ADDRESS", env = "ASHLAR_API", required_unless_present = "forced")]
    pub api: Option<SocketAddr>,
    /// Ask on L1, whether the operator likes it or not: every order of the account is cancelled, and what is free is paid out. Costs a fee
    #[arg(long)]
    pub forced: bool,
    #[command(flatten)]
    pub sending: Sending,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of a forced cancel-all.
#[derive(Clone, Debug, Args)]
pub struct CancelAllArguments {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub key: KeyArguments,
    /// Of which account; the key must be its owner's, or the exchange does nothing
    #[arg(long, value_parser = account)]
    pub account: AccountId,
    #[command(flatten)]
    pub sending: Sending,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Where published data is, and how the exchange began.
#[derive(Clone, Debug, Args)]
pub struct Data {
    /// A folder of published data; give as many as you have, a half of those that were written is enough
    #[arg(long = "da", value_name = "DIR", required_unless_present = "da_nodes")]
    pub da: Vec<PathBuf>,
    /// A custodian of published data, http://HOST:PORT; give as many as you know
    #[arg(long = "da-node", value_name = "URL")]
    pub da_nodes: Vec<String>,
    /// The L1 block from which events are read: that of the deployment, or earlier
    #[arg(long, value_name = "BLOCK")]
    pub from_block: Option<u64>,
    /// The first owner of the house's account; otherwise what the deployment file says, or the operator
    #[arg(long, value_name = "ADDRESS")]
    pub house_owner: Option<Address>,
    /// When the exchange began, in milliseconds since 1970; otherwise what the deployment file says, or with L1's first block
    #[arg(long, value_name = "MS")]
    pub genesis_ms: Option<u64>,
}

/// Of claims.
#[derive(Clone, Debug, Args)]
pub struct ClaimArguments {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub key: KeyArguments,
    #[command(flatten)]
    pub data: Data,
    /// Whose withdrawals; otherwise those of the key's own address
    #[arg(long, value_name = "ADDRESS")]
    pub owner: Option<Address>,
    /// Only the withdrawal of this index
    #[arg(long)]
    pub index: Option<u64>,
    /// Who is paid; only the owner's key may name another than the owner
    #[arg(long, value_name = "ADDRESS")]
    pub recipient: Option<Address>,
    /// Say what would be claimed, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub sending: Sending,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of leaving.
#[derive(Clone, Debug, Args)]
pub struct ExitArguments {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub key: KeyArguments,
    #[command(flatten)]
    pub data: Data,
    /// Whose accounts; otherwise those of the key's own address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "everyone")]
    pub owner: Option<Address>,
    /// Everybody's accounts: whoever sends this pays the gas, and each owner gets what is theirs
    #[arg(long)]
    pub everyone: bool,
    /// Who is paid; only the owner's key may name another than the owner
    #[arg(long, value_name = "ADDRESS", conflicts_with = "everyone")]
    pub recipient: Option<Address>,
    /// Say what would be done, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub sending: Sending,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of a look at L1.
#[derive(Clone, Debug, Args)]
pub struct StatusArguments {
    #[command(flatten)]
    pub place: Place,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

fn account(text: &str) -> Result<AccountId, String> {
    let number = text.parse::<u32>().ok().and_then(AccountId::new);
    number.ok_or_else(|| "it must be the number of an account, such as 7".to_owned())
}
