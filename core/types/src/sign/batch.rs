//! Many BIP-340 signatures at once.
//!
//! Each signature says `s·G - e·P - R = 0`. A random linear combination of these is one equation, which holds for all
//! coefficients only if each of them does. The coefficients, 128 bits each, come from a hash of everything they are to
//! weigh, so that no signature can be made to fit them (G-9). The terms of one key are merged.

use alloc::vec::Vec;
use core::ops::Range;

use super::multiply::{Term, sums_to_infinity};
use super::schnorr::ChallengeHash;
use super::{BatchError, Curve, Native, SchnorrSigned, SignatureError, verify};
use crate::domain::Domain;
use crate::encode::{Sha256Prefix, Writer};

/// Below this many, checking one by one is as fast as halving.
const BISECT_MIN: usize = 6;
/// Culprits after which the rest is checked one by one, so that many bad signatures cost no more than that.
const BISECT_CULPRITS_MAX: usize = 4;

/// What is left of a signature once its parts are found well formed.
struct Parsed<C: Curve> {
    commitment: C::Point,
    response: C::Scalar,
    challenge: [u8; 32],
}

fn parse<C: Curve>(
    curve: &mut C,
    hash: &mut ChallengeHash,
    signed: &SchnorrSigned<'_>,
) -> Result<Parsed<C>, SignatureError> {
    Ok(Parsed {
        commitment: curve.lift_x(signed.commitment()).ok_or(SignatureError::CommitmentNotOnCurve)?,
        response: curve.scalar(signed.response()).ok_or(SignatureError::ScalarTooLarge)?,
        challenge: signed.challenge(hash),
    })
}

