//! Inputs packed as a zkVM's guest reads them.

use ashlar_batch::PublicValues;
use ashlar_guest::{
    GuestError, NativePlatform, PackedError, check_many, check_packed, limits, pack_inputs, unpack_inputs,
    words_from_bytes, words_to_bytes,
};
use proptest::prelude::*;

use crate::accepts::two;
use crate::support::Recorded;

fn packed() -> (Vec<u64>, PublicValues) {
    let both = two();
    let values = check_many(both.iter().map(Recorded::input), &mut NativePlatform::default()).expect("right batches");
    (pack_inputs(&both.each_ref().map(Recorded::input)), values)
}

fn check(words: &[u64]) -> Result<PublicValues, GuestError> {
    check_packed(words, &mut NativePlatform::default())
}

#[test]
fn packed_inputs_say_what_they_said() {
    let (words, values) = packed();
    assert_eq!(check(&words), Ok(values));
    let read = unpack_inputs(&words).expect("inputs");
    assert_eq!(pack_inputs(&read), words);
    assert_eq!(words_from_bytes(&words_to_bytes(&words)), Ok(words));
}

#[test]
fn words_that_are_not_packed_inputs_are_refused() {
    let (words, _) = packed();
    for len in 0..words.len() {
        assert!(matches!(unpack_inputs(&words[..len]), Err(PackedError::Ends { .. })), "{len} words");
    }
    let changed = |index: usize, word: u64| {
        let mut words = words.clone();
        words[index] = word;
        unpack_inputs(&words).map(|inputs| inputs.len())
    };
    assert_eq!(changed(0, 2), Err(PackedError::Version { expected: 1, got: 2 }));
    let max = limits::INPUTS_MAX as u64;
    assert_eq!(changed(1, max + 1), Err(PackedError::TooMany { max, got: max + 1 }));
    assert!(matches!(changed(1, 1), Err(PackedError::Left { .. })));
    // The last four bytes of the third word of the settlement's address.
    assert_eq!(changed(5, words[5] | 1 << 32), Err(PackedError::Padding { offset: 5 }));
    // The first word of the parent's header is the upper part of its version.
    assert!(matches!(changed(6, 1), Err(PackedError::Header { offset: 6, .. })));
    for section in 150..159 {
        assert!(matches!(changed(section, u64::MAX), Err(PackedError::Ends { .. })), "section {section}");
    }
    assert_eq!(words_from_bytes(&[0; 9]), Err(PackedError::Bytes { got: 9 }));
    assert_eq!(check(&[1, 0]), Err(GuestError::NoBatches));
    assert!(matches!(check(&[]), Err(GuestError::Packed { .. })));
}

proptest! {
    /// One packing for each list of inputs: what is read at all is packed into the same words again.
    #[test]
    fn there_is_one_packing(index in any::<prop::sample::Index>(), flipped in 0u32..64) {
        let (mut words, values) = packed();
        let index = index.index(words.len());
        words[index] ^= 1 << flipped;
        if let Ok(read) = unpack_inputs(&words) {
            prop_assert_eq!(pack_inputs(&read), &words[..]);
        }
        // Of all that is given, only the DA commitment is taken as it is (U-9): it is in the last hash alone.
        if let Ok(got) = check(&words) {
            prop_assert_eq!(PublicValues { last_hash: values.last_hash, ..got }, values);
        }
    }
}
