//! What a person does on L1: deploys an exchange, pays in, takes out, leaves, and looks how it stands.
//!
//! 1. Nothing is sent before chain, contracts, key, balance and the transaction itself have been tried; what is wrong is one sentence.
//! 2. Nothing here needs the operator, but a withdrawal that is not forced: proofs come from L1 and published data.
//! 3. A secret is read from a file or the environment, or stays with a remote signer; it is never an argument and never shown.

mod amount;
mod arguments;
mod key;
mod place;

mod asset;
mod send;
mod standing;

mod deploy;
mod deployment;
mod terms;

mod cancel_all;
mod claim;
mod deposit;
mod exit;
mod history;
mod status;
mod withdraw;

pub use arguments::{
    CancelAllArguments, ClaimArguments, DeployArguments, DepositArguments, ExitArguments, StatusArguments,
    WithdrawArguments,
};
pub use cancel_all::run as cancel_all;
pub use claim::run as claim;
pub use deploy::run as deploy;
pub use deposit::run as deposit;
pub use exit::run as exit;
pub use status::run as status;
pub use withdraw::run as withdraw;
