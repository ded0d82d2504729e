//! Deploying the contracts of one exchange, once, however often it is begun.
//!
//! 1. Each step goes through an outbox of its own, under an id made of chain, terms and step: begun again, it finds what it did.
//! 2. A step is done when its transaction is in the chain; the code that is there is compared with the artifact, and what the
//!    contracts say of themselves with the terms.
//! 3. Nothing is sent if the chain is another one, the account is empty, or the terms contradict the profile.

mod verify;

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use ashlar_contracts::{Action, ArtifactError, Plan, PlanError, Profile, Terms, VerifierTerms, name};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::contract::Addresses;
use crate::courier::{Courier, CourierConfig, CourierError};
use crate::fees::Urgency;
use crate::l1::{L1, L1Error};
use crate::outbox::{GasLimit, Intent, IntentId};
use crate::service::{Runtime, SetupError, check_balance, check_contracts};
use crate::signer::Signer;

pub use verify::verify_deployment;

/// The usual way in which a deployment is carried out.
pub fn deploy_config(chain_id: u64) -> CourierConfig {
    CourierConfig::new(chain_id, "deployment")
}

/// What was deployed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Deployed {
    /// Where the contracts are.
    pub addresses: Addresses,
    /// Every step with its address; a call has the address of what it called.
    pub steps: BTreeMap<String, Address>,
    /// The transaction of each step.
    pub transactions: BTreeMap<String, B256>,
    /// Wei paid.
    pub paid_wei: u128,
}

/// Why the contracts are not (all) there.
#[derive(Debug, Error)]
pub enum DeployError {
    /// Chain, account or contracts are not as they must be.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// What was done cannot be opened.
    #[error(transparent)]
    Courier(#[from] CourierError),
    /// The plan has no such step.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The artifacts of this program are broken.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The terms contradict each other.
    #[error("these terms cannot be deployed: {0}")]
    Terms(String),
    /// A step came to nothing.
    #[error("the step {step} failed: {source}; correct that and begin again, what is done stays done")]
    Step {
        /// Which.
        step: String,
        /// Why.
        source: CourierError,
    },
    /// A step created nothing.
    #[error("the receipt of the step {step} names no contract; ask another L1 node")]
    NothingCreated {
        /// Which.
        step: String,
    },
    /// Another code is there than was sent.
    #[error("the contract of step {step} at {address} has other code than this program deploys; do not use it")]
    Code {
        /// Which.
        step: String,
        /// Where.
        address: Address,
    },
    /// What a contract says of itself is not what the terms say.
    #[error("{contract} at {address} has {field} {got}, and the terms say {expected}; do not use it")]
    Differs {
        /// Which contract.
        contract: &'static str,
        /// Where.
        address: Address,
        /// What of it.
        field: &'static str,
        /// By the terms.
        expected: String,
        /// On chain.
        got: String,
    },
}

impl From<L1Error> for DeployError {
    fn from(error: L1Error) -> DeployError {
        DeployError::Setup(SetupError::L1(error))
    }
}

/// What the profile forbids, before anything is sent. The contracts refuse the same.
pub fn check_terms(terms: &Terms) -> Result<(), DeployError> {
    let wrong = |reason: &str| Err(DeployError::Terms(reason.to_owned()));
    if terms.programs.is_empty() || terms.required == 0 {
        return wrong("no proof is required of a batch; name at least one program and require it");
    }
    if terms.custody_threshold as usize > terms.custodians.len() {
        return wrong("more custodians must sign than there are");
    }
    if terms.profile == Profile::Development {
        return Ok(());
    }
    if terms.programs.iter().any(|program| program.verifier == VerifierTerms::Development) {
        return wrong("a production deployment needs verifiers that verify; name real ones, or use the profile `dev`");
    }
    if terms.long_delay <= terms.deadline_seconds.saturating_add(terms.grace_seconds) {
        return wrong("in production the long delay must be longer than deadline and grace together");
    }
    if terms.council == Address::ZERO {
        return wrong("a production deployment needs a security council that can pause");
    }
    Ok(())
}

/// Deploys what is missing and returns where everything is.
pub async fn deploy<E: Runtime, L: L1, S: Signer>(
    context: &mut E,
    l1: &L,
    signer: S,
    terms: Terms,
    config: &CourierConfig,
) -> Result<Deployed, DeployError> {
    check_terms(&terms)?;
    if terms.deployer != signer.address() {
        return Err(DeployError::Terms(format!(
            "the key is {}'s, and the deployer is {}",
            signer.address(),
            terms.deployer
        )));
    }
    let got = l1.chain_id().await?;
    if got != config.chain_id {
        return Err(SetupError::WrongChain { expected: config.chain_id, got }.into());
    }
    check_balance(l1, signer.address(), U256::from(1)).await?;
    let mut courier = Courier::open(&context.child("deploy"), l1, signer, config.clone()).await?;
    let plan = Plan::new(terms);
    let (mut steps, mut transactions) = (BTreeMap::new(), BTreeMap::new());
    let (mut last_block, mut paid_wei) = (0, 0u128);
    for step in plan.steps() {
        let action = plan.action(&step, &steps)?;
        let carried = courier.carry(context, intent(config.chain_id, &step, &action, plan.terms())).await;
        let receipt = carried.map_err(|source| DeployError::Step { step: step.clone(), source })?;
        let address = match (&action, receipt.created) {
            (Action::Call { to, .. }, _) => *to,
            (Action::Create { .. }, Some(created)) => created,
            (Action::Create { .. }, None) => return Err(DeployError::NothingCreated { step }),
        };
        verify::code(l1, &step, address, plan.terms()).await?;
        last_block = last_block.max(receipt.block_number);
        paid_wei = paid_wei.saturating_add(receipt.cost());
        transactions.insert(step.clone(), receipt.tx);
        steps.insert(step, address);
    }
    let at = |name: &str| steps.get(name).copied().ok_or_else(|| PlanError::Unknown(name.to_owned()));
    let addresses = Addresses {
        settlement: at(name::SETTLEMENT)?,
        bridge: at(name::BRIDGE)?,
        registry: at(name::REGISTRY)?,
        governance: at(name::GOVERNANCE)?,
        incidents: at(name::INCIDENTS)?,
        deployed_block: last_block,
    };
    check_contracts(l1, config.chain_id, &addresses).await?;
    verify_deployment(l1, plan.terms(), &addresses).await?;
    Ok(Deployed { addresses, steps, transactions, paid_wei })
}

fn intent(chain_id: u64, step: &str, action: &Action, terms: &Terms) -> Intent {
    let (to, input) = match action {
        Action::Create { code } => (None, code.clone()),
        Action::Call { to, data } => (Some(*to), data.clone()),
    };
    // Other terms are another deployment.
    let terms = keccak256(format!("{terms:?}"));
    let name = [b"deploy".as_slice(), &chain_id.to_be_bytes(), terms.as_slice(), step.as_bytes()].concat();
    Intent {
        id: IntentId(keccak256(name)),
        label: format!("deploy {step}"),
        to,
        value: U256::ZERO,
        input,
        blob_content: Bytes::new(),
        gas: GasLimit::Estimate,
        urgency: Urgency::NextBlock,
    }
}
