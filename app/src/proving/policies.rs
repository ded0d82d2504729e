//! Which proofs each version needs, as L1's registry lists it, and which of them can be given here.
//!
//! 1. A batch is proven as its version asks, whatever other versions ask for (SPEC R-20).
//! 2. What is asked is found out before anything starts, and again whenever L1 lists something else. What cannot be given is said then, not when the first
//!    batch of that version waits for it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use alloy::primitives::{Address, B256};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use ashlar_contracts::abi::{IAttestationVerifier, ISettlement};
use ashlar_prover::{Programs, Quorum, Quorums};
use ashlar_sequencer::Schedule;
use ashlar_settlement::contract::Addresses;
use ashlar_settlement::l1::{BlockAt, L1 as _};
use ashlar_settlement::rpc::RpcL1;
use ashlar_settlement::{Activation, Listing, Program, Version};
use ashlar_types::BatchNumber;
use clap::ValueEnum as _;

use super::backend::release_programs;
use super::{Backend, Policy, SignerKeys};
use crate::rebuild::contract::{ask, try_ask};

/// What every version asks for, as far as it was found out.
pub struct Policies {
    backend: Backend,
    keys: SignerKeys,
    l1: RpcL1,
    /// The version of the next batch at the start: what was before it is proven.
    from: u32,
    known: RwLock<BTreeMap<u32, Result<Policy, String>>>,
}

/// What a coordinator is told of versions.
pub struct Learnt {
    /// Which program proves each.
    pub programs: Programs,
    /// Who signs for it.
    pub quorums: Quorums,
    /// Why a version cannot be proven here, of the next batch at the start or of one after it; of several the first.
    pub lacking: Option<String>,
}

/// What L1 asks for at a start.
pub struct Asked {
    /// Of every version.
    pub policies: Arc<Policies>,
    /// Of the next batch.
    pub policy: Policy,
    /// What a coordinator is told.
    pub learnt: Learnt,
}

/// Whom a verifier counts, and how many of them must sign.
struct Counted {
    members: Vec<Address>,
    threshold: usize,
}

/// What L1 lists of versions, for a release that knows the rules of the next batch.
pub struct Ahead {
    /// All of them.
    pub versions: Vec<Version>,
    /// That of the next batch.
    pub next: u32,
    /// The first one to come whose rules this release does not know.
    pub unknown: Option<Activation>,
}

/// Asks L1 what it lists; an error if the rules of the next batch are not those of this release.
pub async fn look_ahead(l1: &RpcL1, contracts: &Addresses) -> Result<Ahead> {
    let head = l1.block(BlockAt::Latest).await?.context("L1 has no newest block; check its endpoints")?.at();
    let Listing { versions, .. } =
        Listing::read(l1, contracts.registry, head, None).await.context("asking L1 which versions there are")?;
    let at = BlockAt::Hash(head.hash);
    let committed = ask(l1, at, contracts.settlement, &ISettlement::committedCall {}).await?;
    let schedule = Schedule::of_release(&versions, &release_programs())?;
    let batch = BatchNumber::new(committed).next();
    let (next, unknown) = (schedule.version_for(batch, head.time), schedule.unknown_from(batch, head.time));
    ensure!(
        schedule.knows(next),
        "L1 asks for version {next} of batch {}, and none of the programs that it names for it is of this release, so its rules may be others: {}; \
         install the release that has one of them",
        batch.get(),
        keys_of(&versions, next).iter().map(B256::to_string).collect::<Vec<_>>().join(", ")
    );
    Ok(Ahead { versions, next, unknown })
}

/// By what verifiers know the programs of a version.
fn keys_of(versions: &[Version], version: u32) -> Vec<B256> {
    let found = versions.iter().find(|one| one.begins.version == version);
    found.map(|one| one.programs.iter().map(|program| program.key).collect()).unwrap_or_default()
}

impl Policies {
    /// Finds out what L1 asks for; an error if the next batch cannot be proven in this way.
    pub async fn open(backend: Backend, keys: SignerKeys, l1: RpcL1, contracts: &Addresses) -> Result<Asked> {
        let Ahead { versions, next, .. } = look_ahead(&l1, contracts).await?;
        let ours = B256::from(backend.key());
        let to_come: Vec<_> = versions.iter().filter(|version| version.begins.version >= next).collect();
        if !to_come.iter().any(|version| version.programs.iter().any(|program| program.key == ours)) {
            let theirs = keys_of(&versions, next).iter().map(B256::to_string).collect::<Vec<_>>().join(", ");
            bail!(
                "prover.kind: the contracts take proofs of the program {theirs}, and {} of this release makes those of {ours}; \
                 choose the prover that they were deployed for, or install the release that has their program",
                backend.word()
            );
        }
        let policies = Policies { backend, keys, l1, from: next, known: RwLock::default() };
        let (learnt, counted) = policies.learn_all(&versions).await?;
        let strangers: Vec<_> = policies.keys.addresses().into_iter().filter(|one| !counted.contains(one)).collect();
        ensure!(
            strangers.is_empty() || backend == Backend::Execute,
            "prover.signer_key_files: L1 does not count {}; it counts {}",
            strangers.iter().map(Address::to_string).collect::<Vec<_>>().join(", "),
            counted.iter().map(Address::to_string).collect::<Vec<_>>().join(", ")
        );
        let policy = policies.of(next).map_err(|why| anyhow!("prover.kind: {why}"))?;
        Ok(Asked { policies: Arc::new(policies), policy, learnt })
    }

