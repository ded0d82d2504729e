//! Words with wrong symbols, against a search through every set of symbols that could be right.

use ashlar_coding::errors::{Symbol, correct};
use ashlar_coding::field::Gf16;
use ashlar_coding::{Engine, Expansion, Layout, Plain};

use crate::flow::Chance;

/// A word of a layout: symbols at all its points, absent ones included, and how many are data.
fn word(layout: &Layout, chance: &mut Chance) -> Vec<Symbol> {
    let data: Vec<u8> = (0..layout.data_rows() * 64).map(|_| chance.next() as u8).collect();
    let coded = Plain.encode(layout, 64, &data).unwrap();
    let first = |row: &[u8]| Gf16::new(u16::from_le_bytes([row[0], row[32]]));
    let mut symbols: Vec<Symbol> =
        (0..).zip(data.chunks(64)).map(|(i, row)| Symbol { point: Gf16::new(i), value: first(row) }).collect();
    let behind = 1u16 << layout.data_height();
    symbols.extend((layout.data_rows() as u16..behind).map(|i| Symbol { point: Gf16::new(i), value: Gf16::ZERO }));
    symbols.extend((behind..).zip(coded.chunks(64)).map(|(i, row)| Symbol { point: Gf16::new(i), value: first(row) }));
    symbols
}

#[test]
fn half_the_distance_is_corrected_whatever_is_wrong() {
    let mut chance = Chance::new(21);
    for round in 0..20_000 {
        let expansion = if round % 2 == 0 { Expansion::Double } else { Expansion::Quadruple };
        let layout = Layout::new(1 + chance.below(8), 256, expansion).unwrap();
        let right = word(&layout, &mut chance);
        let dimension = 1usize << layout.data_height();
        let mut places: Vec<usize> = (0..right.len()).collect();
        chance.shuffle(&mut places);
        let mut wrong: Vec<usize> = places[..chance.below((right.len() - dimension) / 2 + 1)].to_vec();
        wrong.sort_unstable();
        let mut read = right.clone();
        wrong.iter().for_each(|at| read[*at].value += Gf16::new(1 + chance.below(65_535) as u16));
        let found = correct(&read, dimension).unwrap();
        assert_eq!(found.wrong, wrong);
        right.iter().for_each(|symbol| assert_eq!(found.at(symbol.point), symbol.value));
    }
}

/// Some symbols are missing and some of the others wrong: each wrong one costs as much as two that are missing.
#[test]
fn errors_among_what_is_left_are_corrected() {
    let mut chance = Chance::new(23);
    for round in 0..20_000 {
        let expansion = if round % 2 == 0 { Expansion::Double } else { Expansion::Quadruple };
        let layout = Layout::new(1 + chance.below(6), 256, expansion).unwrap();
        let mut symbols = word(&layout, &mut chance);
        let dimension = 1usize << layout.data_height();
        chance.shuffle(&mut symbols);
        let right = symbols.clone();
        symbols.truncate(dimension + chance.below(right.len() - dimension + 1));
        let wrong = chance.below((symbols.len() - dimension) / 2 + 1);
        let added = Gf16::new(1 + chance.below(65_535) as u16);
        symbols.iter_mut().take(wrong).for_each(|symbol| symbol.value += added);
        let found = correct(&symbols, dimension).unwrap();
        assert_eq!(found.wrong, (0..wrong).collect::<Vec<_>>());
        right.iter().for_each(|symbol| assert_eq!(found.at(symbol.point), symbol.value));
        assert_eq!(correct(&symbols[..dimension - 1], dimension), None, "one symbol too few");
    }
}

/// The value at a point of the polynomial through some symbols.
fn through(symbols: &[Symbol], at: Gf16) -> Gf16 {
    let term = |i: &Symbol| {
        let others = symbols.iter().filter(|j| j.point != i.point);
        others.fold(i.value, |product, j| product * (at - j.point) * (i.point - j.point).inverse())
    };
    symbols.iter().map(term).fold(Gf16::ZERO, |sum, term| sum + term)
}

/// Every polynomial through `dimension` of the symbols that misses few enough of all: by trying all sets.
fn search(symbols: &[Symbol], dimension: usize) -> Vec<Vec<Gf16>> {
    let mut found: Vec<Vec<Gf16>> = Vec::new();
    for set in (0u32..1 << symbols.len()).filter(|set| set.count_ones() as usize == dimension) {
        let some: Vec<Symbol> = (0..symbols.len()).filter(|i| set >> i & 1 == 1).map(|i| symbols[i]).collect();
        let values: Vec<Gf16> = symbols.iter().map(|symbol| through(&some, symbol.point)).collect();
        let wrong = values.iter().zip(symbols).filter(|(value, symbol)| **value != symbol.value).count();
        if 2 * wrong <= symbols.len() - dimension && !found.contains(&values) {
            found.push(values);
        }
    }
    found
}

/// With any number of errors, also too many, exactly what a search through all sets finds.
#[test]
fn beyond_it_the_answer_is_that_of_a_search() {
    let mut chance = Chance::new(22);
    let mut counts = [0; 2];
    for _ in 0..1_500 {
        // Few values, so that words by accident are near now and then.
        let count = 3 + chance.below(6);
        let dimension = 1 + chance.below(count - 1);
        let values = 1 + chance.below(4);
        let symbols: Vec<Symbol> = (0..count as u16)
            .map(|i| Symbol { point: Gf16::new(i * 7 + 1), value: Gf16::new(chance.below(values) as u16) })
            .collect();
        let expected = search(&symbols, dimension);
        let got =
            correct(&symbols, dimension).map(|found| symbols.iter().map(|s| found.at(s.point)).collect::<Vec<_>>());
        assert_eq!(got.as_ref(), expected.first());
        assert!(expected.len() <= 1, "within half the distance there is one word");
        counts[expected.len()] += 1;
    }
    assert!(counts.iter().all(|count| *count > 200), "{counts:?}");
}

#[test]
fn what_is_no_word_is_refused_and_never_panics() {
    let symbol = |point, value| Symbol { point: Gf16::new(point), value: Gf16::new(value) };
    assert_eq!(correct(&[], 1), None);
    assert_eq!(correct(&[symbol(1, 1)], 0), None);
    assert_eq!(correct(&[symbol(1, 1)], 2), None);
    assert_eq!(correct(&[symbol(1, 1), symbol(1, 2), symbol(2, 1)], 1), None, "a point twice");
    assert!(correct(&[symbol(1, 5)], 1).unwrap().wrong.is_empty());
    assert!(correct(&[symbol(1, 0), symbol(2, 0)], 1).unwrap().wrong.is_empty(), "zero is a word");
}
