use ashlar_batch::data_root;
use ashlar_batch::merkle::Digest;
use ashlar_coding::{Coded, Engine, Expansion, Layout, Manifest, Plain, Room, Row, Simd};
use ashlar_types::{from_bytes, to_bytes};
use reed_solomon_simd::engine::NoSimd;
use reed_solomon_simd::rate::{LowRateEncoder, RateEncoder};

use crate::flow::{Chance, batch};

const EXPANSIONS: [Expansion; 2] = [Expansion::Double, Expansion::Quadruple];

/// The definition X-7, the fast engine, and the named crate used directly.
#[test]
fn three_engines_are_one_code() {
    let mut chance = Chance::new(1);
    for expansion in EXPANSIONS {
        for data_rows in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100] {
            let layout = Layout::new(data_rows, 256, expansion).unwrap();
            let length = 64 * (1 + chance.below(3));
            let data: Vec<u8> = (0..data_rows * length).map(|_| chance.next() as u8).collect();
            let plain = Plain.encode(&layout, length, &data).unwrap();
            assert_eq!(plain.len(), layout.coded_rows() * length);
            assert_eq!(Simd.encode(&layout, length, &data).unwrap(), plain, "{data_rows} rows");
            let mut encoder = LowRateEncoder::new(data_rows, layout.coded_rows(), length, NoSimd::new(), None).unwrap();
            data.chunks_exact(length).for_each(|row| encoder.add_original_shard(row).unwrap());
            assert!(encoder.encode().unwrap().recovery_iter().eq(plain.chunks_exact(length)));
        }
    }
}

#[test]
fn both_engines_restore_any_enough_rows() {
    let mut chance = Chance::new(2);
    // Tens of thousands of small codes, and some of more rows.
    for round in 0..20_600 {
        let most = if round < 20_000 { 5 } else { 24 };
        let layout = Layout::new(1 + chance.below(most), 256, EXPANSIONS[round % 2]).unwrap();
        let data: Vec<u8> = (0..layout.data_rows() * 64).map(|_| chance.next() as u8).collect();
        let coded = Simd.encode(&layout, 64, &data).unwrap();
        let all: Vec<&[u8]> = data.chunks_exact(64).chain(coded.chunks_exact(64)).collect();
        let mut numbers: Vec<u16> = (0..layout.rows() as u16).collect();
        chance.shuffle(&mut numbers);
        let some: Vec<(Row, &[u8])> =
            numbers.iter().take(layout.data_rows()).map(|n| (Row::new(*n), all[usize::from(*n)])).collect();
        let restored = Simd.restore(&layout, &some).unwrap();
        assert_eq!(Plain.restore(&layout, &some).unwrap(), restored);
        assert_eq!(
            restored.len(),
            numbers.iter().skip(layout.data_rows()).filter(|n| usize::from(**n) < layout.data_rows()).count()
        );
        restored.iter().for_each(|(row, bytes)| assert_eq!(bytes, all[usize::from(row.get())]));
    }
}

#[test]
fn both_engines_hash_and_combine_alike() {
    let mut chance = Chance::new(3);
    for (rows, row_bytes) in
        [(0, 256), (1, 256), (5, 512), (6, 256), (7, 2_048), (8, 256), (15, 512), (16, 256), (37, 1_024), (54, 8_192)]
    {
        let bytes: Vec<u8> = (0..rows * row_bytes).map(|_| chance.next() as u8).collect();
        let leaves = Simd.leaves(row_bytes, &bytes);
        assert_eq!(leaves, Plain.leaves(row_bytes, &bytes), "{rows} rows of {row_bytes}");
        assert_eq!(leaves.len(), rows);
        let layout = Layout::new(256, row_bytes, EXPANSIONS[rows % 2]).unwrap();
        let root = leaves.first().copied().unwrap_or(Digest::EMPTY);
        let coefficients = Simd.coefficients(&root, &layout);
        assert_eq!(coefficients, Plain.coefficients(&root, &layout));
        let combinations = Simd.combine(&coefficients, row_bytes, &bytes);
        assert_eq!(combinations, Plain.combine(&coefficients, row_bytes, &bytes), "{rows} rows of {row_bytes}");
        assert_eq!(combinations.len(), rows);
    }
}

/// Whatever was in the memory that a batch is coded in, and however much of it there was, nothing of it is left.
#[test]
fn the_memory_of_another_batch_changes_nothing() {
    let mut room = Room::default();
    for (seed, length) in (0u64..).zip([70_000, 42, 5_000, 200_000, 300, 65_536]) {
        let bytes = batch(length, seed);
        for expansion in EXPANSIONS {
            let fresh = Coded::new(&bytes, expansion, &Simd).unwrap();
            let coded = Coded::within(room, &bytes, expansion, &Simd).unwrap();
            assert_eq!(coded.commitment(), fresh.commitment(), "{length} bytes");
            assert!(coded.chunks().eq(fresh.chunks()));
            let plain = Coded::within(coded.into_room(), &bytes, expansion, &Plain).unwrap();
            assert!(plain.chunks().eq(fresh.chunks()));
            room = plain.into_room();
        }
    }
}

#[test]
fn the_data_half_is_the_tree_of_the_data_root() {
    for (seed, length) in (0u64..).zip([42, 256, 257, 700, 1024, 5_000, 65_536, 65_537, 200_000]) {
        let bytes = batch(length, seed);
        for expansion in EXPANSIONS {
            let coded = Coded::new(&bytes, expansion, &Simd).unwrap();
            let manifest = coded.manifest();
            assert_eq!(manifest.data_root(), data_root(&bytes).unwrap(), "{length} bytes");
            assert_eq!(manifest.siblings().len(), expansion.levels());
            manifest.check(coded.commitment(), data_root(&bytes).unwrap()).unwrap();
            let siblings = [manifest.siblings(), &[manifest.digest()]].concat();
            let height = manifest.layout().data_height();
            let as_on_l1 = ashlar_batch::coded_root(manifest.data_root(), height, &siblings).unwrap();
            assert_eq!(as_on_l1, coded.commitment().digest(), "the manifest is one more sibling");
            assert_eq!(&from_bytes::<Manifest>(&to_bytes(manifest)).unwrap(), manifest);
        }
    }
}

/// The commitment to one batch, computed by a program that shares nothing with this one but the rules.
#[test]
fn the_commitment_is_frozen() {
    let mut bytes = batch(42, 0);
    // Codec 0, as batches had then; coding looks at no byte of what it codes.
    bytes[1] = 0;
    bytes[8..12].copy_from_slice(&700u32.to_le_bytes());
    bytes.extend((42..700).map(|i| (i * 7 + 3) as u8));
    let coded = Coded::new(&bytes, Expansion::Double, &Plain).unwrap();
    let digest = format!("{:?}", coded.commitment());
    assert_eq!(digest, "b6455fed9458d27892b143c4491bcbe5dde9d6b5c8123579ffa063");
}
