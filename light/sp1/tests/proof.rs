//! A real proof of a real batch, and every way in which it could be of something else (vectors/sp1 says how it was made).

#[path = "../../tests/vectors/mod.rs"]
mod vectors;

use std::path::PathBuf;
use std::{env, fs};

use ashlar_light_sp1::{PROOF_BYTES_MAX, Program, Sp1Error, Verifier, check_groth16_of, check_plonk_of};
use sha2::{Digest as _, Sha256};

use vectors::{Vector, altered, bytes_of, check_header};

/// The committed proof and what it is of.
struct Case {
    program: Program,
    public_values: Vec<u8>,
    header: Vec<u8>,
    proof: Vec<u8>,
}

fn case() -> Case {
    let vector = Vector::read("sp1", "compressed");
    Case {
        program: Program::new(vector.bytes("program").try_into().unwrap()).unwrap(),
        public_values: vector.bytes("public_values"),
        header: vector.bytes("header"),
        proof: vector.proof,
    }
}

#[test]
fn a_real_proof_is_of_its_program_and_its_values_alone() {
    let Case { program, public_values, proof, .. } = case();
    let verifier = Verifier::new();
    assert_eq!(verifier.check(&program, &public_values, &proof), Ok(()));

    let other = Program::new(altered(&program.hash(), 31).try_into().unwrap()).unwrap();
    let wrong = Sp1Error::WrongProgram { expected: other, got: program };
    assert_eq!(verifier.check(&other, &public_values, &proof), Err(wrong));
    for at in 0..public_values.len() {
        let got = verifier.check(&program, &altered(&public_values, at), &proof);
        assert!(matches!(got, Err(Sp1Error::WrongPublicValues { .. })), "value byte {at}: {got:?}");
    }
    let longer = [&public_values[..], &[0]].concat();
    assert!(matches!(verifier.check(&program, &longer, &proof), Err(Sp1Error::WrongPublicValues { .. })));
}

#[test]
fn no_byte_of_a_proof_can_be_altered_cut_or_added() {
    let Case { program, public_values, proof, .. } = case();
    let verifier = Verifier::new();
    // A step that is prime, so that all four bytes of the field's elements come about.
    for at in (0..proof.len()).step_by(9_973) {
        let got = verifier.check(&program, &public_values, &altered(&proof, at));
        assert!(got.is_err(), "byte {at}: {got:?}");
    }
    for at in [0, 1, 4, proof.len() / 2, proof.len() - 1] {
        let got = verifier.check(&program, &public_values, &proof[..at]);
        assert!(matches!(got, Err(Sp1Error::Malformed { .. })), "cut at {at}: {got:?}");
    }
    let longer = [&proof[..], &[0]].concat();
    assert!(matches!(verifier.check(&program, &public_values, &longer), Err(Sp1Error::Malformed { .. })));
    let endless = vec![1; PROOF_BYTES_MAX + 1];
    assert!(matches!(verifier.check(&program, &public_values, &endless), Err(Sp1Error::Malformed { .. })));
}

/// A number that is written as itself and the prime more is the same number, and another proof's bytes.
#[test]
fn numbers_are_written_in_one_way() {
    const PRIME: u32 = 0x7f00_0001;
    let Case { program, public_values, proof, .. } = case();
    let verifier = Verifier::new();
    let mut tried = 0;
    for at in (proof.len() - 400_000..proof.len() - 4).step_by(50_004) {
        let number = u32::from_le_bytes(proof[at..at + 4].try_into().unwrap());
        if number >= PRIME {
            continue;
        }
        let mut twice = proof.clone();
        twice[at..at + 4].copy_from_slice(&(number + PRIME).to_le_bytes());
        let got = verifier.check(&program, &public_values, &twice);
        assert!(got.is_err(), "number at {at}: {got:?}");
        tried += 1;
    }
    assert!(tried > 3, "{tried} numbers");
}

#[test]
fn the_proven_header_has_one_previous_root_and_one_data_root() {
    let Case { public_values, header, .. } = case();
    check_header(&public_values, &header);
}

/// A proof of others, with the key that it is checked by.
struct Wrapped {
    key: Vec<u8>,
    program: Program,
    values: Vec<u8>,
    proof: Vec<u8>,
}

/// Proofs of others, for the verifiers of the wrapped kinds; they are not part of the project, and looked for as those of the matching engines are.
fn wrapped(kind: &str) -> Option<Wrapped> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors"));
    let folder = env::var_os("ASHLAR_VECTORS").map_or(beside, PathBuf::from);
    let path = folder.join(format!("proofs/sp1_v6.0.0_{kind}.json"));
    let Ok(text) = fs::read_to_string(&path) else {
        println!(
            "skipped: light-sp1-{kind}: {} is not here; ASHLAR_VECTORS names the folder of vectors of others",
            path.display()
        );
        return None;
    };
    let fields: serde_json::Value = serde_json::from_str(&text).unwrap();
    let field = |name: &str| bytes_of(fields[name].as_str().unwrap());
    // They are of another release than the verifier, so its key stands beside them.
    let key = fs::read(folder.join(format!("proofs/sp1_{kind}_vk.bin"))).unwrap();
    let program = Program::new(field("programVKey").try_into().unwrap()).unwrap();
    let (values, proof) = (field("publicValues"), field("proof"));
    // A proof begins with the hash of the key of its release.
    if !proof.starts_with(&Sha256::digest(&key)[..4]) {
        println!("skipped: light-sp1-{kind}: {} is of a release whose key is not beside it", path.display());
        return None;
    }
    Some(Wrapped { key, program, values, proof })
}

type Check = fn(&[u8], &Program, &[u8], &[u8]) -> Result<(), Sp1Error>;

fn only_the_real_one(kind: &str, check: Check) {
    let Some(Wrapped { key, program, values, proof }) = wrapped(kind) else { return };
    let check = |program: &Program, values: &[u8], proof: &[u8]| check(&key, program, values, proof);
    assert_eq!(check(&program, &values, &proof), Ok(()));
    let other = Program::new(altered(&program.hash(), 31).try_into().unwrap()).unwrap();
    assert!(matches!(check(&other, &values, &proof), Err(Sp1Error::Rejected { .. })));
    assert!(matches!(check(&program, &altered(&values, 31), &proof), Err(Sp1Error::Rejected { .. })));
    for at in 0..proof.len() {
        assert!(check(&program, &values, &altered(&proof, at)).is_err(), "{kind}: byte {at}");
        assert!(check(&program, &values, &proof[..at]).is_err(), "{kind}: cut at {at}");
    }
}

#[test]
fn groth16_accepts_a_real_proof_and_no_altered_byte() {
    only_the_real_one("groth16", check_groth16_of);
}

#[test]
fn plonk_accepts_a_real_proof_and_no_altered_byte() {
    only_the_real_one("plonk", check_plonk_of);
}
