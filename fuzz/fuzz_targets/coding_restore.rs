#![no_main]
//! A small batch, coded, its chunks sent in some order and some of them damaged: any enough of those that are accepted restore it and fewer
//! name what is missing; and what was damaged is repaired, as far as half of what is too much.

use ashlar_batch::codec::Preamble;
use ashlar_batch::data_root;
use ashlar_coding::repair::{Check, Reach, Readings};
use ashlar_coding::{Chunk, Coded, CodingError, Collector, Expansion, Plain, Row, Verifier};
use ashlar_types::{from_bytes, to_bytes};

/// Bytes that begin as a batch does.
fn batch(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, 1, 0, 0, 0, 0, 0, 0];
    bytes.extend(((Preamble::BYTES + content.len()) as u32).to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.resize(Preamble::BYTES, 0);
    bytes.extend(content);
    bytes
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(([length, fill, code], steps)) = bytes.split_first_chunk() else { return };
    let content: Vec<u8> = (0..4 * usize::from(*length)).map(|at| (at as u8).wrapping_mul(*fill | 1)).collect();
    let batch = batch(&content);
    let expansion = if code & 1 == 0 { Expansion::Double } else { Expansion::Quadruple };
    let Ok(coded) = Coded::new(&batch, expansion, &Plain) else { panic!("a batch is coded") };
    let (layout, root) = (*coded.manifest().layout(), data_root(&batch).unwrap_or_else(|_| panic!("it is a batch")));
    let Ok(verifier) = Verifier::new(coded.commitment(), root, coded.manifest().clone()) else { panic!("its own") };
    let mut collector = Collector::new(verifier);
    let mut readings = Readings::new(layout);
    let (mut read, mut wrong) = (vec![false; layout.rows()], vec![false; layout.rows()]);
    // Each step sends one row: which, where of its path or bytes it is altered, and by what.
    for [which, at, mask] in steps.as_chunks::<3>().0.iter().take(64) {
        let number = usize::from(*which) % layout.rows();
        let Some(chunk) = coded.chunk(Row::new(number as u16)) else { panic!("a row of the layout") };
        let mut sent = to_bytes(&chunk);
        let place = sent.len() - 1 - (2 * usize::from(*at) + usize::from(mask & 1)) % sent.len();
        sent[place] ^= mask;
        let Ok(chunk) = from_bytes::<Chunk>(&sent) else { continue };
        assert_eq!(collector.add(&chunk).is_ok(), *mask == 0, "what is altered is not accepted, and what is not is");
        if !read[number] {
            readings.doubtful(Row::new(number as u16), chunk.bytes());
            (read[number], wrong[number]) = (true, coded.row(Row::new(number as u16)) != Some(chunk.bytes()));
        }
    }
    let progress = collector.progress();
    match collector.restore(&Plain) {
        Ok(restored) => assert!(progress.is_enough() && restored == batch),
        Err(error) => {
            assert_eq!(error, CodingError::TooFew { need: progress.need, have: progress.have });
            assert_eq!(collector.missing().count(), layout.rows() - progress.have);
        }
    }
    let count = |which: &[bool]| which.iter().filter(|is| **is).count();
    let (read, wrong) = (count(&read), count(&wrong));
    let repaired = readings.repair(&Check::DataRoot(root), Reach::Half, &Plain);
    match repaired {
        Ok(repaired) => assert_eq!(repaired.bytes, batch),
        Err(_) => assert!(read < layout.data_rows() + 2 * wrong, "{wrong} wrong rows of {read} are within half"),
    }
});
