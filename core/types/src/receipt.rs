//! What the exchange answers: one receipt per command, and the events it caused.
//!
//! 1. Every command gets exactly one [`Receipt`], after the events it caused, whatever it said.
//! 2. A refusal is a receipt with a [`Reason`]; it changed nothing but its nonce.
//! 3. Sequence numbers have no gaps.

use crate::ids::{AccountId, Address, AssetId, ClientId, MarketId, OrderId, Rank, Sequence, WithdrawalIndex};
use crate::quantity::{Amount, Lots, Price, Time};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// Why a command did what it did. The numbers are part of the protocol and are never reused.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Reason { $($(#[$doc])* $name = $code),+ }

        impl Reason {
            /// Every reason, in order of its number.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),+];

            /// The reason of a number.
            pub const fn from_code(code: u8) -> Option<Reason> {
                match code { $($code => Some(Reason::$name),)+ _ => None }
            }
        }
    };
}

reasons! {
    /// It was done.
    Done = 0,
    /// There is no such account.
    UnknownAccount = 1,
    /// The account belongs to someone else.
    NotOwner = 2,
    /// There is no such session key, or it was replaced or revoked.
    UnknownKey = 3,
    /// The session key has ended.
    KeyExpired = 4,
    /// The key may not do this.
    OutOfScope = 5,
    /// The nonce was used before, or is too old to tell.
    NonceUsed = 6,
    /// The nonce is too far ahead.
    NonceTooFar = 7,
    /// The message came after its own deadline, or asks for one too far away.
    NotAfter = 8,
    /// The account's trading is stopped.
    AccountFrozen = 9,
    /// There is no such market.
    UnknownMarket = 10,
    /// There is no such asset.
    UnknownAsset = 11,
    /// The market's state does not allow it.
    MarketState = 12,
    /// The market first has to finish its stop cascade.
    CascadePending = 13,
    /// The order is below the smallest or above the largest size, or shows more than it has.
    BadSize = 14,
    /// The limit is outside the market's band.
    OutsideBand = 15,
    /// Price times size is more than the exchange can count.
    TooLarge = 16,
    /// Free funds do not cover it.
    InsufficientFunds = 17,
    /// The account holds as many orders as it may.
    TooManyOrders = 18,
    /// The book holds as many orders as it may.
    BookFull = 19,
    /// A post-only order would have traded.
    WouldTrade = 20,
    /// A post-only order has no price left to slide to.
    NoPriceToSlide = 21,
    /// A fill-or-kill order cannot be filled.
    CannotFill = 22,
    /// The trigger's condition already holds.
    TriggerDue = 23,
    /// The instructions contradict one another.
    BadCombination = 24,
    /// The order would be dead on arrival.
    ExpiredOnArrival = 25,
    /// There is no such order.
    UnknownOrder = 26,
    /// The order belongs to another account.
    NotYourOrder = 27,
    /// The dead-man time has passed; cancel what is left before arming it again.
    DeadManFired = 28,
    /// The amount is zero.
    ZeroAmount = 29,
    /// The order named is alive and its market is not being delisted.
    NotDead = 30,
    /// The market is not waiting for its cascade, or not halted.
    NothingToDo = 31,
    /// The id is already listed.
    AlreadyListed = 32,
    /// The parameter is out of its range.
    BadParameter = 33,
    /// The total of the asset would pass its cap.
    AboveCap = 34,
    /// The inbox entry is not the next one, or its time is in the future.
    InboxOrder = 35,
    /// No more accounts can be opened.
    TooManyAccounts = 36,
    /// The immediate order found nothing more at its price.
    Unfilled = 37,
    /// Self-trade prevention cancelled it.
    SelfTrade = 38,
    /// It reached the number of matches, drops or self-trades one command may make.
    MatchBound = 39,
    /// It reached its expiry or its owner's dead-man time.
    Expired = 40,
    /// Its owner cancelled it.
    Cancelled = 41,
    /// It was swept from a market that is being delisted.
    Delisted = 42,
    /// The other leg of its pair acted.
    OtherLeg = 43,
    /// The owner forced it through L1.
    Forced = 44,
    /// A quote took its place.
    Replaced = 45,
    /// It waits for its trigger.
    Waiting = 46,
    /// It rests in the book.
    Resting = 47,
    /// It was filled in full.
    Filled = 48,
    /// A deposit that could not be credited went back as a withdrawal.
    Returned = 49,
    /// An L1 reorganisation took the funds it needed.
    Unwound = 50,
    /// The message holds no commands, or too many.
    BadMessage = 51,
}