    /// What a version asks for; else why it cannot be given here.
    pub fn of(&self, version: u32) -> Result<Policy, String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let unknown = || Err(format!("L1 has not said yet what proves version {version}"));
        known.get(&version).cloned().unwrap_or_else(unknown)
    }

    /// Takes over what L1 lists by now.
    pub async fn learn(&self, versions: &[Version]) -> Result<Learnt> {
        Ok(self.learn_all(versions).await?.0)
    }

    /// The same, and everybody whom a verifier of any version counts.
    async fn learn_all(&self, versions: &[Version]) -> Result<(Learnt, Vec<Address>)> {
        let system = self.backend.target().backend;
        let (mut programs, mut quorums) = (Programs::default(), Quorums::default());
        let (mut known, mut counted_by_any, mut lacking) = (BTreeMap::new(), Vec::new(), None);
        for version in versions {
            let number = version.begins.version;
            let counted = self.counted(version).await?;
            counted_by_any.extend(counted.iter().flat_map(|counted| counted.members.iter().copied()));
            let given = give(self.backend, &self.keys, version, counted.as_ref());
            if number >= self.from {
                lacking = lacking.or_else(|| given.as_ref().err().cloned());
            }
            let (of_system, quorum) = match &given {
                Ok((policy, quorum)) => (BTreeMap::from([(system, policy.program())]), quorum.clone()),
                // Its batches wait, rather than being proven by what L1 does not name for it.
                Err(_) => (BTreeMap::new(), None),
            };
            (programs, quorums) = (programs.since(number, of_system), quorums.since(number, quorum));
            known.insert(number, given.map(|(policy, _)| policy));
        }
        if let Some(last) = versions.last() {
            // Of what comes after it nobody knows.
            programs = programs.since(last.begins.version.saturating_add(1), BTreeMap::new());
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok((Learnt { programs, quorums, lacking }, counted_by_any))
    }

    /// Whom the verifier of a version counts, if it counts anybody.
    async fn counted(&self, version: &Version) -> Result<Option<Counted>> {
        let [Program { verifier, .. }] = version.programs.as_slice() else { return Ok(None) };
        if self.backend == Backend::Execute {
            return Ok(None);
        }
        // The set of a verifier never changes (SPEC S-24), so any block will do.
        let asked = try_ask(&self.l1, BlockAt::Latest, *verifier, &IAttestationVerifier::membersCall {}).await?;
        Ok(asked.map(|known| Counted { members: known.members, threshold: usize::from(known.threshold) }))
    }
}

/// What is given for a version by this backend and these signers; else why nothing is.
fn give(
    backend: Backend,
    keys: &SignerKeys,
    version: &Version,
    counted: Option<&Counted>,
) -> Result<(Policy, Option<Quorum>), String> {
    let number = version.begins.version;
    let &[Program { proof_type, key, verifier, .. }] = version.programs.as_slice() else {
        let types: Vec<_> = version.programs.iter().map(|program| program.proof_type).collect();
        return Err(format!(
            "the contracts want proofs of {} types {types:?} for version {number}, and a node makes those of one",
            types.len()
        ));
    };
    let is_of = |other: &&Backend| **other != backend && B256::from(other.key()) == key;
    if let Some(other) = Backend::value_variants().iter().find(is_of) {
        return Err(format!(
            "version {number} is proven by {}, and prover.kind is {}; begin with the other kind once its batches come",
            other.word(),
            backend.word()
        ));
    }
    if backend == Backend::Execute {
        let ours = B256::from(backend.key());
        if key != ours {
            return Err(format!(
                "the contracts take proofs of the program {key} for version {number}, and {} of this release makes those of {ours}",
                backend.word()
            ));
        }
        return Ok((Policy::of_contracts(backend, (proof_type, key.0), (0, 0), keys), None));
    }
    let Some(Counted { members, threshold }) = counted else {
        return Err(format!(
            "the verifier {verifier} of version {number} counts no signers, and a STARK can be shown to no other"
        ));
    };
    let quorum = keys.quorum(backend, members, *threshold).map_err(|why| format!("version {number}: {why}"))?;
    let policy = Policy::of_contracts(backend, (proof_type, key.0), (*threshold, members.len()), keys);
    Ok((policy, Some(quorum)))
}

#[cfg(test)]
mod tests {
    use ashlar_settlement::rpc::PoolConfig;
    use ashlar_types::sign::WalletSecret;

