use ashlar_types::{Event, Receipt, Trade};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{Decimal, Hex};
use super::order::{SideWord, order_hex, reason_word};
use crate::door::{Answered, GroupSeal, Line, SequenceReceipt};

/// What a message was answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AnswerView {
    /// One for each command, in their order.
    pub receipts: Vec<ReceiptView>,
    /// The message's place in the order of everything.
    pub place: PlaceView,
}

/// The closing line of a command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptView {
    /// Its place in the order of everything.
    pub sequence: Decimal,
    /// When it was executed, in milliseconds since 1970.
    pub time: u64,
    /// For whom.
    pub account: u32,
    /// What came of it: `resting`, `filled`, `insufficient_funds`, …
    pub reason: String,
    /// The order it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Hex>,
    /// The client's name of that order.
    pub client: Decimal,
    /// Lots filled while the command ran.
    pub filled: Decimal,
    /// Lots left of the order, or taken out with it.
    pub remaining: Decimal,
    /// What it caused, in the order in which it happened.
    #[serde(default)]
    pub events: Vec<EventView>,
}

/// A consequence of a command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventView {
    /// Two orders traded.
    Trade(TradeView),
    /// An order or trigger left without (further) trading.
    Removed {
        /// Which.
        order: Hex,
        /// Whose.
        account: u32,
        /// How much it still had.
        lots: Decimal,
        /// Why.
        reason: String,
    },
    /// An order became smaller without trading.
    Reduced {
        /// Which.
        order: Hex,
        /// What is left.
        remaining: Decimal,
    },
    /// An iceberg order showed its next part.
    Refilled {
        /// Which.
        order: Hex,
        /// Its new rank.
        rank: Decimal,
        /// What it shows now.
        visible: Decimal,
    },
    /// A trigger fired.
    Fired {
        /// Which.
        order: Hex,
        /// Whose.
        account: u32,
    },
    /// An order of a command about several was placed, or traded away.
    Placed {
        /// Which.
        order: Hex,
        /// Whose.
        account: u32,
        /// The client's own name for it.
        client: Decimal,
        /// How much was filled on the way in.
        filled: Decimal,
        /// How much rests.
        remaining: Decimal,
        /// What became of it.
        reason: String,
    },
    /// One order of a command about several was refused.
    Refused {
        /// Whose.
        account: u32,
        /// The client's own name for it.
        client: Decimal,
        /// Why.
        reason: String,
    },
    /// Funds came in.
    Credited {
        /// To whom.
        account: u32,
        /// Of what.
        asset: u16,
        /// How many units.
        amount: Decimal,
    },
    /// Funds may be claimed on L1.
    Withdrawn {
        /// The withdrawal's index.
        index: Decimal,
        /// To whom.
        to: Hex,
        /// Of what.
        asset: u16,
        /// How many units.
        amount: Decimal,
    },
    /// A new account exists.
    Opened {
        /// Its id.
        account: u32,
        /// Whose it is.
        owner: Hex,
    },
    /// A market has to go on with its cascade first.
    CascadePending {
        /// Which.
        market: u16,
    },
}

/// One trade, with both sides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TradeView {
    /// The order that rested.
    pub maker: Hex,
    /// The order that arrived.
    pub taker: Hex,
    /// Whose order rested.
    pub maker_account: u32,
    /// Whose order arrived.
    pub taker_account: u32,
    /// The side that arrived.
    pub side: SideWord,
    /// At what price, in ticks.
    pub price: Decimal,
    /// How many lots.
    pub lots: Decimal,
    /// Lots the resting order has left.
    pub maker_remaining: Decimal,
    /// What the maker paid, in units of the quote asset.
    pub maker_fee: Decimal,
    /// What the maker was given.
    pub maker_rebate: Decimal,
    /// What the taker paid.
    pub taker_fee: Decimal,
}

/// A message's link in the chain of receipts at the door.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlaceView {
    /// The term of the sequencer.
    pub epoch: Decimal,
    /// The number of the message's first command.
    pub first: Decimal,
    /// The hash of the input.
    pub command_hash: Hex,
    /// The link before.
    pub previous: Hex,
    /// The hash of the last L1 block of which the inbox was consumed.
    pub l1_block: Hex,
    /// This link.
    pub hash: Hex,
    /// The signed end of the group it was committed with.
    pub seal: SealView,
}

/// What the sequencer signs once per group commit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SealView {
    /// The number of the first command of the group's last message.
    pub last: Decimal,
    /// That message's link.
    pub hash: Hex,
    /// The sequencer's signature of it.
    pub signature: Hex,
}