/// The closing line of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Its place in the order of everything.
    pub sequence: Sequence,
    /// When it was executed.
    pub time: Time,
    /// For whom; the account zero for the operator's own and for entries without one.
    pub account: AccountId,
    /// What came of it.
    pub reason: Reason,
    /// The order it was about: the new one, or the one named.
    pub order: Option<OrderId>,
    /// The client's name of that order.
    pub client: ClientId,
    /// How much was filled while the command ran.
    pub filled: Lots,
    /// How much of the order is left, shown or hidden; for one that was cancelled, how much was taken out.
    pub remaining: Lots,
}

/// A consequence of a command, in the order in which it happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Two orders traded, at the resting order's price.
    Trade(Trade),
    /// An order or trigger left without (further) trading.
    Removed {
        /// Which.
        order: OrderId,
        /// Whose.
        account: AccountId,
        /// How much it still had.
        lots: Lots,
        /// Why.
        reason: Reason,
    },
    /// An order became smaller without trading.
    Reduced {
        /// Which.
        order: OrderId,
        /// What is left.
        remaining: Lots,
    },
    /// An iceberg order showed its next part, at the back of its price.
    Refilled {
        /// Which.
        order: OrderId,
        /// Its new place.
        rank: Rank,
        /// What it shows now.
        visible: Lots,
    },
    /// A trigger fired; its order trades from here on.
    Fired {
        /// Which.
        order: OrderId,
        /// Whose.
        account: AccountId,
    },
    /// An order entered the book as part of a command that is about more than one order.
    Placed {
        /// Which.
        order: OrderId,
        /// Whose.
        account: AccountId,
        /// The client's own name for it.
        client: ClientId,
        /// How much was filled on the way in.
        filled: Lots,
        /// How much rests.
        remaining: Lots,
        /// What became of it.
        reason: Reason,
    },
    /// One order of a command about several was refused; the others go on.
    Refused {
        /// Whose.
        account: AccountId,
        /// The client's own name for it.
        client: ClientId,
        /// Why.
        reason: Reason,
    },
    /// Funds came in.
    Credited {
        /// To whom.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// Funds may be claimed on L1.
    Withdrawn {
        /// Its index over the life of the exchange.
        index: WithdrawalIndex,
        /// To whom.
        to: Address,
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// A new account exists.
    Opened {
        /// Its id.
        account: AccountId,
        /// Whose it is.
        owner: Address,
    },
    /// A market has to go on with its cascade before it accepts anything else.
    CascadePending {
        /// Which.
        market: MarketId,
    },
}

/// One trade.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trade {
    /// The order that rested.
    pub maker: OrderId,
    /// The order that arrived.
    pub taker: OrderId,
    /// Whose order rested.
    pub maker_account: AccountId,
    /// Whose order arrived.
    pub taker_account: AccountId,
    /// At what price.
    pub price: Price,
    /// How much.
    pub lots: Lots,
    /// What the resting order has left, shown or hidden.
    pub maker_remaining: Lots,
    /// What the maker paid in the quote asset.
    pub maker_fee: Amount,
    /// What the maker was given in the quote asset, out of the taker's fee.
    pub maker_rebate: Amount,
    /// What the taker paid in the quote asset.
    pub taker_fee: Amount,
}
