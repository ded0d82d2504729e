//! The calls that the client makes and the events that it reads, between the contracts' words and ours.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{SolCall, SolEvent};
use ashlar_batch::{BatchHeader, Hash};
use ashlar_contracts::abi::{IBridge, ISettlement};
use ashlar_types::{BatchNumber, InboxIndex};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::l1::Log;

/// Where the contracts of one exchange are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Addresses {
    /// Commit, prove, finalize.
    pub settlement: Address,
    /// Money in and out.
    pub bridge: Address,
    /// Who checks proofs.
    pub registry: Address,
    /// The timelock.
    pub governance: Address,
    /// What went wrong.
    pub incidents: Address,
    /// The block in which the last of them was deployed: nothing of theirs is before it but their constructors' events.
    pub deployed_block: u64,
}

/// How the data of a batch is published.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DataRef {
    /// In the call itself.
    Calldata {
        /// The batch's bytes.
        content: Bytes,
    },
    /// In blobs of the same transaction.
    Blobs {
        /// The batch's bytes; they are cut into blobs here.
        content: Bytes,
    },
    /// With custodians.
    Custody {
        /// Levels of the tree over the data rows.
        height: u8,
        /// The right siblings above the data root, the lowest first.
        siblings: Vec<B256>,
        /// 65 bytes each, in ascending order of the signers' addresses.
        signatures: Bytes,
    },
}

/// Which proof: its number in the registry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ProofType(pub u8);

/// How a committed batch's data was published, as the contract says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DataKind {
    /// In the calldata of the commit.
    Calldata,
    /// With custodians.
    Custody,
    /// In blobs that nothing binds to the data root.
    UnboundBlobs,
}

/// An inbox entry was added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryAdded {
    /// Its place.
    pub index: u64,
    /// The chained hash with it.
    pub hash: Hash,
    /// Its bytes.
    pub entry: Bytes,
    /// The transaction it came with.
    pub tx: B256,
}

/// What the contracts said in one event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// Of the bridge.
    EntryAdded(EntryAdded),
    /// A batch was committed.
    Committed {
        /// What was committed; its hash is checked here.
        header: Box<BatchHeader>,
        /// The hash of the header.
        hash: Hash,
        /// Where the data is.
        kind: DataKind,
        /// The blobs' versioned hashes.
        blobs: Vec<B256>,
    },
    /// Batches were proven.
    Proven {
        /// By which proof.
        proof_type: ProofType,
        /// The first.
        first: BatchNumber,
        /// The last.
        last: BatchNumber,
        /// The last one's header hash.
        last_hash: Hash,
    },
    /// Batches became final in the contract.
    Finalized {
        /// The first.
        first: BatchNumber,
        /// The last.
        last: BatchNumber,
        /// Inbox entries consumed up to there.
        inbox_next: InboxIndex,
    },
    /// Batches were taken back by the contract.
    Reverted {
        /// The first.
        first: BatchNumber,
        /// The last.
        last: BatchNumber,
    },
    /// Commit, prove and finalize are paused.
    Paused {
        /// Until when, in seconds.
        until: u64,
    },
    /// They are not any more.
    Unpaused,
    /// Two proofs contradict each other.
    Contradicted {
        /// About which batch.
        number: BatchNumber,
    },
    /// The bridge is frozen.
    Frozen {
        /// By which missed entry.
        index: u64,
    },
    /// It is not any more.
    Thawed,
    /// The exchange has ended: everyone leaves from this batch's state.
    RootFixed {
        /// The last batch.
        batch: BatchNumber,
    },
}

/// Why an event cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("an event of {address} in transaction {tx} cannot be read: {reason}; the contract is of another version")]
pub struct FactError {
    /// Of which contract.
    pub address: Address,
    /// In which transaction.
    pub tx: B256,
    /// What is wrong.
    pub reason: String,
}

/// What an event says, if it is one that matters here.
pub fn fact(addresses: &Addresses, log: &Log) -> Result<Option<Fact>, FactError> {
    let error = |reason: String| FactError { address: log.address, tx: log.tx, reason };
    let Some(topic) = log.topics.first() else { return Ok(None) };
    if log.address == addresses.bridge {
        return bridge_fact(*topic, log).map_err(|found| error(found.to_string()));
    }
    if log.address != addresses.settlement {
        return Ok(None);
    }
    if *topic == ISettlement::BatchCommitted::SIGNATURE_HASH {
        return committed(log).map(Some).map_err(error);
    }
    settlement_fact(*topic, log).map_err(|found| error(found.to_string()))
}

fn decode<T: SolEvent>(log: &Log) -> alloy::sol_types::Result<T> {
    T::decode_raw_log_validate(log.topics.iter().copied(), &log.data)
}

fn bridge_fact(topic: B256, log: &Log) -> alloy::sol_types::Result<Option<Fact>> {
    Ok(Some(match topic {
        IBridge::EntryAdded::SIGNATURE_HASH => {
            let event: IBridge::EntryAdded = decode(log)?;
            Fact::EntryAdded(EntryAdded {
                index: event.index,
                hash: Hash(event.hash.0),
                entry: event.entry,
                tx: log.tx,
            })
        }
        IBridge::Frozen::SIGNATURE_HASH => Fact::Frozen { index: decode::<IBridge::Frozen>(log)?.index },
        IBridge::Thawed::SIGNATURE_HASH => Fact::Thawed,
        IBridge::RootFixed::SIGNATURE_HASH => {
            Fact::RootFixed { batch: BatchNumber::new(decode::<IBridge::RootFixed>(log)?.batch) }
        }
        _ => return Ok(None),
    }))
}

