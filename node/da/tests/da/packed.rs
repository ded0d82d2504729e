//! How long batches are, and that what is packed comes back and what claims to be packed never unfolds into more than is allowed.

use std::time::Instant;

use ashlar_batch::codec::{decode_all, encode};
use ashlar_batch::{Batch, Timed};
use ashlar_da::pack::{Effort, PackError, pack, unpack};
use ashlar_harness::HotEngine;
use ashlar_harness::flow::{Flow, Realistic, Shape, record};
use ashlar_types::{Sequence, to_bytes};

/// A batch of so many commands of a busy day, after a while.
fn busy(commands: usize) -> Batch {
    let mut flow = Realistic::new(Shape::mixed(5, 20, 1_000));
    let mut engine = HotEngine::new(&flow.genesis());
    let setup = flow.setup_len();
    record(&mut flow as &mut dyn Flow, &mut engine, setup + 30_000);
    let inputs = record(&mut flow as &mut dyn Flow, &mut engine, commands);
    let inputs = inputs.into_iter().map(|(time, input)| Timed { time, input }).collect();
    Batch { first_sequence: Sequence::new(1), inputs }
}

/// Bytes a command and the ratio to the plain encoding, both without signatures: what D4 asks for.
#[test]
fn batches_are_a_tenth_of_their_plain_encoding() {
    for (commands, ratio_min) in [(300, 9.5), (1_000, 10.8), (10_000, 11.5)] {
        let batch = busy(commands);
        let inputs = batch.inputs.iter();
        let plain_bytes: Vec<u8> = inputs.flat_map(|timed| [vec![0; 6], to_bytes(&timed.input)].concat()).collect();
        let plain = plain_bytes.len();
        let bytes = encode(&batch).unwrap();
        let begun = Instant::now();
        let decoded = decode_all(&bytes).unwrap();
        let unpacked = begun.elapsed();
        assert!(decoded == batch);
        let packed = pack(&bytes, Effort::Archive);
        assert!(packed.len() <= bytes.len() + 6 && unpack(&packed, bytes.len()).unwrap() == bytes);
        let per = |length: usize| length as f64 / commands as f64;
        let ratio = plain as f64 / bytes.len() as f64;
        println!(
            "{commands} commands: plain {:.2} bytes each, batch bytes {:.2} ({ratio:.2}:1), unpacked in {unpacked:?}, archived {:.2}, zstd of plain {:.2}",
            per(plain),
            per(bytes.len()),
            per(packed.len()),
            per(pack(&plain_bytes, Effort::Archive).len()),
        );
        assert!(ratio >= ratio_min, "{commands} commands are packed {ratio:.2} to one");
    }
}

#[test]
fn a_bomb_unfolds_into_nothing() {
    let zeros = vec![0_u8; 32 << 20];
    let bomb = pack(&zeros, Effort::Way);
    assert!(bomb.len() < 1 << 16, "{} bytes claim 32 MiB", bomb.len());
    assert_eq!(unpack(&bomb, 1 << 20), Err(PackError::TooLong { max: 1 << 20, got: zeros.len() }));
    // It lies about its length: what it unfolds into has no room.
    let mut liar = bomb.clone();
    liar[2..6].copy_from_slice(&1_000u32.to_le_bytes());
    assert!(matches!(unpack(&liar, 1 << 20), Err(PackError::Damaged(_))));
    let mut boaster = pack(&[7; 5_000], Effort::Way);
    boaster[2..6].copy_from_slice(&6_000u32.to_le_bytes());
    assert_eq!(unpack(&boaster, 1 << 20), Err(PackError::Length { expected: 6_000, got: 5_000 }));
    assert_eq!(unpack(&bomb, 32 << 20).unwrap(), zeros);
    let packed = pack(b"short", Effort::Archive);
    assert_eq!(unpack(&packed, 5).unwrap(), b"short");
    let with = |at: usize, value: u8| {
        let mut changed = packed.clone();
        changed[at] = value;
        unpack(&changed, 100)
    };
    assert_eq!(with(0, 9), Err(PackError::Version { got: 9 }));
    assert_eq!(with(1, 9), Err(PackError::Method { got: 9 }));
    for length in 0..packed.len() {
        assert!(unpack(&packed[..length], 100).is_err(), "{length} bytes");
    }
}
