//! What attacks Ashlar: a naive engine written from the specification alone, rule tables, flows of commands, and the
//! runner that compares engines after every command.
//!
//! 1. The [`Reference`] shares no code with the engines it is compared with but the words of `ashlar-types`.
//! 2. Everything here is deterministic: a seed and an index name one command for ever.
//! 3. An [`Engine`] is asked for outputs, leaves and nothing else, so every engine runs the same tables and flows.
#![forbid(unsafe_code)]

pub mod differential;
mod engine;
mod engines;
pub mod flow;
mod reference;
pub mod script;

pub use engine::{Engine, Genesis, Output};
pub use engines::{HotEngine, LeafEngine, ProvenEngine, ProvenError};
pub use reference::Reference;
