//! Cost of coding and committing to the rows of a batch, part by part, and a peer beside it: with RAYON_NUM_THREADS=1, so that
//! both have one core.

use std::hint::black_box;
use std::mem::take;

use ashlar_batch::data_root;
use ashlar_batch::merkle::Digest;
use ashlar_coding::{Coded, Coefficients, Engine, Expansion, Layout, Plain, Room, Row, Simd, Verifier};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rsema1d::{Parameters, RowMatrix};

/// So many bytes of noise that begin as a batch of that length does.
fn batch(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u8).collect();
    bytes[..42].fill(0);
    (bytes[0], bytes[1], bytes[12], bytes[16]) = (1, 1, 1, 1);
    bytes[8..12].copy_from_slice(&(length as u32).to_le_bytes());
    bytes
}

fn commit(c: &mut Criterion) {
    for row_bytes in [256, 8_192, 32_768] {
        let bytes = batch(256 * row_bytes);
        let mut group = c.benchmark_group("coding");
        group.sample_size(20);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        for expansion in [Expansion::Double, Expansion::Quadruple] {
            let at = format!("row={row_bytes}/rate={}", 1 << expansion.levels());
            let layout = Layout::new(256, row_bytes, expansion).expect("within the limits");
            let peer = Parameters::new(256, layout.coded_rows(), row_bytes).expect("within its limits");
            let rows = RowMatrix::with_shape(bytes.clone(), 256, row_bytes).expect("whole rows");
            group.bench_function(format!("commit/{at}/peer=rsema1d"), |b| {
                b.iter(|| rsema1d::encode(black_box(&rows), &peer).expect("rows of its shape").commitment())
            });
            group
                .bench_function(format!("commit/{at}"), |b| b.iter(|| Coded::new(black_box(&bytes), expansion, &Simd)));
            group.bench_function(format!("commit/{at}/memory=reused"), |b| {
                let mut room = Room::default();
                b.iter(|| {
                    let coded = Coded::within(take(&mut room), black_box(&bytes), expansion, &Simd).expect("a batch");
                    let commitment = coded.commitment();
                    room = coded.into_room();
                    commitment
                })
            });
            group.bench_function(format!("encode/{at}"), |b| {
                b.iter(|| Simd.encode(&layout, row_bytes, black_box(&bytes)))
            });
            group.bench_function(format!("encode/{at}/memory=reused"), |b| {
                let mut coded = Vec::new();
                b.iter(|| Simd.encode_into(&layout, row_bytes, black_box(&bytes), &mut coded))
            });
        }
        let layout = Layout::new(256, row_bytes, Expansion::Double).expect("within the limits");
        let coefficients = Coefficients::derive(&Digest::EMPTY, &layout);
        group.bench_function(format!("leaves/row={row_bytes}/engine=simd"), |b| {
            b.iter(|| Simd.leaves(row_bytes, black_box(&bytes)))
        });
        group.bench_function(format!("leaves/row={row_bytes}/engine=plain"), |b| {
            b.iter(|| Plain.leaves(row_bytes, black_box(&bytes)))
        });
        group.bench_function(format!("combine/row={row_bytes}"), |b| {
            b.iter(|| Simd.combine(&coefficients, row_bytes, black_box(&bytes)))
        });
        group.bench_function(format!("coefficients/row={row_bytes}"), |b| {
            b.iter(|| Simd.coefficients(black_box(&Digest::EMPTY), &layout))
        });
        group.finish();
    }
}

fn verify(c: &mut Criterion) {
    let bytes = batch(256 * 8_192);
    let coded = Coded::new(&bytes, Expansion::Double, &Simd).expect("a batch");
    let root = data_root(&bytes).expect("a batch");
    let verifier = Verifier::new(coded.commitment(), root, coded.manifest().clone()).expect("its manifest");
    for row in [3, 300] {
        let chunk = coded.chunk(Row::new(row)).expect("a row");
        c.bench_function(&format!("coding/verify/row=8192/number={row}"), |b| {
            b.iter(|| verifier.verify(black_box(&chunk)))
        });
    }
}

criterion_group!(benches, commit, verify);
criterion_main!(benches);
