//! Deploying the contracts of one exchange, once, however often it is begun.
//!
//! 1. Each step goes through an outbox of its own, under an id made of chain, terms and step: begun again, it finds what it did.
//! 2. A step is done when its transaction is in the chain; the code that is there is compared with the artifact.
//! 3. Nothing is sent if the chain is another one, the account is empty, or the terms contradict the profile.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use ashlar_contracts::{Action, Artifact, ArtifactError, Plan, PlanError, Profile, Terms, VerifierTerms, name};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::contract::Addresses;
use crate::fees::Urgency;
use crate::follower::{ChainEvent, FollowError, Follower};
use crate::l1::{BlockAt, L1, L1Error, Receipt};
use crate::limits::DEPTH_MIN;
use crate::outbox::{GasLimit, Intent, IntentId, IntentStatus, Outbox, OutboxConfig, OutboxError, Outcome};
use crate::service::{Runtime, SetupError, check_balance, check_contracts};
use crate::signer::Signer;
use crate::store::StoreError;

/// How a deployment is carried out.
#[derive(Clone, Debug)]
pub struct DeployConfig {
    /// Which chain it must be.
    pub chain_id: u64,
    /// The name under which what was done is kept.
    pub partition: String,
    /// How often L1 is asked whether a step is mined.
    pub poll_every: Duration,
    /// How long one step may take.
    pub step_timeout: Duration,
    /// How transactions are sent.
    pub outbox: OutboxConfig,
}

impl DeployConfig {
    /// The usual values.
    pub fn new(chain_id: u64) -> DeployConfig {
        DeployConfig {
            chain_id,
            partition: "deployment".into(),
            poll_every: Duration::from_millis(500),
            step_timeout: Duration::from_secs(600),
            outbox: OutboxConfig::default(),
        }
    }
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
    /// What was done cannot be kept; check the disk.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The chain cannot be followed.
    #[error(transparent)]
    Follow(#[from] FollowError),
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
    #[error("the step {step} failed: {reason}; correct that and begin again, what is done stays done")]
    Step {
        /// Which.
        step: String,
        /// Why.
        reason: String,
    },
    /// Another code is there than was sent.
    #[error("the contract of step {step} at {address} has other code than this program deploys; do not use it")]
    Code {
        /// Which.
        step: String,
        /// Where.
        address: Address,
    },
}

impl From<StoreError> for DeployError {
    fn from(error: StoreError) -> DeployError {
        DeployError::Outbox(OutboxError::Store(error))
    }
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
    config: &DeployConfig,
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
    let head = l1.block(BlockAt::Latest).await?.ok_or(L1Error::Missing { what: "the head" })?;
    let outbox =
        Outbox::open(context.child("deploy"), &config.partition, signer, config.chain_id, config.outbox).await?;
    let follower = Follower::new(head, Vec::new(), DEPTH_MIN);
    let mut work = Work { l1, outbox, follower, config };
    let plan = Plan::new(terms);
    let (mut steps, mut transactions) = (BTreeMap::new(), BTreeMap::new());
    let (mut last_block, mut paid_wei) = (0, 0u128);
    for step in plan.steps() {
        let action = plan.action(&step, &steps)?;
        let receipt = work.carry_out(context, &step, &action, plan.terms()).await?;
        let address = match (&action, receipt.created) {
            (Action::Call { to, .. }, _) => *to,
            (Action::Create { .. }, Some(created)) => created,
            (Action::Create { .. }, None) => {
                return Err(DeployError::Step { step, reason: "its receipt names no contract".into() });
            }
        };
        verify_code(l1, &step, address, plan.terms()).await?;
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
    Ok(Deployed { addresses, steps, transactions, paid_wei })
}

struct Work<'a, E: Runtime, L: L1, S: Signer> {
    l1: &'a L,
    outbox: Outbox<E, S>,
    follower: Follower,
    config: &'a DeployConfig,
}

impl<E: Runtime, L: L1, S: Signer> Work<'_, E, L, S> {
    /// Sends a step unless it was sent, and waits until it is in the chain.
    async fn carry_out(
        &mut self,
        context: &mut E,
        step: &str,
        action: &Action,
        terms: &Terms,
    ) -> Result<Receipt, DeployError> {
        let failed = |reason: String| DeployError::Step { step: step.to_owned(), reason };
        let intent = intent(self.config.chain_id, step, action, terms);
        let id = intent.id;
        let deadline = context.current() + self.config.step_timeout;
        let mut status = Some(self.outbox.submit(intent).await?);
        loop {
            let tx = match status {
                Some(IntentStatus::Mined { tx, succeeded: true, .. }) => Some(tx),
                Some(IntentStatus::Ended(Outcome::Succeeded { tx, .. })) => Some(tx),
                Some(IntentStatus::Mined { tx, .. }) => return Err(failed(format!("transaction {tx} reverted"))),
                Some(IntentStatus::Ended(Outcome::Reverted { tx, .. })) => {
                    return Err(failed(format!("transaction {tx} reverted")));
                }
                Some(IntentStatus::Ended(Outcome::NotDone { reason })) => return Err(failed(reason)),
                Some(IntentStatus::Queued | IntentStatus::Sent { .. }) | None => None,
            };
            if let Some(tx) = tx
                && let Some(receipt) = self.l1.receipt(tx).await?
            {
                return Ok(receipt);
            }
            if context.current() >= deadline {
                let reason = self.outbox.last_error().unwrap_or("L1 did not mine it in time").to_owned();
                return Err(failed(reason));
            }
            self.follow(context).await?;
            status = self.outbox.status(id);
            if matches!(status, Some(IntentStatus::Queued | IntentStatus::Sent { .. })) {
                context.sleep(self.config.poll_every).await;
            }
        }
    }

