extern crate std;

use alloc::vec::Vec;

use ashlar_types::{Reader, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Column, ColumnReader, Form, pack};
use crate::error::BatchError;

fn read(form: Form, bytes: &[u8], count: usize) -> Result<Vec<u64>, BatchError> {
    let mut directory = Writer::new();
    form.encode(&mut directory);
    let form = Form::decode(Column::Prices, &mut Reader::new(&directory.into_bytes()))?;
    let mut reader = ColumnReader::new(Column::Prices, form, bytes);
    let values = (0..count).map(|_| reader.take().ok_or_else(|| reader.fault())).collect::<Result<_, _>>()?;
    reader.finish()?;
    Ok(values)
}

fn packed(values: &[u64], form: Form) -> Vec<u8> {
    let mut bytes = Vec::new();
    pack(values, form, &mut bytes);
    bytes
}

/// Values of a few widths, in proportions that reach both forms.
fn values() -> impl Strategy<Value = Vec<u64>> {
    let value = (0u32..=64, any::<u64>()).prop_map(|(width, bits)| bits.checked_shr(64 - width).unwrap_or(0));
    let narrow = (0u32..6, any::<u64>()).prop_map(|(width, bits)| bits.checked_shr(64 - width).unwrap_or(0));
    prop_oneof![
        vec(value.clone(), 0..40),
        vec(narrow.clone(), 0..40),
        vec(prop_oneof![20 => narrow, 1 => value], 0..90)
    ]
}

proptest! {
    #[test]
    fn values_come_back(values in values()) {
        let form = Form::of(&values);
        let bytes = packed(&values, form);
        prop_assert_eq!(read(form, &bytes, values.len()).unwrap(), values);
        prop_assert_eq!(form.has_bytes(), !bytes.is_empty());
    }

    /// Whatever other widths hold the values, a reader refuses them.
    #[test]
    fn no_other_form_is_read(values in values(), widths in any::<[u8; 4]>()) {
        let form = Form::of(&values);
        let widest = values.iter().fold(0, |all, value| all | value);
        let needed = (64 - widest.leading_zeros()) as u8;
        for width in (needed..=64).filter(|width| form != Form::Plain(*width)) {
            prop_assert!(read(Form::Plain(width), &packed(&values, Form::Plain(width)), values.len()).is_err());
        }
        let mut widths = widths.map(|width| width % 65);
        widths[3] = widths[3].max(needed);
        widths.sort_unstable();
        let [a, b, c, d] = widths;
        for tagged in [[a, b, c, d], [0, b, c, d], [0, 0, c, d], [0, 0, 0, d], [a, b, c, needed], [a, b, b, needed]] {
            let other = Form::Tagged(tagged);
            if tagged.is_sorted() && form != other {
                prop_assert!(read(other, &packed(&values, other), values.len()).is_err());
            }
        }
        if let Form::Tagged(widths) = form {
            for class in 0..4 {
                for width in [widths[class].wrapping_sub(1), widths[class] + 1] {
                    let mut near = widths;
                    near[class] = width;
                    if near.is_sorted() && near[3] >= needed && near[3] <= 64 {
                        let near = Form::Tagged(near);
                        prop_assert!(read(near, &packed(&values, near), values.len()).is_err());
                    }
                }
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
    assert_eq!(Form::of(&values), Form::Tagged([3, 3, 3, 64]));
    assert_eq!(packed(&values, Form::of(&values)).len(), (1_000 * 5 + 61usize).div_ceil(8));
}
