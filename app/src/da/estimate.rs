use anyhow::{Context as _, Result, bail};
use ashlar_batch::codec::Preamble;
use ashlar_batch::data_root;
use ashlar_replica::diff_header;
use ashlar_settlement::estimate::{Mode, Offer, Sizes};
use ashlar_settlement::gas::{GasModel, Target};
use ashlar_settlement::l1::FeeMarket;
use ashlar_types::BatchNumber;
use serde_json::json;

use super::arguments::EstimateArguments;
use super::print;
use crate::rebuild::KeptDiffs;

/// Wei of a gwei.
const GWEI: f64 = 1e9;

pub fn run(arguments: &EstimateArguments) -> Result<()> {
    let file = &arguments.file;
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let commands = Preamble::peek(&bytes).with_context(|| format!("{} holds no batch", file.display()))?.commands;
    let market = FeeMarket {
        base_fee: (arguments.base_fee_gwei * GWEI) as u128,
        blob_fee: (arguments.blob_fee_gwei * GWEI) as u128,
        tips: vec![(arguments.tip_gwei * GWEI) as u128],
    };
    let model =
        GasModel { blobs_allowed: arguments.unbound_blobs, signatures: arguments.custodians, ..GasModel::default() };
    let sizes = Sizes { inputs: bytes.len(), diffs: diff_bytes(arguments, &bytes)? };
    let offers = model.offers(&market, sizes);
    let picked = model.pick(&market, sizes);
    let (mut words, mut objects) = (Vec::new(), Vec::new());
    for offer in &offers {
        let Offer { bytes, gas, blob_gas, wei, .. } = *offer;
        let (mode, target) = (mode(offer.mode), target(offer.target));
        let is_picked = Some(*offer) == picked;
        let per_command = gas as f64 / commands.max(1) as f64;
        words.push(format!(
            "{mode:<7} {target:<9} {bytes:>9} bytes {gas:>9} gas ({per_command:.1} a command) {blob_gas:>8} blob gas {:>14.9} ether{}",
            wei as f64 / 1e18,
            if is_picked { "  <- commit" } else { "" },
        ));
        objects.push(json!({
            "mode": mode, "target": target, "bytes": bytes, "gas": gas, "blob_gas": blob_gas, "wei": wei.to_string(),
            "gas_per_command": per_command, "picked": is_picked,
        }));
    }
    print(arguments.json, &words, &objects)?;
    if picked.is_none() {
        bail!(
            "{} bytes of inputs fit nowhere that is allowed: make smaller batches, or allow custodians",
            sizes.inputs
        );
    }
    Ok(())
}

/// How long what the batch changed is: as it was said, or as a node kept it.
fn diff_bytes(arguments: &EstimateArguments, batch: &[u8]) -> Result<Option<usize>> {
    let (Some(data), Some(number)) = (&arguments.diffs, arguments.number) else { return Ok(arguments.diff_bytes) };
    let diff = KeptDiffs::open(data)?.get(BatchNumber::new(number));
    let diff = diff.with_context(|| format!("{} has no diff of batch {number}", data.display()))?;
    let header = diff_header(&diff).with_context(|| format!("the diff of batch {number}"))?;
    if header.number.get() != number || header.data_root != data_root(batch)? {
        bail!(
            "what {} keeps under batch {number} is of another batch than {}",
            data.display(),
            arguments.file.display()
        );
    }
    Ok(Some(diff.len()))
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Inputs => "inputs",
        Mode::Diffs => "diffs",
    }
}

const fn target(target: Target) -> &'static str {
    match target {
        Target::Calldata => "calldata",
        Target::Blobs => "blobs",
        Target::Custody => "custody",
    }
}
