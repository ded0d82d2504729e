use anyhow::{Context as _, Result, bail};
use ashlar_coding::Expansion;
use ashlar_da::{Availability, FetchError, Fetched, SectionKey};
use ashlar_types::to_bytes;
use serde_json::json;

use super::arguments::GetArguments;
use super::stores::Stores;
use super::{print, remarks};

pub async fn run(stores: Stores, get: GetArguments) -> Result<()> {
    let count = stores.len();
    // Nothing is published here, so how many must confirm does not matter.
    let all = Availability::new(stores, Expansion::Double, count)?;
    let Fetched { bytes, sources } = match all.fetch_key(&get.key, get.data_root).await {
        Ok(fetched) => fetched,
        Err(error) => {
            if let FetchError::NoManifest { sources } | FetchError::TooFew { sources, .. } = &error {
                let (words, objects) = remarks(sources);
                print(get.json, &words, &objects)?;
            }
            return Err(error.into());
        }
    };
    let (mut words, mut objects) = remarks(&sources);
    let data_root = alloy::hex::encode(to_bytes(&ashlar_batch::data_root(&bytes)?));
    words.push(format!("found        {} bytes with data root {data_root}", bytes.len()));
    let mut object = json!({ "bytes": bytes.len(), "data_root": data_root, "asked": sources.len() });
    if let Some(file) = &get.out {
        std::fs::write(file, &bytes).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    if let Some(root) = get.signatures_root {
        let key = SectionKey { number: get.key.number, root };
        let signatures = match all.fetch_signatures(&key).await {
            Ok((signatures, sources)) => {
                let (more_words, more_objects) = remarks(&sources);
                words.extend(more_words);
                objects.extend(more_objects);
                signatures
            }
            Err(sources) => {
                let (words, objects) = remarks(&sources);
                print(get.json, &words, &objects)?;
                bail!("none of {} stores has signatures of that root; add stores", sources.len());
            }
        };
        words.push(format!("signatures   {}", signatures.len()));
        object["signatures"] = signatures.len().into();
        if let Some(file) = &get.signatures_out {
            let written = std::fs::write(file, signatures.as_bytes());
            written.with_context(|| format!("{} cannot be written", file.display()))?;
        }
    }
    objects.push(object);
    print(get.json, &words, &objects)
}
