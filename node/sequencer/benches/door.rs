//! From how many signatures on checking a group at once is sooner done than one after the other.

use ashlar_types::sign::{Native, SchnorrSigned, SessionSecret, verify, verify_batch};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use secp256k1::{Secp256k1, VerifyOnly, XOnlyPublicKey, schnorr};

fn bytes(number: u64) -> [u8; 32] {
    let mut bytes = [1; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn alone(context: &Secp256k1<VerifyOnly>, signed: &SchnorrSigned<'_>) {
    let key = XOnlyPublicKey::from_slice(&signed.public).unwrap();
    let signature = schnorr::Signature::from_slice(&signed.signature).unwrap();
    context.verify_schnorr(&signature, signed.message, &key).unwrap();
}

fn groups(criterion: &mut Criterion) {
    let digests: Vec<[u8; 32]> = (1..=256).map(bytes).collect();
    let signed = |digest| {
        let key = SessionSecret::new(digest).unwrap();
        SchnorrSigned { public: key.public(), message: digest, signature: key.sign(digest, &[0; 32]).unwrap() }
    };
    let signed: Vec<_> = digests.iter().map(signed).collect();
    let context = Secp256k1::verification_only();
    let mut group = criterion.benchmark_group("sequencer/door");
    group.throughput(Throughput::Elements(1));
    group.bench_function("k256, alone", |b| b.iter(|| verify(&signed[0]).unwrap()));
    for count in [1, 8, 16, 24, 32, 64, 256] {
        let some = &signed[..count];
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("libsecp256k1, one by one", count), |b| {
            b.iter(|| some.iter().for_each(|signed| alone(&context, signed)))
        });
        group.bench_function(BenchmarkId::new("k256, at once", count), |b| {
            b.iter(|| verify_batch(&mut Native, some).unwrap())
        });
    }
    group.finish();
}

criterion_group!(benches, groups);
criterion_main!(benches);
