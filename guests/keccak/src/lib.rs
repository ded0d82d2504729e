//! Keccak-f[1600] as the crate `keccak` offers it to `sha3`, over the permutation of the zkVM (docs/adr/0013-guests.md).
#![no_std]

/// Twenty-five lanes.
pub type State1600 = [u64; 25];
/// A permutation of them.
pub type Fn1600 = fn(&mut State1600);

unsafe extern "Rust" {
    /// The permutation with 24 rounds. Each guest's runtime defines it.
    safe fn ashlar_keccak_permute(state: &mut State1600);
}

/// Where `sha3` asks for a permutation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keccak;

impl Keccak {
    /// There is nothing to detect.
    pub fn new() -> Keccak {
        Keccak
    }

    /// Calls a closure with the permutation of 24 rounds.
    pub fn with_f1600(&self, f: impl FnOnce(Fn1600)) {
        f(|state| ashlar_keccak_permute(state));
    }
}
