//! Frozen vectors that Rust, the guests, Solidity and the web client share, one file per subject, `name=hex` per line.
//!
//! They change only on purpose: `ASHLAR_FREEZE=batch cargo test -p ashlar-batch` writes them anew.

use std::fmt::Write;
use std::path::PathBuf;

use ashlar_batch::codec::encode;
use ashlar_batch::merkle::{Digest, Tree};
use ashlar_batch::{
    Batch, BatchHeader, Hash, InboxChain, PublicValues, ReceiptProof, ReceiptsRoot, RowProof, Rows, Signatures, Timed,
    Withdrawal, WithdrawalProof, coded_root, entry_bytes, receipts_tree, withdrawals_tree,
};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, AssetTerms, BatchNumber, ClientId, Decode, Deployment, Encode, Event, FeeTier,
    InboxEntry, InboxIndex, Input, KeyGrant, KeySlot, Lots, MarketId, MarketRules, MarketState, MarketTerms, OrderId,
    ParamChange, Ppm, Price, Rank, Reader, Reason, Receipt, Scopes, Sequence, Side, Time, Trade, WithdrawalIndex,
    from_bytes, to_bytes,
};

use crate::flow::{Flow, Mix};

/// The lines of one file as they are written.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn hex(&mut self, name: &str, bytes: &[u8]) {
        write!(self.0, "{name}=").unwrap();
        bytes.iter().for_each(|byte| write!(self.0, "{byte:02x}").unwrap());
        self.0.push('\n');
    }

    fn of<T: Encode>(&mut self, name: &str, value: &T) {
        self.hex(name, &to_bytes(value));
    }

    fn digest(&mut self, name: &str, digest: Digest) {
        self.hex(name, &digest.to_word());
    }

    fn check(&self, file: &str) {
        if freezing() {
            std::fs::create_dir_all(path(file).parent().unwrap()).unwrap();
            std::fs::write(path(file), &self.0).unwrap();
        }
        let frozen = frozen(file);
        for (line, (frozen, now)) in frozen.lines().zip(self.0.lines()).enumerate() {
            assert_eq!(frozen, now, "{file}, line {}", line + 1);
        }
        assert_eq!(frozen.lines().count(), self.0.lines().count(), "{file} has lines of its own");
    }
}

fn freezing() -> bool {
    std::env::var("ASHLAR_FREEZE").is_ok_and(|subject| subject == "batch")
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/batch").join(file)
}

fn frozen(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{}: {error}", path(file).display()))
}

