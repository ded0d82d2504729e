//! A deployment: files of keys, ports, folders, L1 nodes and the contracts on them.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use alloy::primitives::U256;
use anyhow::anyhow;
use ashlar_settlement::l1::{BlockAt, L1 as _};
use ashlar_settlement::rpc::Endpoint;
use ashlar_settlement::signer::Signer as _;
use ashlar_settlement::{Activation, check_balance, check_operator};

use super::finding::Finding;
use crate::config::NodeSettings;
use crate::node::{Keys, Plan, l1, origin, plan};
use crate::proving::{Ahead, Backend, look_ahead};
use crate::secrets::read_key;
use crate::signer::load_signers;

/// Beyond this a chain is stuck, or this machine's clock is wrong.
const HEAD_SECONDS_MAX: u64 = 120;

/// What can be seen without asking anybody.
pub fn look_here(settings: &NodeSettings) -> Vec<Finding> {
    let mut found = vec![Finding::well("configuration", "it is sound")];
    found.push(key("receipts key", &settings.key_file));
    found.push(key("L1 key", &settings.l1.key_file));
    found.push(token(&settings.api.token_file));
    found.push(folder(&settings.data));
    for (name, key, address) in [
        ("API", "api.listen", settings.api.listen),
        ("gateway", "api.gateway", settings.api.gateway),
        ("admin", "api.admin", settings.api.admin),
    ] {
        found.push(match TcpListener::bind(address) {
            Ok(_) => Finding::well(name, format!("{address} is free")),
            Err(why) => {
                let advice =
                    format!("stop what listens there, a node that runs already perhaps, or choose another {key}");
                Finding::failed(name, format!("{address}: {why}"), advice)
            }
        });
    }
    found.extend(match settings.prover.backend {
        None => Some(Finding::warning(
            "prover",
            "none is configured",
            "batches are committed and wait until somebody proves them",
        )),
        Some(Backend::Execute) => {
            Some(Finding::warning("prover", "execute-only proves nothing", "for development alone: prover.kind"))
        }
        // What its contracts want of it has to be asked for.
        Some(_) => None,
    });
    found
}

fn key(name: &'static str, path: &Path) -> Finding {
    match read_key(path) {
        Ok(_) => Finding::well(name, format!("{} is a key that only its owner reads", path.display())),
        Err(why) => Finding::failed(name, format!("{why:#}"), "see docs/operator.md, Keys"),
    }
}

fn token(path: &Path) -> Finding {
    match fs::metadata(path).map(|found| found.permissions().mode() & 0o777) {
        Err(_) => Finding::well("admin token", format!("{} is made at the first start", path.display())),
        Ok(mode) if mode & 0o077 == 0 => Finding::well("admin token", format!("{} has mode {mode:o}", path.display())),
        Ok(mode) => {
            let seen = format!("{} has mode {mode:o}, so others can read it", path.display());
            Finding::failed("admin token", seen, "remove it; the next start makes another")
        }
    }
}

fn folder(path: &Path) -> Finding {
    match fs::metadata(path) {
        Ok(found) if found.permissions().readonly() => {
            Finding::failed("data folder", format!("{} is read-only", path.display()), "give it to the node's user")
        }
        Ok(found) if found.is_dir() => Finding::well("data folder", format!("{} is there", path.display())),
        Ok(_) => Finding::failed("data folder", format!("{} is a file", path.display()), "correct node.data"),
        Err(_) => Finding::well("data folder", format!("{} is made at the first start", path.display())),
    }
}

/// What has to be asked for.
pub async fn ask(settings: NodeSettings) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut reached = 0;
    for url in &settings.l1.endpoints {
        let finding = endpoint(&settings, url).await;
        reached += usize::from(finding.state != super::State::Failed);
        found.push(finding);
    }
    if reached < settings.l1.quorum {
        let seen = format!(
            "{reached} of {} nodes answer as they should, and {} must agree",
            settings.l1.endpoints.len(),
            settings.l1.quorum
        );
        found.push(Finding::failed("L1 quorum", seen, "repair them, add others to l1.endpoints, or lower l1.quorum"));
        return found;
    }
    found.extend(contracts(&settings).await);
    found
}

