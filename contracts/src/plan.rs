//! In which order the contracts are deployed, and with what.
//!
//! A plan is data: names in an order, and for each name what to send, given the addresses of those before. Whoever carries
//! it out keeps the addresses, and can stop and go on at any name.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, Bytes, U256, aliases::U48};
use alloy::sol_types::{SolCall, SolConstructor, SolValue};

use crate::artifact::{Artifact, ArtifactError};
use crate::key::WrapperKey;

/// The names of what is deployed.
pub mod name {
    /// The incident log.
    pub const INCIDENTS: &str = "incidents";
    /// The timelock.
    pub const GOVERNANCE: &str = "governance";
    /// The verifier registry.
    pub const REGISTRY: &str = "registry";
    /// The bridge's code.
    pub const BRIDGE_CODE: &str = "bridge-code";
    /// The bridge: the proxy in front of its code.
    pub const BRIDGE: &str = "bridge";
    /// The settlement contract's code.
    pub const SETTLEMENT_CODE: &str = "settlement-code";
    /// The settlement contract: the proxy in front of its code. Its address is in the exchange's id.
    pub const SETTLEMENT: &str = "settlement";
    /// The call that tells the bridge which settlement contract is its own.
    pub const BIND: &str = "bind";
}

/// What a deployment allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Verifiers that prove nothing, unbound blobs, delays of zero.
    Development,
    /// None of these.
    Production,
}

/// Who checks the proofs of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VerifierTerms {
    /// A contract that is there already.
    Existing(Address),
    /// Nobody.
    Development,
    /// k of n signers, ascending.
    Attestation {
        /// The n.
        members: Vec<Address>,
        /// The k.
        threshold: u8,
    },
    /// The pairing of SP1's Groth16 wrapper, checked on chain.
    Sp1Groth16(WrapperKey),
    /// The pairing of RISC Zero's Groth16 wrapper, checked on chain.
    RiscZeroGroth16(WrapperKey),
}

/// A program of the first version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProgramTerms {
    /// Which proof it makes, below 32.
    pub proof_type: u8,
    /// SHA-256 of its ELF.
    pub program_hash: B256,
    /// Its name with the verifier.
    pub key: B256,
    /// Who checks.
    pub verifier: VerifierTerms,
}

/// Everything that a deployment decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// What is allowed.
    pub profile: Profile,
    /// Who deploys, and so may bind the bridge.
    pub deployer: Address,
    /// Who schedules calls of governance.
    pub proposer: Address,
    /// Who may pause; zero for nobody.
    pub council: Address,
    /// Who commits.
    pub operator: Address,
    /// Seconds that listing an asset or market waits.
    pub short_delay: u32,
    /// Seconds that everything else waits. In production more than deadline, grace and the longest pause (7 days).
    pub long_delay: u32,
    /// Seconds between the announcement of a version and its beginning, at least.
    pub activation_delay: u32,
    /// The first version of the rules.
    pub version: u32,
    /// The proofs that a batch of it needs: bit i for proof type i.
    pub required: u32,
    /// Its programs.
    pub programs: Vec<ProgramTerms>,
    /// The state in which the exchange begins: 27 bytes and five zeros.
    pub state_root: B256,
    /// When, in milliseconds.
    pub genesis_time_ms: u64,
    /// Seconds by which a batch may be ahead of L1's clock.
    pub drift_seconds: u32,
    /// Who may sign for data, ascending.
    pub custodians: Vec<Address>,
    /// How many of them must.
    pub custody_threshold: u8,
    /// Seconds in which an inbox entry must be in a final batch.
    pub deadline_seconds: u32,
    /// Seconds between a freeze and the fixing of the root.
    pub grace_seconds: u32,
    /// What a forced operation costs at least, in wei.
    pub forced_fee_min: u128,
    /// How many forced operations fit into one L1 block.
    pub forced_per_block_max: u16,
}

/// What to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Create a contract; the address it gets belongs to the name.
    Create {
        /// Code and constructor's arguments.
        code: Bytes,
    },
    /// Call one.
    Call {
        /// Which.
        to: Address,
        /// With what.
        data: Bytes,
    },
}