/// The bytes of one line of a file.
fn frozen_bytes(file: &str, name: &str) -> Vec<u8> {
    let lines = frozen(file);
    let hex = lines.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap();
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// The batch of the frozen inputs, so that no generator has a say in the format.
fn frozen_batch() -> Batch {
    let first_sequence = from_bytes(&frozen_bytes("data.txt", "batch.first_sequence")).unwrap();
    let plain = frozen_bytes("data.txt", "batch.plain");
    let mut reader = Reader::new(&plain);
    let mut inputs = Vec::new();
    while reader.remaining() > 0 {
        inputs.push(Timed { time: Time::decode(&mut reader).unwrap(), input: Input::decode(&mut reader).unwrap() });
    }
    Batch { first_sequence, inputs }
}

fn digest(byte: u8) -> Digest {
    let mut word = [byte; 32];
    word[27..].fill(0);
    Digest::from_word(&word).unwrap()
}

fn headers() -> [BatchHeader; 3] {
    let exchange_id = Deployment { chain_id: 1, settlement: Address([0x11; 20]) }.exchange_id();
    let genesis = BatchHeader::genesis(1, exchange_id, digest(0x20), Time::new(1_790_000_000_000).unwrap());
    let first = BatchHeader {
        number: BatchNumber::new(1),
        parent_hash: genesis.hash(),
        state_root_before: digest(0x20),
        state_root_after: digest(0x21),
        data_root: digest(0x22),
        da_commitment: Hash([0x23; 32]),
        signatures_root: digest(0x24),
        receipts_root: digest(0x25),
        withdrawals_root: digest(0x26),
        withdrawals_next: WithdrawalIndex::new(2),
        inbox_next: InboxIndex::new(3),
        inbox_hash: Hash([0x27; 32]),
        next_sequence: Sequence::new(10_000),
        last_time: Time::new(1_790_000_001_234).unwrap(),
        ..genesis
    };
    let second = BatchHeader {
        number: BatchNumber::new(2),
        parent_hash: first.hash(),
        state_root_before: digest(0x21),
        state_root_after: digest(0x31),
        withdrawals_root: Digest::EMPTY,
        first_sequence: Sequence::new(10_000),
        next_sequence: Sequence::new(10_001),
        first_time: Time::new(1_790_000_002_000).unwrap(),
        last_time: Time::new(1_790_000_002_000).unwrap(),
        ..first
    };
    [genesis, first, second]
}

#[test]
fn headers_and_public_values() {
    let [genesis, first, second] = headers();
    first.follows(&genesis).unwrap();
    second.follows(&first).unwrap();
    let mut lines = Lines::default();
    for (name, header) in [("genesis", genesis), ("first", first), ("second", second)] {
        lines.of(&format!("header.{name}"), &header);
        lines.hex(&format!("header.{name}.hash"), &header.hash().0);
    }
    let (one, two) = (PublicValues::of(&first), PublicValues::of(&second));
    for (name, values) in [("first", one), ("second", two), ("both", one.join(&two).unwrap())] {
        lines.of(&format!("public.{name}"), &values);
        lines.hex(&format!("public.{name}.hash"), &values.hash().0);
    }
    lines.check("headers.txt");
}

#[test]
fn rows_and_data_root() {
    let mut lines = Lines::default();
    let batch = if freezing() { Flow::new(Mix { bulk: 5, ..Mix::SINGLE }).batch(60) } else { frozen_batch() };
    let inputs: Vec<u8> =
        batch.inputs.iter().flat_map(|timed| [to_bytes(&timed.time), to_bytes(&timed.input)].concat()).collect();
    lines.of("batch.first_sequence", &batch.first_sequence);
    lines.hex("batch.plain", &inputs);
    let bytes = encode(&batch).unwrap();
    lines.hex("batch.bytes", &bytes);
    let rows = Rows::of_batch(&bytes).unwrap();
    let tree = rows.tree().unwrap();
    lines.digest("data_root", rows.root());
    for index in [0, rows.count() - 1] {
        lines.hex(&format!("row.{index}"), &rows.row(index).unwrap());
        lines.of(&format!("row.{index}.proof"), &RowProof::of(&tree, index as u32).unwrap());
    }
    let siblings = [digest(0x41), digest(0x42)];
    lines.hex("coded.height", &[rows.height() as u8]);
    for (name, siblings) in [("rate2", &siblings[..1]), ("rate4", &siblings[..])] {
        lines.digest(&format!("coded.{name}"), coded_root(rows.root(), rows.height(), siblings).unwrap());
    }
    let mut signatures = Signatures::new();
    for i in 0..5 {
        signatures.push(&[i; 64]).unwrap();
    }
    lines.hex("signatures", signatures.as_bytes());
    lines.digest("signatures_root", signatures.root());
    lines.check("data.txt");
}

fn entries() -> Vec<(&'static str, InboxEntry)> {
    let (owner, account) = (Address([0x51; 20]), AccountId::new(7).unwrap());
    let (asset, amount) = (AssetId::new(2).unwrap(), Amount::new(123_456_789).unwrap());
    let slot = KeySlot::new(3).unwrap();
    let expires = Time::new(1_800_000_000_000).unwrap();
    let grant = KeyGrant { slot, public: [0x52; 32], scopes: Scopes::ALL, expires };
    let market = MarketId::new(4).unwrap();
    let rules = MarketRules {
        lots_min: Lots::new(1).unwrap(),
        lots_max: Lots::new(1 << 40).unwrap(),
        band: Ppm(100_000),
        collar: Ppm(50_000),
        orders_max: 200,
        schedule: 1,
    };
    let terms = MarketTerms { base: asset, quote: asset, base_per_lot: 1_000, quote_per_tick: 10, fee_cap: Ppm(5_000) };
    let reference = Price::new(65_000).unwrap();
    let listed = AssetTerms { token: Address([0x53; 20]), scale_digits: 9, total_max: Amount::MAX };
    let fees = FeeTier { maker: Ppm(100), maker_rebate: Ppm(0), taker: Ppm(400) };
    vec![
        ("deposit", InboxEntry::Deposit { owner, account: Some(account), asset, amount }),
        ("deposit_to_owner", InboxEntry::Deposit { owner, account: None, asset, amount }),
        ("forced_cancel_all", InboxEntry::ForcedCancelAll { owner, account }),
        ("forced_withdraw", InboxEntry::ForcedWithdraw { owner, account, asset, amount }),
        ("register_key", InboxEntry::RegisterKey { owner, account, grant }),
        ("revoke_key", InboxEntry::RevokeKey { owner, account, slot }),
        ("list_asset", InboxEntry::Param(ParamChange::ListAsset { asset, terms: listed })),
        ("list_market", InboxEntry::Param(ParamChange::ListMarket { market, terms, rules, reference })),
        ("set_market_rules", InboxEntry::Param(ParamChange::SetMarketRules { market, rules })),
        ("set_market_state", InboxEntry::Param(ParamChange::SetMarketState { market, state: MarketState::Delisting })),
        ("set_fees", InboxEntry::Param(ParamChange::SetFees { schedule: 1, tier: 2, fees })),
        ("set_tier", InboxEntry::Param(ParamChange::SetTier { account, tier: 2 })),
        ("set_frozen", InboxEntry::Param(ParamChange::SetFrozen { account, frozen: true })),
    ]
}

#[test]
fn inbox_chain() {
    let mut lines = Lines::default();
    let mut chain = InboxChain::START;
    for (name, entry) in entries() {
        let time = Time::new(1_790_000_000_000 + 12_000 * chain.next.get()).unwrap();
        lines.hex(&format!("{name}.entry"), &entry_bytes(chain.next, time, &entry));
        chain = chain.consume(time, &entry);
        lines.hex(&format!("{name}.hash"), &chain.hash.0);
    }
    lines.check("inbox.txt");
}

#[test]
fn withdrawals() {
    let mut lines = Lines::default();
    let withdrawal = |i: u64| Withdrawal {
        index: WithdrawalIndex::new(1_000 + i),
        to: Address([0x60 + i as u8; 20]),
        asset: AssetId::new(i as u16).unwrap(),
        amount: Amount::new(1 << (10 * i)).unwrap(),
    };
    let all: Vec<Withdrawal> = (0..5).map(withdrawal).collect();
    for count in [1, 2, 5] {
        let tree: Tree = withdrawals_tree(&all[..count]).unwrap();
        lines.digest(&format!("of{count}.root"), tree.root());
        for (i, withdrawal) in all[..count].iter().enumerate() {
            lines.hex(&format!("of{count}.{i}.leaf"), &withdrawal.leaf());
            lines.of(&format!("of{count}.{i}.proof"), &WithdrawalProof::of(&tree, i as u32).unwrap());
        }
    }
    lines.check("withdrawals.txt");
}

#[test]
fn receipts() {
    let order = |rank| OrderId {
        market: MarketId::new(1).unwrap(),
        side: Side::Buy,
        price: Price::new(1_000).unwrap(),
        rank: Rank::new(rank),
    };
    let trade = |lots| {
        Event::Trade(Trade {
            maker: order(1),
            taker: order(2),
            maker_account: AccountId::new(3).unwrap(),
            taker_account: AccountId::new(4).unwrap(),
            price: Price::new(1_000).unwrap(),
            lots: Lots::new(lots).unwrap(),
            maker_remaining: Lots::new(5).unwrap(),
            maker_fee: Amount::ZERO,
            maker_rebate: Amount::new(1).unwrap(),
            taker_fee: Amount::new(4).unwrap(),
        })
    };
    let receipt = |i: u64, reason, order| Receipt {
        sequence: Sequence::new(10_000 + i),
        time: Time::new(1_790_000_000_000).unwrap(),
        account: AccountId::new(4).unwrap(),
        reason,
        order,
        client: ClientId(77),
        filled: Lots::new(i).unwrap(),
        remaining: Lots::ZERO,
    };
    let all = [
        (receipt(0, Reason::Resting, Some(order(2))), vec![]),
        (receipt(1, Reason::Filled, Some(order(3))), vec![trade(1)]),
        (receipt(2, Reason::NonceUsed, None), vec![]),
        (receipt(3, Reason::Filled, Some(order(4))), vec![trade(2), trade(3)]),
        (receipt(4, Reason::Done, None), vec![]),
    ];
    let mut lines = Lines::default();
    let mut root = ReceiptsRoot::new();
    for (i, (receipt, events)) in all.iter().enumerate() {
        assert!(root.push(receipt, events));
        lines.of(&format!("{i}.receipt"), receipt);
        lines.hex(&format!("{i}.events"), &events.iter().flat_map(to_bytes).collect::<Vec<u8>>());
        lines.digest(&format!("{i}.root_so_far"), root.root());
    }
    let tree = receipts_tree(all.iter().map(|(receipt, events)| (receipt, events.as_slice()))).unwrap();
    lines.of("1.proof", &ReceiptProof::of(&tree, 1).unwrap());
    lines.of("4.proof", &ReceiptProof::of(&tree, 4).unwrap());
    lines.check("receipts.txt");
}
