//! How long it takes to check signatures: alone, many at once by as many keys, and many at once by one key.

use ashlar_types::sign::{Native, SchnorrSigned, SessionSecret, WalletSecret, recover, verify, verify_batch};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn secret(number: usize) -> [u8; 32] {
    let mut bytes = [1; 32];
    bytes[24..].copy_from_slice(&(number as u64).to_be_bytes());
    bytes
}

fn signed(digests: &[[u8; 32]], keys: usize) -> Vec<SchnorrSigned<'_>> {
    let secrets: Vec<_> = (0..keys).map(|key| SessionSecret::new(&secret(key)).unwrap()).collect();
    digests
        .iter()
        .enumerate()
        .map(|(i, digest)| {
            let key = &secrets[i % keys];
            SchnorrSigned { public: key.public(), message: digest, signature: key.sign(digest, &[0; 32]).unwrap() }
        })
        .collect()
}

fn signatures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("types/verify");
    let digests: Vec<[u8; 32]> = (0..1024usize).map(secret).collect();

    let alone = signed(&digests[..1], 1);
    group.throughput(Throughput::Elements(1));
    group.bench_function("single", |b| b.iter(|| verify(&alone[0]).unwrap()));

    for (batch, keys) in [(1, 1), (2, 2), (3, 3), (4, 4), (64, 64), (64, 1), (256, 256), (256, 8), (1024, 1024)] {
        let many = signed(&digests[..batch], keys);
        group.throughput(Throughput::Elements(batch as u64));
        let name = if keys == batch { format!("batch={batch}") } else { format!("batch={batch},keys={keys}") };
        group.bench_function(name, |b| b.iter(|| verify_batch(&mut Native, &many).unwrap()));
    }

    let wallet = WalletSecret::new(&secret(1)).unwrap();
    let signature = wallet.sign(&digests[0]);
    group.throughput(Throughput::Elements(1));
    group.bench_function("wallet", |b| b.iter(|| recover(&digests[0], &signature).unwrap()));
    group.finish();
}

criterion_group!(benches, signatures);
criterion_main!(benches);
