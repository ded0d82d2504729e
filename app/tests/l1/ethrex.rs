//! Every story on the embedded ethrex.

use crate::chain::Chain;
use crate::stories;

#[test]
fn in_trade_and_out() {
    stories::in_trade_and_out("in-out", Chain::ethrex());
}

#[test]
fn what_is_forced_is_honoured() {
    stories::what_is_forced_is_honoured("forced", Chain::ethrex());
}

#[test]
fn everybody_leaves_when_a_deadline_is_missed() {
    stories::everybody_leaves_when_a_deadline_is_missed("exit", Chain::ethrex());
}