/// Why there is nothing to send.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Steps are carried out in their order.
    #[error("{step} needs the address of {missing}: deploy that first")]
    Missing {
        /// The step asked for.
        step: String,
        /// What comes before it.
        missing: String,
    },
    /// A name that the plan does not have.
    #[error("there is no step named {0}")]
    Unknown(String),
    /// The crate was built from broken artifacts.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

/// A deployment as a list of steps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    terms: Terms,
}

mod initialisation {
    #![allow(missing_docs, clippy::too_many_arguments)]

    alloy::sol! {
        struct Program { uint8 proofType; bytes32 programHash; address verifier; bytes32 key; }
        struct SettlementParameters {
            address governance; address registry; address bridge; address incidents; address operator; uint32 version;
            bytes32 stateRoot; uint64 genesisTime; uint32 driftSeconds; address[] custodians; uint8 custodyThreshold;
        }
        struct BridgeParameters {
            address governance; address binder; address incidents; uint32 deadlineSeconds; uint32 graceSeconds;
            uint128 forcedFeeMin; uint16 forcedPerBlockMax;
        }
        contract Settlement { function initialize(SettlementParameters parameters); }
        contract Bridge { function initialize(BridgeParameters parameters); }
        contract Proxy { constructor(address implementation, bytes initialisation); }
        contract Governance {
            constructor(address proposer, address council, uint48 shortDelay, uint48 longDelay, bytes4[] additive);
        }
        contract Registry {
            constructor(address governance, bool production, uint48 activationDelay, uint32 version, uint256 required,
                Program[] programs);
        }
        contract Attestation { constructor(address[] members, uint8 threshold); }
        contract Key { constructor(uint256[] words); }
        contract Sp1Groth16 { constructor(address key, bytes4 selector, bytes32 recursionRoot); }
        contract RiscZeroGroth16 {
            constructor(address key, bytes4 selector, bytes32 controlRoot, uint256 bn254ControlId);
        }
    }
}

use initialisation as init;

use crate::abi::IBridge;

impl Plan {
    /// The plan of these terms.
    pub const fn new(terms: Terms) -> Plan {
        Plan { terms }
    }

    /// What it was made from.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The steps in their order.
    pub fn steps(&self) -> Vec<String> {
        let before = [name::INCIDENTS, name::GOVERNANCE].map(String::from);
        let verifiers = self.terms.programs.iter().flat_map(verifier_steps);
        let after =
            [name::REGISTRY, name::BRIDGE_CODE, name::BRIDGE, name::SETTLEMENT_CODE, name::SETTLEMENT, name::BIND];
        before.into_iter().chain(verifiers).chain(after.map(String::from)).collect()
    }

    /// What a step sends, given the addresses of the steps before it.
    pub fn action(&self, step: &str, deployed: &BTreeMap<String, Address>) -> Result<Action, PlanError> {
        let at = |name: &str| {
            let missing = || PlanError::Missing { step: step.to_owned(), missing: name.to_owned() };
            deployed.get(name).copied().ok_or_else(missing)
        };
        match step {
            name::INCIDENTS => create(Artifact::INCIDENT_LOG, &[]),
            name::GOVERNANCE => create(Artifact::GOVERNANCE, &self.governance().abi_encode()),
            name::REGISTRY => {
                create(Artifact::VERIFIER_REGISTRY, &self.registry(at(name::GOVERNANCE)?, &at)?.abi_encode())
            }
            name::BRIDGE_CODE => create(Artifact::BRIDGE, &[]),
            name::BRIDGE => {
                let initialisation = self.bridge(at(name::GOVERNANCE)?, at(name::INCIDENTS)?);
                create(Artifact::PROXY, &proxy(at(name::BRIDGE_CODE)?, initialisation.abi_encode()))
            }
            name::SETTLEMENT_CODE => create(Artifact::SETTLEMENT, &[]),
            name::SETTLEMENT => {
                let initialisation = self.settlement(&at)?;
                create(Artifact::PROXY, &proxy(at(name::SETTLEMENT_CODE)?, initialisation.abi_encode()))
            }
            name::BIND => {
                let call = IBridge::bindCall { settlement: at(name::SETTLEMENT)? };
                Ok(Action::Call { to: at(name::BRIDGE)?, data: call.abi_encode().into() })
            }
            step => self.verifier(step, &at),
        }
    }

