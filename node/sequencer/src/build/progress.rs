//! How far a batch has come, as it is stored.

use ashlar_api::door::{L1Transaction, Stage};
use ashlar_batch::BatchHeader;
use ashlar_types::sign::{Curve, Native};
use ashlar_types::{Decode, DecodeError, Encode, Reader, Writer};

use super::sealed::Sealed;

/// The first byte of the only stored form there is.
const VERSION: u8 = 2;

/// A batch's way, as far as it has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Its header.
    pub header: BatchHeader,
    /// Bytes of its data.
    pub data_bytes: u64,
    /// Withdrawals before it; the header says how many there are after it.
    pub withdrawals_before: u64,
    /// How far it has come.
    pub stage: Stage,
    /// When it was built, in milliseconds.
    pub built_ms: u64,
    /// Where it was committed.
    pub commit: Option<L1Transaction>,
    /// Where it was proven.
    pub prove: Option<L1Transaction>,
    /// Where it was made final.
    pub finalize: Option<L1Transaction>,
    /// What proves it: kind, first batch, number of batches.
    pub proof: Option<(String, u64, u32)>,
}

impl Progress {
    /// Just built.
    pub fn built(sealed: &Sealed, built_ms: u64) -> Progress {
        let (data_bytes, withdrawals_before) =
            sealed.input().map_or((0, 0), |input| (input.batch.len() as u64, input.parent.withdrawals_next.get()));
        Progress {
            header: *sealed.header(),
            data_bytes,
            withdrawals_before,
            stage: Stage::Built,
            built_ms,
            commit: None,
            prove: None,
            finalize: None,
            proof: None,
        }
    }

    /// More than any takes when it is stored.
    pub const BYTES_MAX: usize = 2_048;

    /// To be stored, as the writing of this turn.
    pub fn to_bytes(&self, turn: u64) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u64(turn);
        self.header.encode(&mut writer);
        writer.u64(self.data_bytes);
        writer.u64(self.withdrawals_before);
        writer.u8(stage_code(self.stage));
        writer.u64(self.built_ms);
        for transaction in [&self.commit, &self.prove, &self.finalize] {
            let (hash, block) = transaction.as_ref().map_or(([0; 32], u64::MAX), |at| (at.hash, at.block));
            writer.bytes(&hash);
            writer.u64(block);
        }
        let (kind, first, count) =
            self.proof.as_ref().map_or(("", 0, 0), |(kind, first, n)| (kind.as_str(), *first, *n));
        let kind = &kind.as_bytes()[..kind.len().min(255)];
        writer.u64(first);
        writer.u32(count);
        writer.u8(kind.len() as u8);
        writer.bytes(kind);
        let body = writer.into_bytes();
        let mut bytes = vec![VERSION];
        bytes.extend(&sum_of(&body)[..8]);
        bytes.extend(body);
        bytes
    }

    /// From what was stored, with its turn; `None` if it is not whole. Bytes after it are what a longer one left there.
    pub fn from_bytes(bytes: &[u8]) -> Option<(u64, Progress)> {
        let (sum, body) = bytes.strip_prefix(&[VERSION])?.split_first_chunk::<8>()?;
        let mut reader = Reader::new(body);
        let turn = reader.u64().ok()?;
        let progress = read(&mut reader).ok()?;
        let used = body.get(..reader.offset())?;
        (progress.stage >= Stage::Built && sum_of(used)[..8] == *sum).then_some((turn, progress))
    }
}

fn read(reader: &mut Reader<'_>) -> Result<Progress, DecodeError> {
    let header = BatchHeader::decode(reader)?;
    let (data_bytes, withdrawals_before) = (reader.u64()?, reader.u64()?);
    let stage = stage_of(reader.u8()?);
    let built_ms = reader.u64()?;
    let mut at = || -> Result<Option<L1Transaction>, DecodeError> {
        let (hash, block) = (reader.array()?, reader.u64()?);
        Ok((block != u64::MAX).then_some(L1Transaction { hash, block }))
    };
    let (commit, prove, finalize) = (at()?, at()?, at()?);
    let (first, count) = (reader.u64()?, reader.u32()?);
    let length = usize::from(reader.u8()?);
    let kind = String::from_utf8_lossy(reader.slice(length)?).into_owned();
    let proof = (count > 0).then_some((kind, first, count));
    Ok(Progress { header, data_bytes, withdrawals_before, stage, built_ms, commit, prove, finalize, proof })
}

const fn stage_code(stage: Stage) -> u8 {
    match stage {
        Stage::Built => 0,
        Stage::Published => 1,
        Stage::Committed => 2,
        Stage::Proven => 3,
        Stage::Final => 4,
    }
}

const fn stage_of(code: u8) -> Stage {
    match code {
        0 => Stage::Built,
        1 => Stage::Published,
        2 => Stage::Committed,
        3 => Stage::Proven,
        _ => Stage::Final,
    }
}

fn sum_of(body: &[u8]) -> [u8; 32] {
    Native.sha256(&[b'p'; 64], &[body])
}

#[cfg(test)]
impl Progress {
    /// Of a batch that is nothing but its number.
    pub(crate) fn plain(number: ashlar_types::BatchNumber, stage: Stage) -> Progress {
        use ashlar_batch::merkle::Digest;
        use ashlar_types::{ExchangeId, Time};
        let genesis = BatchHeader::genesis(1, ExchangeId([4; 32]), Digest::EMPTY, Time::ZERO);
        Progress {
            header: BatchHeader { number, ..genesis },
            data_bytes: 9,
            withdrawals_before: 3,
            stage,
            built_ms: 77,
            commit: None,
            prove: None,
            finalize: None,
            proof: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_types::BatchNumber;

    #[test]
    fn progress_comes_back_and_torn_bytes_do_not() {
        let at = |block| Some(L1Transaction { hash: [block as u8; 32], block });
        let built = Progress::plain(BatchNumber::new(4), Stage::Built);
        let proof = Some(("execute-only".to_owned(), 2, 5));
        let whole = Progress { stage: Stage::Proven, commit: at(3), prove: at(9), proof, ..built.clone() };
        for progress in [built, whole] {
            let mut bytes = progress.to_bytes(7);
            assert!(bytes.len() <= Progress::BYTES_MAX);
            for length in 0..bytes.len() {
                assert_eq!(Progress::from_bytes(&bytes[..length]), None);
            }
            bytes.extend([1, 2, 3]);
            assert_eq!(Progress::from_bytes(&bytes), Some((7, progress)));
            bytes[12] ^= 1;
            assert_eq!(Progress::from_bytes(&bytes), None);
        }
    }
}
