//! Wallets' signatures.

use ashlar_types::Address;
use ashlar_types::sign::SignatureError;
use sha3::{Digest, Keccak256};

use crate::number::{Modulus, Number, ONE, ZERO, from_bytes, is_below, minus, to_bytes};
use crate::{Affine, Circuits, HintedCurve, Sum};

impl<C: Circuits> HintedCurve<'_, C> {
    /// The address whose wallet made this signature of this digest (G-13).
    ///
    /// Two hints: the y of the commitment, and the inverse of its x modulo the order of the group.
    pub fn recover(&mut self, digest: &[u8; 32], signature: &[u8; 65]) -> Result<Address, SignatureError> {
        let (halves, recovery) = (signature.as_chunks::<32>().0, signature[64]);
        let is_odd = match recovery {
            0 | 27 => false,
            1 | 28 => true,
            got => return Err(SignatureError::UnknownRecovery { got }),
        };
        let [r, s] = [halves[0], halves[1]].map(|half| from_bytes(&half));
        let order = &Modulus::ORDER;
        if [r, s].iter().any(|number| *number == ZERO || !is_below(number, &order.value)) {
            return Err(SignatureError::EcdsaRange);
        }
        // `s` is high if it is above its negation.
        if is_below(&minus(&order.value, &s), &s) {
            return Err(SignatureError::HighS);
        }
        let (Some(y), Some(inverse)) = (self.hint(), self.hint()) else { return Err(SignatureError::Unrecoverable) };
        let commitment = Affine::new::<C>(r, y).filter(|point| (point.y[0] & 1 == 1) == is_odd);
        let commitment = commitment.ok_or(SignatureError::Unrecoverable)?;
        let times = |a: &Number, b: &Number| C::multiply_add(a, b, &ZERO, order);
        if times(&r, &inverse) != ONE {
            return Err(SignatureError::Unrecoverable);
        }
        let of_generator = order.negate(&times(&order.reduce(&from_bytes(digest)), &inverse));
        let key = combine::<C>(&of_generator, &commitment, &times(&s, &inverse));
        if key.is_finite { Ok(address_of(&key.point)) } else { Err(SignatureError::Unrecoverable) }
    }
}

/// `a * generator + b * point`.
fn combine<C: Circuits>(a: &Number, point: &Affine, b: &Number) -> Sum {
    let mut both = Sum { point: Affine::GENERATOR, is_finite: true };
    both.add::<C>(point);
    let mut sum = Sum::default();
    for (a, b) in a.iter().zip(b).rev() {
        for bit in (0..64).rev() {
            sum.double::<C>();
            match (a >> bit & 1, b >> bit & 1) {
                (0, 0) => {}
                (_, 0) => sum.add::<C>(&Affine::GENERATOR),
                (0, _) => sum.add::<C>(point),
                _ if both.is_finite => sum.add::<C>(&both.point),
                _ => {}
            }
        }
    }
    sum
}

/// The last 20 bytes of the Keccak-256 of the coordinates.
fn address_of(key: &Affine) -> Address {
    let hash = Keccak256::new().chain_update(to_bytes(&key.x)).chain_update(to_bytes(&key.y)).finalize();
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    Address(address)
}
