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
