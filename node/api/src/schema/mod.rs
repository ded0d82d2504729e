//! The words of the public door, once: what REST, WebSocket and JSON-RPC say and take is defined here, and so is the OpenAPI document.
//!
//! 1. Whatever counts (prices, lots, amounts, nonces, sequence numbers, client ids) is a string of decimal digits, so that no
//!    reader of JSON rounds it. Ids below 2^32 and times in milliseconds, which every reader holds exactly, are numbers.
//! 2. Bytes are hexadecimal after `0x`.
//! 3. What is read refuses fields it does not know.
//! 4. A message in words and its canonical bytes are the same message: the words are encoded, and what is signed is the
//!    digest of the bytes (SPEC G-4, G-12).

mod account;
mod answer;
mod command;
mod cost;
mod custody;
mod error;
mod market;
mod number;
mod order;
mod proof;
mod settled;
mod stream;
mod unwound;

pub use account::{AccountView, FillView, HistoryLine, HoldingView, KeyView, OpenOrderView};
pub use answer::{AnswerView, DigestView, EventView, PlaceView, ReceiptView, SealView, TradeView};
pub use command::{CancelFilterWords, CommandWords, MessageForm, MessageWords, QuoteWords, SignerWords, SubmitBody};
pub use cost::{CostView, OutboxView};
pub use custody::{CustodyReceiptView, CustodyView, StoreView};
pub use error::{ApiError, Code, ErrorBody, ErrorView};
pub use market::{
    AssetView, BookView, CandleView, Interval, LevelView, MarketView, PublicTrade, TickerView, VenueView,
};
pub use number::{Decimal, Hex, Wei};
pub use order::{OrderWords, TriggerWords, direction_word, reason_word, side_word};
pub use proof::{BatchProofView, ProofMadeView, ProofProgressView, ProofStateView, TradeProofView};
pub use settled::{
    BatchView, CommandProofView, HealthView, InboxView, L1TransactionView, MessageProofView, ProofView, RowView,
    ServiceView, StageView, TipView, WithdrawalView, parse_stage, stage_word,
};
pub use stream::{Channel, ClientSays, ServerSays};
pub use unwound::UnwoundView;