    fn governance(&self) -> init::Governance::constructorCall {
        init::Governance::constructorCall {
            proposer: self.terms.proposer,
            council: self.terms.council,
            shortDelay: U48::from(self.terms.short_delay),
            longDelay: U48::from(self.terms.long_delay),
            // Listing only adds: nobody's money depends on it until they deposit.
            additive: vec![IBridge::listAssetCall::SELECTOR.into(), IBridge::listMarketCall::SELECTOR.into()],
        }
    }

    fn registry(
        &self,
        governance: Address,
        at: &impl Fn(&str) -> Result<Address, PlanError>,
    ) -> Result<init::Registry::constructorCall, PlanError> {
        let program = |terms: &ProgramTerms| {
            let verifier = match terms.verifier {
                VerifierTerms::Existing(address) => address,
                _ => at(&verifier_name(terms))?,
            };
            let (proof_type, hash, key) = (terms.proof_type, terms.program_hash, terms.key);
            Ok(init::Program { proofType: proof_type, programHash: hash, verifier, key })
        };
        Ok(init::Registry::constructorCall {
            governance,
            production: self.terms.profile == Profile::Production,
            activationDelay: U48::from(self.terms.activation_delay),
            version: self.terms.version,
            required: U256::from(self.terms.required),
            programs: self.terms.programs.iter().map(program).collect::<Result<_, PlanError>>()?,
        })
    }

    fn bridge(&self, governance: Address, incidents: Address) -> init::Bridge::initializeCall {
        let parameters = init::BridgeParameters {
            governance,
            binder: self.terms.deployer,
            incidents,
            deadlineSeconds: self.terms.deadline_seconds,
            graceSeconds: self.terms.grace_seconds,
            forcedFeeMin: self.terms.forced_fee_min,
            forcedPerBlockMax: self.terms.forced_per_block_max,
        };
        init::Bridge::initializeCall { parameters }
    }

    fn settlement(
        &self,
        at: &impl Fn(&str) -> Result<Address, PlanError>,
    ) -> Result<init::Settlement::initializeCall, PlanError> {
        let parameters = init::SettlementParameters {
            governance: at(name::GOVERNANCE)?,
            registry: at(name::REGISTRY)?,
            bridge: at(name::BRIDGE)?,
            incidents: at(name::INCIDENTS)?,
            operator: self.terms.operator,
            version: self.terms.version,
            stateRoot: self.terms.state_root,
            genesisTime: self.terms.genesis_time_ms,
            driftSeconds: self.terms.drift_seconds,
            custodians: self.terms.custodians.clone(),
            custodyThreshold: self.terms.custody_threshold,
        };
        Ok(init::Settlement::initializeCall { parameters })
    }

    fn verifier(&self, step: &str, at: &impl Fn(&str) -> Result<Address, PlanError>) -> Result<Action, PlanError> {
        let named = |program: &&ProgramTerms| verifier_steps(program).iter().any(|name| name == step);
        let program = self.terms.programs.iter().find(named).ok_or_else(|| PlanError::Unknown(step.to_owned()))?;
        match &program.verifier {
            VerifierTerms::Existing(_) => Err(PlanError::Unknown(step.to_owned())),
            VerifierTerms::Development => create(Artifact::DEVELOPMENT_VERIFIER, &[]),
            VerifierTerms::Attestation { members, threshold } => {
                let call = init::Attestation::constructorCall { members: members.clone(), threshold: *threshold };
                create(Artifact::ATTESTATION_VERIFIER, &call.abi_encode())
            }
            VerifierTerms::Sp1Groth16(key) | VerifierTerms::RiscZeroGroth16(key) if step == key_name(program) => {
                let call = init::Key::constructorCall { words: key.words.clone() };
                create(Artifact::GROTH16_KEY, &call.abi_encode())
            }
            VerifierTerms::Sp1Groth16(key) => {
                let address = at(&key_name(program))?;
                let call =
                    init::Sp1Groth16::constructorCall { key: address, selector: key.selector, recursionRoot: key.root };
                create(Artifact::SP1_GROTH16_VERIFIER, &call.abi_encode())
            }
            VerifierTerms::RiscZeroGroth16(key) => {
                let address = at(&key_name(program))?;
                let call = init::RiscZeroGroth16::constructorCall {
                    key: address,
                    selector: key.selector,
                    controlRoot: key.root,
                    bn254ControlId: key.control_id,
                };
                create(Artifact::RISC_ZERO_GROTH16_VERIFIER, &call.abi_encode())
            }
        }
    }
}

