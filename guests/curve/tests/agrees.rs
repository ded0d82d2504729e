//! What the guests' curve accepts is what plain code accepts, whatever the hints.

mod circuits;

use ashlar_guest::Platform;
use ashlar_guest_curve::HintedCurve;
use ashlar_guest_hints::Recording;
use ashlar_types::sign::{
    BatchError, SchnorrSigned, SessionSecret, SignatureError, WalletSecret, recover, verify_batch,
};
use circuits::Plain;

fn signed(secret: u8, message: &'static [u8]) -> SchnorrSigned<'static> {
    let key = SessionSecret::new(&[secret; 32]).expect("a secret");
    SchnorrSigned { public: key.public(), message, signature: key.sign(message, &[0; 32]).expect("a signature") }
}

/// What plain code says, and the hints for a guest.
fn plainly(batch: &[SchnorrSigned<'_>]) -> (Result<(), BatchError>, Vec<u64>) {
    let mut recording = Recording::default();
    let outcome = verify_batch(recording.curve(), batch);
    (outcome, recording.curve().hints().to_vec())
}

#[test]
fn batches_are_accepted_and_refused_alike() {
    let batches: [&[_]; 4] = [
        &[],
        &[signed(1, b"a")],
        &[signed(1, b"a"), signed(2, b"b"), signed(1, b"c")],
        // Equal signatures lead to equal points, and these to additions that no circuit proves.
        &[signed(3, b"d"), signed(3, b"d"), signed(3, b"d"), signed(3, b"d")],
    ];
    for batch in batches {
        let (outcome, hints) = plainly(batch);
        assert_eq!(outcome, Ok(()));
        let mut curve = HintedCurve::<Plain>::new(&hints);
        assert_eq!(verify_batch(&mut curve, batch), Ok(()));
        assert!(curve.is_spent());
    }
    let mut wrong = [signed(1, b"a"), signed(2, b"b")];
    wrong[1].signature[63] ^= 1;
    let (outcome, hints) = plainly(&wrong);
    assert_eq!(outcome, Err(BatchError::Mismatch));
    assert_eq!(verify_batch(&mut HintedCurve::<Plain>::new(&hints), &wrong), outcome);
}

#[test]
fn wrong_hints_make_nothing_right_and_right_things_wrong() {
    let batch = [signed(1, b"a"), signed(2, b"b")];
    let (_, hints) = plainly(&batch);
    for index in 0..hints.len() {
        let mut hints = hints.clone();
        hints[index] ^= 1;
        let outcome = verify_batch(&mut HintedCurve::<Plain>::new(&hints), &batch);
        assert!(matches!(outcome, Err(BatchError::Malformed { .. })), "{index}: {outcome:?}");
    }
    assert!(verify_batch(&mut HintedCurve::<Plain>::new(&hints[1..]), &batch).is_err());
    assert!(verify_batch(&mut HintedCurve::<Plain>::new(&[]), &batch).is_err());
}

#[test]
fn wallets_are_recovered_alike() {
    for (secret, digest) in [([7; 32], [0x11; 32]), ([9; 32], [0xff; 32]), ([0x42; 32], [0; 32])] {
        let wallet = WalletSecret::new(&secret).expect("a secret");
        let signature = wallet.sign(&digest);
        let mut recording = Recording::default();
        assert_eq!(recording.recover(&digest, &signature), Ok(wallet.address()));
        let hints = recording.curve().hints().to_vec();
        let again = |digest: &[u8; 32], signature: &[u8; 65], hints: &[u64]| {
            HintedCurve::<Plain>::new(hints).recover(digest, signature)
        };
        assert_eq!(again(&digest, &signature, &hints), Ok(wallet.address()));
        // `v` has two forms; anything else is refused before a hint is used.
        let mut low = signature;
        low[64] -= 27;
        assert_eq!(again(&digest, &low, &hints), Ok(wallet.address()));
        low[64] = 2;
        assert_eq!(again(&digest, &low, &hints), Err(SignatureError::UnknownRecovery { got: 2 }));
        for index in 0..hints.len() {
            let mut hints = hints.clone();
            hints[index] ^= 1;
            assert_eq!(again(&digest, &signature, &hints), Err(SignatureError::Unrecoverable), "{index}");
        }
        // Another digest is of another wallet, by the same hints.
        assert_eq!(again(&[3; 32], &signature, &hints), recover(&[3; 32], &signature));
        for wrong in [[0; 32], [0xff; 32]] {
            let mut of_range = signature;
            of_range[32..64].copy_from_slice(&wrong);
            assert_eq!(again(&digest, &of_range, &hints), Err(SignatureError::EcdsaRange));
        }
        let mut high = signature;
        high[32] |= 0x80;
        assert_eq!(again(&digest, &high, &hints), Err(SignatureError::HighS));
    }
}
