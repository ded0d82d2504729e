//! Those who speak in a batch: wallets, session keys, the inbox, the operator.

use std::collections::BTreeMap;

use ashlar_batch::{SIGNATURE_BYTES, Timed};
use ashlar_guest::pack_wallet_signature;
use ashlar_types::sign::{SessionSecret, WalletSecret, session_digest, wallet_digest};
use ashlar_types::{
    AccountId, Address, Command, Header, InboxEntry, InboxIndex, Input, KeySlot, Message, Signer, SystemCommand, Time,
    to_bytes,
};

use super::DEPLOYMENT;

/// What lasts from batch to batch: time, the inbox, nonces.
#[derive(Clone, Debug)]
pub struct Book {
    time: u64,
    inbox: u64,
    nonces: BTreeMap<(u32, Option<u8>), u64>,
}

/// The inputs of one batch and their signatures, as they are said.
#[derive(Debug)]
pub struct Flow {
    pub book: Book,
    pub inputs: Vec<Timed>,
    pub signatures: Vec<[u8; SIGNATURE_BYTES]>,
}

pub fn slot(number: u8) -> KeySlot {
    KeySlot::new(number).expect("a slot")
}

pub fn account(number: u32) -> AccountId {
    AccountId::new(number).expect("an account")
}

/// The secret of a session key; each account and slot has its own.
pub fn session(account: u32, slot: u8) -> SessionSecret {
    let mut secret = [0x21; 32];
    (secret[0], secret[1]) = (account as u8, slot);
    SessionSecret::new(&secret).expect("a secret")
}

/// The wallet of the owner of an account.
pub fn wallet(account: u32) -> WalletSecret {
    let mut secret = [0x42; 32];
    secret[0] = account as u8;
    WalletSecret::new(&secret).expect("a secret")
}

pub fn owner(account: u32) -> Address {
    wallet(account).address()
}

impl Book {
    pub fn new() -> Book {
        Book { time: 1_000, inbox: 0, nonces: BTreeMap::new() }
    }

    /// Goes back to the nonces of an earlier moment.
    pub fn forget_nonces(&mut self, earlier: Book) {
        self.nonces = earlier.nonces;
    }

    pub fn begin(self) -> Flow {
        Flow { book: self, inputs: Vec::new(), signatures: Vec::new() }
    }
}

impl Flow {
    pub fn now(&mut self) -> Time {
        self.book.time += 1;
        Time::new(self.book.time).expect("a time")
    }

    pub fn inbox(&mut self, entry: InboxEntry) {
        let time = self.now();
        let input = Input::Inbox { index: InboxIndex::new(self.book.inbox), time, entry };
        self.book.inbox += 1;
        self.inputs.push(Timed { time, input });
    }

    pub fn system(&mut self, command: SystemCommand) {
        let time = self.now();
        self.inputs.push(Timed { time, input: Input::System(command) });
    }

    fn message(&mut self, who: u32, signer: Signer, commands: Vec<Command>) -> (Time, Message) {
        let time = self.now();
        let lane = match signer {
            Signer::Owner => None,
            Signer::Session { slot, .. } => Some(slot.get()),
        };
        let nonce = self.book.nonces.entry((who, lane)).or_default();
        *nonce += 1;
        let header = Header { account: account(who), signer, nonce: *nonce, not_after: Time::NEVER };
        (time, Message { header, commands })
    }

    /// A message of a session key in its first epoch.
    pub fn session(&mut self, who: u32, key: u8, commands: Vec<Command>) {
        self.session_of(who, key, 1, commands);
    }

    pub fn session_of(&mut self, who: u32, key: u8, epoch: u32, commands: Vec<Command>) {
        let (time, message) = self.message(who, Signer::Session { slot: slot(key), epoch }, commands);
        let digest = session_digest(&DEPLOYMENT.exchange_id(), &to_bytes(&message));
        self.signatures.push(session(who, key).sign(&digest, &[0; 32]).expect("a signature"));
        self.inputs.push(Timed { time, input: Input::Message(message) });
    }

    /// A message of the owner's wallet.
    pub fn wallet(&mut self, who: u32, command: Command) {
        let (time, message) = self.message(who, Signer::Owner, vec![command]);
        let digest = wallet_digest(&DEPLOYMENT, &message).expect("a wallet's message");
        self.signatures.push(pack_wallet_signature(&wallet(who).sign(&digest)));
        self.inputs.push(Timed { time, input: Input::Message(message) });
    }
}
