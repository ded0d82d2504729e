//! What became of executed commands: batches, proofs, L1.

use ashlar_types::{Address, Amount, AssetId, BatchNumber, InboxEntry, InboxIndex, Sequence, Time, WithdrawalIndex};

/// How far a batch has come. Later is larger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stage {
    /// Its bytes, root and header exist.
    Built,
    /// Its data is available.
    Published,
    /// Its header is on L1.
    Committed,
    /// Its proof was accepted on L1.
    Proven,
    /// L1 will not take it back.
    Final,
}

/// How far everything has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tip {
    /// The number of the next command.
    pub next: Sequence,
    /// The time of the last command.
    pub time: Time,
    /// Accounts open.
    pub accounts: u32,
    /// The last batch of each stage, the stages that none has reached left out.
    pub batches: Vec<(Stage, BatchNumber)>,
    /// The last L1 block seen.
    pub l1_block: u64,
    /// The index of the next inbox entry.
    pub inbox_next: InboxIndex,
    /// The index of the next withdrawal.
    pub withdrawal_next: WithdrawalIndex,
    /// Times that L1 left blocks which this node had followed, since it started.
    pub l1_reorgs: u64,
    /// Blocks that it left at most at once.
    pub l1_reorg_deepest: u64,
}

/// By what a batch is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchKey {
    /// By its number.
    Number(BatchNumber),
    /// By a command in it.
    Sequence(Sequence),
    /// The last one committed up to this L1 block.
    L1Block(u64),
    /// The last one that has come so far.
    Last(Stage),
}

/// A transaction on L1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct L1Transaction {
    /// Its hash.
    pub hash: [u8; 32],
    /// In which block.
    pub block: u64,
}

/// What a transaction on L1 cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paid {
    /// Which.
    pub hash: [u8; 32],
    /// Units of gas that it used.
    pub gas_used: u64,
    /// What each of them cost, in wei.
    pub gas_price: u128,
    /// What its blobs cost in all, in wei.
    pub blob_cost: u128,
}

/// Something that waits to be done on L1, or is on its way there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxFacts {
    /// What it is, for people.
    pub label: String,
    /// The nonce that it has; none while no transaction was made for it.
    pub nonce: Option<u64>,
    /// The transactions made for it, the oldest first; one of them at most is ever mined.
    pub transactions: Vec<[u8; 32]>,
    /// The block that it is in, if it is in one that is not final yet.
    pub block: Option<u64>,
    /// When the last transaction for it was made, in milliseconds since 1970.
    pub offered_ms: Option<u64>,
}

/// A proof as it was accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProofFacts {
    /// Of which kind, in the words that every screen shows.
    pub kind: String,
    /// The first batch it proves.
    pub first: BatchNumber,
    /// How many.
    pub count: u32,
    /// Its bytes, if the node keeps them.
    pub bytes: Option<Vec<u8>>,
}

/// How far a proof has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProofStep {
    /// The batch waits for others to be proven with.
    Gathered,
    /// It waits for a worker.
    Waiting,
    /// A worker proves it.
    Proving {
        /// Its name.
        worker: String,
        /// Since when, in milliseconds.
        since_ms: u64,
        /// How long it is expected to take, if that was ever measured.
        expected_ms: Option<u64>,
        /// So many steps, by the worker's word.
        done: u64,
        /// Of so many; 0 if nobody knows.
        of: u64,
        /// What is going on.
        stage: String,
    },
    /// A proof is here and is being verified.
    Verifying,
    /// It is verified and stored.
    Proven {
        /// When, in milliseconds.
        at_ms: u64,
        /// How long it took, in milliseconds.
        took_ms: u64,
        /// Cycles of the guest; 0 if they were not counted.
        cycles: u64,
        /// The most bytes of memory that were held; 0 if that was not measured.
        memory_bytes: u64,
        /// Addresses of those who have signed that they verified it, where L1 counts signatures.
        signers: Vec<Address>,
        /// How many must.
        threshold: u32,
    },
    /// It cannot be proven: the guest refuses it.
    Refused {
        /// Why.
        why: String,
    },
}

