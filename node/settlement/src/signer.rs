//! Who signs transactions, without the key ever being shown.

use std::fmt;
use std::future::Future;

use alloy::primitives::{Address, B256, Signature};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use thiserror::Error;

/// Signs hashes of transactions for one account. A key in this process and a remote service both fit.
pub trait Signer: Clone + Send + Sync + 'static {
    /// The account.
    fn address(&self) -> Address;

    /// Signs the hash of a transaction.
    fn sign(&self, hash: B256) -> impl Future<Output = Result<Signature, SignerError>> + Send;
}

/// Why there is no signature. The key's text is never part of it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SignerError {
    /// No key where one was looked for.
    #[error("there is no signing key in {source_name}; set it, or name a file that holds one")]
    Missing {
        /// Where it was looked for.
        source_name: String,
    },
    /// What is there is no key.
    #[error("what {source_name} holds is not a signing key of 32 bytes in hexadecimal")]
    Malformed {
        /// Where it was found.
        source_name: String,
    },
    /// The remote side did not sign.
    #[error("the remote signer did not sign: {reason}")]
    Remote {
        /// Its words.
        reason: String,
    },
}

/// A key in this process.
#[derive(Clone)]
pub struct LocalKey(PrivateKeySigner);

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").field("address", &self.0.address()).field("key", &"redacted").finish()
    }
}

impl LocalKey {
    /// From 32 bytes in hexadecimal, with or without `0x`; `source_name` says in an error where they came from.
    pub fn from_hex(text: &str, source_name: &str) -> Result<LocalKey, SignerError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(SignerError::Missing { source_name: source_name.into() });
        }
        trimmed
            .parse::<PrivateKeySigner>()
            .map(LocalKey)
            .map_err(|_| SignerError::Malformed { source_name: source_name.into() })
    }

    /// From an environment variable.
    pub fn from_env(variable: &str) -> Result<LocalKey, SignerError> {
        let source_name = format!("the environment variable {variable}");
        match std::env::var(variable) {
            Ok(text) => LocalKey::from_hex(&text, &source_name),
            Err(_) => Err(SignerError::Missing { source_name }),
        }
    }
}

impl Signer for LocalKey {
    fn address(&self) -> Address {
        self.0.address()
    }

    async fn sign(&self, hash: B256) -> Result<Signature, SignerError> {
        self.0.sign_hash_sync(&hash).map_err(|error| SignerError::Remote { reason: error.to_string() })
    }
}

/// What a remote signing service has to do: one question, one answer.
pub trait RemoteSigning: Send + Sync + 'static {
    /// Signs the hash with the key of the account.
    fn sign(
        &self,
        account: Address,
        hash: B256,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Signature, String>> + Send + '_>>;
}

/// A key elsewhere. What comes back is checked: a signature by another key is refused here, not by L1.
#[derive(Clone)]
pub struct RemoteKey {
    account: Address,
    service: std::sync::Arc<dyn RemoteSigning>,
}

impl fmt::Debug for RemoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKey").field("account", &self.account).finish_non_exhaustive()
    }
}

impl RemoteKey {
    /// The key of this account, held by a service.
    pub fn new(account: Address, service: std::sync::Arc<dyn RemoteSigning>) -> RemoteKey {
        RemoteKey { account, service }
    }
}

impl Signer for RemoteKey {
    fn address(&self) -> Address {
        self.account
    }

    async fn sign(&self, hash: B256) -> Result<Signature, SignerError> {
        let remote = |reason: String| SignerError::Remote { reason };
        let signature = self.service.sign(self.account, hash).await.map_err(remote)?;
        match signature.recover_address_from_prehash(&hash) {
            Ok(by) if by == self.account => Ok(signature),
            Ok(by) => Err(remote(format!("it signed as {by}, not as {}", self.account))),
            Err(error) => Err(remote(error.to_string())),
        }
    }
}

/// Either kind of key, for where the kind is configured.
#[derive(Clone, Debug)]
pub enum AnyKey {
    /// In this process.
    Local(LocalKey),
    /// Elsewhere.
    Remote(RemoteKey),
}

impl Signer for AnyKey {
    fn address(&self) -> Address {
        match self {
            Self::Local(key) => key.address(),
            Self::Remote(key) => key.address(),
        }
    }

    async fn sign(&self, hash: B256) -> Result<Signature, SignerError> {
        match self {
            Self::Local(key) => key.sign(hash).await,
            Self::Remote(key) => key.sign(hash).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let text = "0x4646464646464646464646464646464646464646464646464646464646464646";
        let key = LocalKey::from_hex(text, "the test").unwrap();
        let shown = format!("{key:?} {:?}", AnyKey::Local(key.clone()));
        assert!(shown.contains("redacted") && !shown.contains("4646464646"), "{shown}");
        let error = LocalKey::from_hex("0x46zz", "the file key.txt").unwrap_err();
        assert!(!error.to_string().contains("46zz") && error.to_string().contains("key.txt"), "{error}");
        assert!(matches!(LocalKey::from_hex(" ", "x"), Err(SignerError::Missing { .. })));
    }
}
