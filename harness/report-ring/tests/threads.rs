//! Records cross from thread to thread whole, once, and in order.
#![cfg(not(loom))]

use ashlar_report_ring::ring;
use proptest::prelude::*;

fn record(k: u64) -> [u64; 4] {
    [k, k.wrapping_mul(0x9E37_79B9_7F4A_7C15), !k, k ^ 0x5555]
}

fn cross(capacity: usize, records: u64, publish_every: u64, max: usize) {
    let (mut writer, mut reader) = ring::<[u64; 4]>(capacity);
    std::thread::scope(|threads| {
        threads.spawn(move || {
            for k in 0..records {
                writer.push(record(k));
                if k % publish_every == 0 {
                    writer.publish();
                }
            }
            writer.publish();
        });
        let mut next = 0;
        while next < records {
            let before = next;
            let count = reader.read(max, |index, got| {
                assert_eq!(index as u64, next - before);
                assert_eq!(got, record(next));
                next += 1;
            });
            assert_eq!(count as u64, next - before);
            if count == 0 {
                std::thread::yield_now();
            }
        }
        assert_eq!(reader.read(max, |_, _| panic!("more than was written")), 0);
    });
}

#[test]
fn many_records_through_a_small_ring() {
    let records = if cfg!(miri) { 1_500 } else { 300_000 };
    cross(1, records, u64::MAX, 256);
    cross(1, records, 1, 7);
}

#[test]
fn nothing_is_seen_before_it_is_published() {
    let (mut writer, mut reader) = ring::<u64>(1);
    writer.push(1);
    assert_eq!(reader.read(9, |_, _| panic!("not published")), 0);
    writer.publish();
    assert_eq!(reader.read(9, |_, got| assert_eq!(got, 1)), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 64 }, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_capacity_and_any_rhythm(capacity in 0_usize..3_000, records in 0_u64..4_000, every in 1_u64..300, max in 1_usize..400) {
        let records = if cfg!(miri) { records / 10 } else { records };
        cross(capacity, records, every, max);
    }
}
