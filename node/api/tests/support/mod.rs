//! A real exchange behind the door, in this process: signatures are checked, commands executed, answers remembered. Batches
//! and L1 are what it does not have, so it knows one batch that it made up of the receipts it gave.
#![allow(dead_code)]

pub mod facts;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use ashlar_api::client::Trader;
use ashlar_api::door::{
    Act, ActError, Acted, Allowance, Answered, BatchFacts, BatchKey, Block, CommandProof, CustodyFacts, Door,
    GroupSeal, InboxFacts, Known, Line, Opening, Operator, Origin, OutboxFacts, Paid, Pending, ProofStanding,
    ProofStep, Refusal, RowFacts, SequenceReceipt, ServiceHealth, ServiceState, Signature, Signed, Stage, StoreFacts,
    Tip, Venue, WithdrawalFacts,
};
use ashlar_api::http::{Api, ApiConfig, Serving};
use ashlar_api::limits::FEED_BLOCKS_MAX;
use ashlar_harness::flow::{Venue as Listings, account_of, owner_of};
use ashlar_harness::{Engine, Genesis, HotEngine, Output};
use ashlar_types::sign::{SessionSecret, verify_session};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, BatchNumber, Deployment, Domain, FeeTier, InboxEntry, InboxIndex, Input,
    KeyGrant, KeySlot, Lots, MarketId, MarketRules, MarketTerms, Ppm, Price, Reason, Scopes, Sequence, Signer,
    SystemCommand, Time, WithdrawalIndex, to_bytes,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::broadcast;

/// When it begins.
pub const BEGINNING_MS: u64 = 1_700_000_000_000;
/// When whoever was refused may ask again.
pub const RETRY_MS: u32 = 250;
/// Where it would settle.
pub const DEPLOYMENT: Deployment = Deployment { chain_id: 31_337, settlement: Address([0xA5; 20]) };

/// The session key of an account of this number. For tests alone.
pub fn secret(number: u32) -> SessionSecret {
    let mut bytes = [0x11; 32];
    bytes[28..].copy_from_slice(&number.to_be_bytes());
    SessionSecret::new(&bytes).expect("a secret")
}

/// Whoever trades for the account of this number, with the highest nonce used so far.
pub fn trader(number: u32, nonce: u64) -> Trader {
    Trader::new(DEPLOYMENT.exchange_id(), account_of(number), KeySlot::FIRST, 1, secret(number), nonce)
}

pub fn market(number: u16) -> MarketId {
    MarketId::new(number).expect("a market")
}
pub fn price(ticks: u64) -> Price {
    Price::new(ticks).expect("a price")
}
pub fn lots(number: u64) -> Lots {
    Lots::new(number).expect("lots")
}

struct Inner {
    engine: HotEngine,
    next: u64,
    time: u64,
    inbox: Vec<(InboxEntry, u64)>,
    link: [u8; 32],
    answered: HashMap<Vec<u8>, Answered>,
    receipts: Vec<Line>,
    acts: Vec<Act>,
    /// Messages that may still come, and how many might at first, if they are counted.
    allowed: Option<(u32, u32)>,
    /// How often it was asked what a batch cost, if nobody answers that.
    unanswered: Option<usize>,
}

/// The exchange.
#[derive(Clone)]
pub struct TestExchange {
    inner: Arc<Mutex<Inner>>,
    feed: broadcast::Sender<Arc<Block>>,
}

