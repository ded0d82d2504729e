//! How long a command or header is in its own encoding, without writing it: a batch holds no message that could not be
//! sent (B-4).

use ashlar_types::{Command, Decode, Header, Lots, NewOrder, OrderId, Quote, Signer};

/// The header and the count of commands.
pub(super) const fn of_header(header: &Header) -> usize {
    match header.signer {
        Signer::Session { .. } => Header::BYTES_MAX + 2,
        Signer::Owner => Header::BYTES_MAX - 5 + 2,
    }
}

const fn of_order(order: &NewOrder) -> usize {
    match order.trigger {
        Some(_) => NewOrder::BYTES_MAX,
        None => NewOrder::BYTES_MAX - 7,
    }
}

const fn of_quote(quote: &Quote) -> usize {
    match quote.replaces {
        Some(_) => Quote::BYTES_MAX,
        None => Quote::BYTES_MAX - OrderId::BYTES_MAX,
    }
}

/// A command that the columns hold; `None` for those that stand in their own encoding.
pub(super) fn of_command(command: &Command) -> Option<usize> {
    const ID: usize = 1 + OrderId::BYTES_MAX;
    Some(match command {
        Command::Place(order) => 1 + of_order(order),
        Command::Cancel(_) => ID,
        Command::Reduce { .. } => ID + Lots::BYTES_MAX,
        Command::Replace { .. } => ID + 6 + Lots::BYTES_MAX,
        Command::CancelPlace { place, .. } => ID + of_order(place),
        Command::OneCancelsOther(legs) if legs.limit.market == legs.stop.market => {
            1 + of_order(&legs.limit) + of_order(&legs.stop)
        }
        Command::MassQuote { quotes, .. } => 1 + 2 + 2 + quotes.iter().map(of_quote).sum::<usize>(),
        _ => return None,
    })
}
