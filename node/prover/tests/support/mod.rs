//! A busy day whose keys are real, so that its signatures are.

use ashlar_batch::{Hash, SIGNATURE_BYTES, Signatures, Timed};
use ashlar_exchange::Genesis;
use ashlar_harness::HotEngine;
use ashlar_harness::flow::{Flow, Realistic, Shape, record};
use ashlar_types::sign::{SessionSecret, session_digest};
use ashlar_types::{AccountId, Address, Deployment, InboxEntry, Input, KeySlot, Signer, to_bytes};

/// Where the tests' exchange settles.
pub const DEPLOYMENT: Deployment = Deployment { chain_id: 31_337, settlement: Address([0x5e; 20]) };

/// Stands for a commitment: something that depends on the bytes.
pub fn commit(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    bytes.iter().zip((0..32).cycle()).for_each(|(byte, at)| hash[at] ^= byte.rotate_left(at as u32 % 8));
    Hash(hash)
}

fn secret(account: AccountId, slot: KeySlot) -> SessionSecret {
    let mut secret = [0x21; 32];
    secret[..4].copy_from_slice(&account.get().to_be_bytes());
    secret[4] = slot.get();
    SessionSecret::new(&secret).expect("a secret")
}

/// Inputs of a busy day with a key of ours in every grant.
pub fn day(seed: u64, accounts: u32, inputs: usize) -> (Genesis, Vec<Timed>) {
    let mut flow = Realistic::new(Shape::mixed(seed, 3, accounts));
    let begin = flow.genesis();
    let mut engine = HotEngine::new(&begin);
    let total = flow.setup_len() + inputs;
    let timed = record(&mut flow as &mut dyn Flow, &mut engine, total);
    let ours = timed.into_iter().map(|(time, mut input)| {
        if let Input::Inbox { entry: InboxEntry::RegisterKey { account, grant, .. }, .. } = &mut input {
            grant.public = secret(*account, grant.slot).public();
        }
        Timed { time, input }
    });
    (begin, ours.collect())
}

/// The signatures of all messages among these inputs.
pub fn sign(inputs: &[Timed]) -> Signatures {
    let mut signatures = Signatures::new();
    for timed in inputs {
        let Input::Message(message) = &timed.input else { continue };
        let Signer::Session { slot, .. } = message.header.signer else { panic!("the flow signs by session keys") };
        let digest = session_digest(&DEPLOYMENT.exchange_id(), &to_bytes(message));
        let signature: [u8; SIGNATURE_BYTES] =
            secret(message.header.account, slot).sign(&digest, &[0; 32]).expect("a signature");
        signatures.push(&signature).expect("few signatures");
    }
    signatures
}
