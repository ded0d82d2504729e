//! A real proof is walked over to its end, and what makes much of little is refused.

use super::*;

const REAL: &[u8] = include_bytes!("../../../../vectors/openvm/stark.proof");

/// Where the public values of the machine begin in the real proof: a path of 27 commitments, 32 values, a commitment, each list behind its count, and a byte.
const REVEALED: usize = REAL.len() - (4 + 27 * 32 + 4 + 32 * 4 + 32 + 1);

/// More than fits any memory.
const MANY: u32 = u32::MAX;

/// A proof of nothing as numbers of 32 bits, up to its opening.
fn head() -> Vec<u32> {
    let (circuits, public_values, layers) = ([0], [0], [0]);
    let constraints = [0, 0, 0];
    let stacking = [0, 0, 0];
    [&[3u32; 9][..], &circuits, &public_values, &[0; 5], &layers, &constraints, &stacking].concat()
}

/// An opening in one round without folds: so many commitments, queries, and columns of each commitment; trees of one leaf.
fn opening(commitments: u32, queries: u32, widths: &[u32]) -> Vec<u32> {
    [&[0u32, 0, 0, 0][..], &[commitments, queries, 0], widths].concat()
}

fn bytes(parts: &[&[u32]]) -> Vec<u8> {
    parts.concat().into_iter().flat_map(u32::to_le_bytes).collect()
}

/// What a walk over one proof says, and how much it leaves.
fn walked(bytes: &[u8]) -> Result<usize, String> {
    let mut walk = Walk { rest: bytes };
    walk.proof().map(|()| walk.rest.len())
}

#[test]
fn a_real_proof_holds_what_it_says() {
    assert_eq!(check_joined(REAL), Ok(()));
    let (proof, revealed) = REAL.split_at(REVEALED);
    assert_eq!(walked(proof), Ok(0));
    let revealed = &revealed[..revealed.len() - 1];
    let segments = |count: u32, proofs: &[&[u8]]| [&count.to_le_bytes()[..], &proofs.concat(), revealed].concat();
    assert_eq!(check_segments(&segments(1, &[proof])), Ok(()));
    assert_eq!(check_segments(&segments(2, &[proof, proof])), Ok(()));
    for (count, proofs) in [(2, &[proof][..]), (u32::MAX, &[proof, proof]), (1, &[proof, proof])] {
        assert!(check_segments(&segments(count, proofs)).is_err(), "{count}");
    }
}

#[test]
fn what_is_cut_off_or_added_is_refused() {
    for at in (0..REAL.len()).step_by(97).chain(REVEALED..REAL.len()) {
        assert!(check_joined(&REAL[..at]).is_err(), "cut at {at}");
    }
    assert!(check_joined(&[REAL, &[0]].concat()).is_err());
    let deferred = [&REAL[..REAL.len() - 1], &[1], &[0; 8]].concat();
    assert!(check_joined(&deferred).unwrap_err().contains("deferred"));
    assert!(check_joined(&vec![0; JOINED_BYTES_MAX + 1]).unwrap_err().contains("at most"));
}

#[test]
fn what_takes_no_bytes_is_not_counted() {
    let end = [0, 0];
    let fine = bytes(&[&head(), &opening(1, 1, &[1]), &[7], &end]);
    assert_eq!(walked(&fine), Ok(0));
    let (mut circuits, mut rounds) = (head(), head());
    circuits[9] = MANY;
    rounds[19] = MANY;
    let folded = [&[0u32, 40][..], &[0; 8 * 40], &[0], &[0; 40 + 1], &[1, 1, 0, 1]].concat();
    for (what, proof, why) in [
        ("circuits", bytes(&[&circuits, &[0; 64]]), "circuits"),
        ("rounds without values", bytes(&[&rounds, &[0; 64]]), "values of a polynomial"),
        ("commitments without queries", bytes(&[&head(), &opening(MANY, 0, &[]), &end]), "no queries"),
        ("queries of no columns", bytes(&[&head(), &opening(1, MANY, &[0]), &end]), "no columns"),
        ("queries of a column", bytes(&[&head(), &opening(1, MANY, &[1]), &end]), "more follows"),
        ("commitments", bytes(&[&head(), &opening(MANY, MANY, &[1]), &end]), "more follows"),
        ("no commitments", bytes(&[&head(), &opening(0, 1, &[]), &end]), "no commitments"),
        ("rows, by folding them", bytes(&[&head(), &folded, &end]), "more follows"),
    ] {
        let got = walked(&proof).expect_err(what);
        assert!(got.contains(why), "{what}: {got}");
        assert!(check_joined(&proof).is_err() && check_segments(&[&[1, 0, 0, 0][..], &proof].concat()).is_err());
    }
}
