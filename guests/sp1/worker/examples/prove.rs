//! Has a worker prove a small real batch, and refuse every way in which the proof could be of something else.
//!
//! `prove WORKER [--of sample|match|place|...] [--commands N] [--kind compressed|core] [--cancel-first] [--keep FOLDER] [-- OPTION...]` starts the worker as
//! a coordinator does, with the options behind the dashes, and prints one line of JSON with what it took. The batch is of so many commands of one kind, or a
//! sample with a bit of everything. `--keep` writes the proof and what it is of, in the form of `vectors/sp1`, for which something must have been traded.

use std::process::ExitCode;

use ashlar_batch::{ReceiptProof, RowProof, Rows, receipts_tree};
use ashlar_exchange::Line;
use ashlar_guest_worker::{Error, Made, Trial};
use ashlar_prover_wire::ProofKind;
use ashlar_types::{Event, to_bytes};

fn main() -> ExitCode {
    let trial = Trial {
        name: "sp1",
        kinds: &[ProofKind::Compressed, ProofKind::Core],
        of: None,
        commands: 40,
        apart: &[],
        says: "program",
        preamble: 0,
        refuses: |_, _| Ok(()),
        lines,
    };
    trial.main()
}

/// A receipt and a row of the batch, with their paths: what a page shows under a proof.
fn lines(made: &Made) -> Result<Vec<ashlar_guest_worker::Line>, Error> {
    let (receipt, events, receipt_path) = first_trade(&made.recorded.lines)?;
    let rows = Rows::of_batch(made.recorded.batch())?;
    let row_path = rows.tree().and_then(|tree| RowProof::of(&tree, 1)).ok_or("a batch has two rows")?;
    Ok(vec![
        ("receipt", receipt),
        ("events", events),
        ("receipt_path", receipt_path),
        ("row", rows.row(1).ok_or("a batch has two rows")?),
        ("row_path", to_bytes(&row_path)),
    ])
}

/// The receipt of the first command that traded, its events, and the path of both.
fn first_trade(lines: &[Line]) -> Result<(Vec<u8>, Vec<u8>, Vec<u8>), Error> {
    let (mut answers, mut events) = (Vec::new(), Vec::new());
    for line in lines {
        match line {
            Line::Event(event) => events.push(*event),
            Line::Receipt(receipt) => answers.push((*receipt, std::mem::take(&mut events))),
        }
    }
    let tree =
        receipts_tree(answers.iter().map(|(receipt, events)| (receipt, events.as_slice()))).ok_or("an empty batch")?;
    let traded = |events: &[Event]| events.iter().any(|event| matches!(event, Event::Trade(_)));
    let at = answers.iter().position(|(_, events)| traded(events)).ok_or("nothing was traded")?;
    let path = ReceiptProof::of(&tree, at as u32).ok_or("no path")?;
    let (receipt, events) = &answers[at];
    Ok((to_bytes(receipt), events.iter().flat_map(to_bytes).collect(), to_bytes(&path)))
}
