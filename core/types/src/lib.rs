//! The words of the exchange: quantities, names, orders, commands, receipts, parameters, and their one encoding.
//!
//! Nothing here decides anything. Values are in range by construction, every collection has a bound in [`limits`], and
//! the encoding is canonical: one value, one string of bytes.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod limits;

pub mod encode;
pub mod sign;

mod command;
mod domain;
mod ids;
mod order;
mod params;
mod quantity;
mod receipt;

pub use command::{
    CancelFilter, Command, Header, InboxEntry, Input, KeyGrant, Message, OneCancelsOther, Quote, Scopes, Signer,
    SystemCommand,
};
pub use domain::{Deployment, Domain, ExchangeId};
pub use encode::{
    Decode, DecodeError, Encode, Reader, Record, Sha256Prefix, Writer, from_bytes, from_record, to_bytes, to_record,
};
pub use ids::{
    AccountId, Address, AssetId, BatchNumber, ClientId, InboxIndex, KeySlot, MarketId, OrderId, Rank, Sequence, Side,
    WithdrawalIndex,
};
pub use order::{Direction, NewOrder, OrderKind, PostOnly, SelfTrade, TimeInForce, Trigger};
pub use params::{AssetTerms, FeeTier, MarketRules, MarketState, MarketTerms, ParamChange};
pub use quantity::{Amount, Lots, Ppm, Price, Time};
pub use receipt::{Event, Reason, Receipt, Trade};
