//! What is on chain, compared with what was to be deployed.

use std::fmt::Display;

use alloy::primitives::{Address, B256, U256};
use alloy::sol_types::SolCall;
use ashlar_batch::BatchHeader;
use ashlar_batch::merkle::Digest;
use ashlar_contracts::abi::{IBridge, IGovernance, ISettlement, IVerifierRegistry};
use ashlar_contracts::{Artifact, Profile, Terms, VerifierTerms, name};
use ashlar_types::{ExchangeId, Time};

use super::DeployError;
use crate::contract::Addresses;
use crate::l1::L1;
use crate::service::{SetupError, ask};

/// Asks each contract what it is and compares that with the terms: roles, delays, deadlines, program set, policy, custodians.
/// It is of a deployment that governance has not changed yet.
pub async fn verify_deployment<L: L1>(l1: &L, terms: &Terms, addresses: &Addresses) -> Result<(), DeployError> {
    settlement(l1, terms, addresses).await?;
    bridge(l1, terms, addresses).await?;
    governance(l1, terms, addresses).await?;
    registry(l1, terms, addresses).await
}

/// One contract that is asked.
struct Asked<'a, L> {
    l1: &'a L,
    contract: &'static str,
    address: Address,
}

impl<L: L1> Asked<'_, L> {
    async fn get<C: SolCall>(&self, question: C) -> Result<C::Return, DeployError> {
        let (name, address) = (self.contract, self.address);
        let wrong = |reason| SetupError::WrongContract { name, address, reason };
        Ok(ask(self.l1, address, &question).await.map_err(wrong)??)
    }

    fn same<T: PartialEq + Display>(&self, field: &'static str, expected: T, got: T) -> Result<(), DeployError> {
        if expected == got {
            return Ok(());
        }
        let (contract, address) = (self.contract, self.address);
        Err(DeployError::Differs { contract, address, field, expected: expected.to_string(), got: got.to_string() })
    }
}

async fn settlement<L: L1>(l1: &L, terms: &Terms, addresses: &Addresses) -> Result<(), DeployError> {
    let asked = Asked { l1, contract: "the settlement contract", address: addresses.settlement };
    asked.same("operator", terms.operator, asked.get(ISettlement::operatorCall {}).await?)?;
    asked.same("registry", addresses.registry, asked.get(ISettlement::registryCall {}).await?)?;
    asked.same("governance", addresses.governance, asked.get(ISettlement::governanceCall {}).await?)?;
    asked.same("incident log", addresses.incidents, asked.get(ISettlement::incidentsCall {}).await?)?;
    asked.same("drift", terms.drift_seconds, asked.get(ISettlement::driftSecondsCall {}).await?)?;
    let custodians = asked.get(ISettlement::custodiansCall {}).await?;
    let list = |members: &[Address]| members.iter().map(Address::to_string).collect::<Vec<_>>().join(" ");
    asked.same("custodians", list(&terms.custodians), list(&custodians.members))?;
    asked.same("custody threshold", terms.custody_threshold, custodians.threshold)?;
    let kept = asked.get(ISettlement::headerHashCall { number: 0 }).await?;
    asked.same("first header", genesis_hash(terms, asked.get(ISettlement::exchangeIdCall {}).await?)?, kept)
}

/// The hash of the header before the first batch, which says first state, time of genesis and version.
fn genesis_hash(terms: &Terms, exchange_id: B256) -> Result<B256, DeployError> {
    let wrong = |what: &str| DeployError::Terms(format!("the {what} is none"));
    let root = Digest::from_word(&terms.state_root.0).ok_or_else(|| wrong("first state"))?;
    let time = Time::new(terms.genesis_time_ms).ok_or_else(|| wrong("time of genesis"))?;
    Ok(BatchHeader::genesis(terms.version, ExchangeId(exchange_id.0), root, time).hash().0.into())
}

async fn bridge<L: L1>(l1: &L, terms: &Terms, addresses: &Addresses) -> Result<(), DeployError> {
    let asked = Asked { l1, contract: "the bridge", address: addresses.bridge };
    asked.same("settlement contract", addresses.settlement, asked.get(IBridge::settlementCall {}).await?)?;
    asked.same("governance", addresses.governance, asked.get(IBridge::governanceCall {}).await?)?;
    asked.same("deadline", terms.deadline_seconds, asked.get(IBridge::deadlineSecondsCall {}).await?)?;
    asked.same("grace", terms.grace_seconds, asked.get(IBridge::graceSecondsCall {}).await?)
}

async fn governance<L: L1>(l1: &L, terms: &Terms, addresses: &Addresses) -> Result<(), DeployError> {
    let asked = Asked { l1, contract: "the timelock", address: addresses.governance };
    asked.same("proposer", terms.proposer, asked.get(IGovernance::proposerCall {}).await?)?;
    asked.same("council", terms.council, asked.get(IGovernance::councilCall {}).await?)?;
    let (short, long) =
        (asked.get(IGovernance::shortDelayCall {}).await?, asked.get(IGovernance::longDelayCall {}).await?);
    asked.same("short delay", terms.short_delay.into(), short.to::<u64>())?;
    asked.same("long delay", terms.long_delay.into(), long.to::<u64>())
}

async fn registry<L: L1>(l1: &L, terms: &Terms, addresses: &Addresses) -> Result<(), DeployError> {
    let asked = Asked { l1, contract: "the verifier registry", address: addresses.registry };
    let production = asked.get(IVerifierRegistry::productionCall {}).await?;
    asked.same("production", terms.profile == Profile::Production, production)?;
    let required = asked.get(IVerifierRegistry::requiredCall { version: terms.version }).await?;
    asked.same("required proofs", U256::from(terms.required), required)?;
    for program in &terms.programs {
        let question = IVerifierRegistry::programCall { version: terms.version, proofType: program.proof_type };
        let found = asked.get(question).await?;
        asked.same("program hash", program.program_hash, found.programHash)?;
        asked.same("program key", program.key, found.key)?;
        if let VerifierTerms::Existing(verifier) = program.verifier {
            asked.same("verifier", verifier, found.verifier)?;
        }
    }
    Ok(())
}

/// Compares what is on chain with the artifact. Where that has zeros the constructor put immutable values.
pub(super) async fn code<L: L1>(l1: &L, step: &str, address: Address, terms: &Terms) -> Result<(), DeployError> {
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
