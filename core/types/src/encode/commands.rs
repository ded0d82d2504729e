use alloc::boxed::Box;
use alloc::vec::Vec;

use super::layout::{Listed, encode_enum, encode_struct};
use super::{Decode, DecodeError, Encode, Reader, Writer};
use crate::command::{
    CancelFilter, Command, Header, InboxEntry, Input, KeyGrant, Message, OneCancelsOther, Quote, Scopes, Signer,
    SystemCommand,
};
use crate::ids::{AccountId, Address, AssetId, ClientId, InboxIndex, KeySlot, MarketId, OrderId, Side};
use crate::limits::{COMMAND_BYTES_MAX, MESSAGE_BYTES_MAX, MESSAGE_COMMANDS_MAX, QUOTES_MAX};
use crate::order::NewOrder;
use crate::params::ParamChange;
use crate::quantity::{Amount, Lots, Price, Time};

encode_struct!(CancelFilter { market: Option<MarketId>, side: Option<Side>, prices: Option<(Price, Price)> });

encode_struct!(Quote { replaces: Option<OrderId>, side: Side, price: Price, lots: Lots, client: ClientId });

impl Listed for Quote {
    const LIST_MAX: usize = QUOTES_MAX;
    const PLURAL: &'static str = "quotes";
}

encode_struct!(OneCancelsOther { limit: NewOrder, stop: NewOrder });

encode_struct!(KeyGrant { slot: KeySlot, public: [u8; 32], scopes: Scopes, expires: Time });

encode_enum!(Command as "command" {
    0 => Place(order: NewOrder),
    1 => Cancel(order: OrderId),
    2 => Reduce { order: OrderId, by: Lots },
    3 => Replace { order: OrderId, price: Price, lots: Lots },
    4 => CancelPlace { cancel: OrderId, place: NewOrder },
    5 => CancelAll(filter: CancelFilter),
    6 => MassQuote { market: MarketId, quotes: Vec<Quote> },
    7 => OneCancelsOther(legs: Box<OneCancelsOther>),
    8 => DeadMan(at: Time),
    9 => Transfer { to: AccountId, asset: AssetId, amount: Amount },
    10 => Withdraw { asset: AssetId, amount: Amount },
    11 => KillSwitch { stop: bool },
    12 => RegisterKey(grant: KeyGrant),
    13 => RevokeKey(slot: KeySlot),
    14 => OpenSubAccount,
    15 => Sweep(orders: Vec<OrderId>),
});

const _: () = assert!(Command::BYTES_MAX <= COMMAND_BYTES_MAX, "no command is longer than its limit");

impl Listed for Command {
    const LIST_MAX: usize = MESSAGE_COMMANDS_MAX;
    const PLURAL: &'static str = "commands";
}

// The tag is the signature scheme; further schemes take further tags.
encode_enum!(Signer as "signature scheme" {
    0 => Session { slot: KeySlot, epoch: u32 },
    1 => Owner,
});

encode_struct!(Header { account: AccountId, signer: Signer, nonce: u64, not_after: Time });

impl Encode for Message {
    fn encode(&self, writer: &mut Writer) {
        self.header.encode(writer);
        self.commands.encode(writer);
    }
}

impl Decode for Message {
    const BYTES_MAX: usize = MESSAGE_BYTES_MAX;

    /// The limit on bytes is smaller than the sum of what the lists could hold, so it is checked here as well as at
    /// the top: a message within something else obeys it too.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let start = reader.offset();
        let message = Message { header: Header::decode(reader)?, commands: Vec::decode(reader)? };
        let got = reader.offset() - start;
        if got > MESSAGE_BYTES_MAX {
            return Err(DecodeError::TooLong { max: MESSAGE_BYTES_MAX, got });
        }
        Ok(message)
    }
}

encode_enum!(InboxEntry as "inbox entry" {
    0 => Deposit { owner: Address, account: Option<AccountId>, asset: AssetId, amount: Amount },
    1 => ForcedCancelAll { owner: Address, account: AccountId },
    2 => ForcedWithdraw { owner: Address, account: AccountId, asset: AssetId, amount: Amount },
    3 => RegisterKey { owner: Address, account: AccountId, grant: KeyGrant },
    4 => RevokeKey { owner: Address, account: AccountId, slot: KeySlot },
    5 => Param(change: ParamChange),
});

encode_enum!(SystemCommand as "system command" {
    0 => Halt(market: MarketId),
    1 => Resume(market: MarketId),
    2 => Continue(market: MarketId),
});

encode_enum!(Input as "input" {
    0 => Message(message: Message),
    1 => Inbox { index: InboxIndex, time: Time, entry: InboxEntry },
    2 => System(command: SystemCommand),
});
