use ashlar_types::{Command, Direction, NewOrder, OrderKind, PostOnly, Price, SelfTrade, Side, Time, TimeInForce};

/// What a command does, as far as the columns know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Op {
    Place = 0,
    Cancel = 1,
    Reduce = 2,
    Replace = 3,
    CancelPlace = 4,
    MassQuote = 5,
    /// In its own encoding, in the plain bytes.
    Plain = 6,
    /// A one-cancels-other pair: the leg that rests, and behind it the other as the shape of a `Place` has it.
    Pair = 7,
}

/// The flags of an order that a few bits hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct OrderShape {
    pub side: Side,
    pub kind: OrderKind,
    pub time_in_force: TimeInForce,
    pub post_only: PostOnly,
    pub self_trade: SelfTrade,
    /// Shows only a part.
    pub display: bool,
    /// Expires.
    pub expires: bool,
    pub trigger: Option<Direction>,
    /// Accepts any price: its limit is the end of the range.
    pub any_price: bool,
}

/// The limit that accepts any price.
pub(super) const fn any_price(side: Side) -> Price {
    match side {
        Side::Buy => Price::MAX,
        Side::Sell => Price::MIN,
    }
}

/// Everything about a command but its numbers (B-11).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    pub op: Op,
    /// The side of the order it names; `Buy` where it names none.
    pub id_side: Side,
    /// The order it names is of another market than the one it places.
    pub foreign: bool,
    pub order: OrderShape,
}

/// What stands for "no order" where a command places none: all its bits are zero.
const NO_ORDER: OrderShape = OrderShape {
    side: Side::Buy,
    kind: OrderKind::Limit,
    time_in_force: TimeInForce::Rest,
    post_only: PostOnly::No,
    self_trade: SelfTrade::CancelNewest,
    display: false,
    expires: false,
    trigger: None,
    any_price: false,
};

impl OrderShape {
    fn of(order: &NewOrder) -> OrderShape {
        OrderShape {
            side: order.side,
            kind: order.kind,
            time_in_force: order.time_in_force,
            post_only: order.post_only,
            self_trade: order.self_trade,
            display: !order.display.is_zero(),
            expires: order.expires != Time::NEVER,
            trigger: order.trigger.map(|trigger| trigger.direction),
            any_price: order.price == any_price(order.side),
        }
    }

    /// Thirteen bits.
    fn bits(self) -> u32 {
        let trigger = match self.trigger {
            None => 0,
            Some(Direction::Falls) => 1,
            Some(Direction::Rises) => 2,
        };
        self.side as u32
            | (self.kind as u32) << 1
            | (self.time_in_force as u32) << 2
            | (self.post_only as u32) << 4
            | (self.self_trade as u32) << 6
            | u32::from(self.display) << 8
            | u32::from(self.expires) << 9
            | trigger << 10
            | u32::from(self.any_price) << 12
    }

    fn from_bits(bits: u32) -> Option<OrderShape> {
        Some(OrderShape {
            side: Side::from_bit(bits.into()),
            kind: if bits >> 1 & 1 == 0 { OrderKind::Limit } else { OrderKind::Market },
            time_in_force: match bits >> 2 & 3 {
                0 => TimeInForce::Rest,
                1 => TimeInForce::ImmediateOrCancel,
                2 => TimeInForce::FillOrKill,
                _ => return None,
            },
            post_only: match bits >> 4 & 3 {
                0 => PostOnly::No,
                1 => PostOnly::Reject,
                2 => PostOnly::Slide,
                _ => return None,
            },
            self_trade: match bits >> 6 & 3 {
                0 => SelfTrade::CancelNewest,
                1 => SelfTrade::CancelOldest,
                2 => SelfTrade::CancelBoth,
                _ => SelfTrade::Decrement,
            },
            display: bits >> 8 & 1 == 1,
            expires: bits >> 9 & 1 == 1,
            trigger: match bits >> 10 & 3 {
                0 => None,
                1 => Some(Direction::Falls),
                2 => Some(Direction::Rises),
                _ => return None,
            },
            any_price: bits >> 12 & 1 == 1,
        })
    }
}

impl Shape {
    pub(super) fn of_place(order: &NewOrder) -> Shape {
        Shape { op: Op::Place, id_side: Side::Buy, foreign: false, order: OrderShape::of(order) }
    }

    /// The shape of a pair is that of its first leg.
    pub(super) fn of(command: &Command) -> Shape {
        let named = |op, side| Shape { op, id_side: side, foreign: false, order: NO_ORDER };
        match command {
            Command::Place(order) => Shape::of_place(order),
            Command::Cancel(id) => named(Op::Cancel, id.side),
            Command::Reduce { order, .. } => named(Op::Reduce, order.side),
            Command::Replace { order, .. } => named(Op::Replace, order.side),
            Command::CancelPlace { cancel, place } => Shape {
                foreign: cancel.market != place.market,
                order: OrderShape::of(place),
                ..named(Op::CancelPlace, cancel.side)
            },
            Command::MassQuote { .. } => named(Op::MassQuote, Side::Buy),
            Command::OneCancelsOther(legs) if legs.limit.market == legs.stop.market => {
                Shape { order: OrderShape::of(&legs.limit), ..named(Op::Pair, Side::Buy) }
            }
            _ => named(Op::Plain, Side::Buy),
        }
    }

    /// Operation 3, side of the named order 1, foreign 1, order 13.
    pub(super) fn bits(self) -> u32 {
        self.op as u32 | (self.id_side as u32) << 3 | u32::from(self.foreign) << 4 | self.order.bits() << 5
    }

    /// The shape of these bits; `None` if no command has them.
    pub(super) fn from_bits(bits: u64) -> Option<Shape> {
        let bits = u32::try_from(bits).ok()?;
        let op = match bits & 7 {
            0 => Op::Place,
            1 => Op::Cancel,
            2 => Op::Reduce,
            3 => Op::Replace,
            4 => Op::CancelPlace,
            5 => Op::MassQuote,
            6 => Op::Plain,
            _ => Op::Pair,
        };
        let meaning = match op {
            Op::Place | Op::Pair => 0x1fff << 5 | 7,
            Op::Cancel | Op::Reduce | Op::Replace => 1 << 3 | 7,
            Op::CancelPlace => 0x3_ffff,
            Op::MassQuote | Op::Plain => 7,
        };
        if bits & !meaning != 0 {
            return None;
        }
        Some(Shape {
            op,
            id_side: Side::from_bit(u64::from(bits >> 3)),
            foreign: bits >> 4 & 1 == 1,
            order: OrderShape::from_bits(bits >> 5)?,
        })
    }
}

/// The flags of one quote (B-12).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct QuoteShape {
    pub side: Side,
    /// The side of the quote it replaces, if it replaces one, and whether that is of another market.
    pub replaces: Option<(Side, bool)>,
}

impl QuoteShape {
    /// Side 1, replaces 1, side of the replaced 1, foreign 1.
    pub(super) fn bits(self) -> u64 {
        let replaces = self.replaces.map_or(0, |(side, foreign)| 1 | (side as u64) << 1 | u64::from(foreign) << 2);
        self.side as u64 | replaces << 1
    }

    pub(super) fn from_bits(bits: u64) -> Option<QuoteShape> {
        let side = Side::from_bit(bits);
        match bits >> 1 {
            0 => Some(QuoteShape { side, replaces: None }),
            flags @ (1 | 3 | 5 | 7) => {
                Some(QuoteShape { side, replaces: Some((Side::from_bit(flags >> 1), flags >> 2 == 1)) })
            }
            _ => None,
        }
    }
}
