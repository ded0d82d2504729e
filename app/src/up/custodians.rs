//! Where the data of a development exchange is, and who signs for it: the custodians that were named, or four in this process.

use anyhow::{Context as _, Result, ensure};
use ashlar_coding::Expansion;
use ashlar_da::custodian::{Custodian, Local, Place, Policy};
use ashlar_da::{Availability, Disk, Remote, Store, Writer};
use ashlar_types::sign::WalletSecret;
use ashlar_types::{Address, ExchangeId};
use commonware_runtime::{Supervisor as _, tokio as runtime};

use super::settings::Settings;
use crate::development::{da_writer, development_key};
use crate::ports::{Counted, Published, Signed};

/// Folders over which the embedded default spreads each batch; half of them are enough to have it back.
pub const FOLDERS: usize = 4;
/// How many of four custodians in this process must sign: one may fail, and what two others hold is enough.
const SIGNERS_OF_FOLDERS: usize = 3;

/// Whose signatures the contract will count.
#[derive(Clone, Debug, Default)]
pub struct Custodians {
    /// In ascending order.
    pub members: Vec<Address>,
    /// How many must sign; zero if there is nobody.
    pub threshold: usize,
}

impl Custodians {
    /// Those of the folders, whatever is chosen at this start, since contracts outlive it; or those that were named, if they will be needed.
    pub async fn find(settings: &Settings) -> Result<Custodians> {
        let mut members = Vec::new();
        if settings.da_nodes.is_empty() {
            for folder in 0..FOLDERS {
                members.push(key(folder)?.address());
            }
        } else if settings.publish.may_use_custody() {
            for url in &settings.da_nodes {
                let asked = Remote::new(url, None)?.custodian().await;
                members.push(asked.with_context(|| {
                    format!("{url}: asking the custodian by what address L1 will know it; start it, or write {url}#0xADDRESS")
                })?);
            }
        }
        let threshold = match (members.len(), settings.da_nodes.len()) {
            (0, _) => 0,
            (_, 0) => SIGNERS_OF_FOLDERS,
            _ => settings.da_confirm,
        };
        members.sort_unstable();
        ensure!(
            members.is_sorted_by(|a, b| a < b),
            "two of the custodians have the same key; give each its own folder"
        );
        ensure!(threshold <= members.len(), "{threshold} custodians are to sign and there are {}", members.len());
        Ok(Custodians { members, threshold })
    }

    /// Where data is published.
    pub async fn open(
        &self,
        context: &runtime::Context,
        exchange: ExchangeId,
        settings: &Settings,
    ) -> Result<Published> {
        let sign = settings.publish.may_use_custody();
        let mut stores: Vec<Box<dyn Store>> = Vec::new();
        for url in &settings.da_nodes {
            let writer = Writer { key: da_writer(), exchange };
            stores.push(Box::new(Remote::new(url, Some(writer))?));
        }
        let folders = if stores.is_empty() { 0..FOLDERS } else { 0..0 };
        for folder in folders {
            let name = format!("da-{folder}");
            stores.push(if sign {
                let policy =
                    Policy { exchange: Some(exchange), place: Place::new(folder, FOLDERS), ..Policy::default() };
                let opened = Custodian::open(context.child("da"), &name, key(folder)?, policy).await;
                Box::new(Local::new(&name, opened.with_context(|| format!("opening {name}"))?, exchange))
            } else {
                Box::new(Disk::new(context.child("da"), name))
            });
        }
        let confirm = match (settings.da_nodes.is_empty(), sign) {
            (false, _) => settings.da_confirm,
            (true, true) => SIGNERS_OF_FOLDERS,
            (true, false) => FOLDERS,
        };
        let published = Published::new(Availability::new(stores, Expansion::Double, confirm)?);
        if !sign {
            return Ok(published);
        }
        let counted = Counted { exchange, members: self.members.clone(), threshold: self.threshold };
        Ok(published.signed(Signed::open(counted, settings.folder().join("signed"))?))
    }
}

fn key(folder: usize) -> Result<WalletSecret> {
    let key = WalletSecret::new(&development_key(&format!("custodian {folder}")));
    key.map_err(|_| anyhow::anyhow!("the development key of custodian {folder} is no key"))
}
