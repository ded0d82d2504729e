//! One line of a script.

use std::collections::BTreeMap;

use ashlar_state::Key;
use ashlar_types::{AccountId, Command, Header, InboxIndex, Input, KeySlot, Message, Signer, Time};

use super::names::{self, Parsed, number};
use super::{inbox, order};

/// What a line asks for.
pub enum Step {
    /// The clock has moved.
    Clock,
    /// An input, said by this account.
    Apply(AccountId, Input),
    /// Funds of an account in an asset.
    Balance(AccountId, ashlar_types::AssetId),
    /// The leaf of a key.
    Leaf(Key),
}

/// What the words of a script mean depends on what was said before: nonces and the inbox count up by themselves.
#[derive(Default)]
pub struct Context {
    nonces: BTreeMap<(AccountId, Option<KeySlot>), u64>,
    inbox: u64,
    /// The time of the next input.
    pub now: Time,
}

impl Context {
    /// Before the first line.
    pub fn new(now: Time) -> Context {
        Context { now, ..Context::default() }
    }

    /// The meaning of one line, without what must come of it.
    pub fn step(&mut self, line: &str) -> Parsed<Step> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["at", time] => {
                self.now = names::time(time)?;
                Ok(Step::Clock)
            }
            ["?", "leaf", kind, rest @ ..] => {
                let kind = u64::from_str_radix(kind, 16).map_err(|_| format!("`{kind}` is no kind of leaf"))?;
                let [w1, w2] = key_words(rest)?;
                Ok(Step::Leaf(Key::new([kind << 56, w1, w2])))
            }
            ["?", "owner", owner] => {
                let mut bytes = [0; 24];
                bytes[0] = 0x06;
                bytes[4..].copy_from_slice(&names::owner(owner)?.0);
                Ok(Step::Leaf(Key::from_bytes(&bytes)))
            }
            ["?", account, asset] => Ok(Step::Balance(names::account(account)?, names::asset(asset)?)),
            ["inbox", rest @ ..] => {
                let entry = self.entry(rest)?;
                Ok(Step::Apply(AccountId::default(), entry))
            }
            words => match inbox::system(words)? {
                Some(command) => Ok(Step::Apply(AccountId::default(), Input::System(command))),
                None => self.message(line),
            },
        }
    }

    /// An inbox entry, under the next index and at this moment unless `index=` and `time=` say otherwise.
    fn entry(&mut self, mut words: &[&str]) -> Parsed<Input> {
        let (mut index, mut time) = (None, self.now);
        while let [first, rest @ ..] = words {
            match first.split_once('=') {
                Some(("index", at)) => index = Some(number(at)?),
                Some(("time", at)) => time = names::time(at)?,
                _ => break,
            }
            words = rest;
        }
        let entry = inbox::entry(words)?;
        let index = index.unwrap_or_else(|| {
            self.inbox += 1;
            self.inbox - 1
        });
        Ok(Input::Inbox { index: InboxIndex::new(index), time, entry })
    }

    /// `alice buy 5 @ 100`: who, with which key (`alice/0.1` is the key of slot 0 and epoch 1), and the commands, several
    /// of them between brackets and bars: `alice [ stop | resume ]`.
    fn message(&mut self, line: &str) -> Parsed<Step> {
        let (who, mut rest) = line.split_once(' ').ok_or_else(|| format!("`{line}` is no step"))?;
        let (name, signer) = match who.split_once('/') {
            None => (who, Signer::Owner),
            Some((name, key)) => {
                let (slot, epoch) = key.split_once('.').ok_or("write alice/0.1 for slot 0, epoch 1")?;
                (name, Signer::Session { slot: order::key_slot(slot)?, epoch: number(epoch)? })
            }
        };
        let account = names::account(name)?;
        let (mut nonce, mut not_after) = (None, Time::NEVER);
        while let Some((first, others)) = rest.trim().split_once(' ') {
            match first.split_once('=') {
                Some(("nonce", given)) => nonce = Some(number(given)?),
                Some(("valid", until)) => not_after = names::time(until)?,
                _ => break,
            }
            rest = others;
        }
        let slot = match signer {
            Signer::Owner => None,
            Signer::Session { slot, .. } => Some(slot),
        };
        let nonce = nonce.unwrap_or_else(|| {
            let last = self.nonces.entry((account, slot)).or_default();
            *last += 1;
            *last
        });
        let header = Header { account, signer, nonce, not_after };
        let commands = match rest.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            None => vec![order::command(rest.trim())?],
            Some(several) => self::several(several.trim())?,
        };
        Ok(Step::Apply(account, Input::Message(Message { header, commands })))
    }
}

/// Commands between bars, or `repeated 257 stop`.
fn several(text: &str) -> Parsed<Vec<Command>> {
    if let Some((times, text)) = text.strip_prefix("repeated ").and_then(|rest| rest.split_once(' ')) {
        return Ok(vec![order::command(text)?; number(times)?]);
    }
    text.split('|').map(str::trim).filter(|text| !text.is_empty()).map(order::command).collect()
}

/// The second and third word of a key: numbers, the id of an order, or the name of an account, an asset or a market.
fn key_words(words: &[&str]) -> Parsed<[u64; 2]> {
    let word = |word: &str| {
        number(word)
            .or_else(|_| names::account(word).map(|account| account.get().into()))
            .or_else(|_| names::asset(word).map(|asset| asset.get().into()))
            .or_else(|_: String| names::market(word).map(|market| market.get().into()))
    };
    match words {
        [] => Ok([0, 0]),
        [id] if id.contains('#') => {
            let bits = names::order(id)?.to_u128();
            Ok([(bits >> 64) as u64, bits as u64])
        }
        [w1] => Ok([word(w1)?, 0]),
        [w1, w2] => Ok([word(w1)?, word(w2)?]),
        _ => Err(format!("`{}` is no key", words.join(" "))),
    }
}
