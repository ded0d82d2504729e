//! What a zkVM may do faster than plain code.

use ashlar_state::{NodeHash, Sha256Node};
use ashlar_types::Address;
use ashlar_types::sign::{Curve, Native, SignatureError, recover};

/// The places where a guest brings circuits of its own. Results must be those of [`NativePlatform`], bit for bit.
pub trait Platform {
    /// The hash of the state's trie.
    type Node: NodeHash;
    /// The curve of session keys, with the hash under their signatures.
    type Curve: Curve;

    /// The curve.
    fn curve(&mut self) -> &mut Self::Curve;

    /// The address whose wallet made this signature (`r`, `s`, `v`) of this digest, by the rules of G-13.
    fn recover(&mut self, digest: &[u8; 32], signature: &[u8; 65]) -> Result<Address, SignatureError>;
}

/// Plain code: of an execute-only prover, and of tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativePlatform(Native);

impl Platform for NativePlatform {
    type Node = Sha256Node;
    type Curve = Native;

    fn curve(&mut self) -> &mut Native {
        &mut self.0
    }

    fn recover(&mut self, digest: &[u8; 32], signature: &[u8; 65]) -> Result<Address, SignatureError> {
        recover(digest, signature)
    }
}
