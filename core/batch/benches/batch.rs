//! Cost of batch bytes and their root, on the flow that the size test measures.

#[path = "../tests/batch/flow.rs"]
mod flow;

use std::hint::black_box;

use ashlar_batch::codec::{Decoder, decode_all, encode};
use ashlar_batch::{BatchError, ReceiptsRoot, data_root};
use ashlar_types::{AccountId, ClientId, Lots, MarketId, OrderId, Price, Rank, Reason, Receipt, Sequence, Side, Time};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flow::{Flow, Mix, plain_bytes};

const COMMANDS: usize = 10_000;

/// Goes through a batch as the guest does, one command in memory at a time.
fn stream(bytes: &[u8]) -> Result<usize, BatchError> {
    let mut decoder = Decoder::new(bytes)?;
    let mut commands = 0;
    while decoder.next_input()?.is_some() {
        while let Some(command) = decoder.next_command()? {
            black_box(command);
            commands += 1;
        }
    }
    Ok(commands)
}

fn batch(c: &mut Criterion) {
    for (name, mix) in [("bulk=1", Mix::SINGLE), ("bulk=64", Mix::BULK)] {
        let mut flow = Flow::new(mix);
        flow.batch(5 * COMMANDS);
        let batch = flow.batch(COMMANDS);
        let bytes = encode(&batch).expect("a flow within the limits");
        let (count, plain) = (batch.commands(), plain_bytes(&batch));
        println!("{name}: {count} commands, {} bytes, plain {plain}", bytes.len());

        let mut group = c.benchmark_group("batch");
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("encode/{name}"), |b| b.iter(|| encode(black_box(&batch))));
        group.bench_function(format!("decode/{name}"), |b| b.iter(|| decode_all(black_box(&bytes))));
        group.bench_function(format!("stream/{name}"), |b| b.iter(|| stream(black_box(&bytes))));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("data_root/{name}"), |b| b.iter(|| data_root(black_box(&bytes))));
        group.finish();
    }
}

fn receipts(c: &mut Criterion) {
    let order = OrderId {
        market: MarketId::new(1).unwrap_or_default(),
        side: Side::Buy,
        price: Price::MIN,
        rank: Rank::new(9),
    };
    let receipt = Receipt {
        sequence: Sequence::new(1),
        time: Time::ZERO,
        account: AccountId::default(),
        reason: Reason::Resting,
        order: Some(order),
        client: ClientId(5),
        filled: Lots::ZERO,
        remaining: Lots::MAX,
    };
    let mut group = c.benchmark_group("batch");
    group.throughput(Throughput::Elements(COMMANDS as u64));
    group.bench_function("receipts_root/events=0", |b| {
        b.iter(|| {
            let mut root = ReceiptsRoot::new();
            for _ in 0..COMMANDS {
                root.push(black_box(&receipt), &[]);
            }
            root.root()
        })
    });
    group.finish();
}

criterion_group!(benches, batch, receipts);
criterion_main!(benches);