impl TestExchange {
    /// Two markets and `accounts` accounts with funds and keys.
    pub fn new(accounts: u32) -> TestExchange {
        let mut listings = Listings::new(Time::new(BEGINNING_MS).expect("a time"));
        let asset = |number| AssetId::new(number).expect("an asset");
        for number in 0..3 {
            listings.asset(asset(number));
        }
        for number in 0..2 {
            let terms = MarketTerms {
                base: asset(1 + number),
                quote: asset(0),
                base_per_lot: 10,
                quote_per_tick: 1,
                fee_cap: Ppm(10_000),
            };
            let rules = MarketRules {
                lots_min: lots(1),
                lots_max: lots(1_000_000),
                band: Ppm(500_000),
                collar: Ppm(100_000),
                orders_max: 1_000,
                schedule: 0,
            };
            listings.market(market(number), terms, rules, price(100));
        }
        listings.fees(0, 0, FeeTier { maker: Ppm(0), maker_rebate: Ppm(0), taker: Ppm(1_000) });
        for number in 1..=accounts {
            for of in 0..3 {
                listings.deposit(number, asset(of), 1 << 40);
            }
            let public = secret(number).public();
            let grant = KeyGrant { slot: KeySlot::FIRST, public, scopes: Scopes::ALL, expires: Time::NEVER };
            let cancel = KeyGrant { slot: KeySlot::new(1).expect("a slot"), scopes: Scopes::CANCEL, ..grant };
            for grant in [grant, cancel] {
                let (owner, account) = (owner_of(number), account_of(number));
                listings.entry(InboxEntry::RegisterKey { owner, account, grant });
            }
        }
        let genesis = listings.genesis();
        let this = TestExchange::empty(&genesis);
        for (_, input) in listings.finish().0 {
            this.execute(input);
        }
        this
    }

    fn empty(genesis: &Genesis) -> TestExchange {
        let inner = Inner {
            engine: HotEngine::new(genesis),
            next: 0,
            time: BEGINNING_MS,
            inbox: Vec::new(),
            link: [0; 32],
            answered: HashMap::new(),
            receipts: Vec::new(),
            acts: Vec::new(),
            allowed: None,
            unanswered: None,
        };
        TestExchange { inner: Arc::new(Mutex::new(inner)), feed: broadcast::channel(FEED_BLOCKS_MAX).0 }
    }

    /// Executes an input as the operator or the inbox.
    pub fn execute(&self, input: Input) -> Vec<Line> {
        self.inner.lock().expect("no panic").execute(input, &self.feed)
    }

    /// Takes no more than so many messages from now on.
    pub fn allow(&self, messages: u32) {
        self.inner.lock().expect("no panic").allowed = Some((messages, messages));
    }

    /// Answers no more what a batch cost. How often that was asked since.
    pub fn leave_costs_unanswered(&self) -> usize {
        *self.inner.lock().expect("no panic").unanswered.get_or_insert(0)
    }

    /// What the operator did.
    pub fn acts(&self) -> Vec<Act> {
        self.inner.lock().expect("no panic").acts.clone()
    }

    /// How the books, orders and accounts are, by the leaves of the state.
    pub fn leaves(&self) -> facts::Leaves {
        facts::Leaves::of(&self.inner.lock().expect("no panic").engine)
    }

    fn opening(&self) -> Opening {
        let inner = self.inner.lock().expect("no panic");
        let mut standing = facts::Leaves::of(&inner.engine).standing();
        standing.next = Sequence::new(inner.next);
        Opening { standing, recalled: None, feed: self.feed.subscribe() }
    }
}

impl Inner {
    fn execute(&mut self, input: Input, feed: &broadcast::Sender<Arc<Block>>) -> Vec<Line> {
        self.time += 1;
        let time = Time::new(self.time).expect("a time");
        if let Input::Inbox { entry, .. } = &input {
            self.inbox.push((entry.clone(), self.next));
        }
        let mut outputs = Vec::new();
        self.engine.apply(time, &input, &mut outputs);
        let lines: Vec<Line> = outputs.into_iter().map(line_of).collect();
        let first = Sequence::new(self.next);
        self.next += lines.iter().filter(|line| matches!(line, Line::Receipt(_))).count() as u64;
        self.receipts.extend(&lines);
        let block = Block { first, inputs: vec![(time, input)], lines: lines.clone() };
        // Nobody may be listening.
        let _ = feed.send(Arc::new(block));
        lines
    }