    async fn follow(&mut self, context: &mut E) -> Result<(), DeployError> {
        match self.follower.step(self.l1).await {
            Ok(events) => {
                for event in events {
                    if let ChainEvent::RolledBack(block) = event {
                        self.outbox.rolled_back(&block);
                    }
                }
            }
            Err(FollowError::L1(L1Error::Transport { .. } | L1Error::Missing { .. })) => {}
            Err(error) => return Err(error.into()),
        }
        let now = context.current().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let dice = context.next_u64();
        self.outbox.pump(self.l1, &self.follower, now_ms, dice).await?;
        Ok(())
    }
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

/// Compares what is on chain with the artifact. Where that has zeros the constructor put immutable values.
async fn verify_code<L: L1>(l1: &L, step: &str, address: Address, terms: &Terms) -> Result<(), DeployError> {
    let artifact = match step {
        name::INCIDENTS => Artifact::INCIDENT_LOG,
        name::GOVERNANCE => Artifact::GOVERNANCE,
        name::REGISTRY => Artifact::VERIFIER_REGISTRY,
        name::BRIDGE_CODE => Artifact::BRIDGE,
        name::SETTLEMENT_CODE => Artifact::SETTLEMENT,
        name::BRIDGE | name::SETTLEMENT | name::BIND => Artifact::PROXY,
        verifier => {
            let of = |program: &&ashlar_contracts::ProgramTerms| verifier == format!("verifier-{}", program.proof_type);
            match terms.programs.iter().find(of).map(|program| &program.verifier) {
                Some(VerifierTerms::Development) => Artifact::DEVELOPMENT_VERIFIER,
                Some(VerifierTerms::Attestation { .. }) => Artifact::ATTESTATION_VERIFIER,
                Some(VerifierTerms::Sp1Groth16(_)) => Artifact::SP1_GROTH16_VERIFIER,
                Some(VerifierTerms::RiscZeroGroth16(_)) => Artifact::RISC_ZERO_GROTH16_VERIFIER,
                // A contract of somebody else, or one that holds nothing but a key, which its own constructor checks.
                Some(VerifierTerms::Existing(_)) | None => return Ok(()),
            }
        }
    };
    let (expected, found) = (artifact.runtime_code()?, l1.code(address).await?);
    let same = expected.len() == found.len() && expected.iter().zip(found.iter()).all(|(a, b)| *a == 0 || a == b);
    if same { Ok(()) } else { Err(DeployError::Code { step: step.to_owned(), address }) }
}
