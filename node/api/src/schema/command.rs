use std::borrow::Cow;
use std::fmt;

use ashlar_types::{
    AccountId, Amount, AssetId, CancelFilter, ClientId, Command, Header, KeyGrant, KeySlot, Message, OneCancelsOther,
    OrderId, Quote, Scopes, Signer,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::{ApiError, Code};
use super::number::{Decimal, Hex};
use super::order::{OrderWords, SideWord, lots, market, order_hex, order_id, price, time, time_number};
use crate::door::{Signature, Signed};

/// One thing an account asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum CommandWords {
    /// Place an order.
    Place {
        /// The order.
        order: OrderWords,
    },
    /// Cancel an order or a pending trigger.
    Cancel {
        /// Which.
        order: Hex,
    },
    /// Make an order smaller; it keeps its place.
    Reduce {
        /// Which.
        order: Hex,
        /// By how many lots.
        by: Decimal,
    },
    /// Cancel a resting order and place it anew; nothing happens if it is gone.
    Replace {
        /// Which.
        order: Hex,
        /// The new limit, in ticks.
        price: Decimal,
        /// The new size.
        lots: Decimal,
    },
    /// Cancel one order and place another, or do neither.
    CancelPlace {
        /// What to cancel.
        cancel: Hex,
        /// What to place.
        place: OrderWords,
    },
    /// Cancel every order and trigger that the filter selects.
    CancelAll {
        /// Which; all if absent.
        #[serde(default)]
        filter: CancelFilterWords,
    },
    /// Replace many quotes of one market at once.
    MassQuote {
        /// Where.
        market: u16,
        /// Each in turn.
        quotes: Vec<QuoteWords>,
    },
    /// A resting limit order and a trigger, of which the first to act cancels the other.
    OneCancelsOther {
        /// The leg that rests at once.
        limit: OrderWords,
        /// The leg that waits for its trigger.
        stop: OrderWords,
    },
    /// All of the account's orders die at this moment unless it is moved first.
    DeadMan {
        /// When, in milliseconds since 1970; absent disarms.
        #[serde(default)]
        at: Option<u64>,
    },
    /// Move funds to another account of the same owner.
    Transfer {
        /// Where to.
        to: u32,
        /// Of what.
        asset: u16,
        /// How many units.
        amount: Decimal,
    },
    /// Send funds to the owner's address on L1.
    Withdraw {
        /// Of what.
        asset: u16,
        /// How many units.
        amount: Decimal,
    },
    /// Stop all trading of this account, or resume it with the owner's own signature.
    KillSwitch {
        /// Stop or resume.
        stop: bool,
    },
    /// Register a session key in a slot. Only the owner may.
    RegisterKey {
        /// In which slot.
        slot: u8,
        /// The x coordinate of its point.
        public: Hex,
        /// What it may do: 1 trade, 2 cancel, 4 transfer, 8 withdraw, added up.
        scopes: u8,
        /// When it ends; absent if it does not.
        #[serde(default)]
        expires: Option<u64>,
    },
    /// Make a session key worthless at once.
    RevokeKey {
        /// In which slot.
        slot: u8,
    },
    /// Open another account of the same owner. Only the owner may.
    OpenSubAccount {},
    /// Remove dead orders of anyone.
    Sweep {
        /// Which.
        orders: Vec<Hex>,
    },
}

/// Which orders a cancel-all means.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelFilterWords {
    /// Of one market, or of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<u16>,
    /// Of one side, or of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<SideWord>,
    /// Of limit prices within these two, both included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<(Decimal, Decimal)>,
}

/// One quote of a mass quote.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteWords {
    /// The quote it takes the place of; it is no error if that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Hex>,
    /// Which side.
    pub side: SideWord,
    /// At what price, in ticks.
    pub price: Decimal,
    /// How many lots; zero only cancels.
    pub lots: Decimal,
    /// The client's own name for it.
    #[serde(default)]
    pub client: Decimal,
}

/// Who signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SignerWords {
    /// The session key of this slot, in this epoch of the slot.
    Session {
        /// Which slot.
        slot: u8,
        /// Which of the keys that the slot has ever held.
        epoch: u32,
    },
    /// The owner's wallet.
    Owner {},
}

/// Commands under one signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageWords {
    /// For which account.
    pub account: u32,
    /// Signed by whom.
    pub signer: SignerWords,
    /// Used once.
    pub nonce: Decimal,
    /// Void from this moment on, in milliseconds since 1970; absent if it stays valid.
    #[serde(default)]
    pub not_after: Option<u64>,
    /// What; 1 to 256.
    pub commands: Vec<CommandWords>,
}

/// A message as its canonical bytes or in words; both are signed by the digest of the bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MessageForm {
    /// The canonical bytes, without a version.
    Bytes(Hex),
    /// The same in words.
    Words(MessageWords),
}

/// A signed message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitBody {
    /// The message.
    pub message: MessageForm,
    /// 64 bytes by a session key (BIP-340), 65 by a wallet (EIP-712).
    pub signature: Hex,
}