    fn submit(&mut self, signed: Signed, feed: &broadcast::Sender<Arc<Block>>) -> Result<Answered, Refusal> {
        let key = [signed.bytes(), signed.signature().as_bytes()].concat();
        if let Some(answered) = self.answered.get(&key) {
            return Ok(answered.clone());
        }
        if let Some((remaining, _)) = &mut self.allowed {
            *remaining = remaining.checked_sub(1).ok_or(Refusal::RateLimited { retry_ms: RETRY_MS })?;
        }
        let (message, bytes, signature) = signed.into_parts();
        let Signature::Session(signature) = signature else {
            return Err(Refusal::Closed { why: "this test takes no wallets".into() });
        };
        let Signer::Session { slot, epoch } = message.header.signer else {
            return Err(Refusal::Inadmissible(Reason::UnknownKey));
        };
        let leaves = facts::Leaves::of(&self.engine);
        let account = leaves.account(message.header.account).ok_or(Refusal::Inadmissible(Reason::UnknownAccount))?;
        let held = account.keys.iter().find(|held| held.slot == slot && held.epoch == epoch);
        // One that was revoked has no point any more.
        let held = held.filter(|held| held.public != [0; 32]).ok_or(Refusal::Inadmissible(Reason::UnknownKey))?;
        verify_session(&DEPLOYMENT.exchange_id(), &message, &held.public, &signature)?;
        let first = Sequence::new(self.next);
        let lines = self.execute(Input::Message(message), feed);
        let whole =
            |line: &Line| matches!(line, Line::Receipt(r) if matches!(r.reason, Reason::NonceUsed | Reason::NotAfter));
        if lines.iter().all(whole) {
            return Err(Refusal::Inadmissible(Reason::NonceUsed));
        }
        let (command_hash, previous) = (Domain::COMMAND.hash(&[&bytes]), self.link);
        self.link = Domain::RECEIPT_CHAIN.hash(&[&previous, &command_hash]);
        let seal = GroupSeal { last: first, hash: self.link, signature: [0; 64] };
        let l1_block = [0; 32];
        let place = SequenceReceipt { epoch: 1, first, command_hash, previous, l1_block, hash: self.link, seal };
        let allowance = self.allowed.map(|(remaining, limit)| Allowance { limit, remaining, reset_ms: RETRY_MS });
        let answered = Answered { lines, place, allowance };
        self.answered.insert(key, answered.clone());
        Ok(answered)
    }

    fn batch(&self) -> BatchFacts {
        let time = Time::new(BEGINNING_MS).expect("a time");
        BatchFacts {
            number: BatchNumber::new(1),
            stage: Stage::Committed,
            header: vec![[7; 32]; 18],
            hash: [8; 32],
            first: Sequence::new(0),
            next: Sequence::new(self.next),
            first_time: time,
            last_time: time,
            data_bytes: 4_096,
            commit: Some(ashlar_api::door::L1Transaction { hash: [9; 32], block: 12 }),
            prove: None,
            finalize: None,
            proof: None,
        }
    }
}

fn line_of(output: Output) -> Line {
    match output {
        Output::Event(event) => Line::Event(event),
        Output::Receipt(receipt) => Line::Receipt(receipt),
    }
}

/// Lines as the door says them.
pub fn lines_of(outputs: &[Output]) -> Vec<Line> {
    outputs.iter().copied().map(line_of).collect()
}

fn known<T: Send + 'static>(value: T) -> Known<T> {
    Box::pin(async move { Ok(value) })
}

impl Door for TestExchange {
    fn venue(&self) -> Venue {
        let name = |number, name: &str| (AssetId::new(number).expect("an asset"), (name.to_owned(), 2));
        Venue {
            deployment: DEPLOYMENT,
            sequencer_key: secret(0).public(),
            proofs: "none (a test)".into(),
            mode: "standard".into(),
            version: "test".into(),
            names: vec![name(0, "USD"), name(1, "ETH"), name(2, "BTC")],
        }
    }

    fn submit(&self, signed: Signed, _: Origin) -> Pending<Result<Answered, Refusal>> {
        let this = self.clone();
        Box::pin(async move { this.inner.lock().expect("no panic").submit(signed, &this.feed) })
    }

