//! Batches of which rows are wrong and nobody says which.

use ashlar_batch::data_root;
use ashlar_coding::repair::{Check, Reach, Readings, RepairError};
use ashlar_coding::{Chunk, Coded, DaCommitment, Expansion, Layout, Row, Simd, Verifier};
use ashlar_types::{from_bytes, to_bytes};

use crate::flow::{Chance, batch};

const LISTS: Reach = Reach::Lists { multiplicity: 4 };

/// A batch with all of its rows, right.
struct World {
    bytes: Vec<u8>,
    coded: Coded,
}

impl World {
    fn new(length: usize, seed: u64, expansion: Expansion) -> World {
        let bytes = batch(length, seed);
        let coded = Coded::new(&bytes, expansion, &Simd).unwrap();
        World { bytes, coded }
    }

    /// A small one, of one of both rates.
    fn any(chance: &mut Chance, rows_max: usize) -> World {
        let expansion = if chance.below(2) == 0 { Expansion::Double } else { Expansion::Quadruple };
        World::new(42 + chance.below(256 * rows_max - 42), chance.next(), expansion)
    }

    fn layout(&self) -> Layout {
        *self.coded.manifest().layout()
    }

    fn check(&self) -> Check {
        Check::DataRoot(data_root(&self.bytes).unwrap())
    }

    fn rows(&self) -> Vec<(Row, Vec<u8>)> {
        (0..self.layout().rows() as u16).map(Row::new).map(|row| (row, self.coded.row(row).unwrap().to_vec())).collect()
    }

    /// What is wrong of what was read.
    fn wrong(&self, read: &[(Row, Vec<u8>)]) -> Vec<Row> {
        let differs = |(row, bytes): &&(Row, Vec<u8>)| self.coded.row(*row).unwrap() != bytes.as_slice();
        let mut wrong: Vec<Row> = read.iter().filter(differs).map(|(row, _)| *row).collect();
        wrong.sort_unstable();
        wrong
    }
}

/// What can become of a row: noise, zeros, one bit, another row.
fn damage(chance: &mut Chance, bytes: &mut Vec<u8>, other: &[u8]) {
    match chance.below(4) {
        0 => bytes.iter_mut().for_each(|byte| *byte = chance.next() as u8),
        1 => bytes.fill(0),
        2 => {
            let at = chance.below(bytes.len());
            bytes[at] ^= 1 << chance.below(8);
        }
        _ => *bytes = other.to_vec(),
    }
}

fn in_doubt(layout: Layout, read: &[(Row, Vec<u8>)]) -> Readings {
    let mut readings = Readings::new(layout);
    read.iter().for_each(|(row, bytes)| readings.doubtful(*row, bytes));
    readings
}

/// No row has its path, and of all of them as many are wrong as half of what there is too much.
#[test]
fn half_of_what_is_too_much_may_be_wrong_in_rows_without_paths() {
    let mut chance = Chance::new(41);
    for _ in 0..20_000 {
        let world = World::any(&mut chance, 4);
        let layout = world.layout();
        let mut read = world.rows();
        chance.shuffle(&mut read);
        for at in 0..(layout.rows() - layout.data_rows()) / 2 {
            let other = read[chance.below(read.len())].1.clone();
            damage(&mut chance, &mut read[at].1, &other);
        }
        let found = in_doubt(layout, &read).repair(&world.check(), Reach::Half, &Simd).unwrap();
        assert_eq!(found.bytes, world.bytes);
        assert_eq!(found.wrong, world.wrong(&read));
        assert_eq!(found.tried.len(), 1);
        assert!(found.tried[0].is_right);
    }
}

/// Some rows are lost, some proven, and of the rest half of what is left too much is wrong.
#[test]
fn proven_rows_and_lost_rows_count_for_what_they_are() {
    let mut chance = Chance::new(42);
    for _ in 0..20_000 {
        let world = World::any(&mut chance, 5);
        let layout = world.layout();
        let mut read = world.rows();
        chance.shuffle(&mut read);
        read.truncate(layout.data_rows() + chance.below(layout.rows() - layout.data_rows() + 1));
        let wrong = (read.len() - layout.data_rows()) / 2;
        for at in 0..wrong {
            let other = read[chance.below(read.len())].1.clone();
            damage(&mut chance, &mut read[at].1, &other);
        }
        let proven = chance.below(read.len() - wrong + 1);
        let mut readings = Readings::new(layout);
        for (at, (row, bytes)) in read.iter().enumerate() {
            if at >= read.len() - proven { readings.proven(*row, bytes) } else { readings.doubtful(*row, bytes) }
        }
        assert_eq!(readings.rows(), read.len());
        let found = readings.repair(&world.check(), Reach::Half, &Simd).unwrap();
        assert_eq!(found.bytes, world.bytes);
        assert_eq!(found.wrong, world.wrong(&read));
    }
}

