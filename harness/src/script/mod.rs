//! Rules as text: scripts of commands with what an engine must answer.
//!
//! A table is a text of cases. Each begins with `== ` and a title that names the rules it shows; it runs in a world of
//! its own (see `world`). A step is one line; what must come of it follows its ` = `, the events before that each on
//! a line of its own that begins with `- `:
//!
//! ```text
//! == C-17 a plain order rests until it meets another
//! alice buy 5 @ 100 = Resting b100#1 left 5
//! bob sell 3 @ 99 = Filled s99#2 filled 3
//! - trade alice b100#1 bob s99#2 3 @ 100 left 2
//! ? alice BTC = 1000030 free
//! ```
//!
//! An order is named by what its id is made of: side, price, rank (`m1/b100#1` outside of the first market). Times are
//! milliseconds after the beginning (`+50`). Lines that begin with `#` are for the reader.

mod inbox;
mod names;
mod order;
mod render;
mod step;
mod table;
mod world;

pub use table::{Failure, Seen, rewrite, run};
