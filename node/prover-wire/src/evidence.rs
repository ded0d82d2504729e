//! Everything about one batch that a guest is given, as bytes.

use crate::bytes::{Reader, Writer};
use crate::error::WireError;
use crate::limits::{BATCHES_MAX, EVIDENCE_BYTES_MAX, SECTION_BYTES_MAX};

/// The sections of a guest's input, each in its own encoding of `core`, none of which is read here.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Evidence {
    /// The chain on which the exchange settles.
    pub chain_id: u64,
    /// The settlement contract's address there.
    pub settlement: [u8; 20],
    /// The header before (B-26).
    pub parent: Vec<u8>,
    /// The header that is claimed.
    pub header: Vec<u8>,
    /// The bytes of the batch, without what fills the last row.
    pub batch: Vec<u8>,
    /// One signature for each message.
    pub signatures: Vec<u8>,
    /// The witness, in its own bytes, which are aligned when they are aligned to 8.
    pub witness: Vec<u8>,
    /// The lists of orders, each word little-endian.
    pub lists: Vec<u8>,
}

impl Evidence {
    /// Bytes of all sections together.
    pub fn len(&self) -> usize {
        self.sections().iter().map(|section| section.len()).sum()
    }

    /// Whether there is nothing in any section.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    const fn sections(&self) -> [&Vec<u8>; 6] {
        [&self.parent, &self.header, &self.batch, &self.signatures, &self.witness, &self.lists]
    }

    /// Whether the evidence of a job may be sent.
    pub fn check_size(batches: &[Evidence]) -> Result<(), WireError> {
        if batches.len() > BATCHES_MAX {
            return Err(WireError::TooLong { what: "batches of a job", max: BATCHES_MAX, got: batches.len() });
        }
        let longest = batches.iter().flat_map(Evidence::sections).map(Vec::len).max().unwrap_or(0);
        if longest > SECTION_BYTES_MAX {
            return Err(WireError::TooLong { what: "a section of evidence", max: SECTION_BYTES_MAX, got: longest });
        }
        let got = batches.iter().map(Evidence::len).sum();
        if got > EVIDENCE_BYTES_MAX {
            return Err(WireError::TooLong { what: "the evidence of a job", max: EVIDENCE_BYTES_MAX, got });
        }
        Ok(())
    }

    /// The one encoding of evidence, as it is stored and sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer { bytes: Vec::with_capacity(self.len() + 64) };
        self.encode(&mut writer);
        writer.bytes
    }

    /// Reads every byte or none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Evidence, WireError> {
        let mut reader = Reader::new(bytes);
        let evidence = Evidence::decode(&mut reader)?;
        reader.finish()?;
        Ok(evidence)
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u64(self.chain_id);
        writer.array(&self.settlement);
        self.sections().into_iter().for_each(|section| writer.section(section));
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Evidence, WireError> {
        let what = "evidence";
        let (chain_id, settlement) = (reader.u64(what)?, reader.array(what)?);
        let mut section = || reader.section("a section of evidence", SECTION_BYTES_MAX).map(<[u8]>::to_vec);
        let (parent, header, batch) = (section()?, section()?, section()?);
        let (signatures, witness, lists) = (section()?, section()?, section()?);
        Ok(Evidence { chain_id, settlement, parent, header, batch, signatures, witness, lists })
    }
}
