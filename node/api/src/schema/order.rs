use ashlar_types::{
    ClientId, Direction, Lots, MarketId, NewOrder, OrderId, OrderKind, PostOnly, Price, Reason, SelfTrade, Side, Time,
    TimeInForce, Trigger,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::number::{Decimal, Hex};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident = $core:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl From<$name> for $core {
            fn from(word: $name) -> $core {
                match word { $($name::$variant => $core::$variant),+ }
            }
        }

        impl From<$core> for $name {
            fn from(value: $core) -> $name {
                match value { $($core::$variant => $name::$variant),+ }
            }
        }
    };
}

words!(
    /// Which side of the book.
    SideWord = Side {
        /// Wants to buy the base asset.
        Buy,
        /// Wants to sell it.
        Sell,
    }
);
words!(
    /// Limit or market.
    KindWord = OrderKind {
        /// Trades at its price or better.
        Limit,
        /// Trades at once within the market's collar; never rests.
        Market,
    }
);
words!(
    /// What becomes of the part that does not trade at once.
    TimeInForceWord = TimeInForce {
        /// It rests.
        Rest,
        /// It is cancelled.
        ImmediateOrCancel,
        /// Then nothing trades at all.
        FillOrKill,
    }
);
words!(
    /// Whether an order may take.
    PostOnlyWord = PostOnly {
        /// It may.
        No,
        /// If it would, it is refused.
        Reject,
        /// If it would, it is moved to where it does not.
        Slide,
    }
);
words!(
    /// What happens when an order meets its own account.
    SelfTradeWord = SelfTrade {
        /// The arriving order's rest is cancelled.
        CancelNewest,
        /// The resting order is cancelled.
        CancelOldest,
        /// Both are.
        CancelBoth,
        /// Both shrink by the smaller of the two.
        Decrement,
    }
);
words!(
    /// Which way the last price must move.
    DirectionWord = Direction {
        /// To the trigger's price or below.
        Falls,
        /// To the trigger's price or above.
        Rises,
    }
);

/// An order as a trader asks for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderWords {
    /// Where.
    pub market: u16,
    /// Buy or sell.
    pub side: SideWord,
    /// Limit or market.
    #[serde(default = "limit")]
    pub kind: KindWord,
    /// What becomes of the part that does not trade at once.
    #[serde(default = "rest")]
    pub time_in_force: TimeInForceWord,
    /// Whether it may take.
    #[serde(default = "may_take")]
    pub post_only: PostOnlyWord,
    /// What happens when it meets its own account.
    #[serde(default = "newest")]
    pub self_trade: SelfTradeWord,
    /// The worst price it accepts, in ticks.
    pub price: Decimal,
    /// How many lots.
    pub lots: Decimal,
    /// How many of them to show at a time; zero shows all.
    #[serde(default)]
    pub display: Decimal,
    /// When it dies, in milliseconds since 1970; absent if it does not.
    #[serde(default)]
    pub expires: Option<u64>,
    /// What must happen first.
    #[serde(default)]
    pub trigger: Option<TriggerWords>,
    /// The client's own name for it.
    #[serde(default)]
    pub client: Decimal,
}

const fn limit() -> KindWord {
    KindWord::Limit
}
const fn rest() -> TimeInForceWord {
    TimeInForceWord::Rest
}
const fn may_take() -> PostOnlyWord {
    PostOnlyWord::No
}
const fn newest() -> SelfTradeWord {
    SelfTradeWord::CancelNewest
}

/// The condition of a stop or take-profit order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerWords {
    /// Which way the price must go.
    pub direction: DirectionWord,
    /// How far, in ticks.
    pub price: Decimal,
}

impl OrderWords {
    /// The order, if every number is in its range.
    pub fn to_order(&self) -> Result<NewOrder, ApiError> {
        let trigger = self.trigger.map(|trigger| {
            Ok::<_, ApiError>(Trigger {
                direction: trigger.direction.into(),
                price: price("trigger.price", trigger.price)?,
            })
        });
        Ok(NewOrder {
            market: market(self.market)?,
            side: self.side.into(),
            kind: self.kind.into(),
            time_in_force: self.time_in_force.into(),
            post_only: self.post_only.into(),
            self_trade: self.self_trade.into(),
            price: price("price", self.price)?,
            lots: lots("lots", self.lots)?,
            display: lots("display", self.display)?,
            expires: time("expires", self.expires)?,
            trigger: trigger.transpose()?,
            client: ClientId(self.client.0),
        })
    }
}

impl From<&NewOrder> for OrderWords {
    fn from(order: &NewOrder) -> OrderWords {
        OrderWords {
            market: order.market.get(),
            side: order.side.into(),
            kind: order.kind.into(),
            time_in_force: order.time_in_force.into(),
            post_only: order.post_only.into(),
            self_trade: order.self_trade.into(),
            price: Decimal(order.price.get()),
            lots: Decimal(order.lots.get()),
            display: Decimal(order.display.get()),
            expires: time_number(order.expires),
            trigger: order.trigger.map(|trigger| TriggerWords {
                direction: trigger.direction.into(),
                price: Decimal(trigger.price.get()),
            }),
            client: Decimal(order.client.0),
        }
    }
}

/// `buy` or `sell`.
pub fn side_word(side: Side) -> SideWord {
    side.into()
}

/// `falls` or `rises`.
pub fn direction_word(direction: Direction) -> DirectionWord {
    direction.into()
}

pub(super) fn market(number: u16) -> Result<MarketId, ApiError> {
    MarketId::new(number).ok_or_else(|| ApiError::range("market", number))
}

pub(super) fn price(field: &'static str, number: Decimal) -> Result<Price, ApiError> {
    Price::new(number.0).ok_or_else(|| ApiError::range(field, number))
}

pub(super) fn lots(field: &'static str, number: Decimal) -> Result<Lots, ApiError> {
    Lots::new(number.0).ok_or_else(|| ApiError::range(field, number))
}

pub(super) fn time(field: &'static str, ms: Option<u64>) -> Result<Time, ApiError> {
    match ms {
        None => Ok(Time::NEVER),
        Some(ms) => Time::new(ms).ok_or_else(|| ApiError::range(field, ms)),
    }
}

pub(super) fn time_number(time: Time) -> Option<u64> {
    (time != Time::NEVER).then_some(time.get())
}

/// An order's id as 16 big-endian bytes (SPEC E-6).
pub(super) fn order_hex(id: OrderId) -> Hex {
    Hex::of(&id.to_u128().to_be_bytes())
}

pub(super) fn order_id(field: &'static str, hex: &Hex) -> Result<OrderId, ApiError> {
    let id = hex.array().and_then(|bytes| OrderId::from_u128(u128::from_be_bytes(bytes)));
    id.ok_or_else(|| ApiError::range(field, hex))
}

/// A reason as it is written on the wire: `insufficient_funds`.
pub fn reason_word(reason: Reason) -> String {
    snake_case(&format!("{reason:?}"))
}

/// `SomeName` as `some_name`.
pub(super) fn snake_case(name: &str) -> String {
    let mut word = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}
