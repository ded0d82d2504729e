//! A busy day whose keys are this benchmark's own, so that its signatures are real.

use anyhow::{Result, anyhow};
use ashlar_batch::{BatchHeader, Hash, Signatures, Timed};
use ashlar_exchange::Genesis;
use ashlar_harness::flow::{Shape, Venue};
use ashlar_prover::{Capture, Captured};
use ashlar_types::sign::{SessionSecret, session_digest};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, Command, Deployment, FeeTier, Header, InboxEntry, Input, KeyGrant, KeySlot,
    Lots, MarketId, MarketRules, MarketTerms, Message, NewOrder, Ppm, Price, Scopes, Side, Signer, Time, to_bytes,
};

use crate::threads::Threads;
use crate::traffic::{Chunk, Traffic};

const DEPLOYMENT: Deployment = Deployment { chain_id: 31_337, settlement: Address([0x5e; 20]) };
/// Inputs of the opening in one batch.
const OPENING: usize = 10_000;
/// Accounts that send many commands at once, and the price around which they order.
const SENDERS: u32 = 16;
const MIDDLE: u64 = 10_000;

/// An exchange that is captured batch by batch.
pub struct Day {
    capture: Capture,
    header: BatchHeader,
    traffic: Option<Traffic>,
    nonces: u64,
    random: u64,
    time: Time,
}

fn secret(account: AccountId) -> Result<SessionSecret> {
    let mut bytes = [0x21; 32];
    bytes[..4].copy_from_slice(&account.get().to_be_bytes());
    SessionSecret::new(&bytes).map_err(|error| anyhow!("a key of the benchmark: {error}"))
}

fn with_own_key(mut input: Input) -> Result<Input> {
    if let Input::Inbox { entry: InboxEntry::RegisterKey { account, grant, .. }, .. } = &mut input {
        grant.public = secret(*account)?.public();
    }
    Ok(input)
}

impl Day {
    /// A market of every kind of command, one in each message, after its opening and so many commands.
    pub fn mixed(seed: u64, accounts: u32, before: usize) -> Result<Day> {
        let mut traffic = Traffic::new(Shape::mixed(seed, 3, accounts));
        let begin = traffic.flow().genesis();
        let genesis = Genesis { house_owner: begin.house_owner, time: begin.time };
        let mut opening = Vec::new();
        traffic.set_up(|(time, input)| opening.push((*time, input.clone())));
        let mut day = Day::begin(&genesis, Some(traffic));
        for part in opening.chunks(OPENING) {
            let own = part.iter().map(|(time, input)| Ok(Timed { time: *time, input: with_own_key(input.clone())? }));
            day.seal(own.collect::<Result<_>>()?, false, 1)?;
        }
        for from in (0..before).step_by(OPENING) {
            let inputs = day.next_mixed((before - from).min(OPENING));
            day.seal(inputs, false, 1)?;
        }
        Ok(day)
    }

    /// A market of orders alone, many in each message.
    pub fn orders() -> Result<Day> {
        let (quote, base) = (AssetId::FIRST, AssetId::new(1).unwrap_or_default());
        let begin = Time::new(2_000).unwrap_or(Time::ZERO);
        let mut venue = Venue::new(begin);
        venue.asset(quote);
        venue.asset(base);
        let terms = MarketTerms { base, quote, base_per_lot: 1, quote_per_tick: 1, fee_cap: Ppm(10_000) };
        let lots = |number| Lots::new(number).unwrap_or_default();
        let (lots_min, lots_max) = (lots(1), lots(1 << 20));
        let (band, collar) = (Ppm(900_000), Ppm(500_000));
        let rules = MarketRules { lots_min, lots_max, band, collar, orders_max: 1 << 20, schedule: 0 };
        venue.market(MarketId::FIRST, terms, rules, Price::saturating(MIDDLE));
        venue.fees(0, 0, FeeTier { maker: Ppm(100), maker_rebate: Ppm(0), taker: Ppm(500) });
        for number in 1..=SENDERS {
            let mut owner = Address([0x0a; 20]);
            owner.0[..4].copy_from_slice(&number.to_be_bytes());
            for asset in [quote, base] {
                let amount = Amount::new(1 << 50).unwrap_or_default();
                venue.entry(InboxEntry::Deposit { owner, account: None, asset, amount });
            }
            let account = AccountId::new(number).unwrap_or_default();
            let (slot, scopes, expires) = (KeySlot::FIRST, Scopes::ALL, Time::NEVER);
            let grant = KeyGrant { slot, public: secret(account)?.public(), scopes, expires };
            venue.entry(InboxEntry::RegisterKey { owner, account, grant });
        }
        let genesis = Genesis { house_owner: Address([1; 20]), time: Time::new(1_000).unwrap_or(Time::ZERO) };
        let mut day = Day::begin(&genesis, None);
        let opening = venue.finish().0.into_iter().map(|(time, input)| Timed { time, input }).collect();
        day.seal(opening, false, 1)?;
        Ok(day)
    }

