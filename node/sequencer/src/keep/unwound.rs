//! What an unwinding did, as it is stored: first the intention, then that it is done.
//!
//! 1. It is durable before the journal says that the new order stands. If the journal does say so, everything else here is carried out, at the
//!    next start if need be; if it does not, nothing happened and the record is removed (SPEC J-20).
//! 2. It stays for those who ask what became of their commands.

use std::sync::Arc;

use ashlar_batch::Hash;
use ashlar_replica::{Affected, Epoch};
use ashlar_types::sign::{Curve, Native};
use ashlar_types::{
    AccountId, BatchNumber, Decode, DecodeError, Encode, InboxIndex, Reader, Reason, Receipt, Sequence, Writer,
};
use commonware_runtime::{Blob, Error as RuntimeError, ReadOptions, Storage, WriteOptions};

use crate::error::NodeError;
use crate::limits::UNWINDINGS_KEPT_MAX;

/// The first byte of the only form there is.
const VERSION: u8 = 1;

/// One unwinding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unwinding {
    /// The order that stands after it.
    pub epoch: Epoch,
    /// The first entry of the inbox that was not there any more.
    pub inbox: InboxIndex,
    /// The first command that is not what it was.
    pub from: Sequence,
    /// When it was found out, in milliseconds.
    pub at_ms: u64,
    /// Whether everything that follows from it was carried out.
    pub is_done: bool,
    /// The batches that do not stand, with the hashes of their headers.
    pub discarded: Vec<(BatchNumber, Hash)>,
    /// Every command that is answered otherwise now, in the old order.
    pub affected: Vec<Affected>,
}

