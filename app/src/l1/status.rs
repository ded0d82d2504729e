//! `ashlar l1 status`: how an exchange stands on L1.

use alloy::primitives::U256;
use anyhow::Result;
use ashlar_contracts::abi::{IBridge, IGovernance, ISettlement, IVerifier, IVerifierRegistry};
use ashlar_settlement::l1::{BlockAt, L1 as _};
use ashlar_settlement::{Activation, activations};
use commonware_runtime::{Runner as _, tokio as runtime};
use serde_json::{Value, json};

use super::amount::coins;
use super::arguments::StatusArguments;
use super::asset::Asset;
use super::place::Found;
use super::send::say;
use super::standing::{Asker, Standing};
use super::withdraw::hours;

/// Assets that are looked at.
const ASSETS_MAX: u16 = 32;
/// Digits of ether.
const ETHER: u8 = 18;

/// Runs it; a look keeps nothing.
pub fn run(arguments: &StatusArguments) -> Result<()> {
    let scratch = std::env::temp_dir().join(format!("ashlar-look-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&scratch).with_worker_threads(2);
    let ended = runtime::Runner::new(config).start(|_| look(arguments.clone()));
    let _ = std::fs::remove_dir_all(&scratch);
    ended
}

async fn look(arguments: StatusArguments) -> Result<()> {
    let found = arguments.place.find().await?;
    let standing = Standing::of(&found).await?;
    let facts = Facts::of(&found, standing).await?;
    say(&if arguments.json { facts.json().to_string() } else { facts.lines().join("\n") })
}

struct Proof {
    kind: u8,
    assumption: &'static str,
    is_required: bool,
    proven: u64,
}

struct Facts<'a> {
    found: &'a Found,
    standing: Standing,
    safe: Option<u64>,
    finalized_block: Option<u64>,
    operator: (alloy::primitives::Address, U256),
    council: alloy::primitives::Address,
    proposer: alloy::primitives::Address,
    delays: (u64, u64),
    version: u32,
    /// The version that was announced last, if the next batch is not of it yet.
    announced: Option<Activation>,
    is_production: bool,
    proofs: Vec<Proof>,
    custodians: (usize, u8),
    forced_fee: U256,
    assets: Vec<Asset>,
    /// What must be final by when: the oldest entry that no final batch has consumed.
    waiting: bool,
}

impl<'a> Facts<'a> {
    async fn of(found: &'a Found, standing: Standing) -> Result<Facts<'a>> {
        let asker = Standing::asker(found, &standing.head);
        let governance = found.addresses.governance;
        let operator = asker.settlement(ISettlement::operatorCall {}).await?;
        let custodians = asker.settlement(ISettlement::custodiansCall {}).await?;
        let short = asker.other(governance, IGovernance::shortDelayCall {}).await?;
        let long = asker.other(governance, IGovernance::longDelayCall {}).await?;
        let next = standing.committed.saturating_add(1);
        let registry = found.addresses.registry;
        let version = asker.other(registry, IVerifierRegistry::versionForCall { batch: next }).await?;
        let listed = activations(&found.l1, registry, BlockAt::Hash(standing.head.hash)).await?;
        let announced = listed.last().filter(|last| last.version != version).copied();
        let mut assets = Vec::new();
        for number in 0..ASSETS_MAX {
            assets.extend(Asset::look(&found.l1, found.addresses.bridge, number).await?);
        }
        let number = |block: Option<ashlar_settlement::l1::Block>| block.map(|block| block.number);
        Ok(Facts {
            found,
            safe: number(found.l1.block(BlockAt::Safe).await?),
            finalized_block: number(found.l1.block(BlockAt::Finalized).await?),
            operator: (operator, found.l1.balance(operator).await?),
            council: asker.other(governance, IGovernance::councilCall {}).await?,
            proposer: asker.other(governance, IGovernance::proposerCall {}).await?,
            delays: (short.to(), long.to()),
            version,
            announced,
            is_production: asker.other(registry, IVerifierRegistry::productionCall {}).await?,
            proofs: proofs(&asker, found, version).await?,
            custodians: (custodians.members.len(), custodians.threshold),
            forced_fee: asker.bridge(IBridge::forcedFeeCall {}).await?,
            assets,
            waiting: standing.inbox_final < standing.inbox_count,
            standing,
        })
    }

    fn state(&self) -> &'static str {
        let Standing { root_fixed, frozen_at, paused, .. } = self.standing;
        match (root_fixed, frozen_at != 0, paused) {
            (true, ..) => "ended: everybody leaves with `ashlar exit`",
            (_, true, _) => {
                "frozen: a deadline was missed; the root is fixed when the grace is over, see `ashlar exit`"
            }
            (_, _, true) => "paused: no commits, proofs or deposits",
            _ => "open",
        }
    }

    fn lines(&self) -> Vec<String> {
        let (found, now) = (self.found, &self.standing);
        let mark = |number: Option<u64>| number.map_or_else(|| "none yet".to_owned(), |number| number.to_string());
        let kind = if self.is_production { "production" } else { "development" };
        let mut lines = vec![
            format!(
                "exchange     {} on chain {} ({kind}), {}",
                found.addresses.settlement,
                found.chain_id,
                self.state()
            ),
            format!(
                "L1           block {}, safe {}, final {}",
                now.head.number,
                mark(self.safe),
                mark(self.finalized_block)
            ),
            format!("batches      {} committed, {} final", now.committed, now.finalized),
            format!("version      {}", self.version),
        ];
        if let Some(Activation { version, from_batch, not_before }) = self.announced {
            lines.push(format!(
                "             {version} from batch {} on, once L1's clock says {not_before} (now {})",
                from_batch.get(),
                now.head.time
            ));
        }
        for Proof { kind, assumption, is_required, proven } in &self.proofs {
            let needed = if *is_required { "required" } else { "not required" };
            lines.push(format!("proof {kind:<6} {needed}, batches up to {proven}; rests on: {assumption}"));
        }
        lines.push(format!(
            "inbox        {} entries, {} of them in final batches{}",
            now.inbox_count,
            now.inbox_final,
            if self.waiting { "; `ashlar exit --dry-run` says by when the oldest must be" } else { "" }
        ));
        lines.push(format!(
            "leaving      an entry must be final within {}; after a freeze {} until the root is fixed; forcing costs {} ETH now",
            hours(now.deadline_s),
            hours(now.grace_s),
            coins(self.forced_fee, ETHER)
        ));
        let (operator, has) = self.operator;
        lines.push(format!("operator     {operator} with {} ETH", coins(has, ETHER)));
        let (short, long) = self.delays;
        lines.push(format!(
            "governance   proposer {}, council {}; listing waits {}, everything else {}",
            self.proposer,
            self.council,
            hours(short),
            hours(long)
        ));
        let (members, threshold) = self.custodians;
        lines.push(format!("custodians   {threshold} of {members} must sign for data that is not on L1"));
        for asset in &self.assets {
            let (id, held, most) = (asset.id.get(), asset.said(asset.held), asset.said(asset.total_max));
            lines.push(format!("asset {id:<6} {held} held, at most {most}"));
        }
        lines
    }

    fn json(&self) -> Value {
        let (found, now) = (self.found, &self.standing);
        let proofs: Vec<Value> = self
            .proofs
            .iter()
            .map(|proof| {
                json!({
                    "type": proof.kind, "required": proof.is_required, "proven": proof.proven,
                    "rests_on": proof.assumption,
                })
            })
            .collect();
        let assets: Vec<Value> = self
            .assets
            .iter()
            .map(|asset| {
                json!({
                    "asset": asset.id.get(), "symbol": asset.symbol, "token": asset.token,
                    "held_units": asset.held.to_string(), "max_units": asset.total_max.to_string(),
                    "scale_digits": asset.scale,
                })
            })
            .collect();
        json!({
            "chain_id": found.chain_id,
            "settlement": found.addresses.settlement,
            "bridge": found.addresses.bridge,
            "production": self.is_production,
            "version": self.version,
            "announced": self.announced.map(|one| json!({
                "version": one.version, "from_batch": one.from_batch.get(), "not_before_s": one.not_before,
            })),
            "block": now.head.number,
            "safe": self.safe,
            "final": self.finalized_block,
            "committed": now.committed,
            "finalized": now.finalized,
            "proofs": proofs,
            "inbox_entries": now.inbox_count,
            "inbox_final": now.inbox_final,
            "paused": now.paused,
            "frozen_at": now.frozen_at,
            "root_fixed": now.root_fixed,
            "deadline_s": now.deadline_s,
            "grace_s": now.grace_s,
            "forced_fee_wei": self.forced_fee.to_string(),
            "operator": self.operator.0,
            "operator_wei": self.operator.1.to_string(),
            "council": self.council,
            "proposer": self.proposer,
            "delays_s": [self.delays.0, self.delays.1],
            "custodians": self.custodians.0,
            "custody_threshold": self.custodians.1,
            "assets": assets,
        })
    }
}

/// Proof types that the version has programs for, and what the word of each rests on.
async fn proofs(asker: &Asker<'_>, found: &Found, version: u32) -> Result<Vec<Proof>> {
    let registry = found.addresses.registry;
    let required = asker.other(registry, IVerifierRegistry::requiredCall { version }).await?;
    let mut proofs = Vec::new();
    for kind in 0..32_u8 {
        let question = IVerifierRegistry::programCall { version, proofType: kind };
        let Some(program) = asker.other_if(registry, question).await? else { continue };
        if program.verifier.is_zero() {
            continue;
        }
        let assumption = asker.other(program.verifier, IVerifier::assumptionCall {}).await?;
        proofs.push(Proof {
            kind,
            assumption: match assumption {
                0 => "nothing beyond the proof",
                1 => "the ceremony of the vendor's wrapper",
                2 => "k of n signers who verified it",
                _ => "nothing is proven (development)",
            },
            is_required: required.bit(usize::from(kind)),
            proven: asker.settlement(ISettlement::provenCall { proofType: kind }).await?,
        });
    }
    Ok(proofs)
}
