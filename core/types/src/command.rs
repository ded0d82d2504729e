//! What can happen to the exchange: signed messages, L1 inbox entries and the operator's few own commands.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::ids::{AccountId, Address, AssetId, ClientId, InboxIndex, KeySlot, MarketId, OrderId, Side};
use crate::order::NewOrder;
use crate::params::ParamChange;
use crate::quantity::{Amount, Lots, Price, Time};

/// One thing an account asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Place an order.
    Place(NewOrder),
    /// Cancel an order or a pending trigger.
    Cancel(OrderId),
    /// Make an order smaller by some lots; it keeps its place.
    Reduce {
        /// Which.
        order: OrderId,
        /// By how much; at or above what remains it is cancelled.
        by: Lots,
    },
    /// Cancel a resting order and place it anew at another price and size; nothing happens if it is gone.
    Replace {
        /// Which.
        order: OrderId,
        /// The new limit.
        price: Price,
        /// The new size.
        lots: Lots,
    },
    /// Cancel one order and place another, or do neither.
    CancelPlace {
        /// What to cancel.
        cancel: OrderId,
        /// What to place.
        place: NewOrder,
    },
    /// Cancel every order and trigger that the filter selects.
    CancelAll(CancelFilter),
    /// Replace many quotes of one market at once.
    MassQuote {
        /// Where.
        market: MarketId,
        /// Each in turn.
        quotes: Vec<Quote>,
    },
    /// A resting limit order and a trigger, of which the first to act cancels the other.
    OneCancelsOther(Box<OneCancelsOther>),
    /// All of the account's orders die at this moment unless it is moved first; `Time::NEVER` disarms.
    DeadMan(Time),
    /// Move funds to another account of the same owner.
    Transfer {
        /// Where to.
        to: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// Send funds to the owner's address on L1.
    Withdraw {
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// Stop (or, with the owner's own signature, resume) all trading of this account.
    KillSwitch {
        /// Stop or resume.
        stop: bool,
    },
    /// Register a session key in a slot, in place of what was there. Only the owner may.
    RegisterKey(KeyGrant),
    /// Make a session key worthless at once.
    RevokeKey(KeySlot),
    /// Open another account of the same owner. Only the owner may.
    OpenSubAccount,
    /// Remove dead orders of anyone, or any order of a market that is being delisted.
    Sweep(Vec<OrderId>),
}

/// Which orders a cancel-all means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CancelFilter {
    /// Of one market, or of all.
    pub market: Option<MarketId>,
    /// Of one side, or of both.
    pub side: Option<Side>,
    /// Of limit prices within these bounds, both included.
    pub prices: Option<(Price, Price)>,
}

impl CancelFilter {
    /// Every order of the account.
    pub const ALL: CancelFilter = CancelFilter { market: None, side: None, prices: None };

    /// Whether an order of this side and limit price is meant.
    pub fn selects(&self, side: Side, price: Price) -> bool {
        self.side.is_none_or(|s| s == side) && self.prices.is_none_or(|(low, high)| low <= price && price <= high)
    }
}

/// One quote of a mass quote: cancel the old one, place the new one, or both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quote {
    /// The quote it takes the place of; it is no error if that is gone.
    pub replaces: Option<OrderId>,
    /// Which side.
    pub side: Side,
    /// At what price.
    pub price: Price,
    /// How much; zero only cancels.
    pub lots: Lots,
    /// The client's own name for it.
    pub client: ClientId,
}

/// The two legs of a one-cancels-other order: same market, side and size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OneCancelsOther {
    /// The leg that rests at once; it must not trade on arrival.
    pub limit: NewOrder,
    /// The leg that waits for its trigger.
    pub stop: NewOrder,
}

/// What a session key may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Scopes(pub u8);

impl Scopes {
    /// Place, replace and everything that opens risk.
    pub const TRADE: Scopes = Scopes(1);
    /// Cancel, reduce, arm the dead-man switch, stop the account.
    pub const CANCEL: Scopes = Scopes(2);
    /// Move funds between accounts of the owner.
    pub const TRANSFER: Scopes = Scopes(4);
    /// Withdraw to the owner's address.
    pub const WITHDRAW: Scopes = Scopes(8);
    /// Everything a session key can ever do.
    pub const ALL: Scopes = Scopes(15);

    /// Whether every scope of `need` is in this set.
    #[inline(always)]
    pub const fn covers(self, need: Scopes) -> bool {
        self.0 & need.0 == need.0
    }
}

/// A session key as its owner registers it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyGrant {
    /// In which slot.
    pub slot: KeySlot,
    /// The x coordinate of its secp256k1 point (BIP-340).
    pub public: [u8; 32],
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends.
    pub expires: Time,
}

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signer {
    /// The session key of this slot, in this epoch of the slot.
    Session {
        /// Which slot.
        slot: KeySlot,
        /// Which of the keys that the slot has ever held, so that an old signature never fits a new key.
        epoch: u32,
    },
    /// The owner's wallet.
    Owner,
}

/// The part of a message that is about the message: who speaks, once, and until when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// For which account.
    pub account: AccountId,
    /// Signed by whom.
    pub signer: Signer,
    /// Used once.
    pub nonce: u64,
    /// Void from this moment on.
    pub not_after: Time,
}

/// Commands under one signature, executed in order, each with a receipt of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Who, once, until when.
    pub header: Header,
    /// What; at least one.
    pub commands: Vec<Command>,
}

/// An entry of the L1 inbox. Each is total: whatever it says, the exchange goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InboxEntry {
    /// Funds arrived for an owner; the first ones open the owner's first account.
    Deposit {
        /// Whose.
        owner: Address,
        /// Into which account of the owner's, or the first one.
        account: Option<AccountId>,
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// The owner demands that all orders of one account be cancelled.
    ForcedCancelAll {
        /// Who demands it.
        owner: Address,
        /// Of which account.
        account: AccountId,
    },
    /// The owner demands funds: orders are cancelled first, then the smaller of what is asked and what is free is paid.
    ForcedWithdraw {
        /// Who demands it.
        owner: Address,
        /// From which account.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much at most.
        amount: Amount,
    },
    /// The owner registers a session key without a signature, as a contract wallet must.
    RegisterKey {
        /// Who registers it.
        owner: Address,
        /// For which account.
        account: AccountId,
        /// Which key.
        grant: KeyGrant,
    },
    /// The owner revokes a session key.
    RevokeKey {
        /// Who revokes it.
        owner: Address,
        /// Of which account.
        account: AccountId,
        /// Which slot.
        slot: KeySlot,
    },
    /// A parameter changes, after its time lock.
    Param(ParamChange),
}

/// What the operator may do alone: nothing but stop a market, let it go on, and drive what is already due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SystemCommand {
    /// Stop a market.
    Halt(MarketId),
    /// Let a stopped market go on.
    Resume(MarketId),
    /// Go on with a stop cascade that reached its bound.
    Continue(MarketId),
}

/// One entry of the one order of everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A message of an account, its signature checked at the door and again in the proof.
    Message(Message),
    /// An entry of the L1 inbox.
    Inbox {
        /// Its index; entries are consumed without gaps.
        index: InboxIndex,
        /// The time of the L1 block it is from.
        time: Time,
        /// What it says.
        entry: InboxEntry,
    },
    /// A command of the operator.
    System(SystemCommand),
}

impl Input {
    /// How many sequence numbers it takes.
    pub fn commands(&self) -> usize {
        match self {
            Input::Message(message) => message.commands.len(),
            Input::Inbox { .. } | Input::System(_) => 1,
        }
    }
}
