use std::net::SocketAddr;
use std::path::PathBuf;

use alloy::primitives::{Address, B256};
use ashlar_batch::merkle::Digest;
use ashlar_coding::DaCommitment;
use ashlar_da::BatchKey;
use ashlar_da::custodian::Place;
use ashlar_types::{BatchNumber, from_bytes};
use clap::{Args, Subcommand, ValueEnum};

/// Of everything that is done to stores of published data.
#[derive(Clone, Debug, Args)]
pub struct DaArguments {
    #[command(subcommand)]
    pub what: DaWhat,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum DaWhat {
    /// Code the bytes of a batch and give each store its share
    #[command(after_help = "Example: ashlar da put batch.bin --number 7 --da exchange/da-0 --da exchange/da-1")]
    Put(PutArguments),
    /// Find a batch by its commitment, whichever stores have it
    #[command(after_help = "Example: ashlar da get 7:3c5e… --da-node http://127.0.0.1:9301 --out batch.bin")]
    Get(GetArguments),
    /// Ask for a few rows that nobody can predict, until a batch is surely there
    #[command(after_help = "Example: ashlar da sample 7:3c5e… --bits 40 --da-node http://127.0.0.1:9301")]
    Sample(SampleArguments),
    /// Give stores back what they lost
    #[command(after_help = "Example: ashlar da repair --all --da exchange/da-0 --da exchange/da-1 --da exchange/da-2")]
    Repair(RepairArguments),
    /// Say what it costs to publish a batch, by every way, and which is cheapest
    #[command(after_help = "Example: ashlar da estimate batch.bin --base-fee-gwei 8 --custodians 3")]
    Estimate(EstimateArguments),
    /// Check every row of every store
    #[command(after_help = "Example: ashlar da audit --da exchange/da-0 --da exchange/da-1 --json")]
    Audit(AuditArguments),
}

/// Which stores.
#[derive(Clone, Debug, Args)]
pub struct StoreArguments {
    /// A folder of published data; give as many as there are, in their order, all beside each other
    #[arg(long = "da", value_name = "DIR", required_unless_present = "da_nodes")]
    pub folders: Vec<PathBuf>,
    /// A custodian, http://HOST:PORT, with #0xADDRESS behind it to say whose signature counts; after the folders in the order
    #[arg(long = "da-node", value_name = "URL")]
    pub da_nodes: Vec<String>,
    /// The exchange whose batches custodians are given
    #[arg(long, value_name = "ID")]
    pub exchange: Option<B256>,
    /// The file with the key that custodians let in, in hexadecimal
    #[arg(long, value_name = "FILE", requires = "exchange")]
    pub writer_key: Option<PathBuf>,
}

/// Of putting.
#[derive(Clone, Debug, Args)]
pub struct PutArguments {
    /// The file with the batch's bytes
    pub file: PathBuf,
    /// The number of the batch
    #[arg(long, value_name = "BATCH")]
    pub number: u64,
    /// The file with the signatures of its messages, 64 bytes each
    #[arg(long, value_name = "FILE")]
    pub signatures: Option<PathBuf>,
    /// How many times longer the coded data is
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=4))]
    pub rate: u8,
    /// How many stores must confirm; otherwise all
    #[arg(long, value_name = "COUNT")]
    pub confirm: Option<usize>,
    #[command(flatten)]
    pub stores: StoreArguments,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Of getting.
#[derive(Clone, Debug, Args)]
pub struct GetArguments {
    /// The batch: NUMBER:COMMITMENT
    #[arg(value_parser = key)]
    pub key: BatchKey,
    /// Write the bytes into this file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The data root that the bytes must have
    #[arg(long, value_name = "ROOT", value_parser = digest)]
    pub data_root: Option<Digest>,
    /// The root of its signatures, to get these as well
    #[arg(long, value_name = "ROOT", value_parser = digest)]
    pub signatures_root: Option<Digest>,
    /// Write the signatures into this file
    #[arg(long, value_name = "FILE", requires = "signatures_root")]
    pub signatures_out: Option<PathBuf>,
    #[command(flatten)]
    pub stores: StoreArguments,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// How rows are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Drawing {
    /// Any distinct rows
    Uniform,
    /// One of each stretch of rows
    Stratified,
    /// More after each that does not come
    Adaptive,
}