    fn open(&self) -> Known<Opening> {
        known(self.opening())
    }

    fn account(&self, account: AccountId) -> Known<Option<ashlar_api::door::AccountFacts>> {
        known(self.leaves().account(account))
    }

    fn accounts_of(&self, owner: Address) -> Known<Vec<AccountId>> {
        known(self.leaves().accounts_of(owner))
    }

    fn tip(&self) -> Known<Tip> {
        let inner = self.inner.lock().expect("no panic");
        known(Tip {
            next: Sequence::new(inner.next),
            time: Time::new(inner.time).expect("a time"),
            accounts: 3,
            batches: vec![(Stage::Built, BatchNumber::new(1)), (Stage::Committed, BatchNumber::new(1))],
            l1_block: 12,
            inbox_next: InboxIndex::new(inner.inbox.len() as u64),
            withdrawal_next: WithdrawalIndex::new(1),
            l1_reorgs: 2,
            l1_reorg_deepest: 3,
        })
    }

    fn paid(&self, _: BatchNumber) -> Known<Vec<Paid>> {
        if let Some(asked) = &mut self.inner.lock().expect("no panic").unanswered {
            *asked += 1;
            return Box::pin(std::future::pending());
        }
        known(vec![Paid { hash: [9; 32], gas_used: 212_345, gas_price: 1_500_000_000, blob_cost: 131_072 }])
    }

    fn outbox(&self) -> Known<Vec<OutboxFacts>> {
        known(vec![OutboxFacts {
            label: "commit batch 2".into(),
            nonce: Some(4),
            transactions: vec![[3; 32]],
            block: None,
            offered_ms: Some(BEGINNING_MS),
        }])
    }

    fn custody(&self) -> CustodyFacts {
        let store = StoreFacts {
            name: "da-0".into(),
            confirmed: Some((BatchNumber::new(1), BEGINNING_MS)),
            missed: 0,
            reason: None,
            right: 3,
            wrong: 0,
            silent: 0,
        };
        CustodyFacts {
            needed: 1,
            signers: 1,
            stores: vec![store],
            receipts: vec![(BatchNumber::new(1), Address([5; 20]))],
        }
    }

    fn batch(&self, key: BatchKey) -> Known<Option<BatchFacts>> {
        let batch = self.inner.lock().expect("no panic").batch();
        let found = match key {
            BatchKey::Number(number) => number == batch.number,
            BatchKey::Sequence(sequence) => sequence < batch.next,
            BatchKey::L1Block(block) => block >= 12,
            BatchKey::Last(stage) => stage <= batch.stage,
        };
        known(found.then_some(batch))
    }

    fn command_proof(&self, sequence: Sequence) -> Known<Option<CommandProof>> {
        let batch = self.inner.lock().expect("no panic").batch();
        let proof = CommandProof { sequence, batch, leaf: vec![1, 2], index: 3, siblings: vec![vec![4; 27]] };
        known((sequence.get() < 100).then_some(proof))
    }

    fn proof_standing(&self, batch: BatchNumber) -> Known<Option<ProofStanding>> {
        let step = ProofStep::Proven {
            at_ms: BEGINNING_MS,
            took_ms: 1_500,
            cycles: 7,
            memory_bytes: 9,
            signers: vec![owner_of(1), owner_of(2)],
            threshold: 2,
        };
        let standing = ProofStanding {
            first: batch,
            last: batch,
            backend: "sp1".into(),
            kind: "a STARK (a test)".into(),
            trust: "nobody (a test)".into(),
            program: [8; 32],
            step,
        };
        known((batch.get() == 1).then_some(standing))
    }

    fn proof_file(&self, batch: BatchNumber) -> Known<Option<Vec<u8>>> {
        known((batch.get() == 1).then(|| vec![0xfe, 0, 1]))
    }