/// How the proof of a batch stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProofStanding {
    /// The first batch under the same proof.
    pub first: BatchNumber,
    /// The last one.
    pub last: BatchNumber,
    /// By which proof system.
    pub backend: String,
    /// Of which kind, in the words that every screen shows.
    pub kind: String,
    /// What believing it rests on, in plain words.
    pub trust: String,
    /// The program, as its proof system names it.
    pub program: [u8; 32],
    /// How far it has come.
    pub step: ProofStep,
}

/// A batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchFacts {
    /// Which.
    pub number: BatchNumber,
    /// How far it has come.
    pub stage: Stage,
    /// The words of its header, 32 bytes each (docs/spec/batch.md).
    pub header: Vec<[u8; 32]>,
    /// The hash of the header.
    pub hash: [u8; 32],
    /// The number of its first command.
    pub first: Sequence,
    /// The number of the first command after it.
    pub next: Sequence,
    /// The time of its first input.
    pub first_time: Time,
    /// The time of its last input.
    pub last_time: Time,
    /// Bytes of its data.
    pub data_bytes: u64,
    /// Where it was committed.
    pub commit: Option<L1Transaction>,
    /// Where it was proven.
    pub prove: Option<L1Transaction>,
    /// Where it was finalized.
    pub finalize: Option<L1Transaction>,
    /// What proves it.
    pub proof: Option<ProofFacts>,
}

/// That a command did what its receipt says: hash the leaf, climb the path to the receipts root of the header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommandProof {
    /// The command.
    pub sequence: Sequence,
    /// Its batch, and where on L1 that stands.
    pub batch: BatchFacts,
    /// The leaf: the receipt without its number, then the events.
    pub leaf: Vec<u8>,
    /// Where the leaf stands.
    pub index: u32,
    /// Digests beside the way up, the one next to the leaf first.
    pub siblings: Vec<Vec<u8>>,
}

/// The way from a withdrawal to the withdrawals root that L1 holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageProof {
    /// The batch it left with.
    pub batch: BatchNumber,
    /// Where the leaf stands.
    pub index: u32,
    /// Digests beside the way up, the one next to the leaf first.
    pub siblings: Vec<Vec<u8>>,
    /// The root it leads to.
    pub root: Vec<u8>,
}

/// A withdrawal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WithdrawalFacts {
    /// Which.
    pub index: WithdrawalIndex,
    /// To whom.
    pub to: Address,
    /// Of what.
    pub asset: AssetId,
    /// How much.
    pub amount: Amount,
    /// The command that made it.
    pub sequence: Sequence,
    /// How far its batch has come, if it is in one.
    pub stage: Option<Stage>,
    /// Whether it was claimed on L1, as far as the node has seen.
    pub claimed: bool,
    /// Its proof, once its batch is built.
    pub proof: Option<MessageProof>,
}

/// An entry of the L1 inbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InboxFacts {
    /// Which.
    pub index: InboxIndex,
    /// The L1 time of its block: deadlines count from here.
    pub time: Time,
    /// What it says.
    pub entry: InboxEntry,
    /// The L1 block it is in.
    pub l1_block: u64,
    /// The transaction it came with.
    pub transaction: [u8; 32],
    /// The command that consumed it, if it was.
    pub sequence: Option<Sequence>,
}

/// One row of a batch's coded data, as its stores have it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowFacts {
    /// Rows that the batch has, data and code together.
    pub rows: u32,
    /// The row with its path to the header's commitment: the canonical bytes of a chunk (SPEC X-14).
    pub chunk: Vec<u8>,
}

/// Where the data of batches is kept, as far as this node has met the stores since it started.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CustodyFacts {
    /// Stores that must confirm a batch before it counts as published.
    pub needed: u32,
    /// Custodians whose signatures L1 asks for; 0 where it asks for none.
    pub signers: u32,
    /// Each store.
    pub stores: Vec<StoreFacts>,
    /// Batches and who signed for them, the newest first.
    pub receipts: Vec<(BatchNumber, Address)>,
}

/// One store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreFacts {
    /// Its name.
    pub name: String,
    /// The last batch that it confirmed, and when, in milliseconds since 1970.
    pub confirmed: Option<(BatchNumber, u64)>,
    /// Batches in a row that it did not confirm.
    pub missed: u64,
    /// Why, the last time.
    pub reason: Option<String>,
    /// Answers that were right.
    pub right: u64,
    /// Answers in which something was wrong.
    pub wrong: u64,
    /// Questions without an answer since the last one that had one.
    pub silent: u64,
}
