//! What the adversary knows of the exchange: enough to aim.

use std::collections::{BTreeMap, VecDeque};

use ashlar_types::{AccountId, Command, Event, KeySlot, MarketId, OrderId, ParamChange, Price, Reason};

use crate::engine::Output;

/// Ids it remembers, dead or alive.
const IDS_MAX: usize = 400;
/// Repairs it remembers; older ones are made first.
const REPAIRS_MAX: usize = 40;

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

/// The light model.
#[derive(Debug)]
pub struct Model {
    /// Accounts opened so far, the house included.
    pub accounts: u32,
    /// The next entry of the inbox.
    pub inbox: u64,
    /// The highest nonce sent, by account and slot or owner.
    pub nonces: BTreeMap<(AccountId, Option<KeySlot>), u64>,
    /// The epoch of the newest key that was sent to be registered.
    pub epochs: BTreeMap<(AccountId, KeySlot), u32>,
    /// Orders that rested or waited once, with their accounts, the newest last.
    pub ids: VecDeque<(AccountId, OrderId)>,
    /// Where each market traded last.
    pub last: BTreeMap<MarketId, Price>,
    /// What is broken.
    pub repairs: Vec<Repair>,
}

impl Model {
    /// After the setup.
    pub fn new(inbox: u64) -> Model {
        Model {
            accounts: 1,
            inbox,
            nonces: BTreeMap::new(),
            epochs: BTreeMap::new(),
            ids: VecDeque::new(),
            last: BTreeMap::new(),
            repairs: Vec::new(),
        }
    }

    /// The next nonce of a lane, used up.
    pub fn next_nonce(&mut self, account: AccountId, slot: Option<KeySlot>) -> u64 {
        let last = self.nonces.entry((account, slot)).or_default();
        *last += 1;
        *last
    }

    /// A new key in a slot: its epoch rises and its nonces start anew.
    pub fn registered(&mut self, account: AccountId, slot: KeySlot) {
        *self.epochs.entry((account, slot)).or_default() += 1;
        self.nonces.remove(&(account, Some(slot)));
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

    fn remember(&mut self, account: AccountId, id: OrderId) {
        if self.ids.len() == IDS_MAX {
            self.ids.pop_front();
        }
        self.ids.push_back((account, id));
    }
}
