//! Every way in which a proof could be of something else, all of which a worker must refuse.

use ashlar_batch::PublicValues;
use ashlar_batch::merkle::Digest;
use ashlar_guest_batches::Recorded;
use ashlar_prover_wire::{Client, ClientError, Evidence, Failure, FailureKind, Measured, Question};
use ashlar_types::to_bytes;

use crate::started::Started;
use crate::trial::{Error, Made};

/// Bytes of a proof that are altered, each for itself, over its whole length.
const PLACES: usize = 64;

/// Whether a failure says that the proof is none. Everything else says something of the worker, or nothing.
pub const fn is_verdict(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::InvalidProof | FailureKind::WrongProgram | FailureKind::WrongPublicValues)
}

/// These bytes with a bit of one of them altered.
pub fn with(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    altered[at] ^= 1;
    altered
}

/// What a proof would have to say of other batches: each altered in one thing, and which.
pub fn other_values(recorded: &Recorded, public_values: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut others: Vec<_> =
        (0..public_values.len()).map(|at| (format!("byte {at}"), with(public_values, at))).collect();
    let (mut parent, mut header) = (*recorded.parent(), recorded.header);
    parent.state_root_after = nearly(&parent.state_root_after);
    header.parent_hash = parent.hash();
    others.push(("the previous root".to_owned(), to_bytes(&PublicValues::of(&header))));
    let mut header = recorded.header;
    header.data_root = nearly(&header.data_root);
    others.push(("the data root".to_owned(), to_bytes(&PublicValues::of(&header))));
    others
}

/// A digest that is nearly this one.
fn nearly(digest: &Digest) -> Digest {
    let mut words = *digest.words();
    words[0] ^= 1;
    Digest::from_words(words).unwrap_or(*digest)
}

/// Evidence of another previous root, or another data root, is not executed, and so not proven.
pub(crate) fn check_evidence(client: &mut Client, recorded: &Recorded) -> Result<(), Error> {
    let (mut parent, mut header) = (*recorded.parent(), recorded.header);
    parent.state_root_after = nearly(&parent.state_root_after);
    header.data_root = nearly(&header.data_root);
    let of_parent = Evidence { parent: to_bytes(&parent), ..recorded.evidence() };
    let of_header = Evidence { header: to_bytes(&header), ..recorded.evidence() };
    for (what, evidence) in [("previous root", of_parent), ("data root", of_header)] {
        match client.ask(Question::Execute { evidence: vec![evidence] }, |_, _, _| {}) {
            Err(ClientError::Failed(Failure { kind: FailureKind::Refused, .. })) => {}
            other => return Err(format!("evidence with another {what}: {other:?}").into()),
        }
    }
    Ok(())
}

/// The worker accepts the proof, and nothing that differs from it in anything. Its first bytes, as far as they say what it is of, are left to others.
pub(crate) fn check_proof(worker: &mut Started, made: &Made, preamble: usize) -> Result<Measured, Error> {
    let (kind, public_values, proof) = (made.kind, &made.proved.public_values, &made.proved.proof);
    if proof.len() <= preamble {
        return Err(format!("a proof of {} bytes", proof.len()).into());
    }
    // The second time nothing is done for the first time.
    worker.verify(kind, public_values, proof)??;
    let measured = worker.verify(kind, public_values, proof)??;
    for (what, altered) in other_values(&made.recorded, public_values) {
        match worker.verify(kind, &altered, proof)? {
            Err(failure) if failure.kind == FailureKind::WrongPublicValues => {}
            other => return Err(format!("public values altered in {what}: {other:?}").into()),
        }
    }
    let length = proof.len() - preamble;
    // A step that differs, so that every byte of what is four bytes long has its turn.
    let places = (0..PLACES).map(|n| preamble + length / PLACES * n + 21 * n + 4).filter(|at| *at < proof.len());
    for at in places.chain([proof.len() - 1]) {
        match worker.verify(kind, public_values, &with(proof, at))? {
            Err(failure) if is_verdict(&failure) => {}
            other => return Err(format!("proof altered at {at}: {other:?}").into()),
        }
    }
    let longer = [&proof[..], &[0]].concat();
    let word = proof.len().saturating_sub(4);
    for (what, bytes) in [
        ("cut off", &proof[..proof.len() - 1]),
        ("a word too short", &proof[..word]),
        ("empty", &[]),
        ("too long", &longer),
    ] {
        match worker.verify(kind, public_values, bytes)? {
            Err(failure) if failure.kind == FailureKind::InvalidProof => {}
            other => return Err(format!("a proof that is {what}: {other:?}").into()),
        }
    }
    Ok(measured)
}
