//! Who proves for a node: what its contracts ask for, compared with what it can give.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use ashlar_prover::{Signer, StretchRules};
use ashlar_types::sign::WalletSecret;

use crate::config::{NodeSettings, ProverSettings};
use crate::proving::{
    Asked, Coordination, Learnt, Policies, Policy, SignerKeys, find_worker, load_members, look_ahead,
};
use crate::rebuild::origin::Origin;
use crate::secrets::read_key;
use crate::signer::load_signers;

/// Batches under one proof.
const BATCHES_MAX: usize = 8;

/// How a node proves.
pub struct Plan {
    /// What every version asks for.
    pub policies: Arc<Policies>,
    /// What the next batch is asked for, which every screen is told.
    pub policy: Policy,
    /// Why the newest version cannot be proven here, if so.
    pub lacking: Option<String>,
    /// What a coordinator is told; absent, this process executes alone.
    pub coordination: Option<Coordination>,
}

/// The plan of this configuration over these contracts; none where nobody proves. An error if this release cannot build the next batch, or nobody here
/// could prove it.
pub async fn plan(origin: &Origin, settings: &NodeSettings) -> Result<Option<Plan>> {
    let ProverSettings { backend, remote, listen, ref members_file, .. } = settings.prover;
    let Some(backend) = backend else {
        look_ahead(&origin.l1, &origin.addresses).await?;
        return Ok(None);
    };
    let keys = if backend.is_proving() { signers(settings)? } else { SignerKeys::named(Vec::new()) };
    let keys = keys.verifying_by(settings.prover.worker.clone());
    let Asked { policies, policy, learnt } =
        Policies::open(backend, keys, origin.l1.clone(), &origin.addresses).await?;
    let Learnt { programs, quorums, lacking } = learnt;
    if !settings.prover.has_workers() {
        return Ok(Some(Plan { policies, policy, lacking, coordination: None }));
    }
    let named = settings.prover.worker.as_deref();
    let is_started = backend.is_proving() && !remote;
    let worker = is_started.then(|| find_worker(backend, named)).transpose().context("prover.worker")?;
    let members = members_file.as_deref().map(load_members).transpose().context("prover.members_file")?;
    let stretch = StretchRules { batches_max: BATCHES_MAX, commands_max: settings.prover.commands_max };
    let members = members.unwrap_or_default();
    let coordination = Coordination { backend, worker, listen, members, programs, quorums, stretch };
    Ok(Some(Plan { policies, policy, lacking, coordination: Some(coordination) }))
}

/// The signers whose keys are here.
fn signers(settings: &NodeSettings) -> Result<SignerKeys> {
    let files = &settings.prover.signer_key_files;
    let elsewhere =
        settings.prover.signers_file.as_deref().map(load_signers).transpose().context("prover.signers_file")?;
    let elsewhere = elsewhere.unwrap_or_default().into_iter().map(|signer| signer as Arc<dyn Signer>);
    let keys =
        SignerKeys::named(files.iter().map(|file| signer(file)).collect::<Result<_>>()?).and(elsewhere.collect());
    let mut addresses = keys.addresses();
    let named = addresses.len();
    addresses.sort_unstable();
    addresses.dedup();
    ensure!(
        addresses.len() == named,
        "prover.signer_key_files, prover.signers_file: {named} signers are named and {} of them differ, each of whom counts once; name each once",
        addresses.len()
    );
    Ok(keys)
}

fn signer(file: &Path) -> Result<WalletSecret> {
    let key = read_key(file).context("prover.signer_key_files")?;
    WalletSecret::new(&key)
        .map_err(|_| anyhow!("prover.signer_key_files: {} holds no key of the curve; make another", file.display()))
}
