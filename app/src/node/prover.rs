//! Who proves for a node: what its contracts ask for, compared with what it can give.

use std::path::Path;

use alloy::primitives::{Address, B256};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use ashlar_contracts::abi::{IAttestationVerifier, IVerifierRegistry};
use ashlar_prover::{Quorum, StretchRules};
use ashlar_settlement::l1::BlockAt;
use ashlar_types::sign::WalletSecret;

use super::keys::secret;
use crate::config::{NodeSettings, ProverSettings};
use crate::proving::{Backend, Coordination, Policy, find_worker, load_members};
use crate::rebuild::contract::{ask, try_ask};
use crate::rebuild::origin::Origin;

/// Batches under one proof.
const BATCHES_MAX: usize = 8;

/// How a node proves.
pub struct Plan {
    /// What the contracts and every screen are told.
    pub policy: Policy,
    /// What a coordinator is told; absent, this process executes alone.
    pub coordination: Option<Coordination>,
}

/// The plan of this configuration over these contracts; none where nobody proves.
pub async fn plan(origin: &Origin, settings: &NodeSettings) -> Result<Option<Plan>> {
    let ProverSettings { backend, remote, listen, ref members_file, .. } = settings.prover;
    let Some(backend) = backend else { return Ok(None) };
    let policy = policy(origin, backend).await?;
    if !settings.prover.has_workers() {
        return Ok(Some(Plan { policy, coordination: None }));
    }
    let (worker, quorum) = match backend {
        Backend::Execute => (None, None),
        proving => {
            let named = settings.prover.worker.as_deref();
            let worker = (!remote).then(|| find_worker(proving, named)).transpose().context("prover.worker")?;
            (worker, Some(quorum(origin, policy, settings).await?))
        }
    };
    let members = members_file.as_deref().map(load_members).transpose().context("prover.members_file")?;
    let stretch = StretchRules { batches_max: BATCHES_MAX, commands_max: settings.prover.commands_max };
    let members = members.unwrap_or_default();
    let coordination = Coordination { backend, worker, listen, members, quorum, stretch };
    Ok(Some(Plan { policy, coordination: Some(coordination) }))
}

/// Compares what L1 asks of batches of this release with what the backend makes.
async fn policy(origin: &Origin, backend: Backend) -> Result<Policy> {
    let (registry, version) = (origin.addresses.registry, ashlar_guest::VERSION);
    let required = ask(&origin.l1, BlockAt::Latest, registry, &IVerifierRegistry::requiredCall { version }).await?;
    let types: Vec<u8> = (0..=u8::MAX).filter(|proof_type| required.bit(usize::from(*proof_type))).collect();
    let &[proof_type] = types.as_slice() else {
        bail!(
            "prover.kind: the contracts want proofs of {} types {types:?} for version {version}, and a node makes those of one",
            types.len()
        );
    };
    let question = IVerifierRegistry::programCall { version, proofType: proof_type };
    let program = ask(&origin.l1, BlockAt::Latest, registry, &question).await?;
    let ours = B256::from(Policy::development(backend).key());
    ensure!(
        program.key == ours,
        "prover.kind: the contracts take proofs of the program {}, and {} of this release makes those of {ours}; \
         choose the prover that they were deployed for, or install the release that has their program",
        program.key,
        backend.word()
    );
    if backend == Backend::Execute {
        return Ok(Policy::development(backend));
    }
    let (members, threshold) = signers(origin, program.verifier).await?;
    Ok(Policy::of_contracts(backend, proof_type, threshold, members.len()))
}

/// Whom L1 counts, and how many of them must sign.
async fn signers(origin: &Origin, verifier: Address) -> Result<(Vec<Address>, usize)> {
    let asked = try_ask(&origin.l1, BlockAt::Latest, verifier, &IAttestationVerifier::membersCall {}).await?;
    let known = asked.with_context(|| {
        format!(
            "prover.kind: the contracts' verifier {verifier} counts no signers, and a STARK can be shown to no other"
        )
    })?;
    Ok((known.members, usize::from(known.threshold)))
}

/// The signers whose keys are here, if L1 counts them and they are enough.
async fn quorum(origin: &Origin, policy: Policy, settings: &NodeSettings) -> Result<Quorum> {
    let question = IVerifierRegistry::programCall { version: ashlar_guest::VERSION, proofType: policy.proof_type() };
    let program = ask(&origin.l1, BlockAt::Latest, origin.addresses.registry, &question).await?;
    let (members, threshold) = signers(origin, program.verifier).await?;
    let files = &settings.prover.signer_key_files;
    let keys = files.iter().map(|file| signer(file)).collect::<Result<_>>()?;
    let quorum = policy.quorum(keys, settings.prover.worker.as_deref())?;
    let ours: Vec<_> = quorum.members().into_iter().map(|member| Address::from(member.0)).collect();
    let strangers: Vec<_> = ours.iter().filter(|one| !members.contains(one)).map(Address::to_string).collect();
    ensure!(
        strangers.is_empty(),
        "prover.signer_key_files: L1 does not count {}; it counts {}",
        strangers.join(", "),
        members.iter().map(Address::to_string).collect::<Vec<_>>().join(", ")
    );
    ensure!(
        ours.len() >= threshold && ours.windows(2).all(|two| two[0] != two[1]),
        "prover.signer_key_files: L1 wants the signatures of {threshold} of {} signers, and {} of their keys are named, each of \
         which counts once",
        members.len(),
        ours.len()
    );
    Ok(quorum)
}

fn signer(file: &Path) -> Result<WalletSecret> {
    let key = secret(file).context("prover.signer_key_files")?;
    WalletSecret::new(&key)
        .map_err(|_| anyhow!("prover.signer_key_files: {} holds no key of the curve; make another", file.display()))
}
