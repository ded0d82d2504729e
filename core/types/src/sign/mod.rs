//! Who said it: session keys with BIP-340 Schnorr, wallets with EIP-712 typed data (docs/spec/signatures.md).
//!
//! 1. What is signed binds the domain, the exchange, the account, the signer's slot and epoch, the nonce, the deadline
//!    and every command (G-4, G-12).
//! 2. One signature alone and many at once are accepted under the same rules: a batch passes exactly if each of its
//!    signatures would, except with a probability below 2^-100 (G-8, G-9).
//! 3. Checking never panics, whatever the bytes, and is not constant-time: everything it reads is public. Signing is.
//! 4. A wallet's signature has one form: low `s`, and nothing that moves funds or grants power is signed unread (G-13, G-15).

mod batch;
mod curve;
mod error;
mod multiply;
mod native;
mod schnorr;
mod session;
mod typed;
mod wallet;

pub use batch::{find_invalid, verify_batch};
pub use curve::Curve;
pub use error::{BatchError, SignatureError};
pub use native::Native;
pub use schnorr::{SchnorrSigned, SessionSecret, verify};
pub use session::{session_digest, session_prefix, verify_session};
pub use typed::{domain_separator, wallet_digest};
pub use wallet::{WalletSecret, recover, recover_owner};
