use alloc::vec::Vec;

use ashlar_types::Domain;
use curve25519_dalek::RistrettoPoint;
use sha2::{Digest as _, Sha512};

use crate::IpaError;

/// The most scalars of one commitment.
pub const LENGTH_MAX: usize = 1 << 12;

/// Group elements of which nobody knows a relation: hashes of their numbers.
#[derive(Clone, Debug)]
pub struct Generators {
    pub(crate) of_scalars: Vec<RistrettoPoint>,
    pub(crate) of_value: RistrettoPoint,
}

impl Generators {
    /// For so many scalars: a power of two, up to [`LENGTH_MAX`].
    pub fn new(length: usize) -> Result<Generators, IpaError> {
        if length == 0 || !length.is_power_of_two() || length > LENGTH_MAX {
            return Err(IpaError::Length { max: LENGTH_MAX, got: length });
        }
        let of_scalars = (0..length as u32).map(|number| generator(b"ipa-scalar/1", number)).collect();
        Ok(Generators { of_scalars, of_value: generator(b"ipa-value/1", 0) })
    }

    /// Scalars there are generators for.
    pub fn len(&self) -> usize {
        self.of_scalars.len()
    }

    /// Never: there is one at least.
    pub fn is_empty(&self) -> bool {
        self.of_scalars.is_empty()
    }
}

fn generator(what: &[u8], number: u32) -> RistrettoPoint {
    let hash =
        Sha512::new_with_prefix(Domain::DA_COMMITMENT.bytes()).chain_update(what).chain_update(number.to_le_bytes());
    RistrettoPoint::from_uniform_bytes(&hash.finalize().into())
}
