//! What custodian and client say to each other: names in paths, sets of rows in queries, words about themselves.

use ashlar_coding::Row;
use ashlar_types::{Address, Decode, from_bytes};
use serde::{Deserialize, Serialize};

use super::refusal::{Refusal, hex_of};
use crate::limits::ROWS_MAX;
use crate::{Receipt, SIGNED_BYTES};

/// The header that holds a permit.
pub const PERMIT: &str = "x-ashlar-permit";

/// In the headers `accept-encoding` and `content-encoding`: bytes are packed (D-17).
pub const PACKED: &str = "x-ashlar-pack";

/// The bytes of hexadecimal digits, with or without `0x`.
pub fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    pairs.iter().map(|[high, low]| Some((digit(*high)? << 4 | digit(*low)?) as u8)).collect()
}

/// A value whose encoding is written in hexadecimal.
pub fn of_hex<T: Decode>(text: &str, what: &'static str) -> Result<T, Refusal> {
    let malformed = Refusal::Malformed { what, form: "it is the hexadecimal form of its encoding" };
    if text.len() > 2 * T::BYTES_MAX + 2 {
        return Err(malformed);
    }
    bytes_of_hex(text).and_then(|bytes| from_bytes(&bytes).ok()).ok_or(malformed)
}

/// Rows as a row of bits, the first in the lowest bit of the first byte.
pub fn bits_of(rows: &[Row]) -> String {
    let mut bits = vec![0_u8; rows.iter().map(|row| usize::from(row.get()) / 8 + 1).max().unwrap_or(0)];
    for row in rows {
        if let Some(byte) = bits.get_mut(usize::from(row.get()) / 8) {
            *byte |= 1 << (row.get() % 8);
        }
    }
    hex_of(&bits)
}

/// Rows from a row of bits.
pub fn rows_of(text: &str) -> Result<Vec<Row>, Refusal> {
    let malformed = Refusal::Malformed { what: "a set of rows", form: "it is a row of bits in hexadecimal" };
    if text.len() > 2 * ROWS_MAX.div_ceil(8) {
        return Err(malformed);
    }
    let bits = bytes_of_hex(text).ok_or(malformed)?;
    let set = |at: &usize| bits.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
    Ok((0..8 * bits.len()).filter(set).map(|row| Row::new(row as u16)).collect())
}

/// A refusal.
#[derive(Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What it is.
    pub error: ErrorWords,
}

/// Its words.
#[derive(Debug, Serialize, Deserialize)]
pub struct ErrorWords {
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// What a custodian says about itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct AboutBody {
    /// What L1 knows it by.
    pub custodian: String,
    /// The exchange it keeps batches of.
    pub exchange: Option<String>,
    /// Which custodian of how many, from zero.
    pub place: Option<(usize, usize)>,
    /// Batches it has.
    pub batches: usize,
    /// Bytes of everything it has.
    pub bytes: u64,
    /// The oldest batch.
    pub oldest: Option<u64>,
    /// The newest batch.
    pub newest: Option<u64>,
}

/// That a batch is held.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReceiptBody {
    /// Who holds it.
    pub custodian: String,
    /// r, s and v.
    pub signature: String,
}

impl ReceiptBody {
    /// In words.
    pub fn of(receipt: &Receipt) -> ReceiptBody {
        let Receipt { custodian, signature } = receipt;
        ReceiptBody { custodian: format!("0x{}", hex_of(&custodian.0)), signature: format!("0x{}", hex_of(signature)) }
    }

    /// From words; `None` if they are no receipt.
    pub fn to_receipt(&self) -> Option<Receipt> {
        let custodian: [u8; 20] = bytes_of_hex(&self.custodian)?.try_into().ok()?;
        let signature: [u8; SIGNED_BYTES] = bytes_of_hex(&self.signature)?.try_into().ok()?;
        Some(Receipt { custodian: Address(custodian), signature })
    }
}

/// Names of what there is.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListBody {
    /// Batches.
    pub batches: Vec<String>,
    /// Signatures.
    pub signatures: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_rows_come_back_and_what_is_none_is_refused() {
        for set in [vec![], vec![0], vec![7, 8], vec![3, 64, 1_023]] {
            let rows: Vec<Row> = set.into_iter().map(Row::new).collect();
            assert_eq!(rows_of(&bits_of(&rows)).unwrap(), rows);
        }
        for text in ["0", "zz", "0x0g", &"00".repeat(129)] {
            assert!(rows_of(text).is_err(), "{text}");
        }
    }
}
