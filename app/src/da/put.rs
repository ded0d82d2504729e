use anyhow::{Context as _, Result, bail};
use ashlar_coding::Expansion;
use ashlar_da::{Availability, Published, signatures_of};
use ashlar_types::{BatchNumber, to_bytes};
use serde_json::json;

use super::arguments::PutArguments;
use super::print;
use super::stores::Stores;

pub async fn run(stores: Stores, put: PutArguments) -> Result<()> {
    let bytes = std::fs::read(&put.file).with_context(|| format!("{} cannot be read", put.file.display()))?;
    let signatures = match &put.signatures {
        Some(file) => std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?,
        None => Vec::new(),
    };
    let Some(signatures) = signatures_of(&signatures) else { bail!("signatures are 64 bytes each, and not so many") };
    let expansion = match put.rate {
        2 => Expansion::Double,
        4 => Expansion::Quadruple,
        rate => bail!("there is no code of rate {rate}; choose 2 or 4 with --rate"),
    };
    let confirm = put.confirm.unwrap_or(stores.len());
    let all = Availability::new(stores, expansion, confirm)?;
    let coded = all.code(&bytes)?;
    let Published { commitment, confirmed, receipts, failed } =
        all.put(BatchNumber::new(put.number), &coded, &signatures).await?;
    let layout = *coded.manifest().layout();
    let hex = alloy::hex::encode::<Vec<u8>>;
    let (commitment, data_root) = (hex(to_bytes(&commitment.digest())), hex(to_bytes(&coded.manifest().data_root())));
    let (key, signatures_root) = (format!("{}:{commitment}", put.number), hex(to_bytes(&signatures.root())));
    let mut words = vec![
        format!("batch        {key}"),
        format!("data root    {data_root}"),
        format!("signatures   {} with root {signatures_root}", signatures.len()),
        format!(
            "rows         {} of {} bytes, any {} are enough",
            layout.rows(),
            layout.row_bytes(),
            layout.data_rows()
        ),
        format!("confirmed    by {confirmed} stores, {} with receipts", receipts.len()),
    ];
    words.extend(failed.iter().map(|(name, error)| format!("remark       {name}: {error}")));
    let receipts: Vec<_> = receipts
        .iter()
        .map(|receipt| {
            json!({
                "custodian": alloy::hex::encode_prefixed(receipt.custodian.0),
                "signature": alloy::hex::encode_prefixed(receipt.signature),
            })
        })
        .collect();
    let failed: Vec<_> =
        failed.iter().map(|(name, error)| json!({ "store": name, "remark": error.to_string() })).collect();
    let object = json!({
        "batch": key, "data_root": data_root, "signatures_root": signatures_root, "rows": layout.rows(),
        "data_rows": layout.data_rows(), "row_bytes": layout.row_bytes(), "confirmed": confirmed,
        "receipts": receipts, "failed": failed,
    });
    print(put.json, &words, &[object])
}