impl Unwinding {
    /// What an account is told.
    pub fn of(&self, account: AccountId) -> impl Iterator<Item = &Affected> {
        self.affected.iter().filter(move |affected| affected.before.account == account)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u64(self.epoch.get());
        writer.u64(self.inbox.get());
        writer.u64(self.from.get());
        writer.u64(self.at_ms);
        writer.u8(u8::from(self.is_done));
        writer.u64(self.discarded.len() as u64);
        for (number, hash) in &self.discarded {
            writer.u64(number.get());
            writer.bytes(&hash.0);
        }
        writer.u64(self.affected.len() as u64);
        for Affected { before, after, told } in &self.affected {
            before.encode(&mut writer);
            writer.u8(u8::from(after.is_some()));
            after.iter().for_each(|after| after.encode(&mut writer));
            writer.u8(*told as u8);
        }
        let body = writer.into_bytes();
        let mut bytes = vec![VERSION];
        bytes.extend((body.len() as u64).to_be_bytes());
        bytes.extend(sum_of(&body));
        bytes.extend(body);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Unwinding> {
        let (length, rest) = bytes.strip_prefix(&[VERSION])?.split_first_chunk::<8>()?;
        let (sum, rest) = rest.split_first_chunk::<32>()?;
        let body = rest.get(..usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        if sum_of(body) != *sum {
            return None;
        }
        read(&mut Reader::new(body)).ok()
    }
}

fn sum_of(body: &[u8]) -> [u8; 32] {
    Native.sha256(&[b'u'; 64], &[body])
}

fn read(reader: &mut Reader<'_>) -> Result<Unwinding, DecodeError> {
    let (epoch, inbox) = (Epoch::new(reader.u64()?), InboxIndex::new(reader.u64()?));
    let (from, at_ms, is_done) = (Sequence::new(reader.u64()?), reader.u64()?, reader.u8()? != 0);
    let (mut discarded, mut affected) = (Vec::new(), Vec::new());
    for _ in 0..reader.u64()? {
        discarded.push((BatchNumber::new(reader.u64()?), Hash(reader.array()?)));
    }
    for _ in 0..reader.u64()? {
        let before = Receipt::decode(reader)?;
        let after = if reader.u8()? == 0 { None } else { Some(Receipt::decode(reader)?) };
        // Reasons are never reused, so one that is not known is of a later program.
        let told = Reason::from_code(reader.u8()?).unwrap_or(Reason::Unwound);
        affected.push(Affected { before, after, told });
    }
    Ok(Unwinding { epoch, inbox, from, at_ms, is_done, discarded, affected })
}

/// Where unwindings are kept, one blob each.
#[derive(Clone, Debug)]
pub struct UnwindingStore<E> {
    context: E,
    partition: String,
}

impl<E: Storage> UnwindingStore<E> {
    /// In a partition of its own.
    pub fn new(context: E, partition: &str) -> UnwindingStore<E> {
        UnwindingStore { context, partition: format!("{partition}-unwound") }
    }

    /// Stores one; when this is done it is durable.
    pub async fn put(&self, unwinding: &Unwinding) -> Result<(), NodeError> {
        let opened = self.context.open(&self.partition, &name_of(unwinding.epoch)).await;
        let (blob, _) = opened.map_err(|error| failed("open", &error))?;
        let written = blob.write_at(0, unwinding.to_bytes(), WriteOptions::SYNC).await;
        written.map_err(|error| failed("write", &error))
    }

    /// All of them, the oldest first. One that is not whole was being written when the node stopped, and nothing had followed from it.
    pub async fn all(&self) -> Result<Vec<Arc<Unwinding>>, NodeError> {
        let names = match self.context.scan(&self.partition).await {
            Ok(names) => names,
            Err(RuntimeError::PartitionMissing(_)) => return Ok(Vec::new()),
            Err(error) => return Err(failed("list", &error)),
        };
        let mut all = Vec::new();
        for name in names {
            let opened = self.context.open(&self.partition, &name).await;
            let (blob, length) = opened.map_err(|error| failed("open", &error))?;
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length == 0 {
                continue;
            }
            let read = blob.read_at(0, length, ReadOptions::default()).await;
            let bytes = read.map_err(|error| failed("read", &error))?;
            all.extend(Unwinding::from_bytes(bytes.coalesce().as_ref()).map(Arc::new));
        }
        all.sort_by_key(|unwinding| unwinding.epoch);
        Ok(all)
    }

    /// Forgets one.
    pub async fn remove(&self, epoch: Epoch) -> Result<(), NodeError> {
        match self.context.remove(&self.partition, Some(&name_of(epoch))).await {
            Ok(()) | Err(RuntimeError::BlobMissing(..) | RuntimeError::PartitionMissing(_)) => Ok(()),
            Err(error) => Err(failed("remove", &error)),
        }
    }

    /// Forgets the oldest of those that are done, beyond what is kept.
    pub async fn forget(&self, all: &[Arc<Unwinding>]) -> Result<(), NodeError> {
        let beyond = all.len().saturating_sub(UNWINDINGS_KEPT_MAX);
        for unwinding in all.iter().take(beyond).filter(|unwinding| unwinding.is_done) {
            self.remove(unwinding.epoch).await?;
        }
        Ok(())
    }
}

fn name_of(epoch: Epoch) -> [u8; 8] {
    epoch.get().to_be_bytes()
}

fn failed(what: &str, error: &RuntimeError) -> NodeError {
    NodeError::Durable { part: "the store of unwindings", why: format!("could not {what} one: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_types::{ClientId, Lots, Time};

    #[test]
    fn an_unwinding_comes_back_and_torn_bytes_do_not() {
        let receipt = |number: u64, reason| Receipt {
            sequence: Sequence::new(number),
            time: Time::ZERO,
            account: AccountId::FIRST,
            reason,
            order: None,
            client: ClientId(number),
            filled: Lots::ZERO,
            remaining: Lots::ZERO,
        };
        let unwinding = Unwinding {
            epoch: Epoch::new(3),
            inbox: InboxIndex::new(7),
            from: Sequence::new(40),
            at_ms: 99,
            is_done: true,
            discarded: vec![(BatchNumber::new(4), Hash([8; 32]))],
            affected: vec![
                Affected { before: receipt(40, Reason::Done), after: None, told: Reason::Unwound },
                Affected {
                    before: receipt(41, Reason::Filled),
                    after: Some(receipt(41, Reason::Unfilled)),
                    told: Reason::Unfilled,
                },
            ],
        };
        let mut bytes = unwinding.to_bytes();
        for length in 0..bytes.len() {
            assert_eq!(Unwinding::from_bytes(&bytes[..length]), None);
        }
        bytes.extend([1, 2]);
        assert_eq!(Unwinding::from_bytes(&bytes), Some(unwinding.clone()), "bytes after it are what a longer one left");
        assert_eq!(unwinding.of(AccountId::FIRST).count(), 2);
        assert_eq!(unwinding.of(AccountId::new(9).unwrap()).count(), 0);
        bytes[50] ^= 1;
        assert_eq!(Unwinding::from_bytes(&bytes), None);
    }
}
