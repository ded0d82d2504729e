//! Who runs the exchange: orders entries and messages into batches, publishes, commits, proves and finalizes.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use alloy::primitives::{Bytes, U256, keccak256};
use ashlar_batch::{BatchHeader, PublicValues, Signatures, Timed};
use ashlar_coding::Expansion;
use ashlar_da::{Availability, Disk, Store};
use ashlar_devnet::DEVELOPMENT_ACCOUNTS;
use ashlar_exchange::Genesis;
use ashlar_guest::{NativePlatform, check, pack_wallet_signature};
use ashlar_prover::Capture;
use ashlar_settlement::contract::{DataRef, ProofType};
use ashlar_settlement::fees::Urgency;
use ashlar_settlement::inbox::PlacedEntry;
use ashlar_settlement::outbox::{GasLimit, Intent, IntentId};
use ashlar_settlement::rpc::{Endpoint, PoolConfig, RpcL1};
use ashlar_settlement::signer::LocalKey;
use ashlar_settlement::{Config, Handle, Settlement, SettlementEvent, Status, StopReason};
use ashlar_state::Serial;
use ashlar_types::{Address as Owner, BatchNumber, Deployment, Input, Message, Receipt, Time, to_bytes};
use commonware_runtime::{Supervisor as _, tokio as runtime};
use sha2::{Digest as _, Sha256};

use crate::traders::Said;
use crate::venue::{ENTRIES, governed};
use crate::world::{OPERATOR, World};

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// The proof that a development exchange takes, and its program's name.
const PROOF: ProofType = ProofType(0);
const FOLDERS: usize = 4;

pub struct Operator<'a> {
    world: &'a World,
    client: Handle,
    events: ashlar_settlement::Events,
    /// Kept, so that the client lives as long as its operator.
    _task: commonware_runtime::Handle<StopReason>,
    stores: Availability,
    capture: Capture,
    parent: BatchHeader,
    /// Entries that may be consumed.
    inbox: VecDeque<PlacedEntry>,
    values: BTreeMap<u64, PublicValues>,
    pub receipts: Vec<Receipt>,
    /// The bytes of the last batch.
    pub bytes: Vec<u8>,
    /// Whether data goes into blobs, or into calldata.
    pub blobs: bool,
}

