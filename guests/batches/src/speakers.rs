//! Those who speak in a batch: wallets, session keys, the inbox.

use std::collections::BTreeMap;

use ashlar_batch::{SIGNATURE_BYTES, Timed};
use ashlar_guest::pack_wallet_signature;
use ashlar_types::sign::{SessionSecret, WalletSecret, session_digest, wallet_digest};
use ashlar_types::{
    AccountId, Address, Command, Header, InboxEntry, InboxIndex, Input, KeyGrant, KeySlot, Message, Scopes, Signer,
    Time, to_bytes,
};

use crate::node::DEPLOYMENT;

/// The account of this number.
pub fn account(number: u32) -> AccountId {
    AccountId::new(number).expect("accounts of tests can exist")
}

/// The secret of the session key of an account: a development key.
pub fn session(number: u32) -> SessionSecret {
    let mut secret = [0x21; 32];
    secret[..4].copy_from_slice(&number.to_be_bytes());
    SessionSecret::new(&secret).expect("a secret is below the order")
}

/// The wallet of an owner: a development key.
pub fn wallet(number: u32) -> WalletSecret {
    let mut secret = [0x42; 32];
    secret[..4].copy_from_slice(&number.to_be_bytes());
    WalletSecret::new(&secret).expect("a secret is below the order")
}

/// The address of an owner.
pub fn owner(number: u32) -> Address {
    wallet(number).address()
}

/// What is said, in order, and signed where it must be.
#[derive(Clone, Debug)]
pub struct Speech {
    /// When the next input is said.
    pub time: Time,
    inbox: u64,
    nonces: BTreeMap<(AccountId, bool), u64>,
    keys: BTreeMap<AccountId, SessionSecret>,
    /// What was said since it was last taken.
    pub inputs: Vec<Timed>,
    /// The signatures of its messages.
    pub signatures: Vec<[u8; SIGNATURE_BYTES]>,
}

impl Speech {
    /// From an inbox index and a time on.
    pub fn new(inbox: u64, time: Time) -> Speech {
        Speech {
            time,
            inbox,
            nonces: BTreeMap::new(),
            keys: BTreeMap::new(),
            inputs: Vec::new(),
            signatures: Vec::new(),
        }
    }

    /// An entry of the inbox.
    pub fn inbox(&mut self, entry: InboxEntry) {
        let input = Input::Inbox { index: InboxIndex::new(self.inbox), time: self.time, entry };
        self.inbox += 1;
        self.inputs.push(Timed { time: self.time, input });
    }

    fn message(&mut self, who: AccountId, signer: Signer, commands: Vec<Command>) -> Message {
        let nonce = self.nonces.entry((who, signer == Signer::Owner)).or_default();
        *nonce += 1;
        Message { header: Header { account: who, signer, nonce: *nonce, not_after: Time::NEVER }, commands }
    }

    /// A message that nobody will ask a signature of.
    pub fn unsigned(&mut self, who: AccountId, commands: Vec<Command>) -> Timed {
        let signer = Signer::Session { slot: KeySlot::default(), epoch: 1 };
        Timed { time: self.time, input: Input::Message(self.message(who, signer, commands)) }
    }

    /// A message of an account's session key.
    pub fn session(&mut self, who: AccountId, commands: Vec<Command>) -> Message {
        let message = self.message(who, Signer::Session { slot: KeySlot::default(), epoch: 1 }, commands);
        let digest = session_digest(&DEPLOYMENT.exchange_id(), &to_bytes(&message));
        let key = self.keys.entry(who).or_insert_with(|| session(who.get()));
        self.signatures.push(key.sign(&digest, &[0; 32]).expect("a digest can be signed"));
        self.inputs.push(Timed { time: self.time, input: Input::Message(message.clone()) });
        message
    }

    /// A message of an owner's wallet.
    pub fn wallet(&mut self, who: AccountId, command: Command) {
        let message = self.message(who, Signer::Owner, vec![command]);
        let digest = wallet_digest(&DEPLOYMENT, &message).expect("a wallet may say this");
        self.signatures.push(pack_wallet_signature(&wallet(who.get()).sign(&digest)));
        self.inputs.push(Timed { time: self.time, input: Input::Message(message) });
    }

    /// What registers an account's session key.
    pub fn grant(who: AccountId) -> KeyGrant {
        let public = session(who.get()).public();
        KeyGrant { slot: KeySlot::default(), public, scopes: Scopes::ALL, expires: Time::NEVER }
    }
}
