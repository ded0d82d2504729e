use ashlar_types::{AccountId, Trigger};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{Decimal, Hex};
use super::order::{PostOnlyWord, SelfTradeWord, SideWord, TriggerWords, order_hex, time_number};
use crate::door::{AccountFacts, OpenOrder, Place};

/// An account's standing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccountView {
    /// Which.
    pub account: u32,
    /// The number of the next command when this was so.
    pub sequence: Decimal,
    /// Whose it is.
    pub owner: Hex,
    /// Stopped by its owner.
    pub stopped: bool,
    /// Stopped by a parameter.
    pub frozen: bool,
    /// Its fee tier.
    pub tier: u8,
    /// Orders and triggers it holds.
    pub orders: u32,
    /// When all of them die; absent if the switch is not armed.
    pub dead_man: Option<u64>,
    /// The owner's highest nonce.
    pub owner_nonce: Decimal,
    /// What it has.
    pub holdings: Vec<HoldingView>,
    /// Its session keys.
    pub keys: Vec<KeyView>,
}

/// What an account has of one asset.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HoldingView {
    /// Of what.
    pub asset: u16,
    /// Units it may use.
    pub free: Decimal,
    /// Units its orders hold.
    pub reserved: Decimal,
}

/// A session key in its slot. It is registered and revoked by signed commands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KeyView {
    /// In which slot.
    pub slot: u8,
    /// The x coordinate of its point; zero where a key was revoked.
    pub public: Hex,
    /// What it may do: `trade`, `cancel`, `transfer`, `withdraw`.
    pub scopes: Vec<String>,
    /// How many keys the slot has held; a message names it.
    pub epoch: u32,
    /// When it ends; absent if it does not.
    pub expires: Option<u64>,
    /// The highest nonce seen; the next one is above it.
    pub nonce: Decimal,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// An open order or pending trigger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpenOrderView {
    /// Which.
    pub order: Hex,
    /// Whose.
    pub account: u32,
    /// Where.
    pub market: u16,
    /// Buy or sell.
    pub side: SideWord,
    /// Its limit, in ticks.
    pub price: Decimal,
    /// Lots left, shown or hidden.
    pub remaining: Decimal,
    /// Lots anyone can see.
    pub visible: Decimal,
    /// Whether it may take.
    pub post_only: PostOnlyWord,
    /// What happens when it meets its own account.
    pub self_trade: SelfTradeWord,
    /// When it dies.
    pub expires: Option<u64>,
    /// What it waits for, if it does not rest yet.
    pub trigger: Option<TriggerWords>,
    /// The client's own name for it.
    pub client: Decimal,
}

/// One side of a trade.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FillView {
    /// The number of the command that caused it.
    pub sequence: Decimal,
    /// When, in milliseconds since 1970.
    pub time: u64,
    /// Whose.
    pub account: u32,
    /// Where.
    pub market: u16,
    /// The account's order.
    pub order: Hex,
    /// Bought or sold.
    pub side: SideWord,
    /// Whether the order rested.
    pub maker: bool,
    /// In ticks.
    pub price: Decimal,
    /// How many lots.
    pub lots: Decimal,
    /// What it paid, in units of the quote asset.
    pub fee: Decimal,
    /// What it was given.
    pub rebate: Decimal,
}

/// A line of an account's history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HistoryLine {
    /// It traded.
    Fill(FillView),
    /// A command of its own was answered.
    Receipt {
        /// The command's number.
        sequence: Decimal,
        /// When.
        time: u64,
        /// What came of it.
        reason: String,
        /// The order it was about.
        order: Option<Hex>,
        /// The client's name of that order.
        client: Decimal,
        /// Lots filled while it ran.
        filled: Decimal,
        /// Lots left.
        remaining: Decimal,
    },
    /// An order of its own was placed or refused within a command about several, or by its trigger.
    Placed {
        /// The command's number.
        sequence: Decimal,
        /// When.
        time: u64,
        /// Which; absent if it was refused.
        order: Option<Hex>,
        /// The client's own name for it.
        client: Decimal,
        /// Lots filled on the way in.
        filled: Decimal,
        /// Lots that rest.
        remaining: Decimal,
        /// What became of it.
        reason: String,
    },
    /// An order of its own left.
    Removed {
        /// The command's number.
        sequence: Decimal,
        /// When.
        time: u64,
        /// Which.
        order: Hex,
        /// Lots it still had.
        lots: Decimal,
        /// Why.
        reason: String,
    },
    /// Funds came in.
    Credited {
        /// The command's number.
        sequence: Decimal,
        /// When.
        time: u64,
        /// Of what.
        asset: u16,
        /// How many units.
        amount: Decimal,
    },
}

const SCOPES: [(u8, &str); 4] = [(1, "trade"), (2, "cancel"), (4, "transfer"), (8, "withdraw")];

impl AccountView {
    /// In words.
    pub fn of(account: AccountId, facts: &AccountFacts) -> AccountView {
        let holding = |held: &crate::door::Holding| HoldingView {
            asset: held.asset.get(),
            free: Decimal(held.free.get()),
            reserved: Decimal(held.reserved.get()),
        };
        let key = |key: &crate::door::HeldKey| KeyView {
            slot: key.slot.get(),
            public: Hex::of(&key.public),
            scopes: SCOPES.iter().filter(|(bit, _)| key.scopes.0 & bit != 0).map(|(_, word)| (*word).into()).collect(),
            epoch: key.epoch,
            expires: time_number(key.expires),
            nonce: Decimal(key.nonce),
            revoked: key.public == [0; 32],
        };
        AccountView {
            account: account.get(),
            sequence: Decimal(facts.next.get()),
            owner: Hex::of(&facts.owner.0),
            stopped: facts.stopped,
            frozen: facts.frozen,
            tier: facts.tier,
            orders: facts.orders,
            dead_man: time_number(facts.dead_man),
            owner_nonce: Decimal(facts.owner_nonce),
            holdings: facts.holdings.iter().map(holding).collect(),
            keys: facts.keys.iter().map(key).collect(),
        }
    }
}

impl From<&OpenOrder> for OpenOrderView {
    fn from(order: &OpenOrder) -> OpenOrderView {
        let words = |trigger: Trigger| TriggerWords {
            direction: trigger.direction.into(),
            price: Decimal(trigger.price.get()),
        };
        let (price, trigger) = match order.place {
            Place::Resting { price, .. } => (price, None),
            Place::Waiting(trigger) => (order.id.price, Some(words(trigger))),
        };
        OpenOrderView {
            order: order_hex(order.id),
            account: order.account.get(),
            market: order.market().get(),
            side: order.side().into(),
            price: Decimal(price.get()),
            remaining: Decimal(order.visible.get().saturating_add(order.hidden.get())),
            visible: Decimal(order.visible.get()),
            post_only: order.post_only.into(),
            self_trade: order.self_trade.into(),
            expires: time_number(order.expires),
            trigger,
            client: Decimal(order.client.0),
        }
    }
}
