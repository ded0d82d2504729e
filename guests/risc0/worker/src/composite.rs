//! Composite proofs: a STARK for each segment of the execution.

use anyhow::{Context, ensure};
use ashlar_light_risc0::{Image, Preamble, RiscZeroError, output_digest, state_digest};
use ashlar_prover_wire::{Failure, FailureKind};
use risc0_binfmt::ExitCode;
use risc0_circuit_rv32im::Claim;

use crate::engine::guarded;

/// As bytes: the preamble, how many segments there are, and of each how many words its STARK has and the words; all numbers of 32 bits, little-endian.
pub fn encode<'a>(image: Image, public_values: &[u8], seals: impl ExactSizeIterator<Item = &'a [u32]>) -> Vec<u8> {
    let mut bytes = Preamble::of(image, public_values).to_bytes().to_vec();
    let mut put = |number: u32| bytes.extend(number.to_le_bytes());
    put(u32::try_from(seals.len()).unwrap_or(u32::MAX));
    for seal in seals {
        put(u32::try_from(seal.len()).unwrap_or(u32::MAX));
        seal.iter().for_each(|word| put(*word));
    }
    bytes
}

/// Checks that the program of an image came to these public values.
pub fn check(image: &Image, public_values: &[u8], proof: &[u8]) -> Result<(), Failure> {
    let preamble = Preamble::of(*image, public_values);
    let rest = preamble.strip(proof).map_err(|error| failure(&error))?;
    check_segments(&preamble, rest).map_err(|error| Failure::new(FailureKind::InvalidProof, format!("{error:#}")))
}

/// What a coordinator is told of a proof that is not what it should be.
pub fn failure(error: &RiscZeroError) -> Failure {
    let kind = match error {
        RiscZeroError::WrongImage { .. } => FailureKind::WrongProgram,
        RiscZeroError::WrongPublicValues { .. } => FailureKind::WrongPublicValues,
        RiscZeroError::Malformed { .. } | RiscZeroError::Rejected { .. } => FailureKind::InvalidProof,
    };
    Failure::new(kind, error)
}

fn read(bytes: &[u8]) -> anyhow::Result<Vec<Vec<u32>>> {
    let (words, over) = bytes.as_chunks();
    ensure!(over.is_empty(), "it ends within a word");
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
    let number = |words: &mut dyn ExactSizeIterator<Item = u32>| {
        let number = words.next().context("it ends too early")? as usize;
        // So nothing is reserved for words that are not there.
        ensure!(number <= words.len(), "it ends too early");
        Ok(number)
    };
    let mut seals = Vec::new();
    for _ in 0..number(&mut words)? {
        let len = number(&mut words)?;
        seals.push(words.by_ref().take(len).collect());
    }
    ensure!(words.len() == 0, "something is left over behind it");
    Ok(seals)
}

/// Each segment is proven, begins where the one before has ended, the first in the program's image; the last halts as it should.
fn check_segments(preamble: &Preamble, bytes: &[u8]) -> anyhow::Result<()> {
    let seals = read(bytes)?;
    let mut state: Option<[u8; 32]> = None;
    for (at, seal) in seals.iter().enumerate() {
        // RISC Zero's verifier panics on what is cut off.
        let claim = guarded(|| {
            ensure!(!seal.is_empty(), "it has no words");
            risc0_circuit_rv32im::verify(seal).map_err(|error| anyhow::anyhow!("{error}"))?;
            Claim::decode(seal)
        });
        let claim = claim.with_context(|| format!("segment {at}"))?;
        let begins = <[u8; 32]>::from(claim.pre_state);
        match state {
            Some(state) => ensure!(begins == state, "segment {at} does not begin where the one before ends"),
            None => ensure!(state_digest(begins) == preamble.image.0, "it begins in another image"),
        }
        let exit_code = claim.exit_code()?;
        if at + 1 < seals.len() {
            ensure!(exit_code == ExitCode::SystemSplit, "segment {at} ends the run, and others follow");
        } else {
            ensure!(exit_code == ExitCode::Halted(0), "the run ends with {exit_code:?}");
            let output = claim.output.map(<[u8; 32]>::from);
            ensure!(output == Some(output_digest(preamble.journal)), "it puts out something else than it says");
        }
        state = Some(claim.post_state.into());
    }
    ensure!(state.is_some(), "it has no segments");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else_is() {
        let seals = [vec![1, 2, 3], vec![4]];
        let bytes = encode(Image([7; 32]), b"values", seals.iter().map(Vec::as_slice));
        let rest = &bytes[Preamble::BYTES..];
        assert_eq!(read(rest).unwrap(), seals);
        assert!(read(&rest[..rest.len() - 4]).is_err());
        assert!(read(&[rest, &[0; 4]].concat()).is_err());
        assert!(read(&rest[1..]).is_err());
        assert!(read(&u32::MAX.to_le_bytes()).is_err());
    }

    #[test]
    fn what_is_no_proof_is_refused_and_said_why() {
        let image = Image([7; 32]);
        let proof = |seals: &[&[u32]]| encode(image, b"values", seals.iter().copied());
        for (what, bytes) in [
            ("nothing", Vec::new()),
            ("no segments", proof(&[])),
            ("an empty segment", proof(&[&[]])),
            ("a version", proof(&[&[3]])),
            ("a short segment", proof(&[&[3, 18, 0, 0, 0]])),
            ("rows without end", proof(&[&[3, u32::MAX, 0, 0, 0]])),
        ] {
            let failure = check(&image, b"values", &bytes).expect_err(what);
            assert_eq!(failure.kind, FailureKind::InvalidProof, "{what}");
        }
        let failure = check(&Image([8; 32]), b"values", &proof(&[])).unwrap_err();
        assert_eq!(failure.kind, FailureKind::WrongProgram);
        let failure = check(&image, b"other", &proof(&[])).unwrap_err();
        assert_eq!(failure.kind, FailureKind::WrongPublicValues);
    }
}
