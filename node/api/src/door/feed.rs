//! What was executed, as it leaves the exchange.

use std::sync::Arc;

use ashlar_types::{Event, Input, Receipt, Sequence, Time};

/// One line of the exchange's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    /// A consequence of the command whose receipt follows.
    Event(Event),
    /// The end of a command.
    Receipt(Receipt),
}

/// Inputs in their order with everything they caused. The lines of all inputs stand in one list: an input has as many receipts
/// as commands, and each receipt follows its events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The number of the first command.
    pub first: Sequence,
    /// What was executed, and when.
    pub inputs: Vec<(Time, Input)>,
    /// What it caused.
    pub lines: Vec<Line>,
}

/// One input of a block with its own lines.
#[derive(Clone, Copy, Debug)]
pub struct Executed<'a> {
    /// When it was executed.
    pub time: Time,
    /// What.
    pub input: &'a Input,
    /// Events and receipts, in their order.
    pub lines: &'a [Line],
}

impl Block {
    /// Each input with its lines.
    pub fn executed(&self) -> impl Iterator<Item = Executed<'_>> {
        let mut rest = self.lines.as_slice();
        self.inputs.iter().map(move |(time, input)| {
            let (lines, after) = rest.split_at(end_of(rest, input.commands()));
            rest = after;
            Executed { time: *time, input, lines }
        })
    }

    /// The number of the first command after the block.
    pub fn next(&self) -> Sequence {
        let commands: u64 = self.inputs.iter().map(|(_, input)| input.commands() as u64).sum();
        Sequence::new(self.first.get().saturating_add(commands))
    }
}

/// Lines up to and with the last of so many receipts.
fn end_of(lines: &[Line], receipts: usize) -> usize {
    let ends = lines.iter().enumerate().filter(|(_, line)| matches!(line, Line::Receipt(_)));
    match receipts {
        0 => 0,
        _ => ends.map(|(at, _)| at + 1).nth(receipts - 1).unwrap_or(lines.len()),
    }
}

/// The blocks as one reader gets them. Its channel holds [`crate::limits::FEED_BLOCKS_MAX`]; a reader that is told it lagged has
/// lost its place and opens again.
pub type Feed = tokio::sync::broadcast::Receiver<Arc<Block>>;

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_types::{AccountId, ClientId, Lots, MarketId, Reason, SystemCommand};

    fn receipt(sequence: u64) -> Line {
        Line::Receipt(Receipt {
            sequence: Sequence::new(sequence),
            time: Time::ZERO,
            account: AccountId::FIRST,
            reason: Reason::Done,
            order: None,
            client: ClientId(0),
            filled: Lots::ZERO,
            remaining: Lots::ZERO,
        })
    }

    #[test]
    fn a_block_is_cut_into_inputs_at_their_receipts() {
        let halt = || (Time::ZERO, Input::System(SystemCommand::Halt(MarketId::FIRST)));
        let event = Line::Event(Event::CascadePending { market: MarketId::FIRST });
        let lines = vec![receipt(4), event, event, receipt(5), receipt(6)];
        let block = Block { first: Sequence::new(4), inputs: vec![halt(), halt(), halt()], lines };
        let lengths: Vec<_> = block.executed().map(|executed| executed.lines.len()).collect();
        assert_eq!(lengths, [1, 3, 1]);
        assert_eq!(block.next(), Sequence::new(7));
    }
}
