//! The configuration of a node: defaults, a file, the environment and flags, laid over each other and checked as a whole before anything
//! starts. docs/configuration.md has every key.

mod arguments;
mod keys;
mod layers;
mod print;
mod reader;
mod settings;

#[cfg(test)]
mod tests;

use std::io::{Write as _, stdout};

use anyhow::{Result, bail};
use serde_json::json;

pub use arguments::{ConfigArguments, ConfigWhat, Sources};
pub use layers::Mistake;
pub use settings::{L1Settings, LogFormat, NodeSettings, Profile, Prover, SourceSettings};

/// `ashlar config`.
pub fn run(arguments: &ConfigArguments) -> Result<()> {
    match &arguments.what {
        ConfigWhat::Check(check) => {
            let layers = check.sources.layers();
            let read = NodeSettings::read(&layers);
            if check.json {
                let mistakes = read.as_ref().err().map(Vec::as_slice).unwrap_or_default();
                let told: Vec<_> = mistakes.iter().map(told).collect();
                writeln!(stdout(), "{}", json!({ "sound": told.is_empty(), "mistakes": told }))?;
            }
            let settings = sound(read)?;
            if !check.json {
                writeln!(
                    stdout(),
                    "the configuration is sound; the node would keep its data in {}",
                    settings.data.display()
                )?;
            }
            Ok(())
        }
        ConfigWhat::Print(print) => {
            let layers = print.sources.layers();
            let text =
                if print.json { format!("{}\n", print::json(&layers)) } else { print::toml(&layers, print.help_too) };
            stdout().write_all(text.as_bytes())?;
            sound(NodeSettings::read(&layers)).map(drop)
        }
    }
}

/// The settings, or an error that lists every mistake.
pub fn sound(read: Result<NodeSettings, Vec<Mistake>>) -> Result<NodeSettings> {
    let mistakes = match read {
        Ok(settings) => return Ok(settings),
        Err(mistakes) => mistakes,
    };
    let lines: Vec<_> = mistakes.iter().map(|mistake| format!("\n  {mistake}")).collect();
    let count = if lines.len() == 1 { "1 mistake".to_owned() } else { format!("{} mistakes", lines.len()) };
    bail!("the configuration has {count}, and nothing was started:{}", lines.concat())
}

fn told(mistake: &Mistake) -> serde_json::Value {
    let Mistake { key, said, origin, what } = mistake;
    json!({ "key": key, "value": said, "layer": origin.as_ref().map(ToString::to_string), "what": what })
}
