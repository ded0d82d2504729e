//! A node in so far as it makes batches.

use ashlar_batch::codec::encode;
use ashlar_batch::merkle::Digest;
use ashlar_batch::{
    Batch, BatchHeader, Hash, InboxChain, ReceiptsRoot, SIGNATURE_BYTES, Signatures, Timed, Withdrawal,
    WithdrawalsRoot, data_root,
};
use ashlar_exchange::{Exchange, Genesis, LeafStore, Line, OrderIndex, RecordingLists, Store};
use ashlar_guest::{GuestInput, VERSION, consult, encode_lists, words_to_bytes};
use ashlar_prover_wire::Evidence;
use ashlar_state::{Digest as StateDigest, Map, Overlay, Recorder, Serial, Sha256Node, Witness};
use ashlar_types::{Address, Deployment, Event, Input, Sequence, WithdrawalIndex, to_bytes};

/// Where the exchange of these batches settles: a development chain.
pub const DEPLOYMENT: Deployment = Deployment { chain_id: 31_337, settlement: Address([0x5e; 20]) };

/// The exchange between batches.
#[derive(Debug)]
pub struct Node {
    map: Map<Sha256Node>,
    index: OrderIndex,
    header: BatchHeader,
}

/// One batch with everything that a guest needs.
#[derive(Clone, Debug)]
pub struct Recorded {
    parent: BatchHeader,
    /// The header of the batch.
    pub header: BatchHeader,
    batch: Vec<u8>,
    signatures: Vec<u8>,
    witness: Witness,
    lists: Vec<u64>,
    /// What was answered.
    pub lines: Vec<Line>,
}

impl Recorded {
    /// As a guest is given it.
    pub fn input(&self) -> GuestInput<'_> {
        GuestInput {
            deployment: DEPLOYMENT,
            parent: self.parent,
            header: self.header,
            batch: &self.batch,
            signatures: &self.signatures,
            witness: self.witness.view(),
            lists: &self.lists,
        }
    }

    /// As a coordinator sends it to a prover.
    pub fn evidence(&self) -> Evidence {
        Evidence {
            chain_id: DEPLOYMENT.chain_id,
            settlement: DEPLOYMENT.settlement.0,
            parent: to_bytes(&self.parent),
            header: to_bytes(&self.header),
            batch: self.batch.clone(),
            signatures: self.signatures.clone(),
            witness: self.witness.to_bytes(),
            lists: words_to_bytes(&self.lists),
        }
    }

    /// The bytes of the batch.
    pub fn batch(&self) -> &[u8] {
        &self.batch
    }

    /// The header before.
    pub const fn parent(&self) -> &BatchHeader {
        &self.parent
    }
}

fn of_state(digest: StateDigest) -> Digest {
    Digest::from_words(*digest.words()).expect("a digest ends in a zero byte")
}

impl Node {
    /// A new exchange.
    pub fn new(genesis: &Genesis) -> Node {
        let (mut map, mut index) = (Map::new(), OrderIndex::new());
        let mut store = LeafStore::open(Recorder::new(&map), &mut index);
        genesis.write(&mut store);
        let (changes, _) = store.close().0.finish();
        map.apply(&changes, &Serial).expect("changes ascend");
        let header = BatchHeader::genesis(VERSION, DEPLOYMENT.exchange_id(), of_state(map.root()), genesis.time);
        Node { map, index, header }
    }

    /// How many leaves the state has.
    pub fn leaves(&self) -> usize {
        self.map.len()
    }

    /// Lives through inputs that nobody will prove, as they come, and shows what each came to.
    pub fn live(&mut self, next: &mut dyn FnMut() -> Option<Timed>, seen: &mut dyn FnMut(&Line)) {
        self.run(next, seen, true);
    }

    /// Tries inputs as they come, and forgets them again.
    pub fn try_out(&mut self, next: &mut dyn FnMut() -> Option<Timed>, seen: &mut dyn FnMut(&Line)) {
        self.run(next, seen, false);
    }

