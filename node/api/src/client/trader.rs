use ashlar_types::sign::{SessionSecret, session_digest};
use ashlar_types::{AccountId, Command, ExchangeId, Header, KeySlot, Message, Signer, Time, to_bytes};

use super::error::ClientError;
use crate::door::{Signature, Signed};

/// A session key that signs messages and counts their nonces.
#[derive(Clone, Debug)]
pub struct Trader {
    exchange: ExchangeId,
    account: AccountId,
    slot: KeySlot,
    epoch: u32,
    secret: SessionSecret,
    nonce: u64,
}

impl Trader {
    /// The key of this slot in its epoch; `nonce` is the highest one it has used.
    pub fn new(
        exchange: ExchangeId,
        account: AccountId,
        slot: KeySlot,
        epoch: u32,
        secret: SessionSecret,
        nonce: u64,
    ) -> Trader {
        Trader { exchange, account, slot, epoch, secret, nonce }
    }

    /// Signs commands under the next nonce; the message is void from `not_after` on.
    pub fn sign(&mut self, commands: Vec<Command>, not_after: Time) -> Result<Signed, ClientError> {
        self.nonce = self.nonce.saturating_add(1);
        let signer = Signer::Session { slot: self.slot, epoch: self.epoch };
        let header = Header { account: self.account, signer, nonce: self.nonce, not_after };
        let message = Message { header, commands };
        let digest = session_digest(&self.exchange, &to_bytes(&message));
        // BIP-340's nonce is derived from key and message; zeros for the auxiliary bytes are safe.
        let signature = self.secret.sign(&digest, &[0; 32]).map_err(|error| ClientError::Sign(error.to_string()))?;
        Signed::new(message, Signature::Session(signature)).map_err(|refusal| ClientError::Sign(refusal.to_string()))
    }
}
