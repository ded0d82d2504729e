//! How long batches of a realistic flow are.

use crate::flow::{Flow, Mix, plain_bytes};
use ashlar_batch::codec::{decode_all, encode};

fn measured(name: &str, mix: Mix, commands: usize) -> f64 {
    let mut flow = Flow::new(mix);
    flow.batch(50_000);
    let batch = flow.batch(commands);
    let bytes = encode(&batch).unwrap();
    assert_eq!(decode_all(&bytes).unwrap(), batch);
    let count = batch.commands() as f64;
    let plain = plain_bytes(&batch) as f64;
    let per_command = bytes.len() as f64 / count;
    println!(
        "{name}: {count} commands, {per_command:.2} bytes per command, plain {:.2}, ratio {:.2}",
        plain / count,
        plain / bytes.len() as f64
    );
    per_command
}

#[test]
fn bytes_per_command() {
    assert!(measured("single/300", Mix::SINGLE, 300) < 12.0);
    assert!(measured("single/1000", Mix::SINGLE, 1_000) < 9.0);
    assert!(measured("single/10000", Mix::SINGLE, 10_000) < 6.55);
    assert!(measured("bulk64/300", Mix::BULK, 300) < 5.5);
    assert!(measured("bulk64/10000", Mix::BULK, 10_000) < 3.5);
}
