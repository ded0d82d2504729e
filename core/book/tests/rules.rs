//! The rules of matching, one by one.

mod support;

use support::script::check;

#[test]
fn m1_best_price_then_lowest_rank_within_the_limit() {
    check(
        "rest a1 sell 101 x5
         rest a1 sell 100 x5
         rest a1 sell 100 x5
         rest a1 sell 102 x5
         take a2 buy 101 x99
         book",
        "trade 2 x5 at 100
         trade 3 x5 at 100
         trade 1 x5 at 101
         NoMore x84
         book 4:5+0",
    );
    check("take a2 buy 101 x9", "NoMore x9");
    check(
        "rest a1 buy 99 x5 \n take a2 sell 100 x9 \n take a2 sell 99 x2 \n book",
        "NoMore x9 \n trade 1 x2 at 99 \n Filled x0 \n book 1:3+0",
    );
}

#[test]
fn m2_dead_orders_are_removed_up_to_a_bound() {
    check(
        "rest a1 sell 100 x5 dies 10
         rest a1 sell 100 x6 dies 11
         rest a3 sell 100 x7
         now 10
         deadman a3 at 9
         take a2 buy 100 x2
         book",
        "removed 1 x5 Expired
         trade 2 x2 at 100
         Filled x0
         book 2:4+0 3:7+0",
    );
    check(
        "rest a1 sell 100 x5 dies 1 times 3 \n now 1 \n take a2 buy 100 x2 budget 9 2 9 \n book",
        "removed 1 x5 Expired \n removed 2 x5 Expired \n Bound x2 \n book 3:5+0",
    );
    check("rest a2 sell 100 x5 dies 1 \n now 1 \n take a2 buy 100 x2", "removed 1 x5 Expired \n NoMore x2");
}

#[test]
fn m3_newest_oldest_and_both() {
    let book = "rest a2 sell 100 x5 \n rest a1 sell 100 x5 \n";
    check(&format!("{book} take a2 buy 100 x9 newest \n book"), "SelfTrade x9 \n book 1:5+0 2:5+0");
    check(
        &format!("{book} take a2 buy 100 x9 oldest \n book"),
        "removed 1 x5 SelfTrade \n trade 2 x5 at 100 \n NoMore x4 \n book",
    );
    check(&format!("{book} take a2 buy 100 x9 both \n book"), "removed 1 x5 SelfTrade \n SelfTrade x9 \n book 2:5+0");
}

#[test]
fn m3_decrement_takes_the_hidden_part_first() {
    check(
        "rest a2 sell 100 x5 hide 10 show 5
         take a2 buy 100 x12 decrement
         book",
        "taker loses x12
         order 1 loses x12
         SelfTrade x0
         book 1:3+0",
    );
    check(
        "rest a2 sell 100 x5 hide 1 show 5
         rest a1 sell 100 x9
         take a2 buy 100 x12 decrement
         book",
        "taker loses x6
         removed 1 x6 SelfTrade
         trade 2 x6 at 100
         Filled x0
         book 2:3+0",
    );
    check(
        "rest a2 sell 100 x5 \n take a2 buy 100 x5 decrement \n book",
        "taker loses x5 \n removed 1 x5 SelfTrade \n SelfTrade x0 \n book",
    );
    check(
        "rest a2 sell 100 x5 pair \n take a2 buy 100 x2 decrement \n book",
        "taker loses x2 \n removed 1 x5 SelfTrade \n SelfTrade x0 \n book",
    );
}

#[test]
fn m3_is_bounded() {
    check(
        "rest a2 sell 100 x5 times 2 \n take a2 buy 100 x9 oldest budget 9 9 1 \n book",
        "removed 1 x5 SelfTrade \n Bound x9 \n book 2:5+0",
    );
    check("rest a2 sell 100 x5 \n take a2 buy 100 x9 both budget 9 9 0 \n book", "Bound x9 \n book 1:5+0");
    check("rest a2 sell 100 x5 \n take a2 buy 100 x9 newest budget 9 9 0", "SelfTrade x9");
}

#[test]
fn m4_trades_are_bounded() {
    check(
        "rest a1 sell 100 x5 times 3 \n take a2 buy 100 x12 budget 2 0 0 \n book",
        "trade 1 x5 at 100 \n trade 2 x5 at 100 \n Bound x2 \n book 3:5+0",
    );
    check("rest a1 sell 100 x1 times 1024 \n take a2 buy 99 x1 \n best sell", "NoMore x1 \n Found(Price(100))");
}

#[test]
fn m6_an_iceberg_goes_to_the_back_for_each_part() {
    check(
        "rest a1 sell 100 x5 hide 7 show 5
         rest a3 sell 100 x4
         take a2 buy 100 x15
         book",
        "trade 1 x5 at 100
         refilled 1 as 3 shows x5 hides x2
         trade 2 x4 at 100
         trade 1 x5 at 100
         refilled 1 as 4 shows x2 hides x0
         trade 1 x1 at 100
         Filled x0
         book 1:1+0",
    );
    check(
        "rest a1 sell 100 x5 hide 5 show 5 \n take a2 buy 100 x5 \n book",
        "trade 1 x5 at 100 \n refilled 1 as 2 shows x5 hides x0 \n Filled x0 \n book 1:5+0",
    );
}

#[test]
fn c13_the_best_live_order_is_found_past_dead_ones() {
    check("best sell", "Empty");
    check(
        "rest a1 buy 90 x1 \n rest a1 buy 91 x1 dies 5 \n best buy \n now 5 \n best buy \n best buy skip 1 \n book",
        "Found(Price(91)) \n Found(Price(90)) \n Empty \n book 2:1+0 1:1+0",
    );
    check(
        "rest a1 sell 10 x1 dies 5 times 64 \n now 5 \n best sell \n rest a1 sell 11 x1 \n best sell",
        "Empty \n Found(Price(11))",
    );
    check("rest a1 sell 10 x1 dies 5 times 65 \n now 5 \n best sell \n best sell skip 3", "Bound \n Empty");
}

#[test]
fn m10_fill_or_kill_counts_what_it_may_take() {
    let book = "rest a1 sell 100 x5 \n rest a3 sell 101 x5 hide 5 show 5 \n";
    check(
        &format!("{book} fill a2 buy 100 x5 \n fill a2 buy 100 x6 \n fill a2 buy 101 x15 \n fill a2 buy 101 x16"),
        "true \n false \n true \n false",
    );
    check(
        &format!(
            "{book} fill a1 buy 101 x1 \n fill a1 buy 101 x10 oldest \n fill a1 buy 101 x11 oldest \n fill a1 buy 101 x1 both"
        ),
        "false \n true \n false \n false",
    );
    check(&format!("{book} fill a2 buy 101 x10 skip 1 \n fill a2 buy 101 x11 skip 1"), "true \n false");
    check("rest a1 sell 9 x1 hide 1023 show 1 \n fill a2 buy 9 x1024", "true");
    check("rest a1 sell 9 x1 hide 1024 show 1 \n fill a2 buy 9 x1", "false");
    check("rest a1 sell 9 x1 times 1024 \n fill a2 buy 9 x1024", "true");
    check("rest a1 sell 9 x1 times 1025 \n fill a2 buy 9 x1025 \n fill a2 buy 9 x1024", "false \n true");
    check(
        "rest a1 sell 8 x1 dies 1 times 65 \n rest a1 sell 9 x1 \n now 1 \n fill a2 buy 9 x1 \n fill a2 buy 9 x1 skip 1",
        "false \n true",
    );
}
