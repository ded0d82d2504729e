//! Cost of committing to data by FRI, as far as it has come: coded, hashed, stated.

use std::hint::black_box;

use ashlar_coding::{Expansion, Scheme};
use ashlar_coding_fri::Fri;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Bytes of data: a batch of 256 rows of 8 KiB.
const BYTES: usize = 2 << 20;

fn commit(c: &mut Criterion) {
    let bytes: Vec<u8> = (0..BYTES as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u8).collect();
    let mut group = c.benchmark_group("fri");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(BYTES as u64));
    for expansion in [Expansion::Double, Expansion::Quadruple] {
        let (fri, at) = (Fri::new(expansion), format!("bytes={BYTES}/rate={}", 1 << expansion.levels()));
        group.bench_function(format!("code/{at}"), |b| {
            b.iter(|| fri.code(black_box(&bytes)).expect("within the limits"))
        });
        group.bench_function(format!("word/{at}"), |b| {
            b.iter(|| fri.word(black_box(&bytes)).expect("within the limits"))
        });
        group.bench_function(format!("commit/{at}"), |b| {
            b.iter(|| fri.commit(black_box(&bytes)).expect("within the limits"))
        });
    }
    group.finish();
}

criterion_group!(benches, commit);
criterion_main!(benches);
