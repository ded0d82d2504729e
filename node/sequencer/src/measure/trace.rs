//! One id for everything that the log says of a command or a batch.
//!
//! An id is the beginning of a hash that everybody has: of the command, which every receipt shows, or of the batch's header, which is on L1.
//! So whoever holds a receipt finds its lines in the log, and those of several nodes fit together.

use std::fmt;

/// Under this target each line is a step with the time it took: fields `trace`, `step`, `us`. The exporter of traces listens to it.
pub const STEPS: &str = "ashlar::steps";

/// The id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// Of whatever has this hash.
    pub fn of(hash: &[u8; 32]) -> TraceId {
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        TraceId(id)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_beginning_of_its_hash() {
        let hash: [u8; 32] = std::array::from_fn(|at| at as u8);
        assert_eq!(TraceId::of(&hash).to_string(), "000102030405060708090a0b0c0d0e0f");
    }
}
