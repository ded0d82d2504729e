use super::layout::{encode_enum, encode_struct};
use crate::ids::{ClientId, MarketId, Side};
use crate::order::{Direction, NewOrder, OrderKind, PostOnly, SelfTrade, TimeInForce, Trigger};
use crate::quantity::{Lots, Price, Time};

encode_enum!(Side as "side" { 0 => Buy, 1 => Sell });
encode_enum!(OrderKind as "order" { 0 => Limit, 1 => Market });
encode_enum!(TimeInForce as "time in force" { 0 => Rest, 1 => ImmediateOrCancel, 2 => FillOrKill });
encode_enum!(PostOnly as "post-only rule" { 0 => No, 1 => Reject, 2 => Slide });
encode_enum!(SelfTrade as "self-trade rule" { 0 => CancelNewest, 1 => CancelOldest, 2 => CancelBoth, 3 => Decrement });
encode_enum!(Direction as "trigger direction" { 0 => Falls, 1 => Rises });

encode_struct!(Trigger { direction: Direction, price: Price });

encode_struct!(NewOrder {
    market: MarketId,
    side: Side,
    kind: OrderKind,
    time_in_force: TimeInForce,
    post_only: PostOnly,
    self_trade: SelfTrade,
    price: Price,
    lots: Lots,
    display: Lots,
    expires: Time,
    trigger: Option<Trigger>,
    client: ClientId,
});