async fn endpoint(settings: &NodeSettings, url: &str) -> Finding {
    const NAME: &str = "L1 node";
    let failed = |why: String| Finding::failed(NAME, why, "correct l1.endpoints, or see why that node is down");
    let endpoint = match Endpoint::new(url, settings.l1.timeout) {
        Ok(endpoint) => endpoint,
        Err(why) => return failed(why.to_string()),
    };
    match endpoint.chain_id().await {
        Ok(id) if id == settings.l1.chain_id => {}
        Ok(id) => {
            let seen = format!("{endpoint:?} serves chain {id}, and l1.chain_id is {}", settings.l1.chain_id);
            return Finding::failed(NAME, seen, "correct one of the two");
        }
        Err(why) => return failed(why.to_string()),
    }
    match endpoint.block(BlockAt::Latest).await {
        Ok(Some(head)) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let age = now.abs_diff(head.time);
            let seen = format!("{endpoint:?}: block {}, {age} s from this machine's clock", head.number);
            let advice =
                "the chain stands still, that node is behind, or this clock is wrong: commits are refused by time";
            Finding::limit(NAME, age <= HEAD_SECONDS_MAX, seen, advice)
        }
        Ok(None) => failed(format!("{endpoint:?} has no blocks")),
        Err(why) => failed(why.to_string()),
    }
}

async fn contracts(settings: &NodeSettings) -> Vec<Finding> {
    const NAME: &str = "contracts";
    let l1 = match l1(&settings.l1) {
        Ok(l1) => l1,
        Err(why) => return vec![Finding::failed(NAME, format!("{why:#}"), "correct l1.endpoints")],
    };
    let origin = match origin(&l1, settings).await {
        Ok(origin) => origin,
        Err(why) => {
            return vec![Finding::failed(NAME, format!("{why:#}"), "correct l1.settlement and what begins with l1.")];
        }
    };
    let mut found = vec![Finding::well(NAME, format!("settlement {} is this exchange's", origin.addresses.settlement))];
    // Where it fails the plan does, and says why.
    if let Ok(Ahead { unknown: Some(Activation { version, from_batch, not_before }), .. }) =
        look_ahead(&origin.l1, &origin.addresses).await
    {
        let batch = from_batch.get();
        let seen = format!(
            "version {version} begins with batch {batch} once L1's clock says {not_before}, and none of its programs is of this release"
        );
        found.push(Finding::warning("upgrade", seen, "install the release that has one of them before then"));
    }
    match plan(&origin, settings).await {
        Ok(Some(Plan { policy, lacking, .. })) => {
            let is_proven = policy.backend().is_proving();
            found.extend(is_proven.then(|| Finding::well("prover", policy.kind())));
            found.extend(lacking.map(|why| Finding::warning("upgrade", why, "see docs/runbooks.md, Upgrade")));
        }
        Ok(None) => {}
        Err(why) => {
            found.push(Finding::failed(
                "prover",
                format!("{why:#}"),
                "see docs/proving.md and what begins with prover.",
            ));
        }
    }
    found.extend(settings.prover.signers_file.as_deref().map_or_else(Vec::new, signers));
    // A key that is missing was told before.
    let Ok(keys) = Keys::load(settings) else { return found };
    let account = keys.submitter.address();
    found.push(match check_operator(&l1, &origin.addresses, account, U256::ZERO).await {
        Ok(()) => Finding::well("submitter", format!("{account} is the operator")),
        Err(why) => {
            Finding::failed("submitter", why.to_string(), "take the operator's key for l1.key_file, or send it ether")
        }
    });
    let least = U256::from(settings.limits.alerts.balance_min);
    if let Err(why) = check_balance(&l1, account, least).await {
        found.push(Finding::warning("balance", why.to_string(), "send it ether before it runs out"));
    }
    found
}

/// Whether signers on other machines answer, each as who it is said to be.
fn signers(file: &Path) -> Vec<Finding> {
    // They are asked on a thread of its own, because each question blocks.
    let asked = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let signers = load_signers(file)?;
            Ok(signers.iter().map(|signer| (signer.place(), signer.who())).collect::<Vec<_>>())
        });
        asking.join().unwrap_or_else(|_| Err(anyhow!("asking them failed")))
    });
    match asked {
        Ok(asked) => asked
            .into_iter()
            .map(|(place, who)| match who {
                Ok(()) => Finding::well("signer", format!("{place} answers")),
                Err(why) => Finding::failed(
                    "signer",
                    format!("{why:#}"),
                    "start `ashlar signer` there, or correct prover.signers_file",
                ),
            })
            .collect(),
        Err(why) => vec![Finding::failed("signer", format!("{why:#}"), "correct prover.signers_file")],
    }
}
