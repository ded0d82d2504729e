//! A real proof of a real batch, and every way in which it could be of something else (vectors/openvm says how it was made).

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use openvm_stark_backend::p3_field::PrimeCharacteristicRing;

use super::*;

struct Case {
    keys: Keys,
    program: String,
    public_values: Vec<u8>,
    proof: Vec<u8>,
}

fn case() -> Case {
    let vectors = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../vectors/openvm"));
    let text = fs::read_to_string(vectors.join("stark.txt")).unwrap();
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap();
    let digits = value("public_values").as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    Case {
        keys: Keys::read(&fs::read(vectors.join("stark.key")).unwrap()).unwrap(),
        program: format!("0x{}", value("program")),
        public_values: digits.chunks(2).map(pair).collect(),
        proof: fs::read(vectors.join("stark.proof")).unwrap(),
    }
}

fn altered(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

#[test]
fn a_real_proof_is_of_its_values_alone() {
    let Case { keys, program, public_values, proof } = case();
    assert_eq!(keys.program().to_string(), program);
    assert_eq!(keys.check_joined(&public_values, &proof), Ok(()));
    for at in 0..public_values.len() {
        let got = keys.check_joined(&altered(&public_values, at), &proof);
        assert_eq!(got, Err(Refusal::WrongPublicValues), "value byte {at}");
    }
    let longer = [&public_values[..], &[0]].concat();
    assert_eq!(keys.check_joined(&longer, &proof), Err(Refusal::WrongPublicValues));
    assert_eq!(keys.check_segments(&public_values, &proof), Err(Refusal::NoKey));
}

#[test]
fn a_real_proof_is_of_its_program_and_machine_alone() {
    let Case { keys, public_values, proof, .. } = case();
    let baseline = keys.joined.baseline.clone();
    let other = [F::ONE; 8];
    let mut others = [baseline.clone(), baseline.clone(), baseline.clone(), baseline.clone(), baseline];
    others[0].app_exe_commit = other;
    others[1].app_vk_commit.vk_pre_hash = other;
    others[2].leaf_vk_commit.cached_commit = other;
    others[3].internal_for_leaf_vk_commit.vk_pre_hash = other;
    others[4].internal_recursive_vk_commit.cached_commit = other;
    for (which, baseline) in others.into_iter().enumerate() {
        let mut joined = keys.joined.as_ref().clone();
        joined.baseline = baseline;
        let other = Keys { joined: Arc::new(joined), ..keys.clone() };
        let got = other.check_joined(&public_values, &proof);
        assert!(matches!(got, Err(Refusal::WrongProgram(_))), "{which}: {got:?}");
        // Another key is another name.
        assert_ne!(Keys::read(&other.write().unwrap()).unwrap().program(), keys.program());
    }
}

#[test]
fn no_byte_of_a_proof_can_be_altered_cut_or_added() {
    let Case { keys, public_values, proof, .. } = case();
    // A step that is prime, so that all four bytes of the field's elements come about.
    for at in (0..proof.len()).step_by(1_999) {
        let got = keys.check_joined(&public_values, &altered(&proof, at));
        assert!(got.is_err(), "byte {at}: {got:?}");
    }
    for at in [0, 1, 4, proof.len() / 2, proof.len() - 1] {
        let got = keys.check_joined(&public_values, &proof[..at]);
        assert!(matches!(got, Err(Refusal::Malformed(_))), "cut at {at}: {got:?}");
    }
    let longer = [&proof[..], &[0]].concat();
    assert!(matches!(keys.check_joined(&public_values, &longer), Err(Refusal::Malformed(_))));
}

#[test]
fn a_few_bytes_that_would_take_all_memory_are_refused() {
    let Case { keys, public_values, .. } = case();
    // A proof of no circuits with 2^32 rounds, of no values each.
    let mut words = vec![0u32; 24];
    (words[0], words[19]) = (3, u32::MAX);
    let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    let got = keys.check_joined(&public_values, &bytes);
    assert!(matches!(got, Err(Refusal::Malformed(_))), "{got:?}");
}
