#![no_main]
//! Bytes as symbols of a small code: whatever they are, every word of the list is near them, and what is within half the
//! distance is its first.

use ashlar_coding::errors::{Symbol, correct};
use ashlar_coding::field::Gf16;
use ashlar_coding::lists::decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(([dimension, multiplicity], rest)) = bytes.split_first_chunk() else { return };
    let (dimension, multiplicity) = (usize::from(*dimension % 20), usize::from(*multiplicity % 5));
    let symbols: Vec<Symbol> = rest
        .as_chunks::<3>()
        .0
        .iter()
        .take(20)
        .map(|[point, low, high]| Symbol {
            point: Gf16::new((*point).into()),
            value: Gf16::new(u16::from_le_bytes([*low, *high])),
        })
        .collect();
    let Ok(candidates) = decode(&symbols, dimension, multiplicity) else { return };
    assert!(candidates.words().len() <= candidates.radius.words_max);
    for word in candidates.words() {
        assert!(word.wrong.len() <= candidates.radius.wrong);
        for (place, symbol) in symbols.iter().enumerate() {
            assert_eq!(word.at(symbol.point) != symbol.value, word.wrong.contains(&place));
        }
    }
    if let Some(near) = correct(&symbols, dimension)
        && near.wrong.len() <= candidates.radius.wrong
    {
        assert_eq!(candidates.words().first(), Some(&near));
    }
});
