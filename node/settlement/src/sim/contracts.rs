use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, Bytes, U256, Uint, keccak256};
use alloy::sol_types::{SolCall, SolEvent, SolInterface, SolValue};
use ashlar_batch::{BatchHeader, Hash, InboxChain, entry_bytes};
use ashlar_contracts::abi::{IBridge, ISettlement, IVerifierRegistry};
use ashlar_types::{BatchNumber, InboxEntry, InboxIndex, Time};

use crate::contract::{Addresses, header_words};
use crate::l1::Log;
use crate::versions::Activation;

/// The contracts as far as the client can see them: the rules of order, roles and the inbox, without proofs or money.
#[derive(Clone, Debug)]
pub struct Contracts {
    pub(super) addresses: Addresses,
    pub(super) exchange_id: B256,
    pub(super) operator: Address,
    headers: BTreeMap<u64, B256>,
    committed: u64,
    finalized: u64,
    proven: BTreeMap<u8, u64>,
    inbox: Vec<[u8; 32]>,
    versions: Vec<Activation>,
}

/// What a call left behind.
pub(super) type Effects = Result<Vec<(Address, Vec<B256>, Bytes)>, String>;

impl Contracts {
    /// As they are after deployment.
    pub fn new(addresses: Addresses, operator: Address, genesis: &BatchHeader) -> Contracts {
        Contracts {
            addresses,
            exchange_id: B256::from(genesis.exchange_id.0),
            operator,
            headers: BTreeMap::from([(0, B256::from(genesis.hash().0))]),
            committed: 0,
            finalized: 0,
            proven: BTreeMap::new(),
            inbox: vec![[0; 32]],
            versions: vec![Activation { version: genesis.version, from_batch: BatchNumber::new(0), not_before: 0 }],
        }
    }

    /// The inbox so far.
    pub fn inbox(&self) -> InboxChain {
        let next = InboxIndex::new(self.inbox.len() as u64 - 1);
        InboxChain { next, hash: Hash(self.inbox.last().copied().unwrap_or_default()) }
    }

    /// The last committed batch, its header's hash, and the last final one.
    pub fn batches(&self) -> (u64, B256, u64) {
        (self.committed, self.headers.get(&self.committed).copied().unwrap_or_default(), self.finalized)
    }

    /// Versions that were announced and not taken back, the first one first.
    pub fn versions(&self) -> &[Activation] {
        &self.versions
    }

    /// The last batch proven by a type of proof.
    pub fn proven(&self, kind: u8) -> u64 {
        self.proven.get(&kind).copied().unwrap_or(0)
    }

    /// The header's hash of a committed batch.
    pub fn header(&self, number: u64) -> Option<B256> {
        self.headers.get(&number).copied()
    }

    fn settlement<T: SolEvent>(&self, event: &T) -> (Address, Vec<B256>, Bytes) {
        let data = event.encode_log_data();
        (self.addresses.settlement, data.topics().to_vec(), data.data)
    }

    /// Adds an entry to the inbox in a block of this time.
    pub(super) fn enter(&mut self, entry: &InboxEntry, time: u64) -> Effects {
        let time = Time::new(time.saturating_mul(1_000)).ok_or("time")?;
        let before = self.inbox();
        let after = before.consume(time, entry);
        self.inbox.push(after.hash.0);
        let entry = entry_bytes(before.next, time, entry).into();
        let event = IBridge::EntryAdded { index: before.next.get(), hash: after.hash.0.into(), entry };
        let data = event.encode_log_data();
        Ok(vec![(self.addresses.bridge, data.topics().to_vec(), data.data)])
    }

    /// Governance announces a version, in a block of this time.
    pub(super) fn schedule(&mut self, next: Activation, time: u64) -> Effects {
        let Some(latest) = self.versions.last() else { return Err("no version".into()) };
        if next.version <= latest.version || next.from_batch <= latest.from_batch {
            return Err("Registry_VersionOrder".into());
        }
        if next.not_before < time.max(latest.not_before) {
            return Err("Registry_TooSoon".into());
        }
        self.versions.push(next);
        Ok(Vec::new())
    }

