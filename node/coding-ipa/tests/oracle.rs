//! The argument of `ark-poly-commit` over the same scalars: the same polynomials, points and values, right and wrong, and both
//! must say the same of each. Groups and transcripts differ, so bytes are not compared.

use ark_crypto_primitives::sponge::CryptographicSponge;
use ark_crypto_primitives::sponge::poseidon::{PoseidonConfig, PoseidonSponge, find_poseidon_ark_and_mds};
use ark_ed25519::{EdwardsAffine, Fr};
use ark_ff::{BigInteger, PrimeField};
use ark_poly::univariate::DensePolynomial;
use ark_poly::{DenseUVPolynomial, Polynomial};
use ark_poly_commit::ipa_pc::InnerProductArgPC;
use ark_poly_commit::{LabeledPolynomial, PolynomialCommitment};
use ark_std::rand::RngCore;
use ashlar_coding::Scheme;
use ashlar_coding_ipa::{Claim, Ipa};
use blake2::Blake2s256;
use curve25519_dalek::Scalar;

type Other = InnerProductArgPC<EdwardsAffine, Blake2s256, DensePolynomial<Fr>>;

fn sponge() -> PoseidonSponge<Fr> {
    let (full, partial, rate) = (8, 31, 2);
    let (ark, mds) = find_poseidon_ark_and_mds(u64::from(Fr::MODULUS_BIT_SIZE), rate, full, partial, 0);
    PoseidonSponge::new(&PoseidonConfig::new(full as usize, partial as usize, 17, mds, ark, rate, 1))
}

fn ours(other: Fr) -> Scalar {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&other.into_bigint().to_bytes_le());
    Option::from(Scalar::from_canonical_bytes(bytes)).expect("the fields are one")
}

#[test]
fn both_arguments_say_the_same_of_every_claim() {
    let mut chance = ark_std::test_rng();
    let mut draw = || Fr::from_le_bytes_mod_order(&[0; 24].map(|_: u8| (chance.next_u32() >> 9) as u8));
    let mut any = ark_std::test_rng();
    let (mut right, mut wrong) = (0, 0);
    for log_length in 1..6 {
        let length = 1usize << log_length;
        let scheme = Ipa::new(length).unwrap();
        let setup = Other::setup(length - 1, None, &mut any).unwrap();
        let (commit_with, check_with) = Other::trim(&setup, length - 1, 0, None).unwrap();
        for round in 0..6 {
            let coefficients: Vec<Fr> = (0..length).map(|_| draw()).collect();
            let (point, lie) = (draw(), draw());
            let polynomial = DensePolynomial::from_coefficients_slice(&coefficients);
            let value = polynomial.evaluate(&point);
            let labeled = LabeledPolynomial::new("data".into(), polynomial, None, None);
            let (commitments, states) = Other::commit(&commit_with, [&labeled], None).unwrap();
            let proof =
                Other::open(&commit_with, [&labeled], &commitments, &point, &mut sponge(), &states, None).unwrap();

            let committed = scheme.commit_scalars(coefficients.iter().copied().map(ours).collect()).unwrap();
            let claim = Claim::Value(ours(point));
            let opening = scheme.open(&committed, claim).unwrap();
            assert_eq!(opening.values, [ours(value)], "both evaluate alike");
            let verifier = scheme.verifier(scheme.commitment(&committed), &scheme.statement(&committed)).unwrap();

            let (claimed, at) = match round % 3 {
                0 => (value, point),
                1 => (value + lie, point),
                _ => (value, point + lie),
            };
            let theirs = Other::check(&check_with, &commitments, &at, [claimed], &proof, &mut sponge(), None).unwrap();
            let mut said = opening.clone();
            said.values = vec![ours(claimed)];
            let mine = scheme.verify(&verifier, Claim::Value(ours(at)), &said).is_ok();
            assert_eq!(mine, theirs, "round {round} of length {length}");
            assert_eq!(mine, round % 3 == 0);
            if mine { right += 1 } else { wrong += 1 }
        }
    }
    assert!(right >= 10 && wrong >= 20, "{right} right, {wrong} wrong");
}