/// What a message has to be signed with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DigestView {
    /// The message's canonical bytes.
    pub message: Hex,
    /// What is signed: with BIP-340 by a session key, with ECDSA by the wallet.
    pub digest: Hex,
    /// The exchange it is for.
    pub exchange: Hex,
}

impl AnswerView {
    /// In words.
    pub fn of(answered: &Answered) -> AnswerView {
        AnswerView { receipts: receipts(&answered.lines), place: PlaceView::from(&answered.place) }
    }
}

/// Receipts with the events before each.
pub fn receipts(lines: &[Line]) -> Vec<ReceiptView> {
    let mut receipts = Vec::new();
    let mut events = Vec::new();
    for line in lines {
        match line {
            Line::Event(event) => events.push(EventView::from(event)),
            Line::Receipt(receipt) => receipts.push(ReceiptView::of(receipt, std::mem::take(&mut events))),
        }
    }
    receipts
}

impl ReceiptView {
    pub(crate) fn of(receipt: &Receipt, events: Vec<EventView>) -> ReceiptView {
        ReceiptView {
            sequence: Decimal(receipt.sequence.get()),
            time: receipt.time.get(),
            account: receipt.account.get(),
            reason: reason_word(receipt.reason),
            order: receipt.order.map(order_hex),
            client: Decimal(receipt.client.0),
            filled: Decimal(receipt.filled.get()),
            remaining: Decimal(receipt.remaining.get()),
            events,
        }
    }
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> EventView {
        match *event {
            Event::Trade(ref trade) => EventView::Trade(trade.into()),
            Event::Removed { order, account, lots, reason } => EventView::Removed {
                order: order_hex(order),
                account: account.get(),
                lots: Decimal(lots.get()),
                reason: reason_word(reason),
            },
            Event::Reduced { order, remaining } => {
                EventView::Reduced { order: order_hex(order), remaining: Decimal(remaining.get()) }
            }
            Event::Refilled { order, rank, visible } => EventView::Refilled {
                order: order_hex(order),
                rank: Decimal(rank.get()),
                visible: Decimal(visible.get()),
            },
            Event::Fired { order, account } => EventView::Fired { order: order_hex(order), account: account.get() },
            Event::Placed { order, account, client, filled, remaining, reason } => EventView::Placed {
                order: order_hex(order),
                account: account.get(),
                client: Decimal(client.0),
                filled: Decimal(filled.get()),
                remaining: Decimal(remaining.get()),
                reason: reason_word(reason),
            },
            Event::Refused { account, client, reason } => {
                EventView::Refused { account: account.get(), client: Decimal(client.0), reason: reason_word(reason) }
            }
            Event::Credited { account, asset, amount } => {
                EventView::Credited { account: account.get(), asset: asset.get(), amount: Decimal(amount.get()) }
            }
            Event::Withdrawn { index, to, asset, amount } => EventView::Withdrawn {
                index: Decimal(index.get()),
                to: Hex::of(&to.0),
                asset: asset.get(),
                amount: Decimal(amount.get()),
            },
            Event::Opened { account, owner } => EventView::Opened { account: account.get(), owner: Hex::of(&owner.0) },
            Event::CascadePending { market } => EventView::CascadePending { market: market.get() },
        }
    }
}

impl From<&Trade> for TradeView {
    fn from(trade: &Trade) -> TradeView {
        TradeView {
            maker: order_hex(trade.maker),
            taker: order_hex(trade.taker),
            maker_account: trade.maker_account.get(),
            taker_account: trade.taker_account.get(),
            side: trade.taker.side.into(),
            price: Decimal(trade.price.get()),
            lots: Decimal(trade.lots.get()),
            maker_remaining: Decimal(trade.maker_remaining.get()),
            maker_fee: Decimal(trade.maker_fee.get()),
            maker_rebate: Decimal(trade.maker_rebate.get()),
            taker_fee: Decimal(trade.taker_fee.get()),
        }
    }
}

impl From<&SequenceReceipt> for PlaceView {
    fn from(place: &SequenceReceipt) -> PlaceView {
        PlaceView {
            epoch: Decimal(place.epoch),
            first: Decimal(place.first.get()),
            command_hash: Hex::of(&place.command_hash),
            previous: Hex::of(&place.previous),
            l1_block: Hex::of(&place.l1_block),
            hash: Hex::of(&place.hash),
            seal: SealView::from(&place.seal),
        }
    }
}

impl From<&GroupSeal> for SealView {
    fn from(seal: &GroupSeal) -> SealView {
        SealView { last: Decimal(seal.last.get()), hash: Hex::of(&seal.hash), signature: Hex::of(&seal.signature) }
    }
}
