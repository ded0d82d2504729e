//! Proofs as bytes, and back.

use std::borrow::Borrow;

use ashlar_light_sp1::{Sp1Error, Verifier, check_groth16, check_plonk};
use ashlar_prover_wire::limits::PROOF_BYTES_MAX;
use ashlar_prover_wire::{Failure, FailureKind, ProofKind};
use ashlar_sp1_engine::Engine;
use bincode::Options;
use sha2::{Digest, Sha256};
use slop_algebra::PrimeField32;
use sp1_hypercube::air::PublicValues;
use sp1_primitives::SP1Field;
use sp1_verifier::SP1Proof;

fn encoding() -> impl Options {
    bincode::options().with_fixint_encoding().with_limit(PROOF_BYTES_MAX as u64)
}

/// As `light/sp1` and contracts take it: bincode of a STARK, the bytes for L1 of the others.
pub fn encode(proof: &SP1Proof) -> Result<Vec<u8>, Failure> {
    let failed = |error: String| Failure::new(FailureKind::Backend, format!("the proof cannot be written: {error}"));
    let wrapped = |selector: &[u8], digits: &str| {
        let mut bytes = selector.get(..4).unwrap_or_default().to_vec();
        for at in (0..digits.len()).step_by(2) {
            let pair = digits.get(at..at + 2).ok_or_else(|| failed("half a byte".to_owned()))?;
            bytes.push(u8::from_str_radix(pair, 16).map_err(|error| failed(error.to_string()))?);
        }
        Ok(bytes)
    };
    match proof {
        SP1Proof::Groth16(proof) => wrapped(&proof.groth16_vkey_hash, &proof.encoded_proof),
        SP1Proof::Plonk(proof) => wrapped(&proof.plonk_vkey_hash, &proof.encoded_proof),
        SP1Proof::Core(_) | SP1Proof::Compressed(_) => {
            encoding().serialize(proof).map_err(|error| failed(error.to_string()))
        }
    }
}

/// Checks a proof of the engine's program.
pub fn verify(engine: &mut Engine, kind: ProofKind, public_values: &[u8], proof: &[u8]) -> Result<(), Failure> {
    let program = engine.program();
    match kind {
        ProofKind::Core => verify_core(engine, public_values, proof),
        ProofKind::Compressed => Verifier::new().check(&program, public_values, proof).map_err(failure),
        ProofKind::Groth16 => check_groth16(&program, public_values, proof).map_err(failure),
        ProofKind::Plonk => check_plonk(&program, public_values, proof).map_err(failure),
        other => Err(Failure::new(FailureKind::Unsupported, format!("SP1 makes no {other:?} proofs"))),
    }
}

fn failure(error: Sp1Error) -> Failure {
    let kind = match &error {
        Sp1Error::WrongProgram { .. } => FailureKind::WrongProgram,
        Sp1Error::WrongPublicValues { .. } => FailureKind::WrongPublicValues,
        Sp1Error::NoProgram { .. } | Sp1Error::Malformed { .. } | Sp1Error::Rejected { .. } => {
            FailureKind::InvalidProof
        }
    };
    Failure::new(kind, error)
}

/// The verifier of a whole machine is in SP1's prover alone, so a core proof is checked here and nowhere else.
fn verify_core(engine: &mut Engine, public_values: &[u8], bytes: &[u8]) -> Result<(), Failure> {
    let invalid = |why: String| Failure::new(FailureKind::InvalidProof, why);
    let proof: SP1Proof = encoding().deserialize(bytes).map_err(|error| invalid(error.to_string()))?;
    if encoding().serialize(&proof).map_err(|error| invalid(error.to_string()))? != bytes {
        return Err(invalid("a number in it is not written as numbers of the field are".to_owned()));
    }
    let SP1Proof::Core(shards) = &proof else { return Err(invalid("it is of another kind than core".to_owned())) };
    // Every shard commits to the same digest, which the verifier compares; so one of them says it.
    let last = shards.last().ok_or_else(|| invalid("it has no shards".to_owned()))?;
    if last.public_values.len() != sp1_hypercube::PROOF_MAX_NUM_PVS {
        return Err(invalid(format!("a shard has {} public values", last.public_values.len())));
    }
    engine.verify_core(&proof).map_err(|error| invalid(format!("{error:#}")))?;
    let said: &PublicValues<[SP1Field; 4], [SP1Field; 3], [SP1Field; 4], SP1Field> =
        last.public_values.as_slice().borrow();
    let committed = said.committed_value_digest.iter().flatten().map(|element| element.as_canonical_u32());
    let expected = Sha256::digest(public_values);
    if !committed.eq(expected.iter().map(|byte| u32::from(*byte))) {
        return Err(Failure::new(FailureKind::WrongPublicValues, "the proof commits to other public values"));
    }
    Ok(())
}
