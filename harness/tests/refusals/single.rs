//! Messages cut into messages of one command, so that each command's own effect is seen.

use ashlar_types::limits::MESSAGE_COMMANDS_MAX;
use ashlar_types::{Command, Header, Input, Message};

/// Nonces are stretched by this, so that each command of a message can have one of its own.
const STRETCH: u64 = 300;

/// The inputs of one command that an input is made of; one that is refused whole stays whole.
pub fn single(input: &Input) -> Vec<Input> {
    let Input::Message(Message { header, commands }) = input else { return vec![input.clone()] };
    let nonce = header.nonce.saturating_mul(STRETCH);
    if commands.len() > MESSAGE_COMMANDS_MAX || commands.is_empty() {
        let header = Header { nonce, ..*header };
        return vec![Input::Message(Message { header, commands: commands.clone() })];
    }
    let cut = |(at, command): (u64, &Command)| {
        let header = Header { nonce: if nonce == 0 { 0 } else { nonce.saturating_add(at) }, ..*header };
        Input::Message(Message { header, commands: vec![command.clone()] })
    };
    (0..).zip(commands).map(cut).collect()
}
