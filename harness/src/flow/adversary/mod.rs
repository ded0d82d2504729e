//! A flow that looks for the corners of the rules.
//!
//! Few accounts, tiny funds, a narrow range of prices and short lives, so that everything meets everything; all
//! commands and instructions, often contradictory; ids of others, of the dead, of nothing; nonces, keys and deadlines
//! that are wrong; parameters that change under open orders; and *episodes* that drive one command into each of its
//! bounds. What it breaks (a halted market, a stopped account) it repairs after a while, so that the flow never dries up.

mod commands;
mod episodes;
mod model;
mod orders;
mod outside;

use std::collections::VecDeque;

use ashlar_types::{Command, Header, Input, KeySlot, Message, Signer, SystemCommand, Time};

use super::{Flow, Random, Timed, Venue};
use crate::engine::{Genesis, Output};
use model::{Model, Repair};

/// When it begins.
const BEGINNING_MS: u64 = 1_000_000;

/// The flow.
#[derive(Debug)]
pub struct Adversary {
    seed: u64,
    random: Random,
    now: u64,
    /// The time given with the input that is being made.
    shown: u64,
    /// Inputs that were decided on already, with their times.
    queue: VecDeque<Timed>,
    model: Model,
}

impl Adversary {
    /// The flow of this seed. Its first inputs make the markets and fund the accounts.
    pub fn new(seed: u64) -> Adversary {
        let (setup, inbox) = outside::venue(BEGINNING_MS).finish();
        Adversary {
            seed,
            random: Random::new(seed),
            now: BEGINNING_MS,
            shown: BEGINNING_MS,
            queue: setup.into(),
            model: Model::new(inbox),
        }
    }

    /// The genesis it goes with.
    pub fn genesis() -> Genesis {
        Venue::new(time(BEGINNING_MS)).genesis()
    }

    /// Turns the flow elsewhere: its next inputs depend on these bits as well. A fuzzer steers with every word it has.
    pub fn steer(&mut self, bits: u64) {
        self.random.steer(bits);
    }

    /// How many inputs come before those that randomness decides.
    pub fn setup_len(&self) -> usize {
        self.queue.len()
    }

    /// Mostly a small step, sometimes a leap over the life of many orders, rarely backwards.
    fn clock(&mut self) -> Time {
        let steps = [(700, 0, 0), (270, 1, 5), (25, 20, 200), (3, 1_000, 10_000), (2, 86_400_000, 40 * 86_400_000)];
        let weights: Vec<u64> = steps.iter().map(|(weight, ..)| *weight).collect();
        let (_, low, high) = steps[self.random.weighted(&weights)];
        self.now += self.random.between(low, high);
        let back = if self.random.permille(10) { self.random.below(500) } else { 0 };
        self.shown = self.now.saturating_sub(back);
        time(self.shown)
    }

    fn input(&mut self) -> Input {
        if !self.model.repairs.is_empty() && self.random.permille(120) {
            let at = self.random.below(self.model.repairs.len() as u64) as usize;
            let repair = self.model.repairs.swap_remove(at);
            return self.repair(&repair);
        }
        match self.random.weighted(&[880, 100, 15]) {
            0 => self.message(),
            1 => self.inbox(),
            _ => self.system(),
        }
    }

    /// Puts right what an earlier input broke.
    fn repair(&mut self, repair: &Repair) -> Input {
        match repair {
            Repair::Market(market) => Input::System(SystemCommand::Resume(*market)),
            Repair::Cascade(market) => Input::System(SystemCommand::Continue(*market)),
            Repair::Account(account, commands) => self.owner_message(*account, commands.clone()),
            Repair::Parameter(change) => self.param(*change),
        }
    }

    /// A message of an account's owner with the next nonce.
    fn owner_message(&mut self, account: ashlar_types::AccountId, commands: Vec<Command>) -> Input {
        let nonce = self.model.next_nonce(account, None);
        let header = Header { account, signer: Signer::Owner, nonce, not_after: Time::NEVER };
        Input::Message(Message { header, commands })
    }

    /// A message with all that can be wrong about one.
    fn message(&mut self) -> Input {
        let account = self.some_account();
        let signer = self.signer(account);
        let slot = match signer {
            Signer::Owner => None,
            Signer::Session { slot, .. } => Some(slot),
        };
        let nonce = self.nonce(account, slot);
        let not_after = match self.random.weighted(&[900, 60, 20, 10]) {
            0 => Time::NEVER,
            1 => time(self.now + 1_000 + self.random.below(2_000_000_000)),
            2 => time(self.now.saturating_sub(self.random.below(3))),
            _ => time(self.now + 31 * 86_400_000),
        };
        let count = match self.random.weighted(&[8_000, 1_800, 170, 20, 2]) {
            0 => 1,
            1 => self.random.between(2, 5),
            2 => self.random.between(6, 40),
            3 => 0,
            _ => 257,
        };
        let header = Header { account, signer, nonce, not_after };
        Input::Message(Message { header, commands: (0..count).map(|_| self.command(account)).collect() })
    }

    fn signer(&mut self, account: ashlar_types::AccountId) -> Signer {
        if self.random.permille(450) {
            return Signer::Owner;
        }
        let known = self.model.keys.get(&account).map_or(&[][..], |known| &known[..]);
        let slot = match known {
            [] if self.random.permille(900) => return Signer::Owner,
            [_, ..] if self.random.permille(980) => *self.random.pick(known),
            _ => self.some_slot(),
        };
        let epoch = self.model.epochs.get(&(account, slot)).copied().unwrap_or(0);
        let off = if self.random.permille(20) { self.random.between(1, 2) as u32 } else { 0 };
        Signer::Session { slot, epoch: if self.random.permille(500) { epoch + off } else { epoch.saturating_sub(off) } }
    }

    fn nonce(&mut self, account: ashlar_types::AccountId, slot: Option<KeySlot>) -> u64 {
        let last = self.model.nonces.get(&(account, slot)).copied().unwrap_or(0);
        match self.random.weighted(&[940, 20, 15, 15, 5, 5]) {
            0 => self.model.next_nonce(account, slot),
            1 => last.saturating_sub(self.random.below(4)),
            2 => last.saturating_sub(self.random.between(60, 140)),
            3 => {
                let ahead = last + self.random.between(2, 150);
                self.model.nonces.insert((account, slot), ahead);
                ahead
            }
            4 => last + (1 << 32) + self.random.between(1, 200),
            _ => *self.random.pick(&[0, u64::MAX, 1]),
        }
    }

    fn system(&mut self) -> Input {
        let market = self.some_market();
        Input::System(match self.random.weighted(&[20, 30, 50]) {
            0 => {
                self.model.repairs.push(Repair::Market(market));
                SystemCommand::Halt(market)
            }
            1 => SystemCommand::Resume(market),
            _ => SystemCommand::Continue(market),
        })
    }
}

impl Flow for Adversary {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn produce(&mut self) -> Timed {
        if self.queue.is_empty() && self.random.permille(5) {
            self.episode();
        }
        let mut timed = match self.queue.pop_front() {
            Some(decided) => decided,
            None => (self.clock(), self.input()),
        };
        self.model.send(&mut timed.1);
        timed
    }

    fn observe(&mut self, output: &Output) {
        self.model.observe(output);
    }
}

/// The moment of so many milliseconds; the last one if they are too many.
fn time(ms: u64) -> Time {
    Time::new(ms).unwrap_or(Time::NEVER)
}
