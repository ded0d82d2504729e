//! Batches out of the harness's realistic flow, its commands signed one by one or many at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ashlar_batch::Timed;
use ashlar_exchange::Line;
use ashlar_harness::Output;
use ashlar_harness::flow::{Flow, Realistic, Shape, Shares};
use ashlar_types::{AccountId, Address, Amount, AssetId, Command, InboxEntry, Input, OrderId};

use crate::node::{Node, Recorded};
use crate::speakers::Speech;

/// What a day looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayShape {
    /// Where all chance comes from.
    pub seed: u64,
    /// Markets.
    pub markets: u16,
    /// Accounts that trade.
    pub traders: u32,
    /// Accounts that only have a balance, so that the state is as deep as a large exchange's.
    pub idle: u32,
    /// Commands before the first batch.
    pub warm_up: usize,
    /// How much of each kind of command.
    pub shares: Shares,
}

/// A day, up to some moment.
#[derive(Debug)]
pub struct Day {
    flow: Realistic,
    /// The exchange.
    pub node: Node,
    /// What is said next.
    pub speech: Speech,
    /// Commands that wait until their account has as many as it signs at once.
    waiting: BTreeMap<AccountId, (Vec<Command>, BTreeSet<OrderId>)>,
}

impl Day {
    /// From a new exchange through the warm-up.
    pub fn begin(shape: &DayShape) -> Day {
        let flow_shape = Shape { shares: shape.shares, ..Shape::mixed(shape.seed, shape.markets, shape.traders) };
        let mut flow = Realistic::new(flow_shape);
        let mut node = Node::new(&flow.genesis());
        let setup: VecDeque<_> = (0..flow.setup_len()).map(|_| flow.produce()).collect();
        let time = setup.back().expect("a venue has entries").0;
        let mut speech = Speech::new(0, time);
        setup.into_iter().for_each(|(_, input)| speech.inbox(with_own_keys(input)));
        for number in 0..shape.idle {
            let amount = Amount::new(1_000_000).expect("an amount");
            let asset = AssetId::new(0).expect("an asset");
            speech.inbox(InboxEntry::Deposit { owner: idle_owner(number), account: None, asset, amount });
        }
        let mut inputs = std::mem::take(&mut speech.inputs).into_iter();
        node.live(&mut || inputs.next(), &mut |_| {});
        let mut day = Day { flow, node, speech, waiting: BTreeMap::new() };
        let Day { flow, node, speech, .. } = &mut day;
        let (flow, mut left) = (std::cell::RefCell::new(flow), shape.warm_up);
        node.live(
            &mut || {
                left = left.checked_sub(1)?;
                let (time, input) = flow.borrow_mut().produce();
                let Input::Message(message) = input else { return None };
                speech.time = time;
                // Nobody will check these signatures, so nobody makes them.
                Some(speech.unsigned(message.header.account, message.commands))
            },
            &mut |line| flow.borrow_mut().observe(&as_output(line)),
        );
        day
    }

    /// The next batch: this many commands or a few more, so many in each message.
    pub fn batch(&mut self, commands: usize, at_once: usize) -> Recorded {
        self.say(commands, at_once);
        self.seal()
    }

    /// A batch of what was said.
    pub fn seal(&mut self) -> Recorded {
        let inputs = std::mem::take(&mut self.speech.inputs);
        let signatures = std::mem::take(&mut self.speech.signatures);
        self.node.seal(inputs, &signatures)
    }

    /// Has this many commands said, or a few more, so many in each message.
    pub fn say(&mut self, commands: usize, at_once: usize) {
        let Day { flow, node, speech, waiting } = self;
        let (flow, mut said) = (std::cell::RefCell::new(flow), 0);
        node.try_out(
            &mut || {
                while said < commands {
                    let (time, input) = flow.borrow_mut().produce();
                    let Input::Message(message) = input else { continue };
                    let who = message.header.account;
                    let (queue, named) = waiting.entry(who).or_default();
                    // The flow does not know that it has asked for this already.
                    let names = message.commands.iter().filter_map(named_order).collect::<Vec<_>>();
                    if names.iter().any(|order| !named.insert(*order)) {
                        continue;
                    }
                    queue.extend(message.commands);
                    if queue.len() >= at_once {
                        let queue = std::mem::take(queue);
                        named.clear();
                        said += queue.len();
                        speech.time = time;
                        let message = speech.session(who, queue);
                        return Some(Timed { time, input: Input::Message(message) });
                    }
                }
                None
            },
            &mut |line| flow.borrow_mut().observe(&as_output(line)),
        );
    }
}

/// Who owns an account that does nothing.
fn idle_owner(number: u32) -> Address {
    let mut bytes = [0x0b; 20];
    bytes[16..].copy_from_slice(&number.to_be_bytes());
    Address(bytes)
}

/// The order that a command is about.
fn named_order(command: &Command) -> Option<OrderId> {
    match command {
        Command::Cancel(order) | Command::Replace { order, .. } | Command::Reduce { order, .. } => Some(*order),
        _ => None,
    }
}

/// The flow's own setup registers keys that are no points; here they must be.
fn with_own_keys(input: Input) -> InboxEntry {
    let Input::Inbox { entry, .. } = input else { unreachable!("a venue is made of inbox entries") };
    match entry {
        InboxEntry::RegisterKey { owner, account, .. } => {
            InboxEntry::RegisterKey { owner, account, grant: Speech::grant(account) }
        }
        entry => entry,
    }
}

fn as_output(line: &Line) -> Output {
    match line {
        Line::Event(event) => Output::Event(*event),
        Line::Receipt(receipt) => Output::Receipt(*receipt),
    }
}
