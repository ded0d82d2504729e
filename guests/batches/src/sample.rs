//! A batch with a bit of everything, small enough to be proven on any machine.

use ashlar_harness::flow::Shares;
use ashlar_types::{Amount, AssetId, Command, InboxEntry};

use crate::day::{Day, DayShape};
use crate::node::Recorded;
use crate::speakers::{Speech, account, owner};

/// Traders and idle accounts of the sample's exchange; the next account is the newcomer's.
const TRADERS: u32 = 12;
const IDLE: u32 = 500;
const NEWCOMER: u32 = TRADERS + IDLE + 1;

/// So many commands of traders, of which a few messages hold several, and: a newcomer's deposit, key by wallet, and
/// withdrawals by wallet and by key.
pub fn sample(commands: usize) -> Recorded {
    let shape = DayShape { seed: 11, markets: 2, traders: TRADERS, idle: IDLE, warm_up: 400, shares: Shares::MIXED };
    let mut day = Day::begin(&shape);
    let asset = AssetId::new(0).expect("an asset");
    let amount = |units| Amount::new(units).expect("an amount");
    let newcomer = account(NEWCOMER);
    let deposit = InboxEntry::Deposit { owner: owner(NEWCOMER), account: None, asset, amount: amount(1_000_000) };
    day.speech.inbox(deposit);
    day.speech.wallet(newcomer, Command::RegisterKey(Speech::grant(newcomer)));
    day.say(commands, 12);
    day.speech.session(newcomer, vec![Command::Withdraw { asset, amount: amount(1_000) }]);
    day.speech.wallet(newcomer, Command::Withdraw { asset, amount: amount(2_000) });
    day.seal()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ashlar_exchange::Line;
    use ashlar_guest::{NativePlatform, check};
    use ashlar_types::{Event, Reason};

    use super::*;

    /// The smallest that is proven in earnest (`guests/sp1/worker`).
    #[test]
    fn a_small_sample_has_every_kind_in_it_and_is_right() {
        let recorded = sample(40);
        let reasons: BTreeSet<_> = recorded
            .lines
            .iter()
            .filter_map(|line| match line {
                Line::Receipt(receipt) => Some(receipt.reason),
                Line::Event(_) => None,
            })
            .collect();
        for reason in [Reason::Resting, Reason::Filled, Reason::Cancelled, Reason::Done] {
            assert!(reasons.contains(&reason), "{reason:?} in {reasons:?}");
        }
        let has =
            |is: fn(&Event) -> bool| recorded.lines.iter().any(|line| matches!(line, Line::Event(event) if is(event)));
        assert!(has(|event| matches!(event, Event::Trade(_))), "a match");
        assert!(has(|event| matches!(event, Event::Credited { .. })), "a deposit");
        assert!(has(|event| matches!(event, Event::Withdrawn { .. })), "a withdrawal");
        let values = check(&recorded.input(), &mut NativePlatform::default()).expect("the guest accepts it");
        assert_eq!(values.last_hash, recorded.header.hash());
    }
}
