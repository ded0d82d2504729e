//! Which version begins when and which programs prove it, as the registry on L1 lists it (SPEC S-20).
//!
//! A listing is what the registry answers after one block, so it needs no events and no memory: what is taken back is not in the next one, and after a
//! reorganisation the next one is of the other chain. What had begun by the block of a listing is not asked for again at the blocks after it,
//! because it never changes.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall;
use ashlar_contracts::abi::IVerifierRegistry;
use ashlar_types::BatchNumber;

use crate::l1::{BlockAt, BlockRef, Call, L1, L1Error};

/// When a version begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Activation {
    /// Which.
    pub version: u32,
    /// The first batch that has it.
    pub from_batch: BatchNumber,
    /// The L1 time before which it does not begin, in seconds.
    pub not_before: u64,
}

/// A program that proves a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Program {
    /// The number of its kind of proof.
    pub proof_type: u8,
    /// The hash of its file.
    pub hash: B256,
    /// The contract that checks its proofs.
    pub verifier: Address,
    /// By what that contract knows it.
    pub key: B256,
}

/// A version with the proofs that a batch of it needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// When it begins.
    pub begins: Activation,
    /// The program of each kind of proof that is needed, by ascending number.
    pub programs: Vec<Program>,
}

/// Every version that a registry has announced and not taken back, after a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    /// The block.
    pub at: BlockRef,
    /// The versions, the first one first.
    pub versions: Vec<Version>,
}

impl Listing {
    /// Reads it after this block, with what is known of a block before it on the same chain.
    pub async fn read<L: L1>(
        l1: &L,
        registry: Address,
        at: BlockRef,
        before: Option<&Listing>,
    ) -> Result<Listing, L1Error> {
        let registry = Registry { l1, address: registry, at: BlockAt::Hash(at.hash) };
        let begun = |begins: &Activation| {
            let known = before.filter(|before| before.at.time >= begins.not_before)?;
            known.versions.iter().find(|version| version.begins == *begins).cloned()
        };
        let mut versions = Vec::new();
        for begins in registry.activations().await? {
            versions.push(match begun(&begins) {
                Some(version) => version,
                None => Version { begins, programs: registry.programs(begins.version).await? },
            });
        }
        Ok(Listing { at, versions })
    }
}

/// Every version that a registry has announced and not taken back, at this block, the first one first, without what proves them.
pub async fn activations<L: L1>(l1: &L, registry: Address, at: BlockAt) -> Result<Vec<Activation>, L1Error> {
    Registry { l1, address: registry, at }.activations().await
}

/// A registry at one block.
struct Registry<'a, L> {
    l1: &'a L,
    address: Address,
    at: BlockAt,
}

impl<L: L1> Registry<'_, L> {
    async fn ask<C: SolCall>(&self, question: C, what: &'static str) -> Result<C::Return, L1Error> {
        let data: Bytes = question.abi_encode().into();
        let call = Call { from: Address::ZERO, to: Some(self.address), value: U256::ZERO, data };
        let answer = self.l1.call(&call, self.at).await?;
        C::abi_decode_returns(&answer).map_err(|_| L1Error::Missing { what })
    }

    async fn activations(&self) -> Result<Vec<Activation>, L1Error> {
        let listed = self.ask(IVerifierRegistry::activationsCall {}, "the list of versions of the registry").await?;
        let read = listed.into_iter().map(|one| Activation {
            version: one.version,
            from_batch: BatchNumber::new(one.fromBatch),
            not_before: one.notBefore.to::<u64>(),
        });
        Ok(read.collect())
    }

    async fn programs(&self, version: u32) -> Result<Vec<Program>, L1Error> {
        let question = IVerifierRegistry::requiredCall { version };
        let required = self.ask(question, "the proofs that a version of the registry needs").await?;
        let mut programs = Vec::new();
        for proof_type in (0..=u8::MAX).filter(|proof_type| required.bit(usize::from(*proof_type))) {
            let question = IVerifierRegistry::programCall { version, proofType: proof_type };
            let found = self.ask(question, "a program of a version of the registry").await?;
            let (hash, verifier, key) = (found.programHash, found.verifier, found.key);
            programs.push(Program { proof_type, hash, verifier, key });
        }
        Ok(programs)
    }
}