impl<'a> Operator<'a> {
    pub async fn start(context: &runtime::Context, world: &'a World) -> Operator<'a> {
        // The first of the endpoints is a port that nobody serves: every story is told over a failover.
        let endpoint = |url: &str| Endpoint::new(url, Duration::from_secs(10)).expect("a URL");
        let endpoints = vec![endpoint("http://127.0.0.1:1"), endpoint(&world.chain.url())];
        let l1 = RpcL1::new(endpoints, PoolConfig { chain_id: 31_337, quorum: 1 });
        let key = alloy::hex::encode(DEVELOPMENT_ACCOUNTS[OPERATOR].development_key);
        let key = LocalKey::from_hex(&key, "the development account").expect("a key");
        let config = Config { poll_every: Duration::from_millis(50), ..Config::new(31_337, world.addresses) };
        let started = Settlement::start(context.child("settlement"), l1, key, config).await;
        let Settlement { handle, events, task } = started.expect("starts");
        let disk = |folder| Box::new(Disk::new(context.child("da"), format!("da-{folder}"))) as Box<dyn Store>;
        let stores = Availability::new((0..FOLDERS).map(disk).collect(), Expansion::Double, FOLDERS).expect("stores");
        let genesis =
            Genesis { house_owner: Owner(world.house.0.0), time: Time::new(world.genesis_ms).expect("a time") };
        let settlement = Owner(world.addresses.settlement.0.0);
        let (capture, parent) = Capture::new(Deployment { chain_id: 31_337, settlement }, &genesis);
        let (inbox, values, receipts) = (VecDeque::new(), BTreeMap::new(), Vec::new());
        let (bytes, blobs) = (Vec::new(), false);
        Operator {
            world,
            client: handle,
            events,
            _task: task,
            stores,
            capture,
            parent,
            inbox,
            values,
            receipts,
            bytes,
            blobs,
        }
    }

    pub const fn deployment(&self) -> Deployment {
        self.capture.deployment()
    }

    /// The last batch.
    pub const fn parent_number(&self) -> BatchNumber {
        self.parent.number
    }

    /// Lists ether, the token and a market between them, through the timelock, and with a fee.
    pub async fn list(&mut self) {
        for input in governed(&self.world.addresses, self.world.token) {
            let intent = Intent {
                id: IntentId(keccak256(&input)),
                label: "govern".into(),
                to: Some(self.world.addresses.governance),
                value: U256::ZERO,
                input,
                blob_content: Bytes::new(),
                gas: GasLimit::Fixed(1_000_000),
                urgency: Urgency::NextBlock,
            };
            self.client.send(intent).await.expect("taken");
        }
        self.entries(ENTRIES).await;
    }

    /// Waits until so many entries of the inbox may be consumed.
    pub async fn entries(&mut self, count: u64) {
        let begun = Instant::now();
        loop {
            while let Some(event) = self.events.try_next() {
                if let SettlementEvent::InboxSafe(entry) = event {
                    self.inbox.push_back(entry);
                }
            }
            let known = self.parent.inbox_next.get() + self.inbox.len() as u64;
            if known >= count {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{known} of {count} entries");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A batch of every entry that waits and these messages, checked, published and committed.
    pub async fn batch(&mut self, said: Vec<Said>) -> BatchHeader {
        let head = Time::new(self.world.chain.time().await * 1_000).expect("a time");
        let time = head.max(self.parent.last_time);
        let entries = std::mem::take(&mut self.inbox).into_iter().map(|placed| Input::Inbox {
            index: placed.index,
            time: placed.time,
            entry: placed.entry,
        });
        let mut signatures = Signatures::new();
        let messages: Vec<Message> = said
            .into_iter()
            .map(|Said { message, signature }| {
                signatures.push(&pack_wallet_signature(&signature)).expect("few signatures");
                message
            })
            .collect();
        let inputs = entries.chain(messages.into_iter().map(Input::Message)).map(|input| Timed { time, input });
        let stores = &self.stores;
        let commit = |bytes: &[u8]| stores.code(bytes).expect("coded").commitment().to_hash();
        let captured =
            self.capture.capture(&self.parent, self.parent.version, inputs.collect(), &signatures, commit, &Serial);
        let captured = captured.expect("a batch");
        let values = check(&captured.guest_input(), &mut NativePlatform::default()).expect("the guest accepts it");
        let header = captured.header;
        self.values.insert(header.number.get(), values);
        self.receipts = captured.answers.iter().map(|(receipt, _)| *receipt).collect();
        self.stores.publish(header.number, &captured.batch, &signatures).await.expect("published");
        self.bytes = captured.batch;
        let content = Bytes::copy_from_slice(&self.bytes);
        let data = if self.blobs { DataRef::Blobs { content } } else { DataRef::Calldata { content } };
        self.client.commit(&header, data).await.expect("taken");
        self.parent = header;
        self.until(|status| status.committed >= header.number.get()).await;
        header
    }

    /// Proves and finalizes everything up to this batch.
    pub async fn settle(&mut self, upto: BatchNumber) {
        let status = self.client.status().await.expect("runs");
        let first = status.proven.first().map_or(0, |(_, last)| *last) + 1;
        for number in first..=upto.get() {
            let values = self.values.get(&number).expect("checked");
            let mut vouch = Sha256::new();
            vouch.update(Sha256::digest(b"ashlar development key: execute-only program"));
            vouch.update(to_bytes(values));
            let proof = Bytes::copy_from_slice(&vouch.finalize());
            self.client.prove(PROOF, BatchNumber::new(number), 1, proof).await.expect("taken");
        }
        self.until(|status| status.proven.iter().any(|(_, last)| *last >= upto.get())).await;
        self.client.finalize(upto).await.expect("taken");
        self.until(|status| status.finalized_batch >= upto.get()).await;
    }

    async fn until(&mut self, reached: impl Fn(&Status) -> bool) {
        let begun = Instant::now();
        loop {
            let status = self.client.status().await.expect("the client runs");
            if reached(&status) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{status:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
