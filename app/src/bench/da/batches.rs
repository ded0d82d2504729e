//! What a batch of realistic commands takes, and how long it takes to unpack.

use anyhow::Result;
use ashlar_batch::codec::{decode_all, encode};
use ashlar_batch::{Batch, Timed};
use ashlar_harness::flow::Shape;
use ashlar_types::{Sequence, to_bytes};

use super::Watch;
use crate::arguments::DaBenchArguments;
use crate::figures::Figure;
use crate::traffic::{Chunk, Traffic};

/// Bytes of a time in the plain encoding.
const TIME_BYTES: usize = 6;
/// Commands before the batch that is measured, in batches of its size: an exchange that has just begun is not like one that runs.
const BATCHES_BEFORE: usize = 5;

pub fn figures(arguments: &DaBenchArguments, watch: &Watch) -> Result<Vec<Figure>> {
    let mut traffic = Traffic::new(Shape::mixed(arguments.seed, arguments.markets, arguments.accounts));
    traffic.set_up(|_| ());
    let mut chunk = Chunk::default();
    for _ in 0..=BATCHES_BEFORE {
        traffic.fill(&mut chunk, arguments.commands);
    }
    let inputs = chunk.inputs.iter().map(|(time, input)| Timed { time: *time, input: input.clone() }).collect();
    let batch = Batch { first_sequence: Sequence::new(1), inputs };
    let bytes = encode(&batch)?;
    let plain: usize = batch.inputs.iter().map(|timed| TIME_BYTES + to_bytes(&timed.input).len()).sum();
    let commands = batch.commands() as f64;
    let unpack = watch.median(|| Ok(decode_all(&bytes)?))?;
    let figure = |metric, value, unit| {
        let figure = Figure::new("da", metric, value, unit).at("commands", batch.commands()).at("bulk", false);
        figure.at("markets", arguments.markets).at("accounts", arguments.accounts)
    };
    Ok(vec![
        figure("bytes_per_command", bytes.len() as f64 / commands, "B"),
        figure("compression_ratio", plain as f64 / bytes.len() as f64, "1"),
        figure("unpack_ms", unpack * 1e3, "ms"),
    ])
}
