extern crate std;

use alloc::boxed::Box;

use ashlar_types::{
    ClientId, Command, Direction, Lots, MarketId, NewOrder, OneCancelsOther, OrderId, Price, Quote, Rank, Side, Signer,
    Time, Trigger, to_bytes,
};
use proptest::prelude::*;

use super::bytes;
use super::predict::{fold, unfold};
use super::shape::{QuoteShape, Shape};
use super::survey::{signer_key, signer_of};
use crate::limits::SHAPES_MAX;

proptest! {
    #[test]
    fn a_distance_leads_back(number: u64, expected: u64, folded: u64) {
        prop_assert_eq!(unfold(fold(number, expected), expected), number);
        prop_assert_eq!(fold(unfold(folded, expected), expected), folded);
    }

    #[test]
    fn bits_have_one_shape(bits in 0u64..1 << 19) {
        if let Some(shape) = Shape::from_bits(bits) {
            prop_assert_eq!(u64::from(shape.bits()), bits);
        }
        if let Some(shape) = QuoteShape::from_bits(bits & 0xff) {
            prop_assert_eq!(shape.bits(), bits & 0xff);
        }
    }
}

#[test]
fn a_near_number_is_small() {
    assert_eq!([fold(7, 7), fold(6, 7), fold(8, 7), fold(5, 7)], [0, 1, 2, 3]);
}

#[test]
fn signers_sort_by_account_and_slot() {
    let account = ashlar_types::AccountId::new(3).unwrap();
    for (slot, epoch) in [(0, 0), (1, 0), (8, u32::MAX.into())] {
        let signer = signer_of(slot, epoch).unwrap();
        assert_eq!(signer_key(account, signer), 3 << 36 | slot << 32 | epoch);
    }
    assert_eq!(signer_of(0, 0), Some(Signer::Owner));
    assert_eq!([signer_of(0, 1), signer_of(9, 0), signer_of(1, 1 << 32)], [None; 3]);
}

/// Whoever sends every shape there is in one batch cannot keep it from being written.
#[test]
fn a_batch_holds_every_shape() {
    let shapes = (0..1 << 20).filter(|bits| Shape::from_bits(*bits).is_some()).count();
    assert!(shapes <= SHAPES_MAX, "{shapes} shapes");
}

fn pair(limit: NewOrder, stop: NewOrder) -> Command {
    Command::OneCancelsOther(Box::new(OneCancelsOther { limit, stop }))
}

#[test]
fn lengths_are_those_of_the_encoding() {
    let market = MarketId::new(3).unwrap();
    let plain = NewOrder::limit(market, Side::Buy, Price::MIN, Lots::ZERO);
    let trigger = Some(Trigger { direction: Direction::Rises, price: Price::MAX });
    let order = OrderId { market, side: Side::Sell, price: Price::MAX, rank: Rank::new(9) };
    let quote =
        |replaces| Quote { replaces, side: Side::Buy, price: Price::MIN, lots: Lots::ZERO, client: ClientId(1) };
    for command in [
        Command::Place(plain),
        Command::Place(NewOrder { trigger, ..plain }),
        Command::Cancel(order),
        Command::Reduce { order, by: Lots::MAX },
        Command::Replace { order, price: Price::MIN, lots: Lots::MAX },
        Command::CancelPlace { cancel: order, place: NewOrder { trigger, ..plain } },
        Command::MassQuote { market, quotes: alloc::vec![quote(None), quote(Some(order))] },
        pair(plain, NewOrder { trigger, ..plain }),
    ] {
        assert_eq!(bytes::of_command(&command), Some(to_bytes(&command).len()), "{command:?}");
    }
    assert_eq!(bytes::of_command(&Command::DeadMan(Time::NEVER)), None);
    assert_eq!(bytes::of_command(&pair(plain, NewOrder { market: MarketId::new(4).unwrap(), ..plain })), None);

    let account = ashlar_types::AccountId::new(3).unwrap();
    for signer in [Signer::Owner, signer_of(2, 7).unwrap()] {
        let header = ashlar_types::Header { account, signer, nonce: 1, not_after: Time::ZERO };
        assert_eq!(bytes::of_header(&header), to_bytes(&header).len() + 2);
    }
}