/// Every row has wrong bits, and in no column are more wrong than may be.
#[test]
fn every_row_may_be_wrong_somewhere() {
    let mut chance = Chance::new(43);
    for _ in 0..150 {
        let world = World::any(&mut chance, 12);
        let layout = world.layout();
        let mut read = world.rows();
        let mut columns = vec![0; layout.row_bytes() / 2];
        for (_, bytes) in &mut read {
            for _ in 0..6 {
                let column = chance.below(columns.len());
                if 2 * columns[column] + 2 <= layout.rows() - layout.data_rows() {
                    columns[column] += 1;
                    bytes[column / 32 * 64 + column % 32 + 32 * chance.below(2)] ^= 1 << chance.below(8);
                }
            }
        }
        let found = in_doubt(layout, &read).repair(&world.check(), Reach::Half, &Simd).unwrap();
        assert_eq!(found.bytes, world.bytes);
        assert_eq!(found.wrong, world.wrong(&read));
    }
}

/// Sixteen rows of a code of four: seven wrong are one more than half. The list decoder's candidates are each checked, and the data root
/// says which it was.
#[test]
fn beyond_half_a_list_has_it_and_the_root_picks_it() {
    let mut chance = Chance::new(44);
    for round in 0..60 {
        let world = World::new(800 + chance.below(200), round, Expansion::Quadruple);
        let layout = world.layout();
        assert_eq!((layout.data_rows(), layout.rows()), (4, 16));
        let mut read = world.rows();
        chance.shuffle(&mut read);
        for (_, bytes) in read.iter_mut().take(7) {
            bytes.iter_mut().for_each(|byte| *byte ^= 1 + (chance.next() % 255) as u8);
        }
        let readings = in_doubt(layout, &read);
        let beyond = readings.repair(&world.check(), Reach::Half, &Simd).unwrap_err();
        assert!(matches!(beyond, RepairError::Beyond { .. } | RepairError::NoneRight { .. }), "{beyond}");
        let found = readings.repair(&world.check(), LISTS, &Simd).unwrap();
        assert_eq!(found.bytes, world.bytes);
        assert_eq!(found.wrong, world.wrong(&read));
        let commitment = Check::Commitment(world.coded.commitment());
        assert_eq!(readings.repair(&commitment, LISTS, &Simd).unwrap().bytes, world.bytes, "or the commitment does");
    }
}

/// Half of the rows are of one batch and half of another: both are candidates, as near as each other, and each has its own root.
#[test]
fn of_two_batches_that_were_mixed_the_root_says_which() {
    let mut chance = Chance::new(45);
    for round in 0..60 {
        let length = 300 + chance.below(200);
        let [one, other] = [0, 1].map(|which| World::new(length, 2 * round + which, Expansion::Quadruple));
        let layout = one.layout();
        assert_eq!((layout.data_rows(), layout.rows()), (2, 8));
        let mut places: Vec<usize> = (0..8).collect();
        chance.shuffle(&mut places);
        let (rows, others) = (one.rows(), other.rows());
        let mixed: Vec<(Row, Vec<u8>)> =
            (0..8).map(|at| if places[at] < 4 { rows[at].clone() } else { others[at].clone() }).collect();
        let readings = in_doubt(layout, &mixed);
        for world in [&one, &other] {
            let found = readings.repair(&world.check(), LISTS, &Simd).unwrap();
            assert_eq!(found.bytes, world.bytes);
            assert_eq!(found.wrong, world.wrong(&mixed));
            let (right, rest) = found.tried.split_last().unwrap();
            assert!(right.is_right && rest.iter().all(|candidate| !candidate.is_right));
        }
        let stranger = World::new(length, 9_999, Expansion::Quadruple);
        let refused = readings.repair(&stranger.check(), LISTS, &Simd).unwrap_err();
        let (RepairError::TooMany { tried, .. } | RepairError::NoneRight { tried }) = refused else {
            panic!("{refused}")
        };
        for world in [&one, &other] {
            let root = data_root(&world.bytes).ok();
            assert!(tried.iter().any(|candidate| candidate.root == root && !candidate.is_right), "each is told");
        }
    }
}

/// Four of eight rows of a code of two are wrong in each column, and others in each: each column has its own list, and they are put together.
#[test]
fn lists_of_columns_are_put_together() {
    let mut chance = Chance::new(46);
    for round in 0..4 {
        let world = World::new(400, 70 + round, Expansion::Quadruple);
        let layout = world.layout();
        let mut read = world.rows();
        let columns = layout.row_bytes() / 2;
        for column in 0..columns {
            let mut places: Vec<usize> = (0..8).collect();
            chance.shuffle(&mut places);
            for place in places.into_iter().take(4) {
                let low = column / 32 * 64 + column % 32;
                read[place].1[low] ^= 1 + (chance.next() % 255) as u8;
                read[place].1[low + 32] ^= chance.next() as u8;
            }
        }
        let readings = in_doubt(layout, &read);
        assert!(readings.repair(&world.check(), Reach::Half, &Simd).is_err(), "four of eight are beyond half");
        let found = readings.repair(&world.check(), LISTS, &Simd).unwrap();
        assert_eq!(found.bytes, world.bytes);
        assert_eq!(found.wrong.len(), 8);
    }
}

