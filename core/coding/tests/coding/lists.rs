//! Lists of words against every word of small codes.

use ashlar_coding::errors::{Symbol, correct};
use ashlar_coding::field::Gf16;
use ashlar_coding::lists::{self, ListError, Radius, decode};

use crate::flow::Chance;

/// The first elements of the basis span a field of so many elements, whose words can all be written down.
const SMALL_FIELD: u16 = 16;

/// Every word over the small field: the symbols at the points 0, 1, 2, …
fn all_words(points: usize, dimension: usize) -> Vec<Vec<Gf16>> {
    let words = usize::from(SMALL_FIELD).pow(dimension as u32);
    let coefficient = |word: usize, i: usize| Gf16::new((word >> (4 * i) & 15) as u16);
    let at = |word: usize, point: u16| {
        (0..dimension).rev().fold(Gf16::ZERO, |sum, i| sum * Gf16::new(point) + coefficient(word, i))
    };
    (0..words).map(|word| (0..points as u16).map(|point| at(word, point)).collect()).collect()
}

fn symbols(values: &[Gf16]) -> Vec<Symbol> {
    (0..).zip(values).map(|(point, value)| Symbol { point: Gf16::new(point), value: *value }).collect()
}

fn check(points: usize, dimension: usize, multiplicity: usize, rounds: usize, chance: &mut Chance) -> [usize; 4] {
    let words = all_words(points, dimension);
    let mut lists = [0; 4];
    for round in 0..rounds {
        let reach = Radius::of(points, dimension, multiplicity).wrong.min(points - dimension);
        let mut read = words[chance.below(words.len())].clone();
        // Up to one more than is reached, and now and then noise.
        let wrong = if round % 5 == 0 { points } else { chance.below(reach + 2) };
        let mut places: Vec<usize> = (0..points).collect();
        chance.shuffle(&mut places);
        // Between two or three words, so that a list has them all.
        if round % 3 == 1 {
            let others: Vec<_> = (0..1 + round % 2).map(|_| &words[chance.below(words.len())]).collect();
            for (turn, place) in places.iter().enumerate() {
                if let Some(other) = others.get(turn % (others.len() + 1)) {
                    read[*place] = other[*place];
                }
            }
        }
        let wrong = if round % 3 == 1 { chance.below(2) } else { wrong };
        places.iter().take(wrong).for_each(|place| read[*place] = Gf16::new(chance.below(16) as u16));
        let mut expected: Vec<&Vec<Gf16>> = words
            .iter()
            .filter(|word| word.iter().zip(&read).filter(|(word, read)| word != read).count() <= reach)
            .collect();
        let read = symbols(&read);
        let found = decode(&read, dimension, multiplicity).unwrap();
        assert_eq!(found.radius.wrong, reach);
        assert!(found.words().len() <= found.radius.words_max);
        assert!(found.words().is_sorted_by_key(|word| word.wrong.len()));
        let mut got: Vec<Vec<Gf16>> = Vec::new();
        for word in found.words() {
            got.push(read.iter().map(|symbol| word.at(symbol.point)).collect());
            let differs = read.iter().enumerate().filter(|(_, s)| word.at(s.point) != s.value).map(|(i, _)| i);
            assert_eq!(word.wrong, differs.collect::<Vec<_>>());
        }
        if let Some(near) = correct(&read, dimension) {
            assert_eq!(found.words().first(), Some(&near), "what is within half the distance comes first");
        }
        expected.sort();
        got.sort();
        assert!(got.iter().eq(expected.iter().copied()), "{points} points, dimension {dimension}, {read:?}");
        lists[expected.len().min(3)] += 1;
    }
    lists
}

#[test]
fn lists_are_what_trying_every_word_finds() {
    let mut chance = Chance::new(31);
    let mut lists = [0; 4];
    let cases =
        [(7, 2, 1, 6_000), (8, 2, 2, 6_000), (6, 1, 2, 6_000), (9, 3, 2, 2_500), (10, 2, 3, 1_000), (16, 3, 3, 60)];
    for (points, dimension, multiplicity, rounds) in cases {
        let found = check(points, dimension, multiplicity, rounds, &mut chance);
        lists.iter_mut().zip(found).for_each(|(sum, found)| *sum += found);
    }
    println!("lists of none, one, two, more: {lists:?}");
    assert!(lists.iter().zip([1_000, 1_000, 1_000, 10]).all(|(count, least)| *count > least), "{lists:?}");
}

/// The published code of 16 symbols and dimension 4: seven wrong are beyond half the distance, and the hash tells the word.
#[test]
fn a_check_picks_the_word_beyond_half_the_distance() {
    let mut chance = Chance::new(32);
    let (points, dimension, multiplicity) = (16, 4, 4);
    let radius = Radius::of(points, dimension, multiplicity);
    assert!(radius.wrong > (points - dimension) / 2, "{radius:?}");
    for _ in 0..12 {
        let word: Vec<Gf16> = (0..dimension).map(|_| Gf16::new(chance.next() as u16)).collect();
        let at = |point: Gf16| word.iter().rev().fold(Gf16::ZERO, |sum, coefficient| sum * point + *coefficient);
        let mut read: Vec<Symbol> =
            (0..16).map(|i| Gf16::new(40 * i + 3)).map(|point| Symbol { point, value: at(point) }).collect();
        let right = read.clone();
        chance.shuffle(&mut read);
        read.iter_mut()
            .take(radius.wrong)
            .for_each(|symbol| symbol.value += Gf16::new(1 + chance.below(65_535) as u16));
        let found = decode(&read, dimension, multiplicity).unwrap();
        let hash = |word: &dyn Fn(Gf16) -> Gf16| right.iter().map(|s| word(s.point)).collect::<Vec<_>>();
        let picked = found.pick(|candidate| hash(&|point| candidate.at(point)) == hash(&at)).unwrap();
        assert_eq!(picked.wrong.len(), radius.wrong);
        assert!(found.pick(|_| false).is_none());
    }
}

#[test]
fn what_is_outside_the_limits_is_refused_with_a_reason() {
    let some = symbols(&[Gf16::ONE; 5]);
    let refused = |symbols: &[Symbol], dimension, multiplicity| decode(symbols, dimension, multiplicity).unwrap_err();
    assert_eq!(refused(&some, 0, 1), ListError::Dimension { symbols: 5, got: 0 });
    assert_eq!(refused(&some, 6, 1), ListError::Dimension { symbols: 5, got: 6 });
    assert_eq!(refused(&some, 2, 0), ListError::Multiplicity { max: 8, got: 0 });
    assert_eq!(refused(&some, 2, 9), ListError::Multiplicity { max: 8, got: 9 });
    let many = symbols(&[Gf16::ZERO; lists::SYMBOLS_MAX + 1]);
    assert_eq!(refused(&many, 2, 1), ListError::Symbols { max: 64, got: 65 });
    let twice = [some[3], some[1], some[3]];
    assert_eq!(refused(&twice, 2, 1), ListError::Twice { point: some[3].point });
    assert!(decode(&some, 5, 1).unwrap().words()[0].wrong.is_empty(), "as many symbols as the dimension");
}