/// Checks all of them at once: accepts if and only if [`verify`] accepts each, but for a chance below 2^-100.
///
/// None at all are accepted. Keys that appear more than once are cheaper than as many different ones.
pub fn verify_batch<C: Curve>(curve: &mut C, batch: &[SchnorrSigned<'_>]) -> Result<(), BatchError> {
    let mut parsed = Vec::with_capacity(batch.len());
    let mut hash = ChallengeHash::new();
    for (index, signed) in batch.iter().enumerate() {
        parsed.push(parse(curve, &mut hash, signed).map_err(|error| BatchError::Malformed { index, error })?);
    }
    let mut weights = Weights::of(batch, &parsed);
    let mut by_key: Vec<([u64; 4], usize)> =
        batch.iter().enumerate().map(|(index, signed)| (key_words(&signed.public), index)).collect();
    by_key.sort_unstable();

    let zero = curve.scalar_reduced(&[0; 32]);
    let mut generator = zero;
    let (mut full, mut short) = (Vec::new(), Vec::with_capacity(batch.len()));
    for same_key in by_key.chunk_by(|(a, _), (b, _)| a == b) {
        let mut multiple = zero;
        for &(_, index) in same_key {
            let Parsed { commitment, response, challenge } = &parsed[index];
            let weight = weights.next();
            let scalar = weight_scalar(curve, &weight);
            generator = curve.multiply_add(&scalar, response, &generator);
            multiple = curve.multiply_add(&scalar, &curve.scalar_reduced(challenge), &multiple);
            short.push(Term::short(*commitment, weight));
        }
        let (_, index) = same_key[0];
        let key = curve
            .lift_x(&batch[index].public)
            .ok_or(BatchError::Malformed { index, error: SignatureError::PublicKeyNotOnCurve })?;
        full.push(Term::full(curve, key, &multiple));
    }
    let negated = curve.negate(&generator);
    full.push(Term::full(curve, curve.generator(), &negated));
    if sums_to_infinity(curve, &[full, short]) { Ok(()) } else { Err(BatchError::Mismatch) }
}

/// A key as words, in the same order: what differs most often differs in the first.
fn key_words(public: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(public.as_chunks().0) {
        *word = u64::from_be_bytes(*chunk);
    }
    words
}

/// The indices of those that [`verify`] does not accept, in ascending order.
pub fn find_invalid(batch: &[SchnorrSigned<'_>]) -> Vec<usize> {
    let mut culprits = Vec::new();
    let mut formed = Vec::new();
    let mut hash = ChallengeHash::new();
    for (index, signed) in batch.iter().enumerate() {
        match parse(&mut Native, &mut hash, signed) {
            Ok(_) if Native.lift_x(&signed.public).is_some() => formed.push((index, *signed)),
            _ => culprits.push(index),
        }
    }
    let signed: Vec<_> = formed.iter().map(|&(_, signed)| signed).collect();
    let mut mismatched = Vec::new();
    bisect(&signed, 0..signed.len(), &mut mismatched);
    culprits.extend(mismatched.into_iter().map(|place| formed[place].0));
    culprits.sort_unstable();
    culprits
}

fn bisect(batch: &[SchnorrSigned<'_>], range: Range<usize>, culprits: &mut Vec<usize>) {
    if range.len() < BISECT_MIN || culprits.len() >= BISECT_CULPRITS_MAX {
        culprits.extend(range.filter(|&place| verify(&batch[place]).is_err()));
    } else if verify_batch(&mut Native, &batch[range.clone()]).is_err() {
        let middle = range.start + range.len() / 2;
        bisect(batch, range.start..middle, culprits);
        bisect(batch, middle..range.end, culprits);
    }
}

/// The coefficients, drawn from a hash of every challenge and response: a challenge stands for key, commitment and message.
struct Weights {
    prefix: Sha256Prefix,
    drawn: u64,
    spare: Option<[u8; 16]>,
    room: Writer,
}

impl Weights {
    fn of<C: Curve>(batch: &[SchnorrSigned<'_>], parsed: &[Parsed<C>]) -> Weights {
        let mut count = [0; 32];
        count[..8].copy_from_slice(&(batch.len() as u64).to_le_bytes());
        let mut hash = Sha256Prefix::new(&prefix(&count));
        for (signed, parsed) in batch.iter().zip(parsed) {
            let mut block = [0; 64];
            block[..32].copy_from_slice(&parsed.challenge);
            block[32..].copy_from_slice(signed.response());
            hash = hash.then(&block);
        }
        let seed = hash.finish_bytes(&Writer::new());
        Weights { prefix: Sha256Prefix::new(&prefix(&seed)), drawn: 0, spare: None, room: Writer::new() }
    }

    /// The next 128 bits; one hash gives two.
    fn next(&mut self) -> [u8; 16] {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        self.room.clear();
        self.room.u64(self.drawn);
        let bytes = self.prefix.finish_bytes(&self.room);
        self.drawn += 1;
        let (mut first, mut second) = ([0; 16], [0; 16]);
        first.copy_from_slice(&bytes[..16]);
        second.copy_from_slice(&bytes[16..]);
        self.spare = Some(second);
        first
    }
}

fn prefix(context: &[u8; 32]) -> [u8; 64] {
    let mut prefix = [0; 64];
    prefix[..32].copy_from_slice(Domain::SIGNATURE_BATCH.bytes());
    prefix[32..].copy_from_slice(context);
    prefix
}

/// A weight, little-endian, as a scalar.
fn weight_scalar<C: Curve>(curve: &C, weight: &[u8; 16]) -> C::Scalar {
    let mut bytes = [0; 32];
    for (to, from) in bytes[16..].iter_mut().rev().zip(weight) {
        *to = *from;
    }
    curve.scalar_reduced(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::SessionSecret;

    fn first_weights(batch: &[SchnorrSigned<'_>]) -> [[u8; 16]; 3] {
        let hash = &mut ChallengeHash::new();
        let parsed: Vec<_> = batch.iter().map(|signed| parse(&mut Native, hash, signed).unwrap()).collect();
        let mut weights = Weights::of(batch, &parsed);
        core::array::from_fn(|_| weights.next())
    }

    /// If a weight did not depend on some part, that part could be chosen to fit the weights.
    #[test]
    fn weights_depend_on_all_that_they_weigh() {
        let sign = |secret: u8, message: &'static [u8]| {
            let key = SessionSecret::new(&[secret; 32]).unwrap();
            SchnorrSigned { public: key.public(), message, signature: key.sign(message, &[0; 32]).unwrap() }
        };
        let batch = [sign(1, b"a"), sign(2, b"b")];
        let mut seen =
            alloc::vec![first_weights(&batch), first_weights(&batch[..1]), first_weights(&[batch[1], batch[0]])];
        for place in 0..2 {
            let mut changed = batch;
            changed[place].signature[63] ^= 1;
            seen.push(first_weights(&changed));
            let mut changed = batch;
            changed[place].public[0] ^= 1;
            seen.push(first_weights(&changed));
            let mut changed = batch;
            changed[place].message = b"c";
            seen.push(first_weights(&changed));
            let mut changed = batch;
            let (commitment, _) = changed[place].signature.split_at_mut(32);
            commitment.copy_from_slice(&sign(3, b"d").signature[..32]);
            seen.push(first_weights(&changed));
        }
        let mut all: Vec<_> = seen.iter().flatten().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "no weight is drawn twice");
    }
}
