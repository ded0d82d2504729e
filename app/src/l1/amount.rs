//! How much, as a person writes it.

use std::str::FromStr;

use alloy::primitives::U256;
use alloy::primitives::utils::{format_units, parse_units};
use anyhow::{Context as _, Result, bail};

/// An amount before it is known how many digits its token has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Amount {
    /// Whole coins, with digits behind a point.
    Coins(String),
    /// Of the smallest unit that the token has on L1.
    Units(U256),
    /// All there is.
    All,
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Amount, String> {
        if text == "all" {
            return Ok(Amount::All);
        }
        if let Some(units) = text.strip_suffix('u') {
            let units =
                units.parse().map_err(|_| format!("{text} is no whole number of smallest units, such as 1500u"))?;
            return Ok(Amount::Units(units));
        }
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let points = text.bytes().filter(|byte| *byte == b'.').count();
        if digits == 0 || points > 1 || digits + points != text.len() {
            return Err(format!("{text} is no amount; write 1.5 for coins, or 1500000u for smallest units"));
        }
        Ok(Amount::Coins(text.to_owned()))
    }
}

impl Amount {
    /// In the token's smallest unit; nothing if it is all.
    pub fn units(&self, decimals: u8) -> Result<Option<U256>> {
        let units = match self {
            Amount::All => return Ok(None),
            Amount::Units(units) => *units,
            Amount::Coins(text) => {
                let behind = text.split_once('.').map_or(0, |(_, behind)| behind.trim_end_matches('0').len());
                if behind > usize::from(decimals) {
                    bail!("{text} has {behind} digits behind the point, and the token has {decimals}");
                }
                let parsed = parse_units(text, decimals);
                parsed.with_context(|| format!("{text} is more than a token can count"))?.get_absolute()
            }
        };
        if units.is_zero() {
            bail!("the amount is nothing; give one above zero");
        }
        Ok(Some(units))
    }
}

/// In whole coins.
pub fn coins(units: U256, decimals: u8) -> String {
    let text = format_units(units, decimals).unwrap_or_else(|_| units.to_string());
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str, decimals: u8) -> Result<Option<U256>, String> {
        let amount: Amount = text.parse()?;
        amount.units(decimals).map_err(|error| error.to_string())
    }

    #[test]
    fn coins_and_units_are_told_apart() {
        for (text, decimals, expected) in [
            ("1.5", 6, 1_500_000_u64),
            ("1.500", 2, 150),
            ("3", 0, 3),
            (".25", 2, 25),
            ("7u", 18, 7),
            ("0.000000000000000001", 18, 1),
        ] {
            assert_eq!(units(text, decimals), Ok(Some(U256::from(expected))), "{text}");
        }
        assert_eq!(units("all", 6), Ok(None));
        for (text, decimals, word) in [
            ("0", 6, "above zero"),
            ("0u", 6, "above zero"),
            ("1.23", 1, "2 digits"),
            ("1e5", 6, "no amount"),
            ("-1", 6, "no amount"),
            ("1.2.3", 6, "no amount"),
            ("", 6, "no amount"),
            ("xu", 6, "smallest units"),
            (&"9".repeat(80), 18, "more than a token"),
        ] {
            let error = units(text, decimals).expect_err(text);
            assert!(error.contains(word), "{text}: {error}");
        }
        assert_eq!(coins(U256::from(1_500_000), 6), "1.5");
        assert_eq!(coins(U256::from(20), 0), "20");
    }
}
