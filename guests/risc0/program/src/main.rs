//! Checks batches inside RISC Zero: reads, runs, commits (docs/spec/guest.md).
#![no_std]
#![no_main]

extern crate alloc;

mod circuits;
mod runtime;

use ashlar_guest::{Platform, check_packed};
use ashlar_guest_curve::HintedCurve;
use ashlar_state::Sha256Node;
use ashlar_types::sign::SignatureError;
use ashlar_types::{Address, to_bytes};

/// This machine has no circuit for SHA-256 or Keccak, so both are the plain code of their crates.
struct RiscZero<'a>(HintedCurve<'a, circuits::RiscZeroCircuits>);

impl<'a> Platform for RiscZero<'a> {
    type Node = Sha256Node;
    type Curve = HintedCurve<'a, circuits::RiscZeroCircuits>;

    fn curve(&mut self) -> &mut Self::Curve {
        &mut self.0
    }

    fn recover(&mut self, digest: &[u8; 32], signature: &[u8; 65]) -> Result<Address, SignatureError> {
        self.0.recover(digest, signature)
    }
}

fn main() -> ! {
    let (packed, hints) = (runtime::read_words(), runtime::read_words());
    match check_packed(&packed, &mut RiscZero(HintedCurve::new(&hints))) {
        Ok(values) => runtime::commit(&to_bytes(&values)),
        // The host has run the same check and knows why; text for it would be code that is proven about.
        Err(_) => runtime::fail(),
    }
}