    fn batch_diff(&self, batch: BatchNumber) -> Known<Option<Vec<u8>>> {
        known((batch.get() == 1).then(|| vec![0xd1, 0xff]))
    }

    fn withdrawal(&self, index: WithdrawalIndex) -> Known<Option<WithdrawalFacts>> {
        let facts = WithdrawalFacts {
            index,
            to: owner_of(1),
            asset: AssetId::FIRST,
            amount: Amount::new(5).expect("an amount"),
            sequence: Sequence::new(9),
            stage: Some(Stage::Committed),
            claimed: false,
            proof: None,
        };
        known((index.get() == 0).then_some(facts))
    }

    fn inbox(&self, index: InboxIndex) -> Known<Option<InboxFacts>> {
        let inner = self.inner.lock().expect("no panic");
        let entry = usize::try_from(index.get()).ok().and_then(|at| inner.inbox.get(at)).cloned();
        known(entry.map(|(entry, sequence)| InboxFacts {
            index,
            time: Time::new(BEGINNING_MS).expect("a time"),
            entry,
            l1_block: 3,
            transaction: [3; 32],
            sequence: Some(Sequence::new(sequence)),
        }))
    }

    fn row(&self, batch: BatchNumber, row: u16) -> Known<Option<RowFacts>> {
        // Of the one batch there are two rows, made up.
        known((batch.get() == 1 && row < 2).then(|| RowFacts { rows: 2, chunk: vec![row as u8; 40] }))
    }

    fn health(&self) -> Vec<ServiceHealth> {
        vec![ServiceHealth { name: "executor".into(), state: ServiceState::Running, note: "executes".into() }]
    }

    fn metrics(&self, out: &mut String) {
        out.push_str("ashlar_test 1\n");
    }
}

impl Operator for TestExchange {
    fn act(&self, act: Act) -> Pending<Acted> {
        let this = self.clone();
        Box::pin(async move {
            let done = format!("did {act:?}");
            match &act {
                Act::Halt(market) => drop(this.execute(Input::System(SystemCommand::Halt(*market)))),
                Act::Pause { service } if service != "executor" => {
                    return Err(ActError::UnknownService { name: service.clone() });
                }
                _ => {}
            }
            this.inner.lock().expect("no panic").acts.push(act);
            Ok(done)
        })
    }

    fn inspect(&self, service: &str) -> Pending<Result<Vec<(String, String)>, ActError>> {
        let told = match service {
            "executor" => Ok(vec![("executed".into(), self.inner.lock().expect("no panic").next.to_string())]),
            name => Err(ActError::UnknownService { name: name.into() }),
        };
        Box::pin(async move { told })
    }
}

/// A port of the system's choice.
pub const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Servers over a test exchange; they stop when this is dropped.
pub struct Served {
    pub exchange: TestExchange,
    pub api: Api,
    pub http: Serving,
    pub gateway: Serving,
    follower: tokio::task::JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

/// Serves, and waits until the exchange is followed.
pub async fn serve(accounts: u32, config: ApiConfig) -> Served {
    let exchange = TestExchange::new(accounts);
    let api = Api::new(Arc::new(exchange.clone()), config);
    let follower = tokio::spawn(api.clone().follow());
    let router = ashlar_api::http::router(api.clone());
    let http = ashlar_api::http::listen(ANY, api.clone(), router).await.expect("a port");
    let gateway = ashlar_api::gateway::listen(ANY, api.clone()).await.expect("a port");
    while !api.follower().is_following() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    Served { exchange, api, http, gateway, follower }
}

/// The canonical bytes of whatever can be encoded, for messages that no client would sign.
pub fn bytes_of(message: &ashlar_types::Message) -> Vec<u8> {
    to_bytes(message)
}

/// A connection that has asked for this.
pub async fn asked(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("sends");
    stream
}

/// Everything that comes until the connection ends, one way or the other.
pub async fn rest_of(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // What came before a reset was read.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_to_end(&mut bytes))
        .await
        .expect("it ends");
    String::from_utf8_lossy(&bytes).into_owned()
}