fn settlement_fact(topic: B256, log: &Log) -> alloy::sol_types::Result<Option<Fact>> {
    Ok(Some(match topic {
        ISettlement::BatchesProven::SIGNATURE_HASH => {
            let event: ISettlement::BatchesProven = decode(log)?;
            Fact::Proven {
                proof_type: ProofType(event.proofType),
                first: BatchNumber::new(event.first),
                last: BatchNumber::new(event.last),
                last_hash: Hash(event.lastHash.0),
            }
        }
        ISettlement::BatchesFinalized::SIGNATURE_HASH => {
            let event: ISettlement::BatchesFinalized = decode(log)?;
            Fact::Finalized {
                first: BatchNumber::new(event.first),
                last: BatchNumber::new(event.last),
                inbox_next: InboxIndex::new(event.inboxNext),
            }
        }
        ISettlement::BatchesReverted::SIGNATURE_HASH => {
            let event: ISettlement::BatchesReverted = decode(log)?;
            Fact::Reverted { first: BatchNumber::new(event.first), last: BatchNumber::new(event.last) }
        }
        ISettlement::ContradictionProven::SIGNATURE_HASH => {
            Fact::Contradicted { number: BatchNumber::new(decode::<ISettlement::ContradictionProven>(log)?.number) }
        }
        ISettlement::Paused::SIGNATURE_HASH => {
            Fact::Paused { until: decode::<ISettlement::Paused>(log)?.until.to::<u64>() }
        }
        ISettlement::Unpaused::SIGNATURE_HASH => Fact::Unpaused,
        _ => return Ok(None),
    }))
}

fn committed(log: &Log) -> Result<Fact, String> {
    let event: ISettlement::BatchCommitted = decode(log).map_err(|error| error.to_string())?;
    let words = alloy::sol_types::SolValue::abi_encode(&event.header);
    let header: BatchHeader = ashlar_types::from_bytes(&words).map_err(|error| error.to_string())?;
    let hash = header.hash();
    if hash.0 != event.headerHash.0 {
        return Err(format!("its header hashes to {hash:?}, and it says {}", event.headerHash));
    }
    let kind = match event.kind {
        0 => DataKind::Calldata,
        1 => DataKind::Custody,
        2 => DataKind::UnboundBlobs,
        other => return Err(format!("data kind {other}")),
    };
    Ok(Fact::Committed { header: Box::new(header), hash, kind, blobs: event.blobs })
}

/// A header in the contract's words.
pub fn header_words(header: &BatchHeader) -> ISettlement::Header {
    ISettlement::Header {
        version: header.version,
        exchangeId: header.exchange_id.0.into(),
        number: header.number.get(),
        parentHash: header.parent_hash.0.into(),
        stateBefore: header.state_root_before.to_word().into(),
        stateAfter: header.state_root_after.to_word().into(),
        dataRoot: header.data_root.to_word().into(),
        daCommitment: header.da_commitment.0.into(),
        signaturesRoot: header.signatures_root.to_word().into(),
        receiptsRoot: header.receipts_root.to_word().into(),
        withdrawalsRoot: header.withdrawals_root.to_word().into(),
        withdrawalsNext: header.withdrawals_next.get(),
        inboxNext: header.inbox_next.get(),
        inboxHash: header.inbox_hash.0.into(),
        firstSequence: header.first_sequence.get(),
        nextSequence: header.next_sequence.get(),
        firstTime: header.first_time.get(),
        lastTime: header.last_time.get(),
    }
}

/// The input of the call that commits a batch.
pub fn commit_input(header: &BatchHeader, data: &DataRef) -> Bytes {
    let header = header_words(header);
    match data {
        DataRef::Calldata { content } => {
            ISettlement::commitCalldataCall { header, content: content.clone() }.abi_encode().into()
        }
        DataRef::Blobs { .. } => ISettlement::commitBlobsCall { header }.abi_encode().into(),
        DataRef::Custody { height, siblings, signatures } => {
            let custody = ISettlement::CustodyProof {
                height: *height,
                siblings: siblings.clone(),
                signatures: signatures.clone(),
            };
            ISettlement::commitCustodyCall { header, custody }.abi_encode().into()
        }
    }
}

/// The input of the call that proves batches.
pub fn prove_input(proof_type: ProofType, first: BatchNumber, count: u32, proof: Bytes) -> Bytes {
    ISettlement::proveCall { proofType: proof_type.0, first: first.get(), count, proof }.abi_encode().into()
}

/// The input of the call that makes batches final in the contract.
pub fn finalize_input(last: &BatchHeader) -> Bytes {
    ISettlement::finalizeCall { last: header_words(last) }.abi_encode().into()
}

/// The input of the call that takes back all batches above this one.
pub fn revert_input(kept: &BatchHeader) -> Bytes {
    ISettlement::revertToCall { kept: header_words(kept) }.abi_encode().into()
}

/// Ether is asset's token zero: then the value goes with the call.
pub fn deposit_input(asset: u16, owner: Address, account: u32, amount: U256) -> Bytes {
    IBridge::depositCall { asset, owner, account, amount }.abi_encode().into()
}
