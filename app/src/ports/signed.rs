//! Custodians' signatures that L1 counts: gathered before a batch counts as published, and kept until it is committed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::{Context as _, Result};
use ashlar_batch::BatchHeader;
use ashlar_batch::merkle::Digest;
use ashlar_coding::DaCommitment;
use ashlar_da::{BatchKey, Receipt};
use ashlar_sequencer::OutsideError;
use ashlar_types::{Address, Decode as _, ExchangeId, from_bytes, to_bytes};

/// Signatures that are read of a file: as many custodians as L1 knows.
const RECEIPTS_MAX: usize = 64;
/// Batches whose signatures are kept; the older ones were committed long ago.
const KEPT_MAX: u64 = 1 << 16;

/// Whose signatures L1 counts, and how many it asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    /// Of which exchange.
    pub exchange: ExchangeId,
    /// The custodians that the contract knows.
    pub members: Vec<Address>,
    /// How many of them must sign.
    pub threshold: usize,
}

/// The signatures that were gathered. A file for each batch, so that a custodian that has signed may die before the commit, and this process too.
pub struct Signed {
    counted: Counted,
    folder: PathBuf,
    /// One at a time writes.
    writing: Mutex<()>,
}

impl Signed {
    /// With what was gathered before in this folder.
    pub fn open(counted: Counted, folder: PathBuf) -> Result<Signed> {
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(Signed { counted, folder, writing: Mutex::new(()) })
    }

    /// How many must sign.
    pub const fn threshold(&self) -> usize {
        self.counted.threshold
    }

    /// Adds signatures of a batch to those that are kept, durably, and gives those that L1 will count.
    pub fn gather(&self, header: &BatchHeader, more: &[Receipt]) -> Result<Vec<Receipt>, OutsideError> {
        let _one = self.writing.lock();
        let key = BatchKey::of(header).ok_or_else(|| OutsideError::stop("the batch is coded in another way"))?;
        let known = self.known(&key, header.signatures_root)?;
        let mut all: BTreeMap<Address, Receipt> = known.iter().map(|one| (one.custodian, *one)).collect();
        let counts = |one: &&Receipt| self.counts(one, key.commitment, header.signatures_root);
        all.extend(more.iter().filter(counts).map(|one| (one.custodian, *one)));
        let all: Vec<Receipt> = all.into_values().collect();
        if all != known {
            self.write(&key, &all).map_err(|error| OutsideError::retry(format!("keeping signatures: {error}")))?;
        }
        Ok(all)
    }

    /// Exactly as many as L1 asks for, since each is paid for; or who is missing.
    pub fn enough(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>, OutsideError> {
        let Counted { members, threshold, .. } = &self.counted;
        if let Some(enough) = receipts.get(..*threshold) {
            return Ok(enough.to_vec());
        }
        let missing = members.iter().filter(|member| receipts.iter().all(|one| one.custodian != **member));
        let missing: Vec<String> = missing.map(|member| alloy::hex::encode_prefixed(member.0)).collect();
        Err(OutsideError::retry(format!(
            "{} of the {threshold} custodians that L1 asks for have signed; see why {} do not",
            receipts.len(),
            missing.join(", ")
        )))
    }

    fn counts(&self, receipt: &Receipt, commitment: DaCommitment, signatures_root: Digest) -> bool {
        self.counted.members.contains(&receipt.custodian)
            && receipt.check(&self.counted.exchange, commitment, signatures_root).is_ok()
    }

    /// What is kept of a batch and still counts. After a reorganisation a batch of the same number is another one.
    fn known(&self, key: &BatchKey, signatures_root: Digest) -> Result<Vec<Receipt>, OutsideError> {
        let path = self.path(key.number.get());
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(OutsideError::retry(format!("{} cannot be read: {error}", path.display()))),
        };
        // Those of a file that is not whole are asked for again.
        let (_, receipts) = read(&bytes).filter(|(of, _)| of == key).unwrap_or((*key, Vec::new()));
        Ok(receipts.into_iter().filter(|one| self.counts(one, key.commitment, signatures_root)).collect())
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }

