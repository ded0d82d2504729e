//! Checks batches inside OpenVM: reads, runs, commits (docs/spec/guest.md).
#![no_std]
#![no_main]

extern crate alloc;

mod circuits;
mod memory;
mod runtime;

use ashlar_guest::{Platform, check_packed};
use ashlar_guest_curve::HintedCurve;
use ashlar_state::Sha256Node;
use ashlar_types::sign::SignatureError;
use ashlar_types::{Address, to_bytes};

/// SHA-256 and Keccak come by the crates that take the place of `sha2` and `keccak`, so only the curve is named here.
struct OpenVm<'a>(HintedCurve<'a, circuits::OpenVmCircuits>);

impl<'a> Platform for OpenVm<'a> {
    type Node = Sha256Node;
    type Curve = HintedCurve<'a, circuits::OpenVmCircuits>;

    fn curve(&mut self) -> &mut Self::Curve {
        &mut self.0
    }

    fn recover(&mut self, digest: &[u8; 32], signature: &[u8; 65]) -> Result<Address, SignatureError> {
        self.0.recover(digest, signature)
    }
}

fn main() -> ! {
    circuits::set_up();
    let (packed, hints) = (runtime::read_words(), runtime::read_words());
    match check_packed(&packed, &mut OpenVm(HintedCurve::new(&hints))) {
        Ok(values) => runtime::commit(&to_bytes(&values)),
        // The host has run the same check and knows why; text for it would be code that is proven about.
        Err(_) => runtime::fail(),
    }
}
