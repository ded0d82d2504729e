//! The ladder: the store of a live book.
//!
//! 1. Finding the best price, putting an order in, finding it by its id and taking it out each take a constant number of
//!    steps near the market, and a search in an ordered map far from it.
//! 2. No operation does work that others have piled up: the window follows the market a few levels at a time, the index
//!    grows by one bucket at a time, and no array is ever copied.
//! 3. Memory is reserved once, for as many orders as the book may hold, and committed as it is used.
//! 4. A book that is full says so and takes nothing more.
//!
//! Three parts work together. `Window` and `Levels` know which prices have orders, `Links` knows which order comes after
//! which, `Index` knows where the order of an id is.

mod book;

mod depth;
mod index;
mod levels;
mod links;
mod record;
mod records;
mod trigger_book;
mod window;

pub use book::{At, Book};
pub use depth::Level;
pub use trigger_book::{TriggerAt, TriggerBook};

use ashlar_types::limits::MARKET_ORDERS_MAX;

/// How large a book may become, and how it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BookConfig {
    /// Orders, or triggers, it can hold; at most 2^24 − 1.
    pub orders_max: u32,
    /// Orders it has memory for from the start. It changes no result: the first use of other memory only takes longer.
    pub touched: u32,
    /// Keys the hash of ids, so that nobody can choose ids that collide. It changes no result.
    pub hash_key: u64,
}

impl BookConfig {
    /// A book that may hold what the protocol allows and begins with no memory.
    pub const fn keyed(hash_key: u64) -> BookConfig {
        BookConfig { orders_max: MARKET_ORDERS_MAX, touched: 0, hash_key }
    }
}

const _: () = assert!(MARKET_ORDERS_MAX <= index::SLOTS_MAX);

/// Defines the handle of something in a ladder.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name(crate::ladder::index::Found);

        impl $name {
            /// A number below the most that the ladder can hold; nothing else in it has it now.
            #[inline(always)]
            pub const fn slot(self) -> u32 {
                self.0.slot()
            }

            /// What has a slot.
            #[inline(always)]
            pub const fn of_slot(slot: u32) -> $name {
                $name(crate::ladder::index::Found::only(slot))
            }
        }

        impl PartialEq for $name {
            #[inline(always)]
            fn eq(&self, other: &$name) -> bool {
                self.slot() == other.slot()
            }
        }

        impl Eq for $name {}
    };
}

use handle;
