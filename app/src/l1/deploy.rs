//! `ashlar deploy`: the contracts of one exchange, once, however often it is begun.

use std::fs;
use std::io::{Write as _, stdout};
use std::path::Path;

use alloy::primitives::Address;
use anyhow::{Context as _, Result, bail};
use ashlar_settlement::courier::CourierConfig;
use ashlar_settlement::deploy::{Deployed, deploy, deploy_config};
use ashlar_settlement::l1::{BlockAt, L1 as _};
use ashlar_settlement::rpc::RpcL1;
use ashlar_settlement::signer::Signer as _;
use commonware_runtime::{Runner as _, tokio as runtime};
use serde_json::json;
use std::time::Duration;

use super::arguments::{DeployArguments, Profile};
use super::deployment::{DeploymentFile, NAME};
use super::place::connect;
use super::terms::TermsFile;

/// How often L1 is asked whether a step is mined.
const POLL: Duration = Duration::from_millis(200);

/// Runs on a runtime whose storage is the folder that was asked for.
pub fn run(arguments: &DeployArguments) -> Result<()> {
    let asked = match &arguments.terms {
        Some(path) => TermsFile::read(path, arguments.profile)?,
        None => TermsFile::template(arguments.profile),
    };
    if arguments.print_terms {
        return say(&serde_json::to_string_pretty(&asked).context("writing the terms")?);
    }
    if arguments.terms.is_none() && arguments.profile == Profile::Production {
        // What is wrong is what was typed, so it ends as all such lines end.
        let why = "production has no terms of its own: name a file with --terms; --print-terms shows its form\n";
        clap::Error::raw(clap::error::ErrorKind::MissingRequiredArgument, why).exit();
    }
    let into = arguments.into.as_ref().context("name a folder with --into")?;
    fs::create_dir_all(into)
        .with_context(|| format!("{} cannot be made; name another folder with --into", into.display()))?;
    let config = runtime::Config::new().with_storage_directory(into.join("outbox")).with_worker_threads(2);
    runtime::Runner::new(config).start(|context| carry_out(context, arguments.clone(), asked, into.clone()))
}

async fn carry_out(
    mut context: runtime::Context,
    arguments: DeployArguments,
    asked: TermsFile,
    into: std::path::PathBuf,
) -> Result<()> {
    let key = arguments.key.open()?;
    let begun = DeploymentFile::find(&into)?;
    let expected = arguments.chain_id.or(begun.as_ref().map(|begun| begun.chain_id));
    let (l1, chain_id) = connect(&arguments.l1, expected).await?;
    let mut file = match begun {
        Some(begun) => same(begun, &asked, key.address(), &into)?,
        None => begin(&l1, chain_id, key.address(), &asked).await?,
    };
    let terms = file.terms.terms(file.deployer)?;
    ashlar_settlement::deploy::check_terms(&terms)?;
    // From here on a stopped deployment goes on with these terms and no others.
    file.write(&into)?;
    let timeout = Duration::from_secs(arguments.timeout);
    let config = CourierConfig { poll_every: POLL, step_timeout: timeout, ..deploy_config(chain_id) };
    let deployed = deploy(&mut context, &l1, key, terms, &config).await?;
    file.deployed = Some(deployed.clone());
    file.write(&into)?;
    let path = into.join(NAME);
    say(&if arguments.json { line(&file, &deployed, &path) } else { lines(arguments.profile, &file, &deployed, &path) })
}

async fn begin(l1: &RpcL1, chain_id: u64, deployer: Address, asked: &TermsFile) -> Result<DeploymentFile> {
    let head = l1.block(BlockAt::Latest).await?.context("L1 has no blocks")?;
    Ok(DeploymentFile::begun(chain_id, deployer, asked.filled(deployer, head.time)))
}

fn same(begun: DeploymentFile, asked: &TermsFile, deployer: Address, into: &Path) -> Result<DeploymentFile> {
    if begun.deployer != deployer {
        bail!(
            "{} was begun by {}, and the key is {deployer}'s; use that key, or another folder",
            into.display(),
            begun.deployer
        );
    }
    if !begun.terms.fills(asked, deployer) {
        bail!("{} was begun with other terms; use those, or another folder for another exchange", into.display());
    }
    Ok(begun)
}

fn say(text: &str) -> Result<()> {
    writeln!(stdout(), "{text}").context("printing")
}

fn line(file: &DeploymentFile, deployed: &Deployed, path: &Path) -> String {
    json!({
        "chain_id": file.chain_id,
        "deployer": file.deployer,
        "settlement": deployed.addresses.settlement,
        "bridge": deployed.addresses.bridge,
        "registry": deployed.addresses.registry,
        "governance": deployed.addresses.governance,
        "incidents": deployed.addresses.incidents,
        "deployed_block": deployed.addresses.deployed_block,
        "steps": deployed.steps,
        "transactions": deployed.transactions,
        "paid_wei": deployed.paid_wei.to_string(),
        "file": path.display().to_string(),
    })
    .to_string()
}

fn lines(profile: Profile, file: &DeploymentFile, deployed: &Deployed, path: &Path) -> String {
    let mut lines = vec![format!("chain        {}", file.chain_id)];
    lines.extend(deployed.steps.iter().map(|(step, address)| format!("{step:<16} {address}")));
    lines.push(format!("paid         {} wei in {} transactions", deployed.paid_wei, deployed.transactions.len()));
    lines.push(
        "verified     code, roles, delays, deadlines, programs and the first header are those of the terms".into(),
    );
    lines.push(format!("kept in      {}", path.display()));
    if profile == Profile::Dev {
        lines.push(
            "development  nothing is proven on this exchange, and its operator can change anything at once".into(),
        );
    }
    lines.join("\n")
}
