//! A node on a terminal: what its public API tells, drawn.
//!
//! 1. It reads and never signs: it knows no private key, and one that is typed by mistake goes nowhere. The operator's token, if it was given
//!    one, is shown to the operator's server alone and never on the screen.
//! 2. What is shown is a function of the model, and the model changes by news and keys alone. Sockets, clock and terminal are
//!    in `reader` and `terminal`, so every picture can be tested as text.
//! 3. What is no longer fresh is called so: a node that is gone leaves its last words on the screen, with their time.

mod arguments;
mod limits;
mod metrics;
mod model;
mod once;
mod reader;
mod screens;
mod terminal;
mod words;

pub use arguments::MonitorArguments;
#[allow(unused_imports, reason = "the tests of its pictures use them")]
pub use metrics::read_metrics;
#[allow(unused_imports, reason = "the tests of its pictures use most of them")]
pub use model::{AccountSeen, Broken, Effect, Key, Listed, Log, Looked, LookedAt, Model, News, Screen, Subject};
pub use once::{json, text};
#[allow(unused_imports, reason = "the tests of its pictures use it")]
pub use screens::draw;

use std::io::{IsTerminal as _, Write as _, stdout};

use anyhow::{Result, bail};

/// Watches a node until the person has seen enough, or looks once.
pub fn run(arguments: &MonitorArguments) -> Result<()> {
    let (address, operator) = (arguments.address()?, arguments.operator()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if arguments.once {
        let overview = runtime.block_on(reader::overview(address))?;
        let mut model = Model::new(&arguments.url);
        for news in overview {
            model.take(news, crate::clock::now_ms());
        }
        let said = if arguments.json { json(model.seen()) } else { text(&model) };
        return Ok(writeln!(stdout(), "{}", said.trim_end())?);
    }
    if !stdout().is_terminal() {
        bail!("this is no terminal; ask for one overview with --once, and --json for a program");
    }
    runtime.block_on(terminal::watch(address, operator, Model::new(&arguments.url)))
}