    /// Governance takes the latest version back, in a block of this time.
    pub(super) fn cancel(&mut self, version: u32, time: u64) -> Effects {
        let is_latest = |latest: &&Activation| latest.version == version && time < latest.not_before;
        if self.versions.len() < 2 || self.versions.last().filter(is_latest).is_none() {
            return Err(format!("Registry_AlreadyActive({version})"));
        }
        self.versions.pop();
        Ok(Vec::new())
    }

    /// The version that a batch must have that is committed at this time.
    fn version_for(&self, batch: u64, time: u64) -> u32 {
        let begun = |one: &&Activation| batch >= one.from_batch.get() && time >= one.not_before;
        let last = self.versions.iter().rev().find(begun).or(self.versions.first());
        last.map_or(0, |one| one.version)
    }

    /// A call that changes something, in a block of this time.
    pub(super) fn execute(&mut self, from: Address, to: Option<Address>, input: &[u8], time: u64) -> Effects {
        if to != Some(self.addresses.settlement) {
            return Ok(Vec::new());
        }
        use ISettlement::ISettlementCalls as Calls;
        match Calls::abi_decode(input).map_err(|error| error.to_string())? {
            Calls::commitCalldata(call) => self.commit(from, call.header, 0, time),
            Calls::commitCustody(call) => self.commit(from, call.header, 1, time),
            Calls::commitBlobs(call) => self.commit(from, call.header, 2, time),
            Calls::prove(call) => self.prove(&call),
            Calls::finalize(call) => self.finalize(call.last),
            Calls::revertTo(call) => self.revert(from, call.kept),
            _ => Err("no such call".into()),
        }
    }

    fn commit(&mut self, from: Address, words: ISettlement::Header, kind: u8, time: u64) -> Effects {
        let header: BatchHeader = ashlar_types::from_bytes(&words.abi_encode()).map_err(|error| error.to_string())?;
        let expected = self.committed + 1;
        if from != self.operator {
            return Err(format!("Settlement_NotOperator({from})"));
        }
        if header.number.get() != expected {
            return Err(format!("Settlement_Number({expected}, {})", header.number.get()));
        }
        if self.headers.get(&self.committed).map(|hash| hash.0) != Some(header.parent_hash.0) {
            return Err("Settlement_Parent".into());
        }
        let version = self.version_for(expected, time);
        if header.version != version {
            return Err(format!("Settlement_Version({version}, {})", header.version));
        }
        let consumed = usize::try_from(header.inbox_next.get()).map_err(|error| error.to_string())?;
        if self.inbox.get(consumed) != Some(&header.inbox_hash.0) {
            return Err("Settlement_InboxHash".into());
        }
        let hash = B256::from(header.hash().0);
        self.committed = expected;
        self.headers.insert(expected, hash);
        let header = header_words(&header);
        Ok(vec![self.settlement(&ISettlement::BatchCommitted {
            number: expected,
            headerHash: hash,
            header,
            kind,
            blobs: Vec::new(),
        })])
    }

    fn prove(&mut self, call: &ISettlement::proveCall) -> Effects {
        let expected = self.proven(call.proofType) + 1;
        let last = call.first.saturating_add(u64::from(call.count)).saturating_sub(1);
        if call.first != expected || call.count == 0 {
            return Err(format!("Settlement_Cursor({expected}, {})", call.first));
        }
        if last > self.committed {
            return Err(format!("Settlement_NotCommitted({}, {last})", self.committed));
        }
        self.proven.insert(call.proofType, last);
        Ok(vec![self.settlement(&ISettlement::BatchesProven {
            proofType: call.proofType,
            first: call.first,
            last,
            lastHash: self.headers.get(&last).copied().unwrap_or_default(),
        })])
    }

    fn finalize(&mut self, words: ISettlement::Header) -> Effects {
        let header: BatchHeader = ashlar_types::from_bytes(&words.abi_encode()).map_err(|error| error.to_string())?;
        let number = header.number.get();
        if number <= self.finalized || self.headers.get(&number).map(|hash| hash.0) != Some(header.hash().0) {
            return Err(format!("Settlement_NothingToFinalize({}, {number})", self.finalized));
        }
        if self.proven(0) < number {
            return Err(format!("Settlement_Unproven(0, {}, {number})", self.proven(0)));
        }
        let first = self.finalized + 1;
        self.finalized = number;
        Ok(vec![self.settlement(&ISettlement::BatchesFinalized {
            first,
            last: number,
            stateRoot: header.state_root_after.to_word().into(),
            inboxNext: header.inbox_next.get(),
        })])
    }

