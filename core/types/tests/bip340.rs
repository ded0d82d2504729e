//! The BIP's own table, one by one and in batches.

mod frozen;

use ashlar_types::sign::{
    BatchError, Native, SchnorrSigned, SessionSecret, SignatureError, find_invalid, verify, verify_batch,
};

struct Case {
    secret: Vec<u8>,
    public: [u8; 32],
    aux: Vec<u8>,
    message: Vec<u8>,
    signature: [u8; 64],
    valid: bool,
}

impl Case {
    fn signed(&self) -> SchnorrSigned<'_> {
        SchnorrSigned { public: self.public, message: &self.message, signature: self.signature }
    }
}

fn cases() -> Vec<Case> {
    let mut lines = frozen::read("bip340.txt");
    let cases: Vec<_> = (0..lines.len() / 6)
        .map(|i| {
            let mut take = |field: &str| lines.remove(&format!("{i}.{field}")).expect(field);
            Case {
                secret: take("secret"),
                public: take("public").try_into().unwrap(),
                aux: take("aux"),
                message: take("message"),
                signature: take("signature").try_into().unwrap(),
                valid: take("valid") == [1],
            }
        })
        .collect();
    assert!(lines.is_empty(), "every line belongs to a case");
    assert_eq!((cases.len(), cases.iter().filter(|case| case.valid).count()), (19, 9));
    cases
}

#[test]
fn each_alone() {
    for (i, case) in cases().iter().enumerate() {
        assert_eq!(verify(&case.signed()).is_ok(), case.valid, "{i}");
        assert_eq!(verify_batch(&mut Native, &[case.signed()]).is_ok(), case.valid, "{i} as a batch of one");
        if let Ok(secret) = <[u8; 32]>::try_from(case.secret.as_slice()) {
            let key = SessionSecret::new(&secret).unwrap();
            assert_eq!(key.public(), case.public, "{i}");
            let aux = case.aux.as_slice().try_into().unwrap();
            assert_eq!(key.sign(&case.message, aux).unwrap(), case.signature, "{i}");
        }
    }
}

#[test]
fn all_valid_ones_at_once() {
    let cases = cases();
    let valid: Vec<_> = cases.iter().filter(|case| case.valid).map(Case::signed).collect();
    verify_batch(&mut Native, &valid).unwrap();
    assert_eq!(find_invalid(&valid), []);
}

#[test]
fn an_invalid_one_spoils_a_batch_and_is_found() {
    let cases = cases();
    let valid: Vec<_> = cases.iter().filter(|case| case.valid).map(Case::signed).collect();
    for (i, case) in cases.iter().enumerate().filter(|(_, case)| !case.valid) {
        for place in [0, valid.len() / 2, valid.len()] {
            let mut batch = valid.clone();
            batch.insert(place, case.signed());
            assert!(verify_batch(&mut Native, &batch).is_err(), "{i} at {place}");
            assert_eq!(find_invalid(&batch), [place], "{i} at {place}");
        }
    }
    let all: Vec<_> = cases.iter().map(Case::signed).collect();
    let invalid: Vec<_> = (0..all.len()).filter(|&i| !cases[i].valid).collect();
    assert_eq!(find_invalid(&all), invalid);
}

/// The reason given for each kind of malformation.
#[test]
fn reasons_are_exact() {
    let cases = cases();
    let batch = |i: usize| verify_batch(&mut Native, &[cases[i].signed()]).unwrap_err();
    let malformed = |error| BatchError::Malformed { index: 0, error };
    assert_eq!(verify(&cases[5].signed()), Err(SignatureError::PublicKeyNotOnCurve));
    assert_eq!(verify(&cases[14].signed()), Err(SignatureError::PublicKeyNotOnCurve));
    assert_eq!(verify(&cases[13].signed()), Err(SignatureError::ScalarTooLarge));
    assert_eq!(verify(&cases[6].signed()), Err(SignatureError::Mismatch));
    assert_eq!(batch(5), malformed(SignatureError::PublicKeyNotOnCurve));
    assert_eq!(batch(11), malformed(SignatureError::CommitmentNotOnCurve));
    assert_eq!(batch(12), malformed(SignatureError::CommitmentNotOnCurve));
    assert_eq!(batch(13), malformed(SignatureError::ScalarTooLarge));
    for i in 6..9 {
        assert_eq!(batch(i), BatchError::Mismatch, "{i}");
    }
}
