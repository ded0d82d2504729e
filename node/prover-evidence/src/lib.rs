//! Evidence as it travels, read as a guest is given it: by a node that executes natively, and by the worker of every zkVM.
//!
//! It is a crate of its own because a worker is built in a workspace of its own, and takes this and the protocol from the node, nothing else.
#![forbid(unsafe_code)]

use ashlar_batch::{BatchHeader, PublicValues};
use ashlar_guest::{GuestError, GuestInput, NativePlatform, check_many, pack_inputs};
use ashlar_prover_wire::Evidence;
use ashlar_prover_wire::limits::SECTION_BYTES_MAX;
use ashlar_state::{Witness, WitnessBytesError, WitnessLimits};
use ashlar_types::{Address, DecodeError, Deployment, from_bytes};

/// Why evidence proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A header has no such bytes.
    #[error("the {which} header: {error}")]
    Header {
        /// Which of the two.
        which: &'static str,
        /// What is wrong with its bytes.
        error: DecodeError,
    },
    /// The witness has no such bytes.
    #[error("the witness: {0}")]
    Witness(WitnessBytesError),
    /// Lists are words of eight bytes.
    #[error("the lists have {got} bytes, which is no number of words")]
    Lists {
        /// Bytes there are.
        got: usize,
    },
    /// The guest refuses it.
    #[error("the guest refuses it: {0}")]
    Guest(GuestError),
}

/// As much as fits a section.
const WITNESS_LIMITS: WitnessLimits = WitnessLimits {
    rows_max: (SECTION_BYTES_MAX / 24) as u32,
    hints_max: (SECTION_BYTES_MAX / 4) as u32,
    ops_max: SECTION_BYTES_MAX as u32,
};

/// The sections of one batch's evidence that are not plain bytes.
#[derive(Clone, Debug)]
pub struct Unpacked<'a> {
    evidence: &'a Evidence,
    parent: BatchHeader,
    header: BatchHeader,
    witness: Witness,
    lists: Vec<u64>,
}

impl<'a> Unpacked<'a> {
    /// Reads all sections.
    pub fn new(evidence: &'a Evidence) -> Result<Unpacked<'a>, EvidenceError> {
        let header = |which, bytes: &[u8]| from_bytes(bytes).map_err(|error| EvidenceError::Header { which, error });
        let (words, []) = evidence.lists.as_chunks::<8>() else {
            return Err(EvidenceError::Lists { got: evidence.lists.len() });
        };
        Ok(Unpacked {
            evidence,
            parent: header("parent", &evidence.parent)?,
            header: header("batch", &evidence.header)?,
            witness: Witness::from_bytes(&evidence.witness, &WITNESS_LIMITS).map_err(EvidenceError::Witness)?,
            lists: words.iter().map(|word| u64::from_le_bytes(*word)).collect(),
        })
    }

    /// As the guest is given it.
    pub fn guest_input(&self) -> GuestInput<'_> {
        let Evidence { chain_id, settlement, batch, signatures, .. } = self.evidence;
        GuestInput {
            deployment: Deployment { chain_id: *chain_id, settlement: Address(*settlement) },
            parent: self.parent,
            header: self.header,
            batch,
            signatures,
            witness: self.witness.view(),
            lists: &self.lists,
        }
    }
}

/// What a guest is given, as it travels.
pub fn evidence_of(input: &GuestInput<'_>) -> Evidence {
    Evidence {
        chain_id: input.deployment.chain_id,
        settlement: input.deployment.settlement.0,
        parent: input.parent.to_bytes().to_vec(),
        header: input.header.to_bytes().to_vec(),
        batch: input.batch.to_vec(),
        signatures: input.signatures.to_vec(),
        witness: Witness::from(input.witness).to_bytes(),
        lists: input.lists.iter().flat_map(|word| word.to_le_bytes()).collect(),
    }
}

/// What execution alone says of these batches: the very code that a zkVM proves, run as it is.
pub fn execute(evidence: &[Evidence]) -> Result<PublicValues, EvidenceError> {
    let unpacked = evidence.iter().map(Unpacked::new).collect::<Result<Vec<_>, _>>()?;
    let inputs = unpacked.iter().map(Unpacked::guest_input);
    check_many(inputs, &mut NativePlatform::default()).map_err(EvidenceError::Guest)
}

/// What a zkVM's guest is given for these batches (U-14).
pub fn pack(evidence: &[Evidence]) -> Result<Vec<u64>, EvidenceError> {
    let unpacked = evidence.iter().map(Unpacked::new).collect::<Result<Vec<_>, _>>()?;
    let inputs: Vec<_> = unpacked.iter().map(Unpacked::guest_input).collect();
    Ok(pack_inputs(&inputs))
}
