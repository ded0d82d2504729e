//! Headers that follow each other, and what is signed and proven about them.

use alloy::primitives::{Address, B256, Bytes};
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context as _, Result, anyhow};
use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, Hash, PublicValues, Rows, coded_root};
use ashlar_settlement::contract::DataRef;
use ashlar_types::{Domain, ExchangeId, InboxIndex, Sequence, Time, WithdrawalIndex, to_bytes};
use sha2::{Digest as _, Sha256};

use super::stage::program_key;
use crate::development::development_key;

/// A state of which nothing is asked.
pub const STATE_ROOT: Digest = made_up(7);

const fn made_up(number: u32) -> Digest {
    match Digest::from_words([number, 1, 2, 3, 4, 5, 0]) {
        Some(digest) => digest,
        None => Digest::EMPTY,
    }
}

/// Signers of custody and of proofs, in the order of their addresses.
pub struct Signers {
    keys: Vec<PrivateKeySigner>,
    threshold: u8,
}

impl Signers {
    /// So many, of whom so many sign.
    pub fn new(members: u8, threshold: u8) -> Result<Signers> {
        let key = |number: u8| PrivateKeySigner::from_slice(&development_key(&format!("bench signer {number}")));
        let mut keys: Vec<_> = (0..members).map(key).collect::<Result<_, _>>().context("the signers' keys")?;
        keys.sort_by_key(PrivateKeySigner::address);
        Ok(Signers { keys, threshold })
    }

    /// Ascending.
    pub fn addresses(&self) -> Vec<Address> {
        self.keys.iter().map(PrivateKeySigner::address).collect()
    }

    /// How many sign.
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The signatures of as many as must sign.
    pub fn sign(&self, digest: B256) -> Result<Bytes> {
        let mut signatures = Vec::new();
        for key in self.keys.iter().take(self.threshold.into()) {
            signatures.extend(key.sign_hash_sync(&digest).context("signing")?.as_bytes());
        }
        Ok(signatures.into())
    }
}

/// A chain of headers.
pub struct Headers {
    /// The last one.
    pub tip: BatchHeader,
}

impl Headers {
    /// After genesis.
    pub fn new(exchange: ExchangeId, genesis_ms: u64) -> Result<Headers> {
        let time = Time::new(genesis_ms).context("the exchange begins beyond all time")?;
        Ok(Headers { tip: BatchHeader::genesis(ashlar_guest::VERSION, exchange, STATE_ROOT, time) })
    }

    /// The next header, of a batch of these bytes and so many commands.
    pub fn next(&mut self, bytes: &[u8], commands: u64, change: impl FnOnce(&mut BatchHeader)) -> Result<BatchHeader> {
        let (parent, rows) = (self.tip, Rows::of_batch(bytes).map_err(|error| anyhow!("{error}"))?);
        let commitment = coded_root(rows.root(), rows.height(), &[SIBLING]).context("the tree is too high")?;
        let next = parent.next_sequence.get();
        let mut header = BatchHeader {
            number: parent.number.next(),
            parent_hash: parent.hash(),
            state_root_before: parent.state_root_after,
            data_root: rows.root(),
            da_commitment: Hash(commitment.to_word()),
            signatures_root: made_up(9),
            receipts_root: made_up(11),
            withdrawals_root: Digest::EMPTY,
            first_sequence: Sequence::new(next),
            next_sequence: Sequence::new(next.saturating_add(commands)),
            first_time: parent.last_time,
            ..parent
        };
        change(&mut header);
        self.tip = header;
        Ok(header)
    }
}

/// The right half of a coded tree, of which nothing is asked.
const SIBLING: Digest = made_up(13);

/// Withdrawals that a header ends with.
pub fn with_withdrawals(header: &mut BatchHeader, root: Digest, count: u64) {
    header.withdrawals_root = root;
    header.withdrawals_next = WithdrawalIndex::new(header.withdrawals_next.get().saturating_add(count));
}

/// Entries that a header consumes.
pub fn with_inbox(header: &mut BatchHeader, next: u64, hash: B256) {
    (header.inbox_next, header.inbox_hash) = (InboxIndex::new(next), Hash(hash.0));
}

/// What custodians sign for a header's data (SPEC S-4).
pub fn custody(header: &BatchHeader, bytes: &[u8], signers: &Signers) -> Result<DataRef> {
    let rows = Rows::of_batch(bytes).map_err(|error| anyhow!("{error}"))?;
    let message =
        Domain::CUSTODY.hash(&[&header.exchange_id.0, &header.da_commitment.0, &header.signatures_root.to_word()]);
    Ok(DataRef::Custody {
        height: u8::try_from(rows.height()).context("the tree is too high")?,
        siblings: vec![SIBLING.to_word().into()],
        signatures: signers.sign(message.into())?,
    })
}

/// The public values of batches from after one header to another.
pub fn values(before: &BatchHeader, last: &BatchHeader) -> PublicValues {
    PublicValues {
        version: last.version,
        exchange_id: last.exchange_id,
        parent_hash: before.hash(),
        last_hash: last.hash(),
        count: last.number.get().saturating_sub(before.number.get()),
    }
}

/// What the development verifier takes for a proof.
pub fn vouch(values: &PublicValues) -> Bytes {
    let mut hash = Sha256::new();
    hash.update(program_key());
    hash.update(to_bytes(values));
    Bytes::copy_from_slice(&hash.finalize())
}

/// What signers of an attestation sign (SPEC S-24).
pub fn attest(values: &PublicValues, signers: &Signers) -> Result<Bytes> {
    signers.sign(Domain::ATTESTATION.hash(&[program_key().as_slice(), &values.hash().0]).into())
}
