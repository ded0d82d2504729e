//! What the adversary knows of the exchange: enough to aim.

use std::collections::{BTreeMap, VecDeque};

use ashlar_types::{
    AccountId, Command, Event, InboxEntry, InboxIndex, Input, KeySlot, MarketId, OrderId, ParamChange, Price, Reason,
    Receipt, Signer,
};

use crate::engine::Output;

/// Ids it remembers, dead or alive.
const IDS_MAX: usize = 400;
/// Repairs it remembers; older ones are made first.
const REPAIRS_MAX: usize = 40;

/// Stands for the index of the next inbox entry, until the entry is produced.
pub const NEXT: InboxIndex = InboxIndex::new(u64::MAX);

/// What has to be put right some day.
#[derive(Clone, Debug)]
pub enum Repair {
    /// A market is halted.
    Market(MarketId),
    /// A market waits for its cascade.
    Cascade(MarketId),
    /// An account stopped itself, or its dead-man time passed.
    Account(AccountId, Vec<Command>),
    /// A parameter is in the way.
    Parameter(ParamChange),
}

/// What a receipt will be about.
#[derive(Clone, Copy, Debug)]
enum Sent {
    /// A session key is to be registered.
    Key(AccountId, KeySlot),
    /// A session key is to be revoked.
    NoKey(AccountId, KeySlot),
    /// A market is to be listed.
    Market(MarketId),
    /// Anything else.
    Other,
}

/// The light model.
#[derive(Debug)]
pub struct Model {
    /// Accounts opened so far, the house included.
    pub accounts: u32,
    /// The next entry of the inbox.
    pub inbox: u64,
    /// The highest nonce sent, by account and slot or owner.
    pub nonces: BTreeMap<(AccountId, Option<KeySlot>), u64>,
    /// The epoch of the newest key of each slot.
    pub epochs: BTreeMap<(AccountId, KeySlot), u32>,
    /// Slots whose keys work, as far as is known.
    pub keys: BTreeMap<AccountId, Vec<KeySlot>>,
    /// Orders that rested or waited once, with their accounts, the newest last.
    pub ids: VecDeque<(AccountId, OrderId)>,
    /// Where each market traded last.
    pub last: BTreeMap<MarketId, Price>,
    /// Markets that are listed.
    pub markets: Vec<MarketId>,
    /// What is broken.
    pub repairs: Vec<Repair>,
    /// The receipts to come for the last input.
    sent: VecDeque<Sent>,
    /// The index of the last input, if it was an inbox entry that should have been the next one.
    sent_index: Option<u64>,
    /// The key that signed the last input.
    sent_by: Option<(AccountId, KeySlot)>,
}

impl Model {
    /// After the setup.
    pub fn new(inbox: u64) -> Model {
        Model {
            accounts: 1,
            inbox,
            nonces: BTreeMap::new(),
            epochs: BTreeMap::new(),
            keys: BTreeMap::new(),
            ids: VecDeque::new(),
            last: BTreeMap::new(),
            markets: Vec::new(),
            repairs: Vec::new(),
            sent: VecDeque::new(),
            sent_index: None,
            sent_by: None,
        }
    }

    /// Gives an inbox entry its index if it is to be the next one, and remembers what the receipts will be about.
    pub fn send(&mut self, input: &mut Input) {
        self.sent_index = None;
        self.sent_by = None;
        self.sent.clear();
        match input {
            Input::Message(message) => {
                let account = message.header.account;
                if let Signer::Session { slot, .. } = message.header.signer {
                    self.sent_by = Some((account, slot));
                }
                self.sent.extend(message.commands.iter().map(|command| match command {
                    Command::RegisterKey(grant) => Sent::Key(account, grant.slot),
                    Command::RevokeKey(slot) => Sent::NoKey(account, *slot),
                    _ => Sent::Other,
                }));
            }
            Input::Inbox { index, entry, .. } => {
                if *index == NEXT {
                    *index = InboxIndex::new(self.inbox);
                    self.sent_index = Some(self.inbox);
                    self.inbox += 1;
                }
                self.sent.push_back(match entry {
                    InboxEntry::RegisterKey { account, grant, .. } => Sent::Key(*account, grant.slot),
                    InboxEntry::RevokeKey { account, slot, .. } => Sent::NoKey(*account, *slot),
                    InboxEntry::Param(ParamChange::ListMarket { market, .. }) => Sent::Market(*market),
                    _ => Sent::Other,
                });
            }
            Input::System(_) => self.sent.push_back(Sent::Other),
        }
    }

    /// The next nonce of a lane, used up.
    pub fn next_nonce(&mut self, account: AccountId, slot: Option<KeySlot>) -> u64 {
        let last = self.nonces.entry((account, slot)).or_default();
        *last += 1;
        *last
    }

    /// A new key in a slot: its epoch rises and its nonces start anew.
    fn registered(&mut self, account: AccountId, slot: KeySlot) {
        *self.epochs.entry((account, slot)).or_default() += 1;
        self.forget(account, slot);
        self.keys.entry(account).or_default().push(slot);
        self.nonces.remove(&(account, Some(slot)));
    }

    fn forget(&mut self, account: AccountId, slot: KeySlot) {
        self.keys.entry(account).or_default().retain(|known| *known != slot);
    }

    /// Remembers that something is broken.
    pub fn broken(&mut self, repair: Repair) {
        if self.repairs.len() < REPAIRS_MAX {
            self.repairs.push(repair);
        }
    }

    /// Learns from an output.
    pub fn observe(&mut self, output: &Output) {
        match output {
            Output::Receipt(receipt) => {
                self.received(receipt);
                if matches!(receipt.reason, Reason::Resting | Reason::Waiting)
                    && let Some(id) = receipt.order
                {
                    self.remember(receipt.account, id);
                }
            }
            Output::Event(Event::Placed { order, account, reason: Reason::Resting | Reason::Waiting, .. }) => {
                self.remember(*account, *order);
            }
            Output::Event(Event::Trade(trade)) => {
                self.last.insert(trade.maker.market, trade.price);
            }
            Output::Event(Event::Opened { account, .. }) => self.accounts = self.accounts.max(account.get() + 1),
            Output::Event(Event::CascadePending { market }) => self.broken(Repair::Cascade(*market)),
            Output::Event(_) => {}
        }
    }

    fn received(&mut self, receipt: &Receipt) {
        let sent = self.sent.pop_front();
        match (sent, receipt.reason) {
            (Some(Sent::Key(account, slot)), Reason::Done) => self.registered(account, slot),
            (Some(Sent::Market(market)), Reason::Done) => self.markets.push(market),
            (Some(Sent::NoKey(account, slot)), Reason::Done) => self.forget(account, slot),
            // It was not consumed: the next entry has its index.
            (_, Reason::InboxOrder) => self.inbox = self.sent_index.unwrap_or(self.inbox),
            (_, Reason::UnknownKey | Reason::KeyExpired) => {
                if let Some((account, slot)) = self.sent_by {
                    self.forget(account, slot);
                }
            }
            _ => {}
        }
    }

    fn remember(&mut self, account: AccountId, id: OrderId) {
        if self.ids.len() == IDS_MAX {
            self.ids.pop_front();
        }
        self.ids.push_back((account, id));
    }
}