/// Of sampling.
#[derive(Clone, Debug, Args)]
pub struct SampleArguments {
    /// The batch: NUMBER:COMMITMENT
    #[arg(value_parser = key)]
    pub key: BatchKey,
    /// How rows are drawn
    #[arg(long, value_enum, default_value_t = Drawing::Adaptive)]
    pub strategy: Drawing,
    /// The chance that withheld data goes unseen is at most one in two to the power of this
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub bits: u8,
    #[command(flatten)]
    pub stores: StoreArguments,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Of repairing.
#[derive(Clone, Debug, Args)]
pub struct RepairArguments {
    /// The batch: NUMBER:COMMITMENT
    #[arg(value_parser = key, required_unless_present = "all")]
    pub key: Option<BatchKey>,
    /// Every batch that any store lists
    #[arg(long, conflicts_with = "key")]
    pub all: bool,
    #[command(flatten)]
    pub stores: StoreArguments,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Of the audit.
#[derive(Clone, Debug, Args)]
pub struct AuditArguments {
    /// The batch: NUMBER:COMMITMENT; otherwise every batch that any store lists
    #[arg(value_parser = key)]
    pub key: Option<BatchKey>,
    #[command(flatten)]
    pub stores: StoreArguments,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of the estimate.
#[derive(Clone, Debug, Args)]
pub struct EstimateArguments {
    /// The file with the batch's bytes
    pub file: PathBuf,
    /// Bytes of what the batch changed, if that is to be published too
    #[arg(long, value_name = "BYTES", conflicts_with = "diffs")]
    pub diff_bytes: Option<usize>,
    /// Take what the batch changed from this node's folder, and with it its real size
    #[arg(long, value_name = "DIR", requires = "number")]
    pub diffs: Option<PathBuf>,
    /// The number of the batch there
    #[arg(long, value_name = "BATCH", requires = "diffs")]
    pub number: Option<u64>,
    /// L1's base fee
    #[arg(long, value_name = "GWEI", default_value_t = 10.0, value_parser = gwei)]
    pub base_fee_gwei: f64,
    /// The usual tip
    #[arg(long, value_name = "GWEI", default_value_t = 1.0, value_parser = gwei)]
    pub tip_gwei: f64,
    /// L1's fee for a unit of blob gas
    #[arg(long, value_name = "GWEI", default_value_t = 1.0, value_parser = gwei)]
    pub blob_fee_gwei: f64,
    /// How many custodians sign, if there are any
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub custodians: Option<u32>,
    /// Count blobs in, which nothing binds to the data root yet, and which production refuses
    #[arg(long)]
    pub unbound_blobs: bool,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Of a custodian.
#[derive(Clone, Debug, Args)]
pub struct DaNodeArguments {
    /// Keep everything in this folder, the custodian's key too, which is made if there is none
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9300")]
    pub listen: SocketAddr,
    /// The address of a key that may write; give as many as there are
    #[arg(long = "writer", value_name = "ADDRESS", required_unless_present = "development")]
    pub writers: Vec<Address>,
    /// Let in the public key with which `ashlar up` writes; on loopback only
    #[arg(long)]
    pub development: bool,
    /// Which of all custodians it is, such as 1/4: it signs for a batch only if it has all rows of that place
    #[arg(long, value_name = "PLACE/COUNT", value_parser = place)]
    pub place: Option<Place>,
    /// The exchange it keeps batches of; otherwise that of the first deposit
    #[arg(long, value_name = "ID")]
    pub exchange: Option<B256>,
    /// Forget all but the newest so many batches
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_newest: Option<u32>,
    /// Refuse deposits beyond so many MiB
    #[arg(long, value_name = "MIB", default_value_t = 65_536, value_parser = clap::value_parser!(u64).range(1..=1 << 32))]
    pub mib_max: u64,
    /// Requests of one address in a second
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub requests: u32,
    /// Stop by itself after so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<u64>,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    alloy::hex::decode(text).ok()?.try_into().ok()
}

fn gwei(text: &str) -> Result<f64, String> {
    let fits = |fee: &f64| fee.is_finite() && (0.0..=1e9).contains(fee);
    text.parse().ok().filter(fits).ok_or_else(|| "it must be a fee between 0 and 1000000000 gwei".to_owned())
}

fn digest(text: &str) -> Result<Digest, String> {
    let of_word = || Digest::from_word(&bytes::<32>(text)?);
    let of_digest = || from_bytes(&bytes::<{ Digest::BYTES }>(text)?).ok();
    of_word()
        .or_else(of_digest)
        .ok_or_else(|| format!("it must be the {} bytes of a digest in hexadecimal", Digest::BYTES))
}

fn key(text: &str) -> Result<BatchKey, String> {
    let form = || "it must be NUMBER:COMMITMENT, as `ashlar da put` and `ashlar da audit` print it".to_owned();
    let (number, commitment) = text.split_once(':').ok_or_else(form)?;
    let number = BatchNumber::new(number.parse().map_err(|_| form())?);
    Ok(BatchKey { number, commitment: DaCommitment::new(digest(commitment)?) })
}

fn place(text: &str) -> Result<Place, String> {
    let form = || "it must be such as 1/4: the first of four".to_owned();
    let (place, count) = text.split_once('/').ok_or_else(form)?;
    let (place, count): (usize, usize) = (place.parse().map_err(|_| form())?, count.parse().map_err(|_| form())?);
    place.checked_sub(1).and_then(|index| Place::new(index, count)).ok_or_else(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_batches_and_places_are_read() {
        let commitment = "1d".repeat(27);
        assert_eq!(key(&format!("7:{commitment}")).unwrap().number.get(), 7);
        assert_eq!(key(&format!("7:0x{commitment}0000000000")).unwrap(), key(&format!("7:{commitment}")).unwrap());
        for wrong in ["", "7", "7:12", &format!("x:{commitment}"), &format!("7:{commitment}0000000001")] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
        assert_eq!(place("4/4").unwrap().index(), 3);
        assert!(["0/4", "5/4", "1/33", "1", "a/b"].iter().all(|wrong| place(wrong).is_err()));
    }
}
