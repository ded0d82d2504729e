//! The stores that were named, opened.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_da::{Disk, Remote, Store, Writer};
use ashlar_types::ExchangeId;
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};

use super::arguments::StoreArguments;
use super::keys;

/// The stores in their order.
pub type Stores = Vec<Box<dyn Store>>;

/// Opens stores and does something with them.
pub fn run<F: Future<Output = Result<()>>>(named: &StoreArguments, act: impl FnOnce(Stores) -> F) -> Result<()> {
    let (parent, folders) = beside_each_other(&named.folders)?;
    let scratch = std::env::temp_dir().join(format!("ashlar-da-{}", std::process::id()));
    let storage = parent.clone().unwrap_or_else(|| scratch.clone());
    let config = runtime::Config::new().with_storage_directory(&storage).with_worker_threads(2);
    let ended = runtime::Runner::new(config).start(|context| async move {
        let mut stores: Stores = Vec::new();
        for folder in &folders {
            stores.push(Box::new(Disk::new(context.child("folder"), folder)));
        }
        let writer = writer(named)?;
        for url in &named.da_nodes {
            stores.push(Box::new(Remote::new(url, writer.clone())?));
        }
        act(stores).await
    });
    if parent.is_none() {
        // Without folders the runtime's own was never used.
        let _ = std::fs::remove_dir_all(&scratch);
    }
    ended
}

fn writer(named: &StoreArguments) -> Result<Option<Writer>> {
    let Some(file) = &named.writer_key else { return Ok(None) };
    let exchange = named.exchange.ok_or_else(|| anyhow!("name the exchange with --exchange"))?;
    Ok(Some(Writer { key: keys::load(file)?, exchange: ExchangeId(exchange.0) }))
}

/// The folder that holds all of them, and their names in it: the runtime knows one folder and what is directly below.
fn beside_each_other(folders: &[PathBuf]) -> Result<(Option<PathBuf>, Vec<String>)> {
    let mut parent: Option<PathBuf> = None;
    let mut names = Vec::new();
    for folder in folders {
        let whole = std::path::absolute(folder).with_context(|| format!("{} is no path", folder.display()))?;
        let above = whole.parent().map(Path::to_path_buf);
        let name = whole.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let (Some(above), Some(name)) = (above, name) else { bail!("{} cannot hold data", folder.display()) };
        if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
            bail!("{} has a name with other characters than letters, digits, - and _; rename it", folder.display());
        }
        match &parent {
            Some(parent) if *parent != above => {
                bail!("{} is not beside the other folders; move them into one folder", folder.display())
            }
            _ => parent = Some(above),
        }
        names.push(name);
    }
    Ok((parent, names))
}
