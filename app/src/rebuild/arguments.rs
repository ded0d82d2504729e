use std::path::PathBuf;

use alloy::primitives::{Address, B256};
use anyhow::{Context as _, Result, bail};
use clap::Args;

/// Where L1 and the published data are.
#[derive(Clone, Debug, Args)]
pub struct Sources {
    /// The folder of an `ashlar up --data DIR`: its record of L1 blocks, and its data folders if none is named
    #[arg(long, value_name = "DIR", conflicts_with_all = ["l1", "l1_record"])]
    data: Option<PathBuf>,
    /// The JSON-RPC of an L1 node; choose one that is not the operator's
    #[arg(long, value_name = "URL", required_unless_present_any = ["data", "l1_record"])]
    pub l1: Option<String>,
    /// A record of L1 blocks, as `ashlar up --data` leaves it, in place of a node; it is copied and not changed
    #[arg(long, value_name = "FILE", conflicts_with = "l1")]
    l1_record: Option<PathBuf>,
    /// The settlement contract; on a record it is found
    #[arg(long, value_name = "ADDRESS", required_unless_present_any = ["data", "l1_record"])]
    pub settlement: Option<Address>,
    /// A folder of published data; give as many as you have
    #[arg(long = "da", value_name = "DIR", required_unless_present_any = ["data", "da_nodes", "calldata", "blobs", "beacon"])]
    da: Vec<PathBuf>,
    /// A custodian of published data, http://HOST:PORT; give as many as you know
    #[arg(long = "da-node", value_name = "URL")]
    pub da_nodes: Vec<String>,
    /// Take batches from the calldata of their commits too; with nothing else named, from there alone
    #[arg(long)]
    pub calldata: bool,
    /// Take batches from the blobs of their commits too, as long as L1's nodes keep them; with nothing else named, from there alone
    #[arg(long)]
    pub blobs: bool,
    /// The REST of a beacon node that is asked for blobs; a record and a development chain answer for themselves
    #[arg(long, value_name = "URL")]
    pub beacon: Option<String>,
    /// The L1 block from which events are read: that of the deployment, or earlier
    #[arg(long, value_name = "BLOCK", default_value_t = 0)]
    pub from_block: u64,
    /// The first owner of the house's account; otherwise the operator
    #[arg(long, value_name = "ADDRESS")]
    pub house_owner: Option<Address>,
    /// When the exchange began, in milliseconds since 1970; otherwise with L1's first block
    #[arg(long, value_name = "MS")]
    pub genesis_ms: Option<u64>,
    /// The last batch to look at; otherwise the newest that is committed
    #[arg(long, value_name = "BATCH")]
    pub upto: Option<u64>,
}

/// Of the auditor.
#[derive(Clone, Debug, Args)]
pub struct VerifyArguments {
    #[command(flatten)]
    pub sources: Sources,
    /// Compare what a node keeps too, leaf by leaf and batch by batch: the data folder of a node, or a folder that was recovered into. It is copied
    /// and not changed
    #[arg(long, value_name = "DIR")]
    pub local: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of the rebuilding of a state.
#[derive(Clone, Debug, Args)]
pub struct RecoverArguments {
    #[command(flatten)]
    pub sources: Sources,
    /// Write snapshots into this folder; one that was stopped goes on from its newest
    #[arg(long, value_name = "DIR", required_unless_present_any = ["range", "range_ms"])]
    pub into: Option<PathBuf>,
    /// Go to what was committed up to this L1 block
    #[arg(long, value_name = "BLOCK", conflicts_with_all = ["upto", "at_time", "root"])]
    pub at_block: Option<u64>,
    /// Go to the last batch that ended by this time, in milliseconds since 1970
    #[arg(long, value_name = "MS", conflicts_with_all = ["upto", "root"])]
    pub at_time: Option<u64>,
    /// Go to the batch that left this state
    #[arg(long, value_name = "HASH", conflicts_with = "upto")]
    pub root: Option<B256>,
    /// In place of a state: the bytes of these batches, each checked against its header, as FIRST..LAST with both of them
    #[arg(long, value_name = "A..B", value_parser = range, requires = "out", conflicts_with_all = ["into", "dump", "upto", "at_block", "at_time", "root", "range_ms"])]
    pub range: Option<(u64, u64)>,
    /// The same of the batches that ended within a time, in milliseconds since 1970
    #[arg(long, value_name = "A..B", value_parser = range, requires = "out", conflicts_with_all = ["into", "dump", "upto", "at_block", "at_time", "root"])]
    pub range_ms: Option<(u64, u64)>,
    /// Write the batches of a range into this folder, a file each
    #[arg(long, value_name = "DIR", conflicts_with = "into")]
    pub out: Option<PathBuf>,
    /// Take what final batches changed from this node, by its folder or its URL, in place of executing them; it is checked against L1, which vouches for
    /// the rest
    #[arg(long, value_name = "DIR|URL", requires = "into")]
    pub diffs: Option<String>,
    /// Write every leaf of the state into this file, a line each, so that two states can be compared byte by byte
    #[arg(long, value_name = "FILE")]
    pub dump: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Two numbers of which the second is not less.
fn range(text: &str) -> Result<(u64, u64), String> {
    let (first, last) = text.split_once("..").ok_or("write it as FIRST..LAST")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
    let (first, last) = (number(first)?, number(last)?);
    if first <= last { Ok((first, last)) } else { Err(format!("it ends at {last}, before it begins at {first}")) }
}

impl Sources {
    /// An exchange of a node, with folders and custodians that were named.
    pub fn of_node(
        l1: &str,
        settlement: Address,
        (da, da_nodes): (&[PathBuf], &[String]),
        from_block: u64,
        house_owner: Option<Address>,
        genesis_ms: Option<u64>,
    ) -> Sources {
        Sources {
            data: None,
            l1: Some(l1.to_owned()),
            l1_record: None,
            settlement: Some(settlement),
            da: da.to_vec(),
            da_nodes: da_nodes.to_vec(),
            calldata: false,
            blobs: false,
            beacon: None,
            from_block,
            house_owner,
            genesis_ms,
            upto: None,
        }
    }

    /// The same, with the calldata of commits as a source too, or without it.
    #[must_use]
    pub fn with_calldata(self, calldata: bool) -> Sources {
        Sources { calldata, ..self }
    }

    /// The record that stands in for an L1 node.
    pub fn record(&self) -> Option<PathBuf> {
        let recorded = || self.data.as_ref().map(|data| data.join("l1-blocks"));
        self.l1_record.clone().or_else(recorded)
    }

    /// Whether blobs are asked for.
    pub const fn takes_blobs(&self) -> bool {
        self.blobs || self.beacon.is_some()
    }

    /// The folders of published data: those that were named, or those in the data folder.
    pub fn folders(&self) -> Result<Vec<PathBuf>> {
        let named = !self.da.is_empty() || !self.da_nodes.is_empty() || self.calldata || self.takes_blobs();
        let Some(data) = self.data.as_ref().filter(|_| !named) else {
            return Ok(self.da.clone());
        };
        let listed = std::fs::read_dir(data).with_context(|| format!("{} cannot be listed", data.display()))?;
        let mut folders = Vec::new();
        for entry in listed {
            let entry = entry.with_context(|| format!("{} cannot be listed", data.display()))?;
            if entry.file_name().to_string_lossy().starts_with("da-") {
                folders.push(entry.path());
            }
        }
        folders.sort();
        if folders.is_empty() {
            bail!("{} has no folders of published data; name some with --da", data.display());
        }
        Ok(folders)
    }
}