    fn begin(genesis: &Genesis, traffic: Option<Traffic>) -> Day {
        let (capture, header) = Capture::new(DEPLOYMENT, genesis);
        Day { capture, header, traffic, nonces: 0, random: 1, time: Time::new(10_000).unwrap_or(Time::ZERO) }
    }

    /// The next inputs, one command in each message.
    pub fn next_mixed(&mut self, commands: usize) -> Vec<Timed> {
        let mut chunk = Chunk::default();
        if let Some(traffic) = &mut self.traffic {
            traffic.fill(&mut chunk, commands);
        }
        chunk.inputs.into_iter().map(|(time, input)| Timed { time, input }).collect()
    }

    /// The next orders, so many in each message.
    pub fn next_orders(&mut self, commands: usize, at_once: usize) -> Vec<Timed> {
        let mut inputs = Vec::new();
        for number in 0..commands.div_ceil(at_once) {
            let who = number as u32 % SENDERS;
            if who == 0 {
                self.nonces += 1;
            }
            let signer = Signer::Session { slot: KeySlot::FIRST, epoch: 1 };
            let account = AccountId::new(1 + who).unwrap_or_default();
            let header = Header { account, signer, nonce: self.nonces, not_after: Time::NEVER };
            let commands = (0..at_once).map(|_| self.order()).collect();
            inputs.push(Timed { time: self.time, input: Input::Message(Message { header, commands }) });
        }
        inputs
    }

    fn order(&mut self) -> Command {
        // The generator of splitmix64: any spread of bits does here.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let price = Price::saturating(MIDDLE - 20 + (bits >> 8) % 41);
        let lots = Lots::new(1 + (bits >> 32) % 16).unwrap_or_default();
        Command::Place(NewOrder::limit(MarketId::FIRST, Side::from_bit(bits), price, lots))
    }

    /// A batch of these inputs. Whoever only captures needs no real signatures: nobody looks at them there.
    pub fn seal(&mut self, inputs: Vec<Timed>, signed: bool, threads: usize) -> Result<Captured> {
        let signatures = if signed { sign(&inputs)? } else { blank(&inputs)? };
        let threads = Threads(threads);
        let captured =
            self.capture.capture(&self.header, self.header.version, inputs, &signatures, commitment, &threads)?;
        self.header = captured.header;
        Ok(captured)
    }
}

/// Stands for coding the rows, which is measured by `bench da`.
fn commitment(_: &[u8]) -> Hash {
    Hash::ZERO
}

fn blank(inputs: &[Timed]) -> Result<Signatures> {
    let mut signatures = Signatures::new();
    for _ in inputs.iter().filter(|timed| matches!(timed.input, Input::Message(_))) {
        signatures.push(&[0; 64])?;
    }
    Ok(signatures)
}

fn sign(inputs: &[Timed]) -> Result<Signatures> {
    let mut signatures = Signatures::new();
    for timed in inputs {
        let Input::Message(message) = &timed.input else { continue };
        let digest = session_digest(&DEPLOYMENT.exchange_id(), &to_bytes(message));
        let signature = secret(message.header.account)?.sign(&digest, &[0; 32]);
        signatures.push(&signature.map_err(|error| anyhow!("a message of the benchmark: {error}"))?)?;
    }
    Ok(signatures)
}
