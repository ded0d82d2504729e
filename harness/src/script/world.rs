//! The world a case begins in.
//!
//! Assets BTC, USD, EUR; the market `m0` of BTC against USD at 100 ticks, 10 units a lot and 1 unit a tick, fee cap 1%,
//! band 50%, collar 10%, sizes 1 to 1,000,000, no fees; the house and alice, bob, carol, dave, each of these four with
//! 1,000,000 BTC and 1,000,000,000 USD.

use ashlar_types::Time;

use super::names::{BEGINNING_MS, owner_of};
use crate::engine::Genesis;

/// The beginning of every case.
pub fn genesis() -> Genesis {
    let time = Time::new(BEGINNING_MS).expect("the beginning is a time");
    Genesis { house_owner: owner_of(0), time }
}

/// The steps that make the world. Their answers are not looked at, but that each is done.
pub const STEPS: &[&str] = &[
    "inbox asset BTC",
    "inbox asset USD",
    "inbox asset EUR",
    "inbox market m0 BTC USD",
    "inbox deposit alice 1000000 BTC",
    "inbox deposit alice 1000000000 USD",
    "inbox deposit bob 1000000 BTC",
    "inbox deposit bob 1000000000 USD",
    "inbox deposit carol 1000000 BTC",
    "inbox deposit carol 1000000000 USD",
    "inbox deposit dave 1000000 BTC",
    "inbox deposit dave 1000000000 USD",
];