    fn revert(&mut self, from: Address, words: ISettlement::Header) -> Effects {
        let header: BatchHeader = ashlar_types::from_bytes(&words.abi_encode()).map_err(|error| error.to_string())?;
        let kept = header.number.get();
        if from != self.operator || kept < self.finalized || kept >= self.committed {
            return Err("Settlement_RevertRange".into());
        }
        let (first, last) = (kept + 1, self.committed);
        self.headers.split_off(&first);
        self.committed = kept;
        self.proven.values_mut().for_each(|proven| *proven = (*proven).min(kept));
        Ok(vec![self.settlement(&ISettlement::BatchesReverted { first, last })])
    }

    /// A call that only asks.
    pub(super) fn answer(&self, to: Option<Address>, input: &[u8]) -> Result<Bytes, String> {
        if to == Some(self.addresses.bridge) {
            let call = IBridge::inboxHashCall::abi_decode(input).map_err(|error| error.to_string())?;
            let hash = usize::try_from(call.count).ok().and_then(|count| self.inbox.get(count)).copied();
            return Ok(IBridge::inboxHashCall::abi_encode_returns(&hash.unwrap_or_default().into()).into());
        }
        if to == Some(self.addresses.registry) {
            return self.registry(input);
        }
        if to != Some(self.addresses.settlement) {
            return Err("no such contract".into());
        }
        use ISettlement::ISettlementCalls as Calls;
        Ok(match Calls::abi_decode(input).map_err(|error| error.to_string())? {
            Calls::exchangeId(_) => ISettlement::exchangeIdCall::abi_encode_returns(&self.exchange_id).into(),
            Calls::bridge(_) => ISettlement::bridgeCall::abi_encode_returns(&self.addresses.bridge).into(),
            Calls::operator(_) => ISettlement::operatorCall::abi_encode_returns(&self.operator).into(),
            Calls::committed(_) => ISettlement::committedCall::abi_encode_returns(&self.committed).into(),
            Calls::finalized(_) => ISettlement::finalizedCall::abi_encode_returns(&self.finalized).into(),
            Calls::headerHash(call) => {
                let hash = self.headers.get(&call.number).copied().unwrap_or_default();
                ISettlement::headerHashCall::abi_encode_returns(&hash).into()
            }
            _ => return Err("no such question".into()),
        })
    }

    /// A question to the registry. Each version needs proofs of type 0, by a program of its own.
    fn registry(&self, input: &[u8]) -> Result<Bytes, String> {
        use IVerifierRegistry::IVerifierRegistryCalls as Calls;
        let is_listed = |version: u32| self.versions.iter().any(|one| one.version == version);
        Ok(match Calls::abi_decode(input).map_err(|error| error.to_string())? {
            Calls::activations(_) => {
                let listed = self.versions.iter().map(|one| IVerifierRegistry::Activation {
                    version: one.version,
                    fromBatch: one.from_batch.get(),
                    notBefore: Uint::from(one.not_before),
                });
                IVerifierRegistry::activationsCall::abi_encode_returns(&listed.collect::<Vec<_>>()).into()
            }
            Calls::required(call) => {
                let mask = U256::from(u8::from(is_listed(call.version)));
                IVerifierRegistry::requiredCall::abi_encode_returns(&mask).into()
            }
            Calls::program(call) if is_listed(call.version) && call.proofType == 0 => {
                let name = Contracts::program_of(call.version);
                let program = IVerifierRegistry::Program {
                    proofType: 0,
                    programHash: name,
                    verifier: self.addresses.registry,
                    key: name,
                };
                IVerifierRegistry::programCall::abi_encode_returns(&program).into()
            }
            Calls::program(call) => return Err(format!("Registry_NoProgram({}, {})", call.version, call.proofType)),
            _ => return Err("no such question".into()),
        })
    }

    /// The name of the program that proves a version.
    pub fn program_of(version: u32) -> B256 {
        keccak256(format!("the program of version {version}"))
    }

    pub(super) fn log((address, topics, data): (Address, Vec<B256>, Bytes), tx: B256, index: u64) -> Log {
        Log { address, topics, data, tx, index }
    }
}
