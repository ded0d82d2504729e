use ashlar_replica::Epoch;
use ashlar_types::{Domain, Encode, ExchangeId, Input, Sequence, Time, Writer};

/// The hash of a link and, through it, of every link before it in its epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ChainHash(pub [u8; 32]);

/// The hash by which receipts name an input (SPEC Q-2). `bytes` are its canonical ones.
pub fn command_hash(exchange: &ExchangeId, bytes: &[u8]) -> [u8; 32] {
    Domain::COMMAND.hash(&[&exchange.0, bytes])
}

/// The bytes of an input as [`command_hash`] takes them, in memory that is used again.
pub fn input_bytes(input: &Input, room: Vec<u8>) -> Vec<u8> {
    let mut room = room;
    room.clear();
    let mut writer = Writer::new();
    input.encode(&mut writer);
    writer.append_to(&mut room);
    room
}

/// The place that one input was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// In which order of everything.
    pub epoch: Epoch,
    /// The number of its first command.
    pub sequence: Sequence,
    /// How many numbers it takes.
    pub commands: u32,
    /// When it was ordered.
    pub time: Time,
    /// What it is.
    pub command_hash: [u8; 32],
    /// The L1 block of the last inbox entry at or before it; zeros before the first. If that block is no longer part of L1, the
    /// link promises nothing.
    pub l1_block: [u8; 32],
}

impl Link {
    /// The number of the first command after it.
    pub fn next_sequence(&self) -> Sequence {
        Sequence::new(self.sequence.get().saturating_add(u64::from(self.commands)))
    }

    /// The chain's hash after this link (SPEC Q-3).
    pub fn after(&self, exchange: &ExchangeId, previous: &ChainHash) -> ChainHash {
        ChainHash(Domain::RECEIPT_CHAIN.hash(&[
            &exchange.0,
            &previous.0,
            &self.epoch.get().to_be_bytes(),
            &self.sequence.get().to_be_bytes(),
            &self.commands.to_be_bytes(),
            &self.time.get().to_be_bytes(),
            &self.command_hash,
            &self.l1_block,
        ]))
    }
}
