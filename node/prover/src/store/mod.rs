//! What the prover keeps on disk: evidence until its batch is final, jobs until they are proven, proofs as long as the policy says.
//!
//! 1. What [`Store::put`] was asked to keep is durable when it returns.
//! 2. What is not whole was being written when the machine stopped, and nobody was told of it: it is as if it were not there.

mod record;

pub(crate) use record::{JobRecord, Received, StoredBatch, StoredConduct};

use std::collections::BTreeSet;

use ashlar_types::sign::{Curve as _, Native};
use commonware_runtime::{Blob as _, Error as RuntimeError, ReadOptions, Storage, WriteOptions};

use crate::error::ProverError;

/// The first byte of what is kept.
const VERSION: u8 = 1;
/// The version, the length, the sum.
const HEAD: usize = 1 + 8 + 32;

/// What is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Part {
    /// A batch's evidence, by the batch's number.
    Evidence = b'e' as isize,
    /// What else there is to know of a batch, by its number. Its being there says that the evidence is.
    Batch = b'b' as isize,
    /// What is to be proven at once, by the job's name.
    Job = b'j' as isize,
    /// A proof that is not verified yet, by its job's name.
    Received = b'r' as isize,
    /// A verified proof, by the number of its first batch.
    Proof = b'p' as isize,
    /// Signatures under one, by the same number.
    Attestation = b'a' as isize,
    /// What was seen of workers and kinds of proof.
    Conduct = b'c' as isize,
}

const PARTS: [Part; 7] =
    [Part::Evidence, Part::Batch, Part::Job, Part::Received, Part::Proof, Part::Attestation, Part::Conduct];

/// A folder of the disk.
#[derive(Debug)]
pub(crate) struct Store<E> {
    context: E,
    partition: String,
    there: BTreeSet<(Part, u64)>,
}

impl<E: Storage> Store<E> {
    /// Looks at what is there.
    pub async fn open(context: E, partition: &str) -> Result<Store<E>, ProverError> {
        let partition = format!("{partition}-prover");
        let names = match context.scan(&partition).await {
            Ok(names) => names,
            Err(RuntimeError::PartitionMissing(_)) => Vec::new(),
            Err(error) => return Err(ProverError::durable("list what is kept", &error)),
        };
        let there = names.iter().filter_map(|name| named(name)).collect();
        Ok(Store { context, partition, there })
    }

    /// The numbers under which something of this part is kept, ascending.
    pub fn numbers(&self, part: Part) -> Vec<u64> {
        self.there.range((part, 0)..=(part, u64::MAX)).map(|(_, number)| *number).collect()
    }

    /// Keeps bytes; done when they are durable.
    pub async fn put(&mut self, part: Part, number: u64, body: &[u8]) -> Result<(), ProverError> {
        let opened = self.context.open(&self.partition, &name_of(part, number)).await;
        let (blob, _) = opened.map_err(|error| ProverError::durable("open a file of the prover", &error))?;
        let mut bytes = Vec::with_capacity(HEAD + body.len());
        bytes.push(VERSION);
        bytes.extend((body.len() as u64).to_be_bytes());
        bytes.extend(sum_of(part, number, body));
        bytes.extend(body);
        let written = blob.write_at(0, bytes, WriteOptions::SYNC).await;
        written.map_err(|error| ProverError::durable("write a file of the prover", &error))?;
        self.there.insert((part, number));
        Ok(())
    }

    /// What is kept under a number, if it is whole.
    pub async fn get(&self, part: Part, number: u64) -> Result<Option<Vec<u8>>, ProverError> {
        if !self.there.contains(&(part, number)) {
            return Ok(None);
        }
        let opened = self.context.open(&self.partition, &name_of(part, number)).await;
        let (blob, length) = opened.map_err(|error| ProverError::durable("open a file of the prover", &error))?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length < HEAD {
            return Ok(None);
        }
        let read = blob.read_at(0, length, ReadOptions::default()).await;
        let bytes = read.map_err(|error| ProverError::durable("read a file of the prover", &error))?;
        Ok(body_of(part, number, bytes.coalesce().as_ref()))
    }

    /// Forgets what is kept under a number.
    pub async fn remove(&mut self, part: Part, number: u64) -> Result<(), ProverError> {
        if !self.there.remove(&(part, number)) {
            return Ok(());
        }
        match self.context.remove(&self.partition, Some(&name_of(part, number))).await {
            Ok(()) | Err(RuntimeError::BlobMissing(..) | RuntimeError::PartitionMissing(_)) => Ok(()),
            Err(error) => Err(ProverError::durable("remove a file of the prover", &error)),
        }
    }
}

fn name_of(part: Part, number: u64) -> Vec<u8> {
    let mut name = vec![part as u8];
    name.extend(number.to_be_bytes());
    name
}

fn named(name: &[u8]) -> Option<(Part, u64)> {
    let (letter, number) = name.split_first()?;
    let part = PARTS.into_iter().find(|part| *part as u8 == *letter)?;
    Some((part, u64::from_be_bytes(number.try_into().ok()?)))
}

/// Under the name too, so that bytes of one file are not those of another.
fn sum_of(part: Part, number: u64, body: &[u8]) -> [u8; 32] {
    Native.sha256(&[b'k'; 64], &[&name_of(part, number), body])
}

fn body_of(part: Part, number: u64, bytes: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = bytes.strip_prefix(&[VERSION])?.split_first_chunk::<8>()?;
    let (sum, rest) = rest.split_first_chunk::<32>()?;
    // Bytes after it are what a longer one left there.
    let body = rest.get(..usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
    (sum_of(part, number, body) == *sum).then(|| body.to_vec())
}
