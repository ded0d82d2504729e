use ashlar_batch::data_root;
use ashlar_coding::{Chunk, Coded, CodingError, Collector, Expansion, Plain, Simd, Verifier};
use ashlar_types::{from_bytes, to_bytes};

use crate::flow::{Chance, batch};

fn collector(coded: &Coded, bytes: &[u8]) -> Collector {
    let root = data_root(bytes).unwrap();
    Collector::new(Verifier::new(coded.commitment(), root, coded.manifest().clone()).unwrap())
}

/// Tens of thousands of small batches, and some of more rows.
#[test]
fn any_enough_chunks_restore_the_bytes() {
    let mut chance = Chance::new(3);
    for round in 0..20_400u64 {
        let most = if round < 20_000 { 1_000 } else { 4_000 };
        let bytes = batch(42 + chance.below(most), round);
        let expansion = if round % 2 == 0 { Expansion::Double } else { Expansion::Quadruple };
        let coded = Coded::new(&bytes, expansion, &Simd).unwrap();
        let mut chunks: Vec<Chunk> = coded.chunks().collect();
        chance.shuffle(&mut chunks);
        let mut collector = collector(&coded, &bytes);
        for chunk in &chunks {
            let progress = collector.progress();
            if progress.is_enough() {
                break;
            }
            let error = collector.restore(&Simd).unwrap_err();
            assert_eq!(error, CodingError::TooFew { need: progress.need, have: progress.have });
            assert_eq!(collector.missing().count(), coded.manifest().layout().rows() - progress.have);
            let sent: Chunk = from_bytes(&to_bytes(chunk)).unwrap();
            let after = collector.add(&sent).unwrap();
            assert_eq!(after.have, progress.have + 1);
            assert_eq!(collector.add(&sent).unwrap(), after, "a row counts once");
        }
        assert_eq!(collector.restore(&Simd).unwrap(), bytes);
        if bytes.len() < 600 {
            assert_eq!(collector.restore(&Plain).unwrap(), bytes);
        }
    }
}

#[test]
fn stripes_are_the_columns_of_the_rows() {
    let bytes = batch(150_000, 9);
    let coded = Coded::new(&bytes, Expansion::Double, &Simd).unwrap();
    let mut collector = collector(&coded, &bytes);
    for chunk in coded.chunks().skip(coded.manifest().layout().data_rows() / 3) {
        collector.add(&chunk).unwrap();
    }
    let (row_bytes, width) = (coded.manifest().layout().row_bytes(), 128);
    let rows: Vec<Vec<u8>> = coded.chunks().map(|chunk| chunk.bytes().to_vec()).collect();
    for start in (0..row_bytes).step_by(width) {
        let stripe = collector.stripe(start..start + width, &Simd).unwrap();
        for (columns, row) in stripe.chunks_exact(width).zip(&rows) {
            assert_eq!(columns, &row[start..start + width]);
        }
    }
    assert!(collector.stripe(0..63, &Simd).is_err());
    assert!(collector.stripe(64..64, &Simd).is_err());
    assert!(collector.stripe(row_bytes..row_bytes + 64, &Simd).is_err());
}
