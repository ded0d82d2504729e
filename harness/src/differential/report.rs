//! A difference, told so that a person can act on it.

use std::fmt;

use ashlar_state::Key;
use ashlar_types::OrderId;

use crate::engine::Output;
use crate::flow::Timed;

/// A key with the words two engines have there.
pub type LeafPair = (Key, Option<Vec<u64>>, Option<Vec<u64>>);

/// Two engines that disagree, or one that disagrees with itself.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// The seed of the flow, if the inputs came from one.
    pub seed: Option<u64>,
    /// The index of the input after which it was found.
    pub index: usize,
    /// That input.
    pub input: Timed,
    /// The first engine and what it said.
    pub expected: (&'static str, Vec<Output>),
    /// The other engine and what it said.
    pub got: (&'static str, Vec<Output>),
    /// The first leaf that differs, if leaves were compared.
    pub leaf: Option<LeafPair>,
    /// What an engine found wrong with itself.
    pub wrong: Option<String>,
}

impl Mismatch {
    /// The same, with the seed it came from.
    pub(super) fn of_seed(mut self: Box<Mismatch>, seed: u64) -> Box<Mismatch> {
        self.seed = Some(seed);
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { seed, index, input: (time, input), expected, got, leaf, wrong } = self;
        match seed {
            Some(seed) => writeln!(f, "seed {seed}, input {index}, at {} ms:", time.get())?,
            None => writeln!(f, "input {index}, at {} ms:", time.get())?,
        }
        writeln!(f, "  {input:?}")?;
        if let Some(wrong) = wrong {
            writeln!(f, "{} is wrong: {wrong}", got.0)?;
        }
        if let Some((key, expected_words, got_words)) = leaf {
            writeln!(f, "the first leaf that differs:")?;
            writeln!(f, "  {}: {}", expected.0, leaf_in_words(key, expected_words.as_deref()))?;
            writeln!(f, "  {}: {}", got.0, leaf_in_words(key, got_words.as_deref()))?;
        }
        let same = expected.1.iter().zip(&got.1).take_while(|(one, other)| one == other).count();
        if same > 0 {
            writeln!(f, "{same} lines of the answer are the same")?;
        }
        for (name, answer) in [expected, got] {
            writeln!(f, "{name} then says:")?;
            for output in answer.iter().skip(same).take(8) {
                writeln!(f, "  {output:?}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Mismatch {}

/// What the words of a leaf are, by its kind.
const KINDS: &[(u8, &str, &[&str])] = &[
    (0x01, "exchange", &["next sequence", "last time", "inbox cursor", "inbox time", "accounts", "withdrawals"]),
    (0x02, "asset", &["token", "token", "token | scale", "cap", "total"]),
    (
        0x03,
        "market",
        &["base | quote | schedule", "lot", "tick", "smallest", "largest", "band | collar", "fee cap | orders"],
    ),
    (0x04, "live", &["next rank", "last price", "state | halted | pending | orders", "pending low", "pending high"]),
    (0x05, "fees", &["maker | rebate", "taker"]),
    (0x06, "owner", &["first account"]),
    (0x07, "account", &["flags | tier | orders", "dead-man"]),
    (0x08, "owner of account", &["address", "address", "address"]),
    (0x09, "key", &["x", "x", "x", "x", "scopes | epoch", "expires"]),
    (0x0A, "nonces", &["highest", "bits", "bits"]),
    (0x0B, "balance", &["free", "reserved"]),
    (0x0C, "orders of account in market", &["count"]),
    (0x0D, "moved", &["kind", "place", "rank"]),
    (0x0E, "pair", &["other", "other"]),
    (
        0x80,
        "order",
        &["account | flags", "visible", "hidden", "display", "client", "expires", "rank of id", "price of id"],
    ),
    (0x81, "trigger", &["account | flags", "lots", "limit", "reserves at", "client", "expires"]),
    (0xFF, "end", &["zero"]),
];

/// A leaf as a person reads it (docs/spec/keys.md).
pub fn leaf_in_words(key: &Key, words: Option<&[u64]>) -> String {
    let [w0, w1, w2] = *key.words();
    let kind = (w0 >> 56) as u8;
    let Some((_, name, fields)) = KINDS.iter().find(|(of, ..)| *of == kind) else {
        return format!("unknown kind {kind:#04x}, key {key:?}: {words:?}");
    };
    let which = match kind {
        0x0D | 0x0E | 0x80 | 0x81 => match OrderId::from_u128(u128::from(w1) << 64 | u128::from(w2)) {
            Some(OrderId { market, side, price, rank }) => {
                format!("market {} {side:?} {} rank {}", market.get(), price.get(), rank.get())
            }
            None => format!("sentinel {w1:#x}"),
        },
        0x06 => format!("{:08x}{w1:016x}{w2:016x}", w0 as u32),
        _ => format!("{w1} {w2}"),
    };
    let Some(words) = words else { return format!("{name} {which} is absent") };
    let said: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(index, word)| match fields.get(index) {
            Some(field) if field.contains('|') => format!("{field} = {word:#x}"),
            Some(field) => format!("{field} = {word}"),
            None => format!("beyond its words = {word}"),
        })
        .collect();
    format!("{name} {which}: {}", said.join(", "))
}
