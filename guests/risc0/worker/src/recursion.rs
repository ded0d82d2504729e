//! STARKs of the recursion circuit: one that has checked a segment's, and one that has checked two such.

use std::io::Read;

use anyhow::{Context, ensure};
use liblzma::read::XzDecoder;
use risc0_circuit_recursion::control_id::{ALLOWED_CONTROL_IDS, ALLOWED_CONTROL_ROOT, POSEIDON2_CONTROL_IDS};
use risc0_circuit_recursion::prove::zkr::get_zkr_m3;
use risc0_circuit_recursion::prove::{DigestKind, Program, Prover, RecursionReceipt};
use risc0_circuit_recursion_control_zkrs::ZKRS;
use risc0_zkp::core::digest::Digest;
use risc0_zkp::core::hash::poseidon2::Poseidon2HashSuite;
use risc0_zkp::field::baby_bear::BabyBearElem;

/// Rows of the recursion circuit, as a power of two, and the hash of its release's proofs.
const ROWS_PO2: usize = 18;
const HASH: &str = "poseidon2";
/// Words before a segment's STARK proper: its version and its rows.
const SEAL_HEAD: usize = 2;
/// The program that joins two proofs of one run. RISC Zero's crates of this release have it as a download only; those of an earlier one hold it, and both
/// name it by the same hash of its code, which a verifier compares.
const JOIN: &str = "join.zkr";
/// Height of the tree over the programs that a release trusts.
const TREE_HEIGHT: usize = 8;

/// A STARK of the recursion circuit.
pub struct Proven {
    /// Its words.
    pub seal: Vec<u32>,
    /// What it says, as the program that has made it puts it out: the claim, unhashed.
    said: Vec<u32>,
    /// Which program that was.
    program: Digest,
}

impl Proven {
    fn new(receipt: RecursionReceipt, program: Digest) -> Proven {
        Proven { seal: receipt.seal, said: receipt.output, program }
    }

    /// Gives all that is needed to check this proof within another.
    fn give_to(&self, prover: &mut Prover) -> anyhow::Result<()> {
        prover.add_input(&self.seal);
        let (place, path) = path(&self.program)?;
        prover.add_input(&[element(place)]);
        path.iter().for_each(|digest| prover.add_input_digest(digest, DigestKind::Poseidon2));
        prover.add_input(&self.said.iter().copied().map(element).collect::<Vec<_>>());
        Ok(())
    }
}

/// Has a segment's STARK checked. The program is the one for its number of rows.
pub fn lift(seal: &[u32]) -> anyhow::Result<Proven> {
    let (head, words) = seal.split_at_checked(SEAL_HEAD).context("a segment's proof has no words")?;
    let po2 = head.last().copied().unwrap_or_default() as usize;
    let name = format!("lift_rv32im_m3_{po2}.zkr");
    let mut prover = Prover::new(get_zkr_m3(&name, po2, ROWS_PO2)?, HASH);
    prover.add_input_digest(&ALLOWED_CONTROL_ROOT, DigestKind::Poseidon2);
    prover.add_input(words);
    Ok(Proven::new(prover.run()?, named(&name)?))
}

/// Joins proofs of one run.
pub struct Joiner {
    program: Program,
    name: Digest,
}

impl Joiner {
    /// Reads the program.
    pub fn new() -> anyhow::Result<Joiner> {
        let (packed, bytes) = ZKRS.get(JOIN).copied().context("RISC Zero's crate holds no program that joins")?;
        let mut code = Vec::with_capacity(bytes);
        XzDecoder::new(packed).read_to_end(&mut code)?;
        ensure!(code.len() == bytes, "the program that joins has {} bytes, not {bytes}", code.len());
        let words: Vec<u32> = code.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
        Ok(Joiner { program: Program::from_encoded(&words, ROWS_PO2), name: named(JOIN)? })
    }

    /// The second begins where the first ends; what comes out begins and ends as both together do.
    pub fn join(&self, first: &Proven, second: &Proven) -> anyhow::Result<Proven> {
        let mut prover = Prover::new(self.program.clone(), HASH);
        prover.add_input_digest(&ALLOWED_CONTROL_ROOT, DigestKind::Poseidon2);
        first.give_to(&mut prover)?;
        second.give_to(&mut prover)?;
        Ok(Proven::new(prover.run()?, self.name))
    }
}

/// A number as the circuit holds it.
fn element(number: u32) -> u32 {
    BabyBearElem::new(number).as_u32_montgomery()
}

/// A program's name by its hash, as this release has it.
fn named(file: &str) -> anyhow::Result<Digest> {
    let found = POSEIDON2_CONTROL_IDS.iter().find(|(name, _)| *name == file);
    found.map(|(_, digest)| *digest).with_context(|| format!("RISC Zero names no program {file}"))
}

/// Where a program stands among those that are trusted, and the hashes that show it.
fn path(program: &Digest) -> anyhow::Result<(u32, Vec<Digest>)> {
    let mut level = ALLOWED_CONTROL_IDS.to_vec();
    level.sort();
    let place = level.binary_search(program).ok().with_context(|| format!("{program} is not trusted"))?;
    level.resize(1 << TREE_HEIGHT, Digest::ZERO);
    let hash = Poseidon2HashSuite::new_suite().hashfn;
    let (mut at, mut path) = (place, Vec::new());
    while level.len() > 1 {
        path.extend(level.get(at ^ 1).copied());
        level = level.as_chunks::<2>().0.iter().map(|[left, right]| *hash.hash_pair(left, right)).collect();
        at >>= 1;
    }
    ensure!(level == [ALLOWED_CONTROL_ROOT], "the programs that are trusted have the root {level:?}");
    Ok((u32::try_from(place)?, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_that_is_used_stands_in_the_tree_of_this_release() {
        let lifts = (12..=22).map(|po2| format!("lift_rv32im_m3_{po2}.zkr"));
        for file in lifts.chain([JOIN.to_owned()]) {
            let (_, path) = path(&named(&file).unwrap()).unwrap();
            assert_eq!(path.len(), TREE_HEIGHT, "{file}");
        }
        assert!(path(&Digest::ZERO).is_err());
        assert!(named("lift_rv32im_m3_11.zkr").is_err());
    }

    /// The program is of another release's crate, and this release's name for it is the hash of its code.
    #[test]
    fn the_program_that_joins_is_the_one_of_this_release() {
        let Joiner { program, name } = Joiner::new().unwrap();
        assert_eq!(program.compute_control_id(Poseidon2HashSuite::new_suite()).unwrap(), name);
    }
}
