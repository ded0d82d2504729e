//! The terms of a deployment as a person writes them.

use std::path::Path;

use alloy::primitives::{Address, B256};
use anyhow::{Context as _, Result, bail};
use ashlar_batch::BatchHeader;
use ashlar_contracts::{Profile, ProgramTerms, Terms, VerifierTerms, WrapperKey};
use ashlar_exchange::Genesis;
use ashlar_prover::Capture;
use ashlar_types::{Address as Owner, Deployment as Exchange, Time};
use serde::{Deserialize, Serialize};

use super::arguments;
use crate::development::development_key;
use crate::proving::EXECUTE_ONLY_TYPE;

/// A day.
const DAY: u32 = 24 * 3_600;

/// What is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProfileWord {
    Dev,
    Production,
}

/// Terms as JSON. What may be left out says so; everything else must be there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsFile {
    profile: ProfileWord,
    /// Who commits. Left out, the deployer.
    #[serde(default)]
    operator: Option<Address>,
    /// Who schedules calls of governance. Left out, the deployer.
    #[serde(default)]
    proposer: Option<Address>,
    /// Who may pause. Left out, nobody, which production refuses.
    #[serde(default)]
    council: Option<Address>,
    short_delay_s: u32,
    long_delay_s: u32,
    activation_delay_s: u32,
    version: u32,
    /// The numbers of the proofs that every batch needs.
    required: Vec<u8>,
    programs: Vec<ProgramWords>,
    /// The first owner of the house's account. Left out, the operator.
    #[serde(default)]
    house_owner: Option<Address>,
    /// When the exchange begins, in milliseconds since 1970. Left out, with the head that L1 has when the deployment begins.
    #[serde(default)]
    genesis_ms: Option<u64>,
    drift_s: u32,
    custodians: Vec<Address>,
    custody_threshold: u8,
    deadline_s: u32,
    grace_s: u32,
    forced_fee_min_wei: u64,
    forced_per_block_max: u16,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgramWords {
    proof_type: u8,
    program_hash: B256,
    key: B256,
    verifier: VerifierWords,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum VerifierWords {
    Development {},
    Attestation { members: Vec<Address>, threshold: u8 },
    Sp1Groth16 { release: String },
    RiscZeroGroth16 { release: String },
    Existing { address: Address },
}

impl TermsFile {
    /// Terms to begin with. Those of production name nobody: who deploys fills in who is who.
    pub fn template(profile: arguments::Profile) -> TermsFile {
        let production = profile == arguments::Profile::Production;
        let program = if production {
            let verifier = VerifierWords::Attestation { members: vec![Address::ZERO], threshold: 1 };
            ProgramWords { proof_type: 1, program_hash: B256::ZERO, key: B256::ZERO, verifier }
        } else {
            ProgramWords {
                proof_type: EXECUTE_ONLY_TYPE,
                program_hash: B256::from(development_key("execute-only program hash")),
                key: B256::from(development_key("execute-only program")),
                verifier: VerifierWords::Development {},
            }
        };
        TermsFile {
            profile: if production { ProfileWord::Production } else { ProfileWord::Dev },
            operator: None,
            proposer: None,
            council: None,
            short_delay_s: if production { 2 * DAY } else { 0 },
            long_delay_s: if production { 30 * DAY } else { 0 },
            activation_delay_s: if production { 14 * DAY } else { 0 },
            version: ashlar_guest::VERSION,
            required: vec![program.proof_type],
            programs: vec![program],
            house_owner: None,
            genesis_ms: None,
            drift_s: 60,
            custodians: Vec::new(),
            custody_threshold: 0,
            deadline_s: if production { 7 * DAY } else { DAY },
            grace_s: if production { 7 * DAY } else { DAY },
            forced_fee_min_wei: 1_000_000_000_000_000,
            forced_per_block_max: 4,
        }
    }

    /// Reads a file, whose profile must be the one that was asked for.
    pub fn read(path: &Path, profile: arguments::Profile) -> Result<TermsFile> {
        let text = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let terms: TermsFile = serde_json::from_slice(&text).with_context(|| {
            format!("{} holds no terms; `ashlar deploy --print-terms` prints some to begin with", path.display())
        })?;
        let said = if terms.profile == ProfileWord::Production {
            arguments::Profile::Production
        } else {
            arguments::Profile::Dev
        };
        if said != profile {
            bail!("{} is for another profile than --profile; correct one of the two", path.display());
        }
        Ok(terms)
    }

    /// With nothing left open: who is not named is the deployer, and the exchange begins with this head.
    pub fn filled(&self, deployer: Address, head_s: u64) -> TermsFile {
        let operator = self.operator.unwrap_or(deployer);
        let production = self.profile == ProfileWord::Production;
        TermsFile {
            operator: Some(operator),
            proposer: Some(self.proposer.unwrap_or(deployer)),
            council: if production { self.council } else { Some(self.council.unwrap_or(deployer)) },
            house_owner: Some(self.house_owner.unwrap_or(operator)),
            genesis_ms: Some(self.genesis_ms.unwrap_or(head_s.saturating_mul(1_000))),
            ..self.clone()
        }
    }

    /// Whether these are the same terms, where what the other leaves open is taken as it was filled in here.
    pub fn fills(&self, other: &TermsFile, deployer: Address) -> bool {
        let genesis_s = self.genesis_ms.unwrap_or(0) / 1_000;
        let filled = other.filled(deployer, genesis_s);
        let genesis_ms = if other.genesis_ms.is_some() { filled.genesis_ms } else { self.genesis_ms };
        *self == TermsFile { genesis_ms, ..filled }
    }

    /// How the exchange begins.
    pub fn genesis(&self) -> Result<Genesis> {
        let time =
            self.genesis_ms.and_then(Time::new).context("the exchange begins beyond all time; correct genesis_ms")?;
        let owner = self.house_owner.or(self.operator).context("nobody owns the house; name house_owner")?;
        Ok(Genesis { house_owner: Owner(owner.0.0), time })
    }

    /// As the contracts take them.
    pub fn terms(&self, deployer: Address) -> Result<Terms> {
        let genesis = self.genesis()?;
        // The state before the first command does not depend on where the exchange will settle.
        let nowhere = Exchange { chain_id: 0, settlement: Owner([0; 20]) };
        let (_, BatchHeader { state_root_after, .. }) = Capture::new(nowhere, &genesis);
        Ok(Terms {
            profile: match self.profile {
                ProfileWord::Dev => Profile::Development,
                ProfileWord::Production => Profile::Production,
            },
            deployer,
            proposer: self.proposer.unwrap_or(deployer),
            council: self.council.unwrap_or(Address::ZERO),
            operator: self.operator.unwrap_or(deployer),
            short_delay: self.short_delay_s,
            long_delay: self.long_delay_s,
            activation_delay: self.activation_delay_s,
            version: self.version,
            required: mask(&self.required)?,
            programs: self.programs.iter().map(program).collect::<Result<_>>()?,
            state_root: B256::from(state_root_after.to_word()),
            genesis_time_ms: genesis.time.get(),
            drift_seconds: self.drift_s,
            custodians: self.custodians.clone(),
            custody_threshold: self.custody_threshold,
            deadline_seconds: self.deadline_s,
            grace_seconds: self.grace_s,
            forced_fee_min: self.forced_fee_min_wei.into(),
            forced_per_block_max: self.forced_per_block_max,
        })
    }
}

fn mask(required: &[u8]) -> Result<u32> {
    required.iter().try_fold(0, |mask, kind| match 1_u32.checked_shl(u32::from(*kind)) {
        Some(bit) => Ok(mask | bit),
        None => bail!("proof {kind} is required, and proofs are numbered below 32"),
    })
}

fn program(words: &ProgramWords) -> Result<ProgramTerms> {
    let verifier = match &words.verifier {
        VerifierWords::Development {} => VerifierTerms::Development,
        VerifierWords::Attestation { members, threshold } => {
            VerifierTerms::Attestation { members: members.clone(), threshold: *threshold }
        }
        VerifierWords::Sp1Groth16 { release } => VerifierTerms::Sp1Groth16(match release.as_str() {
            "6.0" => WrapperKey::sp1_6_0()?,
            "6.1" => WrapperKey::sp1_6_1()?,
            other => bail!("SP1's release {other} has no key here; there are 6.0 and 6.1"),
        }),
        VerifierWords::RiscZeroGroth16 { release } => VerifierTerms::RiscZeroGroth16(match release.as_str() {
            "3.0" => WrapperKey::risc_zero_3_0()?,
            other => bail!("RISC Zero's release {other} has no key here; there is 3.0"),
        }),
        VerifierWords::Existing { address } => VerifierTerms::Existing(*address),
    };
    Ok(ProgramTerms { proof_type: words.proof_type, program_hash: words.program_hash, key: words.key, verifier })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_is_filled_in_once() {
        let deployer = Address::repeat_byte(7);
        let open = TermsFile::template(arguments::Profile::Dev);
        let filled = open.filled(deployer, 1_700_000_000);
        assert_eq!((filled.operator, filled.genesis_ms), (Some(deployer), Some(1_700_000_000_000)));
        assert!(filled.fills(&open, deployer), "a later head does not make other terms of them");
        assert!(!filled.fills(&TermsFile { deadline_s: 5, ..open.clone() }, deployer));
        assert!(!filled.fills(&TermsFile { genesis_ms: Some(1), ..open }, deployer));
        let terms = filled.terms(deployer).expect("sound");
        assert_eq!((terms.required, terms.operator), (1 << EXECUTE_ONLY_TYPE, deployer));
    }

    #[test]
    fn terms_are_written_as_they_are_read() {
        for profile in [arguments::Profile::Dev, arguments::Profile::Production] {
            let terms = TermsFile::template(profile);
            let text = serde_json::to_string(&terms).expect("writes");
            assert_eq!(serde_json::from_str::<TermsFile>(&text).expect("reads"), terms);
        }
        assert!(serde_json::from_str::<TermsFile>("{\"profile\":\"dev\",\"deadlines\":1}").is_err());
        assert!(mask(&[32]).is_err() && mask(&[0, 2]).is_ok_and(|mask| mask == 5));
    }
}
