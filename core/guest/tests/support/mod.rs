//! Records batches over a map, as a node does, and hands them on as a guest is given them.

mod scenario;
mod speakers;
mod stream;

use ashlar_batch::codec::encode;
use ashlar_batch::merkle::Digest;
use ashlar_batch::{
    Batch, BatchHeader, Hash, InboxChain, Signatures, Timed, Withdrawal, data_root, receipts_tree, withdrawals_tree,
};
use ashlar_exchange::{Exchange, Genesis, LeafStore, Line, Listed, OrderIndex, RecordingLists};
use ashlar_guest::{GuestInput, VERSION, consult, encode_lists};
use ashlar_state::{Digest as StateDigest, Map, Recorder, Serial, Sha256Node, Witness};
use ashlar_types::{
    Address, BatchNumber, Deployment, Event, ExchangeId, Input, Receipt, Sequence, Time, WithdrawalIndex,
};

pub use scenario::{opening, trading};
pub use speakers::{Book, Flow};

/// Where the tests' exchange settles.
pub const DEPLOYMENT: Deployment = Deployment { chain_id: 31_337, settlement: Address([0x5e; 20]) };

/// A node in so far as it makes batches.
#[derive(Debug)]
pub struct Node {
    map: Map<Sha256Node>,
    index: OrderIndex,
    /// The header of the last batch.
    pub header: BatchHeader,
}

/// One batch with everything that a guest needs.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub deployment: Deployment,
    pub parent: BatchHeader,
    pub header: BatchHeader,
    pub batch: Vec<u8>,
    pub signatures: Vec<u8>,
    pub witness: Witness,
    pub lists: Vec<Vec<Listed>>,
    pub words: Vec<u64>,
    pub receipts: Vec<(Receipt, Vec<Event>)>,
}

impl Recorded {
    /// The id of the same contract's exchange on another chain.
    pub fn exchange_id_of(chain_id: u64) -> ExchangeId {
        Deployment { chain_id, ..DEPLOYMENT }.exchange_id()
    }

    pub fn input(&self) -> GuestInput<'_> {
        GuestInput {
            deployment: self.deployment,
            parent: self.parent,
            header: self.header,
            batch: &self.batch,
            signatures: &self.signatures,
            witness: self.witness.view(),
            lists: &self.words,
        }
    }
}

fn of_state(digest: StateDigest) -> Digest {
    Digest::from_words(*digest.words()).expect("a digest ends in a zero byte")
}

impl Node {
    /// A new exchange.
    pub fn new() -> Node {
        Node::with(&Genesis { house_owner: Address([0x0f; 20]), time: Time::new(1_000).expect("a time") })
    }

    /// A new exchange of this genesis.
    pub fn with(genesis: &Genesis) -> Node {
        let (mut map, mut index) = (Map::new(), OrderIndex::new());
        let mut store = LeafStore::open(Recorder::new(&map), &mut index);
        genesis.write(&mut store);
        let (changes, _) = store.close().0.finish();
        map.apply(&changes, &Serial).expect("changes ascend");
        let header = BatchHeader::genesis(VERSION, DEPLOYMENT.exchange_id(), of_state(map.root()), genesis.time);
        Node { map, index, header }
    }

    /// Makes a batch of what was said.
    pub fn seal(&mut self, flow: Flow) -> Recorded {
        let Flow { inputs, signatures, .. } = flow;
        let parent = self.header;
        let mut lines = Vec::new();
        let mut exchange =
            Exchange::new(LeafStore::open(Recorder::new(&self.map), RecordingLists::new(&mut self.index)));
        for Timed { time, input } in &inputs {
            if let Input::Message(message) = input {
                // A signer that does not exist is for the guest to refuse.
                consult(&mut exchange.store, &message.header);
            }
            exchange.apply(*time, input, &mut lines);
        }
        let (recorder, lists) = exchange.store.close();
        let lists = lists.into_given();
        let (changes, witness) = recorder.finish();
        self.map.apply(&changes, &Serial).expect("changes ascend");
        let receipts = by_command(&lines);
        let mut section = Signatures::new();
        signatures.iter().for_each(|signature| section.push(signature).expect("few signatures"));
        let batch = Batch { first_sequence: parent.next_sequence, inputs };
        let bytes = encode(&batch).expect("the batch is well formed");
        self.header = header(&parent, &batch, &bytes, &section, &receipts, of_state(self.map.root()));
        Recorded {
            deployment: DEPLOYMENT,
            parent,
            header: self.header,
            batch: bytes,
            signatures: section.as_bytes().to_vec(),
            witness,
            words: encode_lists(&lists),
            lists,
            receipts,
        }
    }
}

fn by_command(lines: &[Line]) -> Vec<(Receipt, Vec<Event>)> {
    let (mut commands, mut events) = (Vec::new(), Vec::new());
    for line in lines {
        match line {
            Line::Event(event) => events.push(*event),
            Line::Receipt(receipt) => commands.push((*receipt, std::mem::take(&mut events))),
        }
    }
    commands
}

/// The header, by whole trees where the guest streams.
fn header(
    parent: &BatchHeader,
    batch: &Batch,
    bytes: &[u8],
    signatures: &Signatures,
    receipts: &[(Receipt, Vec<Event>)],
    state_root_after: Digest,
) -> BatchHeader {
    let mut inbox = InboxChain { next: parent.inbox_next, hash: parent.inbox_hash };
    for timed in &batch.inputs {
        if let Input::Inbox { time, entry, .. } = &timed.input {
            inbox = inbox.consume(*time, entry);
        }
    }
    let withdrawals: Vec<_> = receipts.iter().flat_map(|(_, events)| events).filter_map(withdrawal).collect();
    let receipts_root = receipts_tree(receipts.iter().map(|(receipt, events)| (receipt, events.as_slice())))
        .expect("few receipts")
        .root();
    BatchHeader {
        version: VERSION,
        exchange_id: DEPLOYMENT.exchange_id(),
        number: BatchNumber::new(parent.number.get() + 1),
        parent_hash: parent.hash(),
        state_root_before: parent.state_root_after,
        state_root_after,
        data_root: data_root(bytes).expect("the batch has bytes"),
        da_commitment: Hash([0xda; 32]),
        signatures_root: signatures.root(),
        receipts_root,
        withdrawals_root: withdrawals_tree(&withdrawals).expect("few withdrawals").root(),
        withdrawals_next: WithdrawalIndex::new(parent.withdrawals_next.get() + withdrawals.len() as u64),
        inbox_next: inbox.next,
        inbox_hash: inbox.hash,
        first_sequence: parent.next_sequence,
        next_sequence: Sequence::new(parent.next_sequence.get() + batch.commands() as u64),
        first_time: batch.inputs.first().expect("an input").time,
        last_time: batch.inputs.last().expect("an input").time,
    }
}

fn withdrawal(event: &Event) -> Option<Withdrawal> {
    match *event {
        Event::Withdrawn { index, to, asset, amount } => Some(Withdrawal { index, to, asset, amount }),
        _ => None,
    }
}
