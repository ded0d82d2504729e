//! What the node says about its state.

use std::sync::Arc;

use ashlar_types::{
    AccountId, Address, Amount, AssetId, AssetTerms, ClientId, Deployment, FeeTier, KeySlot, Lots, MarketId,
    MarketRules, MarketState, MarketTerms, OrderId, PostOnly, Price, Rank, Scopes, SelfTrade, Sequence, Side, Time,
    Trigger,
};

use super::feed::{Block, Feed};

/// What does not change while the node runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Venue {
    /// Where it settles; the exchange's id follows from it.
    pub deployment: Deployment,
    /// The key under which receipts at the door are signed.
    pub sequencer_key: [u8; 32],
    /// How batches are proven, in the words that every screen shows: `sp1`, `execute-only (development)`, …
    pub proofs: String,
    /// `standard`, `following` or `validium`.
    pub mode: String,
    /// The node's version.
    pub version: String,
    /// Names of assets for people to read; an asset without one is shown by its number.
    pub names: Vec<(AssetId, AssetName)>,
}

/// How people write amounts of an asset. The exchange itself counts units only.
pub type AssetName = (String, u8);

/// What a reader begins with.
#[derive(Debug)]
pub struct Opening {
    /// How everything stands.
    pub standing: Standing,
    /// How it stood before, and what happened since, where that was asked for and is known.
    pub recalled: Option<Recalled>,
    /// What comes after.
    pub feed: Feed,
}

/// What happened before anybody listened.
#[derive(Debug)]
pub struct Recalled {
    /// How everything stood at the beginning.
    pub standing: Standing,
    /// What happened from there on, without a gap.
    pub blocks: Vec<Arc<Block>>,
}

/// The state as a reader needs it to go on from the lines alone.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The number of the next command: the first line of the feed is about it.
    pub next: Sequence,
    /// The time of the last command.
    pub time: Time,
    /// Every asset listed.
    pub assets: Vec<AssetFacts>,
    /// Every market listed.
    pub markets: Vec<MarketFacts>,
    /// Fees of the schedules: schedule, tier, rates.
    pub fees: Vec<(u8, u8, FeeTier)>,
    /// Every order in a book or waiting for its trigger, those that are dead included, in the order of their places.
    pub orders: Vec<OpenOrder>,
    /// The accounts that have armed their dead-man switch.
    pub dead_men: Vec<(AccountId, Time)>,
}

/// An asset as it is listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AssetFacts {
    /// Which.
    pub id: AssetId,
    /// What it is.
    pub terms: AssetTerms,
}

/// A market as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MarketFacts {
    /// Which.
    pub id: MarketId,
    /// What never changes.
    pub terms: MarketTerms,
    /// What may change.
    pub rules: MarketRules,
    /// Its state by its parameters.
    pub state: MarketState,
    /// Whether the operator stopped it.
    pub halted: bool,
    /// Whether it waits for its cascade.
    pub cascade_pending: bool,
    /// The price of the last trade, or the listing's reference.
    pub last: Price,
}

/// An order that is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenOrder {
    /// Which.
    pub id: OrderId,
    /// Whose.
    pub account: AccountId,
    /// The client's own name for it.
    pub client: ClientId,
    /// Where it is.
    pub place: Place,
    /// What anyone can see of it; all of it while it waits.
    pub visible: Lots,
    /// What it holds back.
    pub hidden: Lots,
    /// How much an iceberg order shows at a time; zero shows all.
    pub display: Lots,
    /// Whether it may take.
    pub post_only: PostOnly,
    /// What happens when it meets its own account.
    pub self_trade: SelfTrade,
    /// When it dies.
    pub expires: Time,
}

/// Where an open order is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the book, at its present rank.
    Resting {
        /// Its present rank, which differs from the id's once it has moved.
        rank: Rank,
        /// At which price.
        price: Price,
    },
    /// Waiting for its trigger.
    Waiting(Trigger),
}

impl OpenOrder {
    /// Which side it is on.
    pub const fn side(&self) -> Side {
        self.id.side
    }

    /// Where it is traded.
    pub const fn market(&self) -> MarketId {
        self.id.market
    }
}

/// An account's standing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountFacts {
    /// The number of the next command when this was so.
    pub next: Sequence,
    /// Whose it is.
    pub owner: Address,
    /// Stopped by its owner.
    pub stopped: bool,
    /// Stopped by a parameter.
    pub frozen: bool,
    /// Its fee tier.
    pub tier: u8,
    /// Orders and triggers it holds.
    pub orders: u32,
    /// When all of them die.
    pub dead_man: Time,
    /// What it has; assets of which it has nothing may be left out.
    pub holdings: Vec<Holding>,
    /// Its session keys.
    pub keys: Vec<HeldKey>,
    /// The owner's highest nonce.
    pub owner_nonce: u64,
}

/// What an account has of one asset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holding {
    /// Of what.
    pub asset: AssetId,
    /// What it may use.
    pub free: Amount,
    /// What its orders hold.
    pub reserved: Amount,
}

/// A session key in its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldKey {
    /// In which slot.
    pub slot: KeySlot,
    /// The x coordinate of its point; zero where a key was revoked.
    pub public: [u8; 32],
    /// What it may do.
    pub scopes: Scopes,
    /// How many keys the slot has held.
    pub epoch: u32,
    /// When it ends.
    pub expires: Time,
    /// The highest nonce seen.
    pub nonce: u64,
}