impl SubmitBody {
    /// The message as it goes through the door.
    pub fn to_signed(&self) -> Result<Signed, ApiError> {
        let signature = Signature::from_bytes(&self.signature.0).ok_or_else(|| {
            let got = self.signature.0.len();
            ApiError::new(
                Code::BadRequest,
                format!("a signature of {got} bytes; a session key's has 64 and a wallet's 65"),
            )
        })?;
        match &self.message {
            MessageForm::Bytes(bytes) => Ok(Signed::decode(bytes.0.clone(), signature)?),
            MessageForm::Words(words) => Ok(Signed::new(words.to_message()?, signature)?),
        }
    }
}

impl MessageForm {
    /// The message.
    pub fn to_message(&self) -> Result<Message, ApiError> {
        match self {
            MessageForm::Bytes(bytes) => {
                ashlar_types::from_bytes(&bytes.0).map_err(|error| ApiError::from(crate::door::Refusal::from(error)))
            }
            MessageForm::Words(words) => words.to_message(),
        }
    }
}

impl Serialize for MessageForm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            MessageForm::Bytes(bytes) => bytes.serialize(serializer),
            MessageForm::Words(words) => words.serialize(serializer),
        }
    }
}

struct FormVisitor;

impl<'de> Visitor<'de> for FormVisitor {
    type Value = MessageForm;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message as hexadecimal bytes after 0x, or as an object")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MessageForm, E> {
        Hex::parse(text).map(MessageForm::Bytes).ok_or_else(|| E::custom("the message's bytes are not hexadecimal"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MessageForm, A::Error> {
        MessageWords::deserialize(MapAccessDeserializer::new(map)).map(MessageForm::Words)
    }
}

/// By hand, since an untagged choice would answer every mistake with the same words.
impl<'de> Deserialize<'de> for MessageForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MessageForm, D::Error> {
        deserializer.deserialize_any(FormVisitor)
    }
}

impl JsonSchema for MessageForm {
    fn schema_name() -> Cow<'static, str> {
        "MessageForm".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let bytes = generator.subschema_for::<Hex>();
        let words = generator.subschema_for::<MessageWords>();
        json_schema!({ "oneOf": [bytes, words], "description": "Canonical bytes, or the same message in words." })
    }
}

impl MessageWords {
    /// The message, if every number is in its range.
    pub fn to_message(&self) -> Result<Message, ApiError> {
        let signer = match self.signer {
            SignerWords::Session { slot: number, epoch } => Signer::Session { slot: slot(number)?, epoch },
            SignerWords::Owner {} => Signer::Owner,
        };
        let header = Header {
            account: account("account", self.account)?,
            signer,
            nonce: self.nonce.0,
            not_after: time("not_after", self.not_after)?,
        };
        let commands = self.commands.iter().map(CommandWords::to_command).collect::<Result<_, _>>()?;
        Ok(Message { header, commands })
    }
}

impl From<&Message> for MessageWords {
    fn from(message: &Message) -> MessageWords {
        MessageWords {
            account: message.header.account.get(),
            signer: match message.header.signer {
                Signer::Session { slot, epoch } => SignerWords::Session { slot: slot.get(), epoch },
                Signer::Owner => SignerWords::Owner {},
            },
            nonce: Decimal(message.header.nonce),
            not_after: time_number(message.header.not_after),
            commands: message.commands.iter().map(CommandWords::from).collect(),
        }
    }
}

impl CommandWords {
    /// The command, if every number is in its range.
    pub fn to_command(&self) -> Result<Command, ApiError> {
        Ok(match self {
            Self::Place { order } => Command::Place(order.to_order()?),
            Self::Cancel { order } => Command::Cancel(order_id("order", order)?),
            Self::Reduce { order, by } => Command::Reduce { order: order_id("order", order)?, by: lots("by", *by)? },
            Self::Replace { order, price: to, lots: size } => Command::Replace {
                order: order_id("order", order)?,
                price: price("price", *to)?,
                lots: lots("lots", *size)?,
            },
            Self::CancelPlace { cancel, place } => {
                Command::CancelPlace { cancel: order_id("cancel", cancel)?, place: place.to_order()? }
            }
            Self::CancelAll { filter } => Command::CancelAll(filter.to_filter()?),
            Self::MassQuote { market: number, quotes } => Command::MassQuote {
                market: market(*number)?,
                quotes: quotes.iter().map(QuoteWords::to_quote).collect::<Result<_, _>>()?,
            },
            Self::OneCancelsOther { limit, stop } => {
                Command::OneCancelsOther(Box::new(OneCancelsOther { limit: limit.to_order()?, stop: stop.to_order()? }))
            }
            Self::DeadMan { at } => Command::DeadMan(time("at", *at)?),
            Self::Transfer { to, asset: of, amount: units } => {
                Command::Transfer { to: account("to", *to)?, asset: asset(*of)?, amount: amount(*units)? }
            }
            Self::Withdraw { asset: of, amount: units } => {
                Command::Withdraw { asset: asset(*of)?, amount: amount(*units)? }
            }
            Self::KillSwitch { stop } => Command::KillSwitch { stop: *stop },
            Self::RegisterKey { slot: number, public, scopes, expires } => Command::RegisterKey(KeyGrant {
                slot: slot(*number)?,
                public: public.array().ok_or_else(|| ApiError::range("public", public))?,
                scopes: Scopes(*scopes),
                expires: time("expires", *expires)?,
            }),
            Self::RevokeKey { slot: number } => Command::RevokeKey(slot(*number)?),
            Self::OpenSubAccount {} => Command::OpenSubAccount,
            Self::Sweep { orders } => {
                let ids: Result<Vec<OrderId>, _> = orders.iter().map(|hex| order_id("orders", hex)).collect();
                Command::Sweep(ids?)
            }
        })
    }
}