    fn run(&mut self, next: &mut dyn FnMut() -> Option<Timed>, seen: &mut dyn FnMut(&Line), keep: bool) {
        let mut index = self.index.clone();
        let mut exchange = Exchange::new(LeafStore::open(Overlay::new(&self.map), &mut index));
        let mut lines: Vec<Line> = Vec::new();
        while let Some(Timed { time, input }) = next() {
            exchange.apply(time, &input, &mut lines);
            lines.drain(..).for_each(|line| seen(&line));
        }
        let clock = *exchange.store.clock();
        let changes = exchange.store.close().0.into_changes();
        if keep {
            self.map.apply(&changes, &Serial).expect("changes ascend");
            self.index = index;
            // A header that no batch led to: the next batch begins here as if at a genesis.
            self.header = BatchHeader {
                withdrawals_next: WithdrawalIndex::new(clock.withdrawals),
                inbox_next: ashlar_types::InboxIndex::new(clock.inbox_cursor),
                next_sequence: Sequence::new(clock.next_sequence),
                ..BatchHeader::genesis(VERSION, DEPLOYMENT.exchange_id(), of_state(self.map.root()), clock.time)
            };
        }
    }

    /// Makes a batch.
    pub fn seal(&mut self, inputs: Vec<Timed>, signatures: &[[u8; SIGNATURE_BYTES]]) -> Recorded {
        let parent = self.header;
        let mut lines = Vec::new();
        let mut exchange =
            Exchange::new(LeafStore::open(Recorder::new(&self.map), RecordingLists::new(&mut self.index)));
        for Timed { time, input } in &inputs {
            if let Input::Message(message) = input {
                consult(&mut exchange.store, &message.header);
            }
            exchange.apply(*time, input, &mut lines);
        }
        let (recorder, lists) = exchange.store.close();
        let lists = encode_lists(&lists.into_given());
        let (changes, witness) = recorder.finish();
        self.map.apply(&changes, &Serial).expect("changes ascend");
        let mut section = Signatures::new();
        signatures.iter().for_each(|signature| section.push(signature).expect("few signatures"));
        let batch = Batch { first_sequence: parent.next_sequence, inputs };
        let bytes = encode(&batch).expect("the batch is well formed");
        self.header = header(&parent, &batch, &bytes, &section, &lines, of_state(self.map.root()));
        let signatures = section.as_bytes().to_vec();
        Recorded { parent, header: self.header, batch: bytes, signatures, witness, lists, lines }
    }
}

fn header(
    parent: &BatchHeader,
    batch: &Batch,
    bytes: &[u8],
    signatures: &Signatures,
    lines: &[Line],
    state_root_after: Digest,
) -> BatchHeader {
    let mut inbox = InboxChain { next: parent.inbox_next, hash: parent.inbox_hash };
    for timed in &batch.inputs {
        if let Input::Inbox { time, entry, .. } = &timed.input {
            inbox = inbox.consume(*time, entry);
        }
    }
    let (mut receipts, mut withdrawals, mut events) = (ReceiptsRoot::new(), WithdrawalsRoot::new(), Vec::new());
    let (mut receipts_count, mut withdrawals_count) = (0, 0);
    for line in lines {
        match line {
            Line::Event(event) => {
                if let Event::Withdrawn { index, to, asset, amount } = *event {
                    withdrawals.push(&Withdrawal { index, to, asset, amount });
                    withdrawals_count += 1;
                }
                events.push(*event);
            }
            Line::Receipt(receipt) => {
                receipts.push(receipt, &events);
                receipts_count += 1;
                events.clear();
            }
        }
    }
    BatchHeader {
        version: VERSION,
        exchange_id: DEPLOYMENT.exchange_id(),
        number: parent.number.next(),
        parent_hash: parent.hash(),
        state_root_before: parent.state_root_after,
        state_root_after,
        data_root: data_root(bytes).expect("the batch has bytes"),
        da_commitment: Hash([0xda; 32]),
        signatures_root: signatures.root(),
        receipts_root: receipts.root(),
        withdrawals_root: withdrawals.root(),
        withdrawals_next: WithdrawalIndex::new(parent.withdrawals_next.get() + withdrawals_count),
        inbox_next: inbox.next,
        inbox_hash: inbox.hash,
        first_sequence: parent.next_sequence,
        next_sequence: Sequence::new(parent.next_sequence.get() + receipts_count),
        first_time: batch.inputs.first().expect("a batch has inputs").time,
        last_time: batch.inputs.last().expect("a batch has inputs").time,
    }
}
