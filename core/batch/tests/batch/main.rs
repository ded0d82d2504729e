//! What the crate promises to others, from the outside.

mod arbitrary;
mod flow;

mod codec;
mod ledgers;
mod rows;
mod size;
mod vectors;
