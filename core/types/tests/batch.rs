//! A batch is accepted exactly if each of its signatures is.

use ashlar_types::sign::{Native, SchnorrSigned, SessionSecret, find_invalid, verify, verify_batch};
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::point::AffineCoordinates;
use k256::{ProjectivePoint, Scalar};
use proptest::prelude::*;

fn secret(number: u8) -> SessionSecret {
    SessionSecret::new(&[number + 1; 32]).unwrap()
}

/// Signatures of digests that count up, by keys in turn.
fn signed(digests: &[[u8; 32]], keys: u8) -> Vec<SchnorrSigned<'_>> {
    let signed = digests.iter().zip((0..keys).cycle()).map(|(digest, key)| {
        let key = secret(key);
        SchnorrSigned { public: key.public(), message: digest, signature: key.sign(digest, &[9; 32]).unwrap() }
    });
    signed.collect()
}

fn digests(count: usize) -> Vec<[u8; 32]> {
    (0..count).map(|i| [i as u8; 32]).collect()
}

fn respond(signed: &mut SchnorrSigned<'_>, change: impl Fn(Scalar) -> Scalar) {
    let bytes: [u8; 32] = signed.signature[32..].try_into().unwrap();
    let response = Scalar::from_repr(bytes.into()).unwrap_or(Scalar::ONE);
    signed.signature[32..].copy_from_slice(&change(response).to_bytes());
}

/// The ways in which a signature goes wrong, some of which cancel out in a sum without random weights.
fn spoil(batch: &mut [SchnorrSigned<'_>], place: usize, how: u8) {
    let other = (place + 1) % batch.len();
    match how % 7 {
        0 => respond(&mut batch[place], |s| s + Scalar::ONE),
        1 => {
            // One too much here and one too little there: the plain sum still balances.
            respond(&mut batch[place], |s| s + Scalar::ONE);
            respond(&mut batch[other], |s| s - Scalar::ONE);
        }
        2 => respond(&mut batch[place], |s| -s),
        3 => batch[place].signature[5] ^= 1,
        4 => batch[place].public = batch[other].public,
        5 => batch[place].message = b"something else",
        _ => batch[place].signature[32..].fill(0xff),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn batch_and_single_agree(
        count in 1usize..24,
        keys in 1u8..5,
        spoils in proptest::collection::vec(any::<(u8, u8)>(), 0..4),
    ) {
        let digests = digests(count);
        let mut batch = signed(&digests, keys);
        for (place, how) in spoils {
            let place = usize::from(place) % count;
            spoil(&mut batch, place, how);
        }
        let invalid: Vec<_> = (0..count).filter(|&i| verify(&batch[i]).is_err()).collect();
        prop_assert_eq!(verify_batch(&mut Native, &batch).is_ok(), invalid.is_empty());
        prop_assert_eq!(find_invalid(&batch), invalid);
    }
}

#[test]
fn any_number_of_signatures() {
    verify_batch(&mut Native, &[]).unwrap();
    for (count, keys) in [(1, 1), (2, 1), (2, 2), (33, 33), (100, 1), (100, 7), (256, 200)] {
        let digests = digests(count);
        let mut batch = signed(&digests, keys);
        verify_batch(&mut Native, &batch).unwrap();
        spoil(&mut batch, count - 1, 3);
        assert!(verify_batch(&mut Native, &batch).is_err(), "{count} by {keys}");
        assert_eq!(find_invalid(&batch), [count - 1], "{count} by {keys}");
    }
}

/// The same signature many times meets itself in every bucket, so additions of equal points happen all the time.
#[test]
fn repeated_signatures() {
    let digests = digests(1);
    let batch = vec![signed(&digests, 1)[0]; 64];
    verify_batch(&mut Native, &batch).unwrap();
}

/// Every signature is bad: each is named.
#[test]
fn all_bad() {
    let digests = digests(40);
    let mut batch = signed(&digests, 3);
    for signed in &mut batch {
        signed.message = b"another";
    }
    assert_eq!(find_invalid(&batch), (0..40).collect::<Vec<_>>());
}

/// The response zero is an ordinary number: where it fits it is accepted, alone and in a batch.
///
/// With the nonce `k = -e·d` the response `k + e·d` is zero. The challenge depends on the commitment, hence on `k`, so
/// such a signature cannot be made on purpose; what can be shown is that zero is refused only for not fitting.
#[test]
fn a_response_of_zero_is_refused_as_any_other_that_does_not_fit() {
    let digests = digests(1);
    let mut one = signed(&digests, 1);
    one[0].signature[32..].fill(0);
    assert_eq!(verify(&one[0]), Err(ashlar_types::sign::SignatureError::Mismatch));
    assert_eq!(verify_batch(&mut Native, &one), Err(ashlar_types::sign::BatchError::Mismatch));
}

/// A commitment of odd y satisfies the equation with the other root: both ways of checking refuse it.
#[test]
fn an_odd_commitment_is_refused() {
    let key = Scalar::from(5u64);
    let key = if (ProjectivePoint::GENERATOR * key).to_affine().y_is_odd().into() { -key } else { key };
    let public: [u8; 32] = (ProjectivePoint::GENERATOR * key).to_affine().x().into();
    let mut refused = 0;
    for k in 1..20u64 {
        let nonce = Scalar::from(k);
        let commitment = (ProjectivePoint::GENERATOR * nonce).to_affine();
        let x: [u8; 32] = commitment.x().into();
        let e = challenge(&x, &public, b"message");
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&x);
        signature[32..].copy_from_slice(&(nonce + e * key).to_bytes());
        let signed = SchnorrSigned { public, message: b"message", signature };
        let even = !bool::from(commitment.y_is_odd());
        assert_eq!(verify(&signed).is_ok(), even, "nonce {k}");
        assert_eq!(verify_batch(&mut Native, &[signed]).is_ok(), even, "nonce {k}");
        refused += usize::from(!even);
    }
    assert!(refused > 3, "both kinds were met");
}

fn challenge(r: &[u8; 32], public: &[u8; 32], message: &[u8]) -> Scalar {
    use sha2::{Digest, Sha256};
    let tag = Sha256::digest(b"BIP0340/challenge");
    let hash = Sha256::new()
        .chain_update(tag)
        .chain_update(tag)
        .chain_update(r)
        .chain_update(public)
        .chain_update(message)
        .finalize();
    <Scalar as k256::elliptic_curve::ops::Reduce<k256::FieldBytes>>::reduce(&hash)
}
