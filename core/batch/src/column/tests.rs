extern crate std;

use alloc::vec::Vec;

use ashlar_types::{Reader, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

use super::code::{CLASSES, CODE_BITS_MAX, codes, lengths};
use super::{Column, ColumnReader, Form, pack};
use crate::error::BatchError;

const COLUMN: Column = Column::Prices;

fn decoded(directory: &[u8]) -> Result<Form, BatchError> {
    let mut reader = Reader::new(directory);
    let form = Form::decode(COLUMN, &mut reader)?;
    assert_eq!(reader.remaining(), 0);
    Ok(form)
}

fn read(form: Form, bytes: &[u8], count: usize) -> Result<Vec<u64>, BatchError> {
    let mut directory = Writer::new();
    form.encode(&mut directory);
    let form = decoded(&directory.into_bytes())?;
    let mut reader = ColumnReader::new(COLUMN, form, bytes);
    let values = (0..count).map(|_| reader.take().ok_or_else(|| reader.fault())).collect::<Result<_, _>>()?;
    reader.finish()?;
    Ok(values)
}

fn packed(values: &[u64], form: Form) -> Vec<u8> {
    let mut bytes = Vec::new();
    pack(values, &form, &mut bytes);
    bytes
}

fn counts(values: &[u64]) -> [u32; CLASSES] {
    let mut counts = [0; CLASSES];
    values.iter().for_each(|value| counts[64 - value.leading_zeros() as usize] += 1);
    counts
}

/// Values of all widths, of few, and of few with an outlier now and then.
fn values() -> impl Strategy<Value = Vec<u64>> {
    let value = (0u32..=64, any::<u64>()).prop_map(|(width, bits)| bits.checked_shr(64 - width).unwrap_or(0));
    let narrow = (0u32..6, any::<u64>()).prop_map(|(width, bits)| bits.checked_shr(64 - width).unwrap_or(0));
    prop_oneof![
        vec(value.clone(), 0..40),
        vec(narrow.clone(), 0..40),
        vec(prop_oneof![20 => narrow, 1 => value], 0..90)
    ]
}

/// How often each width occurs: not at all, now and then, or each many times as often as the one before.
fn any_counts() -> impl Strategy<Value = [u32; CLASSES]> {
    let count = prop_oneof![2 => Just(0u32), 2 => 0u32..9, 1 => (0u32..25).prop_map(|bits| 1 << bits)];
    vec(count, CLASSES).prop_map(|counts| counts.try_into().unwrap())
}

proptest! {
    #[test]
    fn values_come_back(values in values()) {
        let form = Form::of(&values);
        let bytes = packed(&values, form);
        prop_assert_eq!(read(form, &bytes, values.len()).unwrap(), values);
        prop_assert_eq!(form.has_bytes(), !bytes.is_empty());
    }

    /// Whatever other codes stand for the values, a reader refuses them.
    #[test]
    fn no_other_form_is_read(values in values(), others in any_counts(), class in 0..CLASSES) {
        let form = Form::of(&values);
        let counts = counts(&values);
        let mut mixed = counts;
        mixed.iter_mut().zip(&others).for_each(|(count, other)| *count = (*count).min(1) + other);
        let mut one_more = counts;
        one_more[class] += 1;
        for counts in [mixed, one_more, counts.map(|count| count.min(1))] {
            let other = Form::of_counts(&counts);
            if other != form {
                let refused = read(other, &packed(&values, other), values.len());
                prop_assert!(matches!(refused, Err(BatchError::Form { .. })), "{:?}", refused);
            }
        }
        for width in 0..=64 {
            // The bits of several widths may be those of other values that are all of one.
            let one = Form::One(width);
            prop_assert!(one == form || read(one, &packed(&values, one), values.len()).as_ref() != Ok(&values));
        }
    }

    #[test]
    fn codes_are_short_whole_and_near_the_best(counts in any_counts()) {
        let Some(lengths) = lengths(&counts) else {
            prop_assert!(counts.iter().filter(|count| **count > 0).count() < 2);
            return Ok(());
        };
        let mut filled = 0;
        codes(&lengths, |_, _, length| filled += 1 << (CODE_BITS_MAX - length));
        prop_assert_eq!(filled, 1 << CODE_BITS_MAX);
        let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let (mut bits, mut entropy) = (0.0, 0.0);
        for (count, length) in counts.iter().zip(lengths) {
            prop_assert_eq!(*count > 0, length > 0);
            if *count > 0 {
                bits += f64::from(*count) * f64::from(length);
                entropy -= f64::from(*count) * (f64::from(*count) / total as f64).log2();
            }
        }
        // Less than one bit a value is Huffman's own bound; what the limit on lengths adds is far less.
        prop_assert!(bits < entropy + 1.1 * total as f64, "{} bits for {}", bits, entropy);
    }

    #[test]
    fn any_directory_and_bytes_are_read_or_refused(
        head in prop_oneof![any::<u8>(), 0x80u8..0x8c],
        table in vec(any::<u8>(), 0..40),
        bytes in vec(any::<u8>(), 0..60),
        count in 0usize..90,
    ) {
        let directory = [&[head][..], &table].concat();
        let mut reader = Reader::new(&directory);
        if let Ok(form) = Form::decode(COLUMN, &mut reader) {
            let mut again = Writer::new();
            form.encode(&mut again);
            prop_assert_eq!(again.into_bytes(), &directory[..reader.offset()]);
            let mut column = ColumnReader::new(COLUMN, form, &bytes);
            let values: Option<Vec<u64>> = (0..count).map(|_| column.take()).collect();
            if let (Some(values), Ok(())) = (values, column.finish()) {
                prop_assert_eq!(form, Form::of(&values));
                prop_assert_eq!(packed(&values, form), bytes);
            }
        }
    }

    #[test]
    fn a_column_ends_where_it_ends(values in values(), byte in any::<u8>()) {
        let form = Form::of(&values);
        let mut bytes = packed(&values, form);
        bytes.push(byte);
        prop_assert!(read(form, &bytes, values.len()).is_err());
        bytes.pop();
        if bytes.pop().is_some() {
            prop_assert!(read(form, &bytes, values.len()).is_err());
        }
    }
}

#[test]
fn one_outlier_does_not_widen_the_rest() {
    let mut values = alloc::vec![5u64; 1_000];
    values[500] = u64::MAX;
    let form = Form::of(&values);
    assert_eq!(packed(&values, form).len(), (999 * (1 + 2) + 1 + 63usize).div_ceil(8));
    assert_eq!(Form::of(&[5; 1_000]), Form::One(3));
    assert_eq!([Form::of(&[]), Form::of(&[0; 9]), Form::of(&[1; 9])], [Form::One(0), Form::One(0), Form::One(1)]);
}

#[test]
fn lengths_of_equal_counts_are_fixed() {
    let of = |counts: &[u32]| {
        let mut all = [0; CLASSES];
        all[..counts.len()].copy_from_slice(counts);
        lengths(&all).map(|lengths| lengths[..counts.len()].to_vec())
    };
    assert_eq!(of(&[0, 7]), None);
    assert_eq!(of(&[0, 1, 900]).unwrap(), [0, 1, 1]);
    assert_eq!(of(&[1, 1, 1]).unwrap(), [2, 2, 1]);
    // Leaves before what was joined: the codes are of two bits, where three, two and one would be as short in all.
    assert_eq!(of(&[1, 1, 2, 2]).unwrap(), [2, 2, 2, 2]);
    assert_eq!(of(&[8, 4, 2, 1, 1]).unwrap(), [1, 2, 3, 4, 4]);
    // Each twice the one before would take eleven bits, so the rarest come to weigh the same.
    let doubling: Vec<u32> = (0..12).map(|bits| 1 << bits).collect();
    assert_eq!(of(&doubling).unwrap(), [8, 8, 8, 8, 8, 8, 7, 5, 4, 3, 2, 1]);
    assert!(of(&[1; CLASSES]).unwrap().iter().all(|length| (6..=7).contains(length)));
}

/// Codes as a hostile directory may have them.
#[test]
fn tables_that_are_no_codes_are_refused() {
    let column = COLUMN;
    assert!(decoded(&[0x83, 0x21, 0x33]).is_ok());
    for (table, error) in [
        (&[65][..], BatchError::Width { column, got: 65 }),
        (&[0xff], BatchError::Width { column, got: 127 }),
        // The widest has no code, so it is not the widest.
        (&[0x83, 0x11, 0x00], BatchError::Width { column, got: 3 }),
        (&[0x81, 0x91], BatchError::CodeLength { column, max: 8, got: 9 }),
        (&[0x80, 0x11], BatchError::CodePadding { column, got: 1 }),
        // One code too few, one too many, and a single one, which says nothing.
        (&[0x82, 0x21, 0x03], BatchError::Codes { column, expected: 256, got: 224 }),
        (&[0x82, 0x11, 0x08], BatchError::Codes { column, expected: 256, got: 257 }),
        (&[0x81, 0x10], BatchError::Codes { column, expected: 256, got: 128 }),
        (&[0x83, 0x21], BatchError::DirectoryEnds { column }),
        (&[], BatchError::DirectoryEnds { column }),
    ] {
        assert_eq!(decoded(table), Err(error), "{table:x?}");
    }
    // Values of these widths, but in the codes of other counts.
    let values = [0, 0, 0, 1, 2];
    assert_eq!(Form::of(&values), decoded(&[0x82, 0x21, 0x02]).unwrap());
    let other = decoded(&[0x82, 0x12, 0x02]).unwrap();
    assert_eq!(read(other, &packed(&values, other), 5), Err(BatchError::Form { column }));
}
