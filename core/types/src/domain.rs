//! Every hash and signature domain of the protocol, and the name of one exchange.
//!
//! 1. A domain is 32 bytes: an ASCII name ending in its version, filled with zeros. No two are equal (G-1).
//! 2. What is hashed under one domain is never mistaken for what is hashed under another, since the domain comes first and
//!    has a fixed length (G-2).
//! 3. Domain and exchange id together fill one SHA-256 block, so its midstate serves every hash under that pair.

use sha2::{Digest, Sha256};

use crate::ids::Address;

/// What a hash or a signature is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Domain([u8; 32]);

macro_rules! domains {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        impl Domain {
            $($(#[$doc])* pub const $name: Domain = Domain::named($text);)+

            /// Every domain with the name of its constant.
            pub const ALL: &'static [(&'static str, Domain)] = &[$((stringify!($name), Domain::$name)),+];
        }
    };
}

domains! {
    /// The name of one deployed exchange.
    EXCHANGE_ID = "ashlar/exchange-id/1",
    /// What a session key signs: a whole message.
    SESSION_MESSAGE = "ashlar/session-message/1",
    /// What stands in a wallet's typed data for the commands that have no readable form.
    WALLET_COMMANDS = "ashlar/wallet-commands/1",
    /// The coefficients under which many signatures are checked at once.
    SIGNATURE_BATCH = "ashlar/signature-batch/1",
    /// One input as receipts at the door name it.
    COMMAND = "ashlar/command/1",
    /// The chain of receipts given at the door.
    RECEIPT_CHAIN = "ashlar/receipt-chain/1",
    /// What the sequencer signs once per group commit.
    DOOR_SIGNATURE = "ashlar/door-signature/1",
    /// A leaf of a batch's receipts tree.
    RECEIPT_LEAF = "ashlar/receipt-leaf/1",
    /// An inner node of a batch's receipts tree.
    RECEIPT_NODE = "ashlar/receipt-node/1",
    /// A batch header.
    HEADER = "ashlar/header/1",
    /// A row of batch data.
    DATA_LEAF = "ashlar/data-leaf/1",
    /// An inner node over data rows.
    DATA_NODE = "ashlar/data-node/1",
    /// A row of the signatures section.
    SIGNATURES_LEAF = "ashlar/signatures-leaf/1",
    /// An inner node over the rows of the signatures section.
    SIGNATURES_NODE = "ashlar/signatures-node/1",
    /// A commitment to coded data.
    DA_COMMITMENT = "ashlar/da-commitment/1",
    /// The challenges of a data commitment.
    DA_CHALLENGE = "ashlar/da-challenge/1",
    /// Which rows a client samples.
    DA_SAMPLE = "ashlar/da-sample/1",
    /// A leaf of a batch's withdrawals tree.
    WITHDRAWAL_LEAF = "ashlar/withdrawal-leaf/1",
    /// An inner node of a batch's withdrawals tree.
    WITHDRAWAL_NODE = "ashlar/withdrawal-node/1",
    /// The chained hash of the L1 inbox.
    INBOX = "ashlar/inbox/1",
    /// The parameters in force, as a batch states them.
    PARAMETERS = "ashlar/parameters/1",
    /// What a proof exposes.
    PUBLIC_VALUES = "ashlar/public-values/1",
    /// What a signer of attestations signs about a proof it verified.
    ATTESTATION = "ashlar/attestation/1",
    /// What a custodian signs when it holds a batch's data.
    CUSTODY = "ashlar/custody/1",
    /// What a writer signs so that a custodian lets it in.
    DA_WRITE = "ashlar/da-write/1",
    /// An entry of an archive's index, or a node over some.
    ARCHIVE = "ashlar/archive/1",
    /// The first state of an exchange.
    GENESIS = "ashlar/genesis/1",
    /// A group of the journal, and the beginning of one of its segments.
    JOURNAL = "ashlar/journal/1",
    /// A snapshot.
    SNAPSHOT = "ashlar/snapshot/1",
    /// How far each layer of a node has come.
    CURSORS = "ashlar/cursors/1",
    /// Which of its batches a node looks at again.
    SAMPLES = "ashlar/samples/1",
}

impl Domain {
    const fn named(text: &str) -> Domain {
        let name = text.as_bytes();
        assert!(name.len() <= 32, "a domain's name fits its 32 bytes");
        let mut bytes = [0; 32];
        let mut i = 0;
        while i < name.len() {
            assert!(name[i].is_ascii_graphic(), "a domain's name is plain text");
            bytes[i] = name[i];
            i += 1;
        }
        Domain(bytes)
    }

    /// The 32 bytes that come first in whatever is hashed.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The SHA-256 of the domain and then the parts, one after the other. Parts of variable length must say their own.
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut sha = Sha256::new_with_prefix(self.0);
        for part in parts {
            sha.update(part);
        }
        sha.finalize().into()
    }
}

/// Where an exchange settles. Its hash is the exchange's id, and wallets show it as the domain of what they sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deployment {
    /// The L1 chain.
    pub chain_id: u64,
    /// The settlement contract.
    pub settlement: Address,
}

impl Deployment {
    /// `sha256(abi.encode(bytes32 domain, uint256 chainId, address settlement))` (G-3).
    pub fn exchange_id(&self) -> ExchangeId {
        let mut words = [0; 64];
        words[24..32].copy_from_slice(&self.chain_id.to_be_bytes());
        words[44..].copy_from_slice(&self.settlement.0);
        ExchangeId(Domain::EXCHANGE_ID.hash(&[&words]))
    }
}

/// The name of one exchange on one chain. It is in whatever is signed, so that nothing signed for one fits another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExchangeId(pub [u8; 32]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_domains_are_equal() {
        for (i, (name, domain)) in Domain::ALL.iter().enumerate() {
            for (other_name, other) in &Domain::ALL[..i] {
                assert_ne!(domain, other, "{name} and {other_name}");
            }
        }
        assert!(Domain::ALL.len() > 20);
    }

    #[test]
    fn an_exchange_id_depends_on_chain_and_contract() {
        let here = Deployment { chain_id: 1, settlement: Address([7; 20]) };
        assert_ne!(here.exchange_id(), Deployment { chain_id: 2, ..here }.exchange_id());
        assert_ne!(here.exchange_id(), Deployment { settlement: Address([8; 20]), ..here }.exchange_id());
    }
}