    fn write(&self, key: &BatchKey, receipts: &[Receipt]) -> std::io::Result<()> {
        let number = key.number.get();
        let (path, half) = (self.path(number), self.folder.join("half"));
        let mut file = fs::File::create(&half)?;
        file.write_all(&to_bytes(key))?;
        for receipt in receipts {
            file.write_all(&to_bytes(receipt))?;
        }
        file.sync_all()?;
        fs::rename(&half, &path)?;
        fs::File::open(&self.folder)?.sync_all()?;
        match number.checked_sub(KEPT_MAX).map(|old| fs::remove_file(self.path(old))) {
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn read(bytes: &[u8]) -> Option<(BatchKey, Vec<Receipt>)> {
    let (key, rest) = bytes.split_at_checked(BatchKey::BYTES)?;
    let (parts, []) = rest.as_chunks::<{ Receipt::BYTES_MAX }>() else { return None };
    let receipts: Option<Vec<Receipt>> = parts.iter().take(RECEIPTS_MAX).map(|part| from_bytes(part).ok()).collect();
    Some((from_bytes(key).ok()?, receipts?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_types::sign::WalletSecret;
    use ashlar_types::{BatchNumber, Time};

    const EXCHANGE: ExchangeId = ExchangeId([7; 32]);

    fn custodian(byte: u8) -> WalletSecret {
        WalletSecret::new(&[byte; 32]).expect("a key")
    }

    fn header(number: u64, commitment: u8) -> BatchHeader {
        let genesis = BatchHeader::genesis(1, EXCHANGE, Digest::EMPTY, Time::ZERO);
        let mut word = [0; 32];
        word[0] = commitment;
        BatchHeader { number: BatchNumber::new(number), da_commitment: ashlar_batch::Hash(word), ..genesis }
    }

    fn receipt(byte: u8, header: &BatchHeader) -> Receipt {
        let key = BatchKey::of(header).expect("rows");
        Receipt::sign(&custodian(byte), &EXCHANGE, key.commitment, header.signatures_root)
    }

    fn open(folder: &std::path::Path) -> Signed {
        let members = (1..=4).map(|byte| custodian(byte).address()).collect();
        Signed::open(Counted { exchange: EXCHANGE, members, threshold: 3 }, folder.to_path_buf()).expect("opens")
    }

    #[test]
    fn signatures_outlive_who_signed_and_who_gathered_them_and_only_members_count() {
        let folder = std::env::temp_dir().join(format!("ashlar-signed-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        let (signed, first, other) = (open(&folder), header(1, 5), header(1, 6));
        let two = [receipt(1, &first), receipt(2, &first)];
        // A stranger, a signature of another batch, and one in the name of somebody else.
        let mut forged = receipt(9, &first);
        forged.custodian = custodian(3).address();
        let more = [&two[..], &[receipt(9, &first), receipt(4, &other), forged]].concat();
        let got = signed.gather(&first, &more).expect("gathered");
        assert_eq!(got.len(), 2, "{got:?}");
        let why = signed.enough(&got).expect_err("too few").why;
        assert!(why.starts_with("2 of the 3 custodians that L1 asks for have signed"), "{why}");
        let absent = alloy::hex::encode_prefixed(custodian(4).address().0);
        assert!(why.contains(&absent), "{why}");

        let again = open(&folder);
        let got = again.gather(&first, &[receipt(4, &first), receipt(3, &first)]).expect("gathered");
        assert_eq!((got.len(), again.enough(&got).expect("enough").len()), (4, 3), "each is paid for");
        assert!(got.is_sorted_by_key(|one| one.custodian), "as the contract wants them");
        assert!(open(&folder).gather(&other, &[]).expect("another batch").is_empty());

        let path = folder.join("1");
        let whole = fs::read(&path).expect("written");
        fs::write(&path, &whole[..whole.len() - 1]).expect("torn");
        assert!(open(&folder).gather(&first, &[]).expect("asked for again").is_empty());
        drop(fs::remove_dir_all(&folder));
    }
}
