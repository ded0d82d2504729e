//! Records to write, and a journal small enough that everything happens often.

use ashlar_batch::Hash;
use ashlar_replica::{
    Certificate, Entry, Epoch, Journal, JournalConfig, JournalError, JournalSizes, L1Block, Opened, Ordered,
};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, Command, ExchangeId, Header, InboxEntry, InboxIndex, Input, KeySlot, MarketId,
    Message, OrderId, Price, Rank, Sequence, Side, Signer, SystemCommand, Time,
};
use commonware_runtime::deterministic::Context;

/// Where the journal of the tests is.
pub const PARTITION: &str = "journal";

/// Segments of a few groups.
pub fn config() -> JournalConfig {
    JournalConfig {
        sizes: JournalSizes { segment_bytes: 16 << 10, group_bytes: 4 << 10 },
        ..JournalConfig::new(PARTITION, ExchangeId([7; 32]))
    }
}

/// Opens it as a node would.
pub async fn open(context: Context) -> Result<Opened<Context>, JournalError> {
    Journal::open(context, config()).await
}

/// A generator of numbers (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ x >> 31) % end
    }
}

fn message(dice: &mut Dice) -> Input {
    let signer = Signer::Session { slot: KeySlot::FIRST, epoch: 1 };
    let header = Header { account: AccountId::FIRST, signer, nonce: dice.below(u64::MAX), not_after: Time::NEVER };
    let order = |dice: &mut Dice| OrderId {
        market: MarketId::FIRST,
        side: Side::Buy,
        price: Price::saturating(dice.below(1 << 40)),
        rank: Rank::new(dice.below(1 << 30)),
    };
    let commands = (0..=dice.below(9)).map(|_| Command::Cancel(order(dice))).collect();
    Input::Message(Message { header, commands })
}

fn deposit(dice: &mut Dice) -> Input {
    let (asset, amount) = (AssetId::FIRST, Amount::new(dice.below(1 << 50)).expect("in range"));
    let entry = InboxEntry::Deposit { owner: Address([3; 20]), account: None, asset, amount };
    Input::Inbox { index: InboxIndex::new(dice.below(99)), time: Time::ZERO, entry }
}

fn entry(dice: &mut Dice, time: Time) -> Entry {
    let input = match dice.below(4) {
        0 => deposit(dice),
        1 => Input::System(SystemCommand::Halt(MarketId::FIRST)),
        _ => message(dice),
    };
    let signature = matches!(input, Input::Message(_)).then(|| [dice.below(256) as u8; 64]);
    Entry { time, input, signature }
}

/// The record that comes next in an order.
pub fn record(dice: &mut Dice, epoch: Epoch, first: Sequence) -> Ordered {
    let time = Time::new(1_000 + first.get()).expect("in range");
    let entries = (0..=dice.below(4)).map(|_| entry(dice, time)).collect();
    let certificate = Certificate::new(vec![9; dice.below(70) as usize]).expect("short");
    let block = L1Block { number: epoch.get(), hash: Hash([epoch.get() as u8; 32]) };
    Ordered { epoch, block, time, first, entries, certificate }
}

/// Appends the record that comes next.
pub fn append(journal: &mut Journal<Context>, dice: &mut Dice) -> Ordered {
    let ordered = record(dice, journal.epoch(), journal.next_sequence());
    journal.append(&ordered).expect("it comes next");
    ordered
}

/// Everything that counts, from a command on.
pub async fn read(journal: &Journal<Context>, from: Sequence) -> Result<Vec<Ordered>, JournalError> {
    let mut reader = journal.read_from(from)?;
    let mut read = Vec::new();
    while let Some(ordered) = reader.next(journal).await? {
        read.push(ordered);
    }
    Ok(read)
}

/// A journal of so many groups, and what is in it.
pub async fn written(context: Context, groups: u64) -> (Journal<Context>, Vec<Ordered>) {
    let mut journal = open(context).await.expect("a new journal").journal;
    let (mut dice, mut all) = (Dice(groups), Vec::new());
    for _ in 0..groups {
        for _ in 0..=dice.below(3) {
            all.push(append(&mut journal, &mut dice));
        }
        journal.sync().await.expect("a good disk");
    }
    (journal, all)
}