/// What has to be created for a program's proofs to be checked, in order.
fn verifier_steps(program: &ProgramTerms) -> Vec<String> {
    match program.verifier {
        VerifierTerms::Existing(_) => vec![],
        VerifierTerms::Development | VerifierTerms::Attestation { .. } => vec![verifier_name(program)],
        VerifierTerms::Sp1Groth16(_) | VerifierTerms::RiscZeroGroth16(_) => {
            vec![key_name(program), verifier_name(program)]
        }
    }
}

fn key_name(program: &ProgramTerms) -> String {
    format!("{}-key", verifier_name(program))
}

fn verifier_name(program: &ProgramTerms) -> String {
    format!("verifier-{}", program.proof_type)
}

fn create(artifact: Artifact, arguments: &[u8]) -> Result<Action, PlanError> {
    let code = artifact.creation_code()?;
    Ok(Action::Create { code: [&code, arguments].concat().into() })
}

fn proxy(implementation: Address, initialisation: Vec<u8>) -> Vec<u8> {
    (implementation, Bytes::from(initialisation)).abi_encode_params()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        let program = |proof_type, verifier| ProgramTerms {
            proof_type,
            program_hash: B256::repeat_byte(1),
            key: B256::repeat_byte(2),
            verifier,
        };
        let attestation = VerifierTerms::Attestation { members: vec![Address::repeat_byte(8)], threshold: 1 };
        Terms {
            profile: Profile::Development,
            deployer: Address::repeat_byte(1),
            proposer: Address::repeat_byte(2),
            council: Address::repeat_byte(3),
            operator: Address::repeat_byte(4),
            short_delay: 0,
            long_delay: 0,
            activation_delay: 0,
            version: 1,
            required: 1,
            programs: vec![
                program(2, VerifierTerms::Sp1Groth16(WrapperKey::sp1_6_1().expect("committed"))),
                program(3, VerifierTerms::RiscZeroGroth16(WrapperKey::risc_zero_3_0().expect("committed"))),
                program(0, VerifierTerms::Development),
                program(1, VerifierTerms::Existing(Address::repeat_byte(9))),
                program(4, attestation),
            ],
            state_root: B256::ZERO,
            genesis_time_ms: 1,
            drift_seconds: 60,
            custodians: vec![],
            custody_threshold: 0,
            deadline_seconds: 1,
            grace_seconds: 1,
            forced_fee_min: 1,
            forced_per_block_max: 1,
        }
    }

    #[test]
    fn each_step_can_be_made_from_those_before_it_and_not_sooner() {
        let plan = Plan::new(terms());
        let steps = plan.steps();
        assert!(steps.contains(&"verifier-4".to_owned()) && !steps.contains(&"verifier-1".to_owned()));
        let mut deployed = BTreeMap::new();
        for (byte, step) in (0x10..).zip(&steps) {
            assert!(plan.action(step, &deployed).is_ok(), "{step}");
            deployed.insert(step.clone(), Address::repeat_byte(byte));
        }
        let missing = PlanError::Missing { step: name::BIND.into(), missing: name::SETTLEMENT.into() };
        assert_eq!(plan.action(name::BIND, &BTreeMap::new()), Err(missing));
        assert_eq!(plan.action("verifier-1", &deployed), Err(PlanError::Unknown("verifier-1".into())));
    }
}
