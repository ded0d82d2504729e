//! Trains the dictionary of batches on flows of the harness, and writes it: `cargo run -p ashlar-da --example dictionary FILE`.

use ashlar_batch::codec::encode;
use ashlar_batch::{Batch, Timed};
use ashlar_da::pack::to_planes;
use ashlar_harness::HotEngine;
use ashlar_harness::flow::{Flow, Realistic, Shape, record};
use ashlar_types::Sequence;

/// Bytes of a dictionary: what the smallest batches share is far less.
const BYTES: usize = 16 << 10;

fn main() -> std::io::Result<()> {
    let file = std::env::args().nth(1).unwrap_or_else(|| "batches-1.dict".to_owned());
    let mut samples = Vec::new();
    for (seed, markets, accounts) in [(11, 4, 200), (12, 20, 1_000), (13, 100, 10_000)] {
        let mut flow = Realistic::new(Shape::mixed(seed, markets, accounts));
        let mut engine = HotEngine::new(&flow.genesis());
        let setup = flow.setup_len();
        record(&mut flow as &mut dyn Flow, &mut engine, setup);
        for commands in [100, 300, 1_000].into_iter().cycle().take(150) {
            let inputs = record(&mut flow as &mut dyn Flow, &mut engine, commands);
            let inputs = inputs.into_iter().map(|(time, input)| Timed { time, input }).collect();
            let batch = Batch { first_sequence: Sequence::new(1 + samples.len() as u64), inputs };
            samples.push(to_planes(&encode(&batch).map_err(std::io::Error::other)?));
        }
    }
    let dictionary = zstd::dict::from_samples(&samples, BYTES)?;
    println!("{} bytes from {} batches", dictionary.len(), samples.len());
    std::fs::write(file, dictionary)
}