/// Chunks as stores send them: right ones are proven, and of those whose paths are damaged the combination says which are likely right. So
/// more may be wrong than without a manifest.
#[test]
fn a_manifest_says_which_rows_without_paths_are_likely() {
    let mut chance = Chance::new(47);
    for round in 0..300 {
        let world = World::new(1_500 + chance.below(1_500), round, Expansion::Double);
        let (layout, commitment) = (world.layout(), world.coded.commitment());
        let root = data_root(&world.bytes).unwrap();
        let verifier = Verifier::new(commitment, root, world.coded.manifest().clone()).unwrap();
        let mut chunks: Vec<Chunk> = world.coded.chunks().collect();
        chance.shuffle(&mut chunks);
        let (with, without) = (&mut Readings::new(layout), &mut Readings::new(layout));
        for (at, chunk) in chunks.iter().enumerate() {
            let mut bytes = to_bytes(chunk);
            // The path's last digest, in all but two; and the row itself, in all but as many as are needed.
            let row_at = bytes.len() - layout.row_bytes();
            if at >= 2 {
                bytes[row_at - 3] ^= 0x40;
            }
            if at >= layout.data_rows() {
                bytes[row_at + chance.below(layout.row_bytes())] ^= 1 << chance.below(8);
            }
            let damaged: Chunk = from_bytes(&bytes).unwrap();
            with.chunk(&damaged, commitment, Some(&verifier));
            without.chunk(&damaged, commitment, None);
        }
        let found = with.repair(&world.check(), Reach::Half, &Simd).unwrap();
        assert_eq!((found.bytes, found.wrong.len()), (world.bytes.clone(), layout.rows() - layout.data_rows()));
        assert_eq!(without.rows(), layout.rows());
    }
}

/// Who makes a row whose combination fits is believed first and found out by the root.
#[test]
fn a_row_that_only_looks_right_is_found_out() {
    let mut chance = Chance::new(48);
    for round in 0..300 {
        let world = World::new(600 + chance.below(900), round, Expansion::Quadruple);
        let mut readings = Readings::new(world.layout());
        let mut rows = world.rows();
        let at = chance.below(world.layout().data_rows());
        rows[at].1.iter_mut().for_each(|byte| *byte ^= 0x55);
        rows.iter().for_each(|(row, bytes)| readings.likely(*row, bytes));
        let found = readings.repair(&world.check(), Reach::Half, &Simd).unwrap();
        assert_eq!((found.bytes, found.wrong), (world.bytes.clone(), vec![rows[at].0]));
        assert!(!found.tried[0].is_right && found.tried[1].is_right);
    }
}

/// Two stores that read a row differently: it says nothing where they differ.
#[test]
fn readings_that_differ_cost_a_row_and_no_more() {
    let mut chance = Chance::new(49);
    for round in 0..300 {
        let world = World::new(700 + chance.below(300), round, Expansion::Double);
        let layout = world.layout();
        let mut readings = in_doubt(layout, &world.rows());
        let mut rows = world.rows();
        chance.shuffle(&mut rows);
        // As many as may be lost, each also read with a wrong bit.
        for (row, bytes) in rows.iter_mut().take(layout.rows() - layout.data_rows()) {
            bytes[chance.below(layout.row_bytes())] ^= 1 << chance.below(8);
            readings.doubtful(*row, bytes);
        }
        let found = readings.repair(&world.check(), Reach::Half, &Simd).unwrap();
        assert_eq!(found.bytes, world.bytes);
        assert_eq!(found.wrong.len(), layout.rows() - layout.data_rows());
    }
}

#[test]
fn what_cannot_be_repaired_says_why() {
    let world = World::new(1_000, 1, Expansion::Double);
    let (layout, rows) = (world.layout(), world.rows());
    let need = layout.data_rows();
    let few = in_doubt(layout, &rows[..need - 1]);
    let refused = few.repair(&world.check(), Reach::Half, &Simd).unwrap_err();
    assert_eq!(refused, RepairError::TooFew { need, have: need - 1 });
    let mut readings = Readings::new(layout);
    readings.doubtful(Row::new(0), &[0; 64]);
    readings.proven(Row::new(layout.rows() as u16), &rows[0].1);
    assert_eq!(readings.rows(), 0, "what is no row of the layout is not taken");
    let whole = in_doubt(layout, &rows);
    let other = Check::Commitment(DaCommitment::new(data_root(&world.bytes).unwrap()));
    let refused = whole.repair(&other, Reach::Half, &Simd).unwrap_err();
    let RepairError::NoneRight { tried } = &refused else { panic!("{refused}") };
    assert_eq!((tried.len(), tried[0].root), (1, data_root(&world.bytes).ok()));
    assert!(refused.to_string().contains("add stores"));
    let long = World::new(40_000, 2, Expansion::Double);
    let refused = in_doubt(long.layout(), &long.rows()).repair(&long.check(), LISTS, &Simd).unwrap_err();
    assert!(matches!(refused, RepairError::Lists(_)), "{refused}");
}
