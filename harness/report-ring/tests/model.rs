//! Every order in which two threads can run, as far as the model checker follows them.
//! Run with `RUSTFLAGS="--cfg loom" cargo test -p ashlar-report-ring --test model --release`.
#![cfg(loom)]

use ashlar_report_ring::ring;

/// Blocks hold two records here and a ring two blocks, so six records fill it, wait for it, and come around.
#[test]
fn records_cross_in_order_under_every_interleaving() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let (mut writer, mut reader) = ring::<u32>(4);
        let thread = loom::thread::spawn(move || {
            for k in 0..5 {
                writer.push(k);
            }
            writer.publish();
        });
        let mut next = 0;
        while next < 5 {
            let count = reader.read(3, |_, got| {
                assert_eq!(got, next);
                next += 1;
            });
            if count == 0 {
                loom::thread::yield_now();
            }
        }
        thread.join().unwrap();
    });
}