impl From<&Command> for CommandWords {
    fn from(command: &Command) -> CommandWords {
        match command {
            Command::Place(order) => Self::Place { order: order.into() },
            Command::Cancel(order) => Self::Cancel { order: order_hex(*order) },
            Command::Reduce { order, by } => Self::Reduce { order: order_hex(*order), by: Decimal(by.get()) },
            Command::Replace { order, price, lots } => {
                Self::Replace { order: order_hex(*order), price: Decimal(price.get()), lots: Decimal(lots.get()) }
            }
            Command::CancelPlace { cancel, place } => {
                Self::CancelPlace { cancel: order_hex(*cancel), place: place.into() }
            }
            Command::CancelAll(filter) => Self::CancelAll { filter: filter.into() },
            Command::MassQuote { market, quotes } => {
                Self::MassQuote { market: market.get(), quotes: quotes.iter().map(QuoteWords::from).collect() }
            }
            Command::OneCancelsOther(pair) => {
                Self::OneCancelsOther { limit: (&pair.limit).into(), stop: (&pair.stop).into() }
            }
            Command::DeadMan(at) => Self::DeadMan { at: time_number(*at) },
            Command::Transfer { to, asset, amount } => {
                Self::Transfer { to: to.get(), asset: asset.get(), amount: Decimal(amount.get()) }
            }
            Command::Withdraw { asset, amount } => Self::Withdraw { asset: asset.get(), amount: Decimal(amount.get()) },
            Command::KillSwitch { stop } => Self::KillSwitch { stop: *stop },
            Command::RegisterKey(grant) => Self::RegisterKey {
                slot: grant.slot.get(),
                public: Hex::of(&grant.public),
                scopes: grant.scopes.0,
                expires: time_number(grant.expires),
            },
            Command::RevokeKey(slot) => Self::RevokeKey { slot: slot.get() },
            Command::OpenSubAccount => Self::OpenSubAccount {},
            Command::Sweep(orders) => Self::Sweep { orders: orders.iter().map(|id| order_hex(*id)).collect() },
        }
    }
}

impl CancelFilterWords {
    fn to_filter(&self) -> Result<CancelFilter, ApiError> {
        let bounds = self.prices.map(|(low, high)| Ok::<_, ApiError>((price("prices", low)?, price("prices", high)?)));
        Ok(CancelFilter {
            market: self.market.map(market).transpose()?,
            side: self.side.map(Into::into),
            prices: bounds.transpose()?,
        })
    }
}

impl From<&CancelFilter> for CancelFilterWords {
    fn from(filter: &CancelFilter) -> CancelFilterWords {
        CancelFilterWords {
            market: filter.market.map(|market| market.get()),
            side: filter.side.map(Into::into),
            prices: filter.prices.map(|(low, high)| (Decimal(low.get()), Decimal(high.get()))),
        }
    }
}

impl QuoteWords {
    fn to_quote(&self) -> Result<Quote, ApiError> {
        Ok(Quote {
            replaces: self.replaces.as_ref().map(|hex| order_id("replaces", hex)).transpose()?,
            side: self.side.into(),
            price: price("price", self.price)?,
            lots: lots("lots", self.lots)?,
            client: ClientId(self.client.0),
        })
    }
}

impl From<&Quote> for QuoteWords {
    fn from(quote: &Quote) -> QuoteWords {
        QuoteWords {
            replaces: quote.replaces.map(order_hex),
            side: quote.side.into(),
            price: Decimal(quote.price.get()),
            lots: Decimal(quote.lots.get()),
            client: Decimal(quote.client.0),
        }
    }
}

fn account(field: &str, number: u32) -> Result<AccountId, ApiError> {
    AccountId::new(number).ok_or_else(|| ApiError::range(field, number))
}

fn asset(number: u16) -> Result<AssetId, ApiError> {
    AssetId::new(number).ok_or_else(|| ApiError::range("asset", number))
}

fn amount(units: Decimal) -> Result<Amount, ApiError> {
    Amount::new(units.0).ok_or_else(|| ApiError::range("amount", units))
}

fn slot(number: u8) -> Result<KeySlot, ApiError> {
    KeySlot::new(number).ok_or_else(|| ApiError::range("slot", number))
}
