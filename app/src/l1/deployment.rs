//! What `ashlar deploy` leaves, so that it can go on and others find the contracts.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use alloy::primitives::Address;
use anyhow::{Context as _, Result};
use ashlar_settlement::deploy::Deployed;
use serde::{Deserialize, Serialize};

use super::terms::TermsFile;

/// Its name in the folder.
pub const NAME: &str = "deployment.json";
/// Of which this is the only version.
const VERSION: u32 = 1;

/// A deployment, begun or done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeploymentFile {
    version: u32,
    /// On which chain.
    pub chain_id: u64,
    /// Who deploys.
    pub deployer: Address,
    /// With which terms; what they left open is filled in.
    pub terms: TermsFile,
    /// What there is, once all of it is.
    pub deployed: Option<Deployed>,
}

impl DeploymentFile {
    /// One that is begun.
    pub const fn begun(chain_id: u64, deployer: Address, terms: TermsFile) -> DeploymentFile {
        DeploymentFile { version: VERSION, chain_id, deployer, terms, deployed: None }
    }

    /// Reads one.
    pub fn read(path: impl AsRef<Path>) -> Result<DeploymentFile> {
        let path = path.as_ref();
        let text = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let file: DeploymentFile = serde_json::from_slice(&text)
            .with_context(|| format!("{} is not what `ashlar deploy` leaves", path.display()))?;
        anyhow::ensure!(
            file.version == VERSION,
            "{} is of version {}, and this program knows {VERSION}",
            path.display(),
            file.version
        );
        Ok(file)
    }

    /// The one in a folder, if there is one.
    pub fn find(folder: &Path) -> Result<Option<DeploymentFile>> {
        let path = folder.join(NAME);
        match fs::metadata(&path) {
            Ok(_) => DeploymentFile::read(&path).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    /// Writes it whole or not at all.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let (path, beside) = (folder.join(NAME), folder.join(format!("{NAME}.new")));
        let put = || -> std::io::Result<()> {
            let mut file = fs::File::create(&beside)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        put().with_context(|| format!("{} cannot be written", path.display()))
    }

    /// The settlement contract, if the deployment was finished.
    pub fn settlement(&self) -> Result<Address> {
        let deployed = self.deployed.as_ref().map(|deployed| deployed.addresses.settlement);
        deployed.context("the deployment was begun and not finished; run `ashlar deploy` again with the same folder")
    }
}
