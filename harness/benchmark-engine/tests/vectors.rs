//! The book against data of others: the report streams of a public benchmark, and a real order book after each message.
//!
//! The data is not part of the project. It is looked for in `ASHLAR_VECTORS`, or else in `../shared/vectors` beside the
//! workspace; where it is absent the test says that it was skipped, and why.

use std::fs;
use std::path::{Path, PathBuf};

use ashlar_benchmark_engine::{Engine, Kind, Modify, NewOrder, Record, read, sha256};
use ashlar_book::BookConfig;
use ashlar_types::Side;

const CONFIG: BookConfig = BookConfig::keyed(7);

/// The folder of a kind of data, or a line that says that a test is skipped.
fn folder(name: &str, test: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let vectors = std::env::var_os("ASHLAR_VECTORS").map_or(default, PathBuf::from);
    let folder = vectors.join("orderflow").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {test}: there is no {}; ASHLAR_VECTORS names another folder", folder.display());
    None
}

fn replay(workload: &str) {
    let Some(folder) = folder("engine-benchmark", workload) else { return };
    let messages = read(&folder.join(format!("orders_{workload}_s23_n1000000.bin.xz"))).expect("a workload");
    let mut engine = Engine::new(CONFIG, Vec::new());
    messages.iter().for_each(|message| engine.apply(message));
    let got = sha256(&engine.reports);
    let published = fs::read_to_string(folder.join("correctness_hash.txt")).expect("the published hashes");
    let wanted = published.lines().find(|line| line.contains(workload)).expect("a hash of this workload");
    assert!(wanted.contains(&got), "{workload}: {got} is not in {wanted}");
}

#[test]
fn the_reports_of_the_normal_workload_are_those_published() {
    replay("normal");
}

#[test]
fn the_reports_of_the_static_workload_are_those_published() {
    replay("static");
}

#[path = "lobster/mod.rs"]
mod lobster;

#[test]
fn a_real_book_matches_after_each_message() {
    let Some(folder) = folder("nasdaq-aapl", "lobster") else { return };
    lobster::replay(&folder);
}

/// What the benchmark cannot say is answered and changes nothing.
#[test]
fn what_cannot_be_accepted_is_rejected() {
    let config = BookConfig { orders_max: 2, ..CONFIG };
    let order = |order_id, price, quantity| NewOrder {
        order_id,
        sequence: order_id,
        price,
        quantity,
        side: 0,
        immediate: 0,
        reserved: [0; 2],
    };
    let mut engine = Engine::new(config, Vec::new());
    let answers = |engine: &mut Engine<Vec<Record>>| -> Vec<u8> {
        engine.reports.drain(..).map(|record| record.head as u8).collect()
    };
    for (order, wanted) in [
        (order(1, 100, 5), vec![Kind::Accepted]),
        (order(1, 101, 5), vec![Kind::CancelRejected]),
        (order(2, 0, 5), vec![Kind::CancelRejected]),
        (order(2, -4, 5), vec![Kind::CancelRejected]),
        (order(2, (1 << 47) - 1, 5), vec![Kind::CancelRejected]),
        (order(2, i64::MAX, 5), vec![Kind::CancelRejected]),
        (order(2, 100, 0), vec![Kind::CancelRejected]),
        (order(u64::MAX, (1 << 47) - 2, u32::MAX), vec![Kind::Accepted]),
        (order(3, 7, 1), vec![Kind::Accepted, Kind::Cancelled]),
    ] {
        engine.new_order(&order);
        assert_eq!(answers(&mut engine), wanted.iter().map(|kind| *kind as u8).collect::<Vec<_>>(), "{order:?}");
    }
    engine.modify(&Modify { order_id: 1, sequence: 9, price: -1, quantity: 3, side: 0, reserved: [0; 3] });
    assert_eq!(answers(&mut engine), [Kind::ModifyRejected as u8]);
    assert_eq!((engine.depth(Side::Buy, 100), engine.best(Side::Buy)), (5, Some((1 << 47) - 2)));
    assert_eq!(engine.book().len(), 2);
}
