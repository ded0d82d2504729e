//! What a session key signs.

use super::{SchnorrSigned, SignatureError, verify};
use crate::command::{Message, Signer};
use crate::domain::{Domain, ExchangeId};
use crate::encode::{Sha256Prefix, Writer, to_bytes};

/// The first 64 bytes of what is hashed: domain and exchange. One SHA-256 block, the same for every message.
pub fn session_prefix(exchange: &ExchangeId) -> [u8; 64] {
    let mut prefix = [0; 64];
    prefix[..32].copy_from_slice(Domain::SESSION_MESSAGE.bytes());
    prefix[32..].copy_from_slice(&exchange.0);
    prefix
}

/// The digest that a session key signs for the canonical bytes of a message, as `to_bytes` gives them (G-4).
///
/// The bytes hold account, slot, epoch, nonce, deadline and commands, so the digest binds them all.
pub fn session_digest(exchange: &ExchangeId, message_bytes: &[u8]) -> [u8; 32] {
    let mut written = Writer::with_capacity(message_bytes.len());
    written.bytes(message_bytes);
    Sha256Prefix::new(&session_prefix(exchange)).finish_bytes(&written)
}

/// Checks the signature of a message by a session key, which the caller has looked up by account, slot and epoch.
pub fn verify_session(
    exchange: &ExchangeId,
    message: &Message,
    public: &[u8; 32],
    signature: &[u8; 64],
) -> Result<(), SignatureError> {
    if !matches!(message.header.signer, Signer::Session { .. }) {
        return Err(SignatureError::WrongScheme);
    }
    let digest = session_digest(exchange, &to_bytes(message));
    verify(&SchnorrSigned { public: *public, message: &digest, signature: *signature })
}
