//! The typed data (EIP-712) that a wallet shows and signs.

use alloc::vec::Vec;

use sha3::{Digest, Keccak256};

use super::SignatureError;
use crate::command::{CancelFilter, Command, Message, Signer};
use crate::domain::{Deployment, Domain};
use crate::encode::to_bytes;

/// The fields of EIP-712's own domain type that this exchange fills.
const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const NAME: &str = "Ashlar";
const VERSION: &str = "1";

/// What a session key of the slot may do, and until when. `expires` and `notAfter` are milliseconds since 1970.
const REGISTER_KEY: &str = "RegisterKey(uint32 account,uint8 slot,bytes32 publicKey,uint8 scopes,uint64 expires,\
                            uint64 nonce,uint64 notAfter)";
const REVOKE_KEY: &str = "RevokeKey(uint32 account,uint8 slot,uint64 nonce,uint64 notAfter)";
const OPEN_SUB_ACCOUNT: &str = "OpenSubAccount(uint32 account,uint64 nonce,uint64 notAfter)";
const KILL_SWITCH: &str = "KillSwitch(uint32 account,bool stop,uint64 nonce,uint64 notAfter)";
const WITHDRAW: &str = "Withdraw(uint32 account,uint16 asset,uint64 amount,uint64 nonce,uint64 notAfter)";
const TRANSFER: &str = "Transfer(uint32 account,uint32 to,uint16 asset,uint64 amount,uint64 nonce,uint64 notAfter)";
const CANCEL_ALL: &str = "CancelAll(uint32 account,uint64 nonce,uint64 notAfter)";
const COMMANDS: &str = "Commands(uint32 account,uint16 count,bytes32 digest,uint64 nonce,uint64 notAfter)";

/// The digest that the owner's wallet signs for a message (G-12): of its own readable type if the message holds one
/// command that has such a type, else of `Commands`.
pub fn wallet_digest(deployment: &Deployment, message: &Message) -> Result<[u8; 32], SignatureError> {
    if message.header.signer != Signer::Owner {
        return Err(SignatureError::WrongScheme);
    }
    let fields = match message.commands.as_slice() {
        [command] => readable(command),
        _ => None,
    };
    let fields = match fields {
        Some(fields) => fields,
        None => opaque(deployment, message)?,
    };
    let hash = keccak(&[&keccak(&[fields.of_type.as_bytes()]), &fields.body(message)]);
    Ok(keccak(&[&[0x19, 0x01], &domain_separator(deployment), &hash]))
}

/// The separator of the exchange's EIP-712 domain: its name, version, chain and settlement contract.
pub fn domain_separator(deployment: &Deployment) -> [u8; 32] {
    keccak(&[
        &keccak(&[DOMAIN_TYPE.as_bytes()]),
        &keccak(&[NAME.as_bytes()]),
        &keccak(&[VERSION.as_bytes()]),
        &word(deployment.chain_id),
        &left_padded(&deployment.settlement.0),
    ])
}

/// A typed struct: the type's text, and the fields between `account` and `nonce`, one word each.
struct Fields {
    of_type: &'static str,
    words: Vec<[u8; 32]>,
}

impl Fields {
    fn of(of_type: &'static str, words: &[[u8; 32]]) -> Fields {
        Fields { of_type, words: words.into() }
    }

    /// Every type begins with the account and ends with nonce and deadline.
    fn body(&self, message: &Message) -> Vec<u8> {
        let header = &message.header;
        let mut body = Vec::with_capacity(32 * (self.words.len() + 3));
        body.extend_from_slice(&word(header.account.get().into()));
        body.extend(self.words.iter().flatten());
        body.extend_from_slice(&word(header.nonce));
        body.extend_from_slice(&word(header.not_after.get()));
        body
    }
}

fn readable(command: &Command) -> Option<Fields> {
    Some(match command {
        Command::RegisterKey(grant) => Fields::of(
            REGISTER_KEY,
            &[word(grant.slot.get().into()), grant.public, word(grant.scopes.0.into()), word(grant.expires.get())],
        ),
        Command::RevokeKey(slot) => Fields::of(REVOKE_KEY, &[word(slot.get().into())]),
        Command::OpenSubAccount => Fields::of(OPEN_SUB_ACCOUNT, &[]),
        Command::KillSwitch { stop } => Fields::of(KILL_SWITCH, &[word((*stop).into())]),
        Command::Withdraw { asset, amount } => Fields::of(WITHDRAW, &[word(asset.get().into()), word(amount.get())]),
        Command::Transfer { to, asset, amount } => {
            Fields::of(TRANSFER, &[word(to.get().into()), word(asset.get().into()), word(amount.get())])
        }
        Command::CancelAll(filter) if *filter == CancelFilter::ALL => Fields::of(CANCEL_ALL, &[]),
        _ => return None,
    })
}

/// Trading commands, which a wallet cannot show in words, under a digest of the whole message.
fn opaque(deployment: &Deployment, message: &Message) -> Result<Fields, SignatureError> {
    if let Some(command) = message.commands.iter().position(must_be_read) {
        return Err(SignatureError::MustStandAlone { command });
    }
    let digest = Domain::WALLET_COMMANDS.hash(&[&deployment.exchange_id().0, &to_bytes(message)]);
    Ok(Fields::of(COMMANDS, &[word(message.commands.len() as u64), digest]))
}

/// Whether a command moves funds, grants power or ends a stop, so that its owner must be able to read it (G-15).
fn must_be_read(command: &Command) -> bool {
    match command {
        Command::RegisterKey(_)
        | Command::RevokeKey(_)
        | Command::OpenSubAccount
        | Command::KillSwitch { .. }
        | Command::Withdraw { .. }
        | Command::Transfer { .. } => true,
        Command::Place(_)
        | Command::Cancel(_)
        | Command::Reduce { .. }
        | Command::Replace { .. }
        | Command::CancelPlace { .. }
        | Command::CancelAll(_)
        | Command::MassQuote { .. }
        | Command::OneCancelsOther(_)
        | Command::DeadMan(_)
        | Command::Sweep(_) => false,
    }
}

fn word(value: u64) -> [u8; 32] {
    left_padded(&value.to_be_bytes())
}

fn left_padded<const N: usize>(bytes: &[u8; N]) -> [u8; 32] {
    let mut word = [0; 32];
    word[32 - N..].copy_from_slice(bytes);
    word
}

fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Keccak256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
