//! What stands in the files.

use ashlar_batch::{BatchHeader, Hash};
use ashlar_prover_wire::{BackendName, JobId, Measured, ProofKind};
use ashlar_types::{BatchNumber, Decode as _, DecodeError, Encode as _, Reader, Writer};

use crate::schedule::Target;

/// A batch whose evidence is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StoredBatch {
    pub header: BatchHeader,
    pub hash: Hash,
    pub commands: u64,
    pub evidence_bytes: u64,
    pub deadline_ms: u64,
    pub priority: u8,
}

impl StoredBatch {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.header.encode(&mut writer);
        [self.commands, self.evidence_bytes, self.deadline_ms].into_iter().for_each(|number| writer.u64(number));
        writer.u8(self.priority);
        writer.into_bytes()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<StoredBatch> {
        whole(bytes, |reader| {
            let header = BatchHeader::decode(reader)?;
            let (commands, evidence_bytes, deadline_ms) = (reader.u64()?, reader.u64()?, reader.u64()?);
            let (hash, priority) = (header.hash(), reader.u8()?);
            Ok(Some(StoredBatch { header, hash, commands, evidence_bytes, deadline_ms, priority }))
        })
    }
}

/// What is to be proven at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct JobRecord {
    pub id: JobId,
    pub first: BatchNumber,
    pub last: BatchNumber,
    /// Of the last header.
    pub last_hash: Hash,
}

impl JobRecord {
    pub fn to_bytes(self) -> Vec<u8> {
        let mut writer = Writer::new();
        [self.id.0, self.first.get(), self.last.get()].into_iter().for_each(|number| writer.u64(number));
        writer.bytes(&self.last_hash.0);
        writer.into_bytes()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<JobRecord> {
        whole(bytes, |reader| {
            let (id, first, last) = (JobId(reader.u64()?), reader.u64()?, reader.u64()?);
            let last_hash = Hash(reader.array()?);
            let is_stretch = first <= last;
            let record = JobRecord { id, first: BatchNumber::new(first), last: BatchNumber::new(last), last_hash };
            Ok(is_stretch.then_some(record))
        })
    }

    pub fn holds(&self, number: BatchNumber) -> bool {
        (self.first..=self.last).contains(&number)
    }
}

/// A proof that is not verified yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Received {
    /// By its name, which stays the same when the list of workers changes.
    pub worker: String,
    pub target: Target,
    pub measured: Measured,
    pub proof: Vec<u8>,
}

impl Received {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        put_name(&mut writer, &self.worker);
        put_target(&mut writer, self.target);
        let Measured { cycles, instruction_equivalents, millis, memory_bytes } = self.measured;
        [cycles, instruction_equivalents, millis, memory_bytes].into_iter().for_each(|number| writer.u64(number));
        writer.u64(self.proof.len() as u64);
        writer.bytes(&self.proof);
        writer.into_bytes()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Received> {
        whole(bytes, |reader| {
            let worker = take_name(reader)?;
            let Some(target) = take_target(reader)? else { return Ok(None) };
            let measured = Measured {
                cycles: reader.u64()?,
                instruction_equivalents: reader.u64()?,
                millis: reader.u64()?,
                memory_bytes: reader.u64()?,
            };
            let length = usize::try_from(reader.u64()?).unwrap_or(usize::MAX);
            let proof = reader.slice(length)?.to_vec();
            Ok(Some(Received { worker, target, measured, proof }))
        })
    }
}

/// What was seen of workers, by their names, and of kinds of proof.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct StoredConduct {
    /// Name, bad proofs, until when it is not asked.
    pub workers: Vec<(String, u32, u64)>,
    /// Microseconds for each command.
    pub profiles: Vec<(Target, u64)>,
}

impl StoredConduct {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u32(self.workers.len() as u32);
        for (name, bad_proofs, until_ms) in &self.workers {
            put_name(&mut writer, name);
            writer.u32(*bad_proofs);
            writer.u64(*until_ms);
        }
        writer.u32(self.profiles.len() as u32);
        for (target, micros) in &self.profiles {
            put_target(&mut writer, *target);
            writer.u64(*micros);
        }
        writer.into_bytes()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<StoredConduct> {
        whole(bytes, |reader| {
            let mut conduct = StoredConduct::default();
            for _ in 0..reader.u32()? {
                conduct.workers.push((take_name(reader)?, reader.u32()?, reader.u64()?));
            }
            for _ in 0..reader.u32()? {
                let Some(target) = take_target(reader)? else { return Ok(None) };
                conduct.profiles.push((target, reader.u64()?));
            }
            Ok(Some(conduct))
        })
    }
}

/// At most 255 bytes after their number.
fn put_name(writer: &mut Writer, name: &str) {
    let name = &name.as_bytes()[..name.len().min(usize::from(u8::MAX))];
    writer.u8(name.len() as u8);
    writer.bytes(name);
}

fn take_name(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let length = usize::from(reader.u8()?);
    Ok(String::from_utf8_lossy(reader.slice(length)?).into_owned())
}

fn put_target(writer: &mut Writer, target: Target) {
    let name = target.backend.as_str().as_bytes();
    writer.u8(name.len() as u8);
    writer.bytes(name);
    writer.u8(target.kind as u8);
}

fn take_target(reader: &mut Reader<'_>) -> Result<Option<Target>, DecodeError> {
    let length = usize::from(reader.u8()?);
    let name = std::str::from_utf8(reader.slice(length)?).ok().and_then(|name| BackendName::new(name).ok());
    let kind = ProofKind::try_from(reader.u8()?).ok();
    Ok(name.zip(kind).map(|(backend, kind)| Target { backend, kind }))
}

/// Every byte or nothing.
fn whole<T>(bytes: &[u8], read: impl FnOnce(&mut Reader<'_>) -> Result<Option<T>, DecodeError>) -> Option<T> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader).ok()??;
    reader.finish().ok()?;
    Some(value)
}
