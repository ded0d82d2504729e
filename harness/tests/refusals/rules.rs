//! Which receipts refuse, and by which rule.

use ashlar_types::limits::MESSAGE_COMMANDS_MAX;
use ashlar_types::{Command, InboxEntry, Input, Message, OrderId, Reason, Receipt, Signer};

use super::watch::{Leaves, account_key};

/// The rule by which a reason refuses a command; none for a reason that tells of a deed, or that no receipt gives.
pub fn rule_of(reason: Reason) -> Option<&'static str> {
    use Reason::*;
    Some(match reason {
        UnknownAccount => "C-3 C-28 C-32 C-33",
        NotOwner => "C-28 C-32",
        UnknownKey => "C-3 C-29",
        KeyExpired | NotAfter => "C-3",
        OutOfScope => "C-5",
        NonceUsed | NonceTooFar => "C-4",
        AccountFrozen => "C-6",
        UnknownMarket => "C-6 C-18 C-22 C-33",
        UnknownAsset => "C-28 C-33",
        MarketState => "C-6 C-33 C-34",
        CascadePending => "C-6",
        BadSize => "C-8 C-19",
        OutsideBand => "C-10",
        TooLarge => "C-14",
        InsufficientFunds => "C-15 C-28",
        TooManyOrders | BookFull => "C-12",
        WouldTrade | NoPriceToSlide => "C-13 C-24",
        CannotFill => "C-16",
        TriggerDue => "C-11",
        BadCombination => "C-7 C-19 C-20 C-24 C-28",
        ExpiredOnArrival => "C-9",
        UnknownOrder | NotYourOrder => "C-18",
        DeadManFired => "C-9 C-26",
        ZeroAmount => "C-28 C-31",
        NotDead => "C-27",
        NothingToDo => "C-34",
        AlreadyListed => "C-33",
        BadParameter => "C-26 C-29 C-33",
        InboxOrder => "C-30",
        TooManyAccounts => "C-29",
        MatchBound => "C-13",
        Expired => "C-20",
        BadMessage => "C-2 C-23 C-27",
        Done | Unfilled | SelfTrade | Cancelled | Returned | AboveCap | Waiting | Resting | Filled => return None,
        Delisted | OtherLeg | Forced | Replaced | Unwound => return None,
    })
}

/// Whether this receipt refuses what the input asked for.
pub fn is_refused(input: &Input, receipt: &Receipt) -> bool {
    match (receipt.reason, input) {
        // C-17: who was accepted has an id of its own; C-13 refuses before there is one.
        (Reason::MatchBound, Input::Message(message)) => receipt.order == named(&message.commands[0]),
        // C-32: the orders were cancelled before, and stay so.
        (Reason::UnknownAsset | Reason::ZeroAmount, Input::Inbox { entry, .. }) => {
            !matches!(entry, InboxEntry::ForcedWithdraw { .. })
        }
        (reason, _) => rule_of(reason).is_some(),
    }
}

/// The order that a command names.
fn named(command: &Command) -> Option<OrderId> {
    match command {
        Command::Cancel(id) | Command::Reduce { order: id, .. } | Command::Replace { order: id, .. } => Some(*id),
        Command::CancelPlace { cancel, .. } => Some(*cancel),
        _ => None,
    }
}

/// C-3: whether a message refused for this reason was refused as a whole, its nonce not used.
pub fn is_refused_whole(message: &Message, reason: Reason, before: &Leaves) -> bool {
    let revokes = matches!(message.commands[0], Command::RevokeKey(_)) && message.header.signer == Signer::Owner;
    match reason {
        Reason::KeyExpired | Reason::NotAfter | Reason::NonceUsed | Reason::NonceTooFar => true,
        Reason::UnknownAccount => !before.contains_key(&account_key(message.header.account)),
        Reason::UnknownKey => !revokes,
        Reason::BadMessage => message.commands.len() > MESSAGE_COMMANDS_MAX,
        _ => false,
    }
}