    use super::*;

    fn version(number: u32, programs: &[(u8, [u8; 32])]) -> Version {
        let begins = Activation { version: number, from_batch: BatchNumber::new(0), not_before: 0 };
        let program = |(proof_type, key): &(u8, [u8; 32])| Program {
            proof_type: *proof_type,
            hash: B256::ZERO,
            verifier: Address::repeat_byte(9),
            key: B256::from(*key),
        };
        Version { begins, programs: programs.iter().map(program).collect() }
    }

    fn keys(bytes: &[u8]) -> SignerKeys {
        SignerKeys::named(bytes.iter().map(|byte| WalletSecret::new(&[*byte; 32]).expect("a key")).collect())
    }

    fn counted(bytes: &[u8], threshold: usize) -> Counted {
        Counted { members: keys(bytes).addresses(), threshold }
    }

    #[test]
    fn each_version_has_its_own_program_and_its_own_signers() {
        let ours = keys(&[1, 2, 3]);
        let (before, now) = ([5; 32], Backend::Sp1.key());
        for (number, key, who, threshold) in [(1, before, &[1, 2, 7][..], 2), (2, now, &[3], 1)] {
            let (policy, quorum) =
                give(Backend::Sp1, &ours, &version(number, &[(4, key)]), Some(&counted(who, threshold)))
                    .expect("it can be given");
            assert_eq!((policy.proof_type(), policy.key(), policy.program().0), (4, key, key));
            let quorum = quorum.expect("it needs signatures");
            let signed_by: Vec<u8> = who.iter().copied().filter(|byte| *byte < 4).collect();
            let mut expected = keys(&signed_by).addresses();
            expected.sort_unstable();
            let members: Vec<_> = quorum.members().iter().map(|one| Address::from(one.0)).collect();
            assert_eq!((members, quorum.threshold()), (expected, threshold));
            assert!(policy.kind().contains(&format!("{threshold} of {} signers", who.len())), "{}", policy.kind());
        }
    }

    #[test]
    fn what_cannot_be_given_is_said_with_its_version() {
        let one = [(1, [5; 32])];
        let two = [(1, [5; 32]), (2, [6; 32])];
        let signers = counted(&[1, 2], 2);
        let check = |backend, programs: &[(u8, [u8; 32])], counted: Option<&Counted>, words: &[&str]| {
            let why = give(backend, &keys(&[1, 4]), &version(7, programs), counted).map(|(policy, _)| policy);
            let why = why.expect_err("it cannot be given");
            assert!(words.iter().all(|word| why.contains(word)) && why.contains("version 7"), "{why}");
        };
        check(Backend::Sp1, &two, Some(&signers), &["2 types [1, 2]"]);
        check(Backend::Sp1, &[], Some(&signers), &["0 types"]);
        check(Backend::Sp1, &one, None, &["counts no signers"]);
        check(Backend::Sp1, &one, Some(&signers), &["2 of 2 signers", "name 1 of them"]);
        check(Backend::Execute, &one, None, &["execute", "0x0505"]);
        let (sp1, risc0) = ([(1, Backend::Sp1.key())], [(1, Backend::RiscZero.key())]);
        let able = counted(&[1, 4], 2);
        check(Backend::Sp1, &risc0, Some(&able), &["is proven by risc0", "prover.kind is sp1"]);
        check(Backend::RiscZero, &sp1, Some(&able), &["is proven by sp1", "prover.kind is risc0"]);
        check(Backend::Execute, &sp1, None, &["is proven by sp1", "prover.kind is execute"]);
        let (policy, quorum) = give(Backend::Execute, &keys(&[]), &version(7, &[(3, Backend::Execute.key())]), None)
            .expect("it can be given");
        assert_eq!((policy.proof_type(), policy.key(), quorum.is_none()), (3, Backend::Execute.key(), true));
    }

    #[tokio::test]
    async fn the_first_version_to_come_that_is_lacking_is_told_whatever_comes_after_it() {
        // Of execution nobody has to be asked whom a verifier counts.
        let l1 = RpcL1::new(Vec::new(), PoolConfig { chain_id: 1, quorum: 1 });
        let policies = Policies { backend: Backend::Execute, keys: keys(&[]), l1, from: 2, known: RwLock::default() };
        let (ours, other) = ([(3, Backend::Execute.key())], [(3, [5; 32])]);
        let listed = |programs: &[&[(u8, [u8; 32])]]| -> Vec<Version> {
            (1..).zip(programs).map(|(number, programs)| version(number, programs)).collect()
        };
        let told = policies.learn(&listed(&[&other, &ours, &other, &ours])).await.expect("nobody is asked").lacking;
        assert!(told.as_ref().is_some_and(|why| why.contains("version 3")), "{told:?}");
        let told = policies.learn(&listed(&[&other, &ours, &ours])).await.expect("nobody is asked").lacking;
        assert_eq!(told, None, "what was before is proven");
    }
}
