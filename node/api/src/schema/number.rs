use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A whole number as a string of decimal digits: no sign, no leading zeros, below 2^64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Decimal(pub u64);

impl Decimal {
    /// The number of these digits.
    pub fn parse(text: &str) -> Option<Decimal> {
        let plain = !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = plain && (text == "0" || !text.starts_with('0'));
        if canonical { text.parse().ok().map(Decimal) } else { None }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

struct DecimalVisitor;

impl Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string of decimal digits below 2^64, such as \"1250\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
        Decimal::parse(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        deserializer.deserialize_str(DecimalVisitor)
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(0|[1-9][0-9]{0,19})$",
            "description": "A whole number as decimal digits, below 2^64.",
            "examples": ["1250"],
        })
    }
}

/// An amount of wei as a string of decimal digits: no sign, no leading zeros, below 2^128.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Wei(pub u128);

impl Wei {
    /// The amount of these digits.
    pub fn parse(text: &str) -> Option<Wei> {
        let plain = !text.is_empty() && text.len() <= 39 && text.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = plain && (text == "0" || !text.starts_with('0'));
        if canonical { text.parse().ok().map(Wei) } else { None }
    }
}

impl fmt::Display for Wei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Wei {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Wei {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Wei, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        Wei::parse(&text).ok_or_else(|| D::Error::custom("wei are a string of decimal digits below 2^128"))
    }
}

impl JsonSchema for Wei {
    fn schema_name() -> Cow<'static, str> {
        "Wei".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(0|[1-9][0-9]{0,38})$",
            "description": "An amount of wei as decimal digits, below 2^128.",
            "examples": ["1200000000"],
        })
    }
}

/// Bytes as hexadecimal digits after `0x`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Hex(pub Vec<u8>);

impl Hex {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Hex {
        Hex(bytes.to_vec())
    }

    /// The bytes of this text, which begins with `0x`.
    pub fn parse(text: &str) -> Option<Hex> {
        let digits = text.strip_prefix("0x")?.as_bytes();
        let pairs = digits.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return None;
        }
        pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect::<Option<Vec<u8>>>().map(Hex)
    }

    /// The bytes, if there are `N`.
    pub fn array<const N: usize>(&self) -> Option<[u8; N]> {
        self.0.as_slice().try_into().ok()
    }
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

struct HexVisitor;

impl Visitor<'_> for HexVisitor {
    type Value = Hex;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pairs of hexadecimal digits after 0x")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Hex, E> {
        Hex::parse(text).ok_or_else(|| E::invalid_type(serde::de::Unexpected::Other("other text"), &self))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hex, D::Error> {
        deserializer.deserialize_str(HexVisitor)
    }
}

impl JsonSchema for Hex {
    fn schema_name() -> Cow<'static, str> {
        "Hex".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^0x([0-9a-fA-F]{2})*$",
            "description": "Bytes as hexadecimal digits.",
            "examples": ["0x00ff"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_text() {
        assert_eq!(Decimal::parse("18446744073709551615"), Some(Decimal(u64::MAX)));
        for bad in ["", "00", "01", "+1", "-1", "1.0", " 1", "1e3", "18446744073709551616", "١"] {
            assert_eq!(Decimal::parse(bad), None, "{bad:?}");
        }
        assert!(serde_json::from_str::<Decimal>("12").is_err(), "a bare number might have been rounded on its way");
    }

    #[test]
    fn wei_have_one_text() {
        let most = "340282366920938463463374607431768211455";
        assert_eq!(serde_json::to_string(&Wei(u128::MAX)).ok(), Some(format!("\"{most}\"")));
        assert_eq!(serde_json::from_str::<Wei>(&format!("\"{most}\"")).ok(), Some(Wei(u128::MAX)));
        for bad in ["\"\"", "\"01\"", "\"-1\"", "1", "\"340282366920938463463374607431768211456\""] {
            assert!(serde_json::from_str::<Wei>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_come_back_from_their_text() {
        let hex = Hex(vec![0, 0xAB, 0xff]);
        assert_eq!(hex.to_string(), "0x00abff");
        assert_eq!(Hex::parse("0x00aBFf"), Some(hex));
        for bad in ["", "00", "0x0", "0xg0", "0X00", "0x+1"] {
            assert_eq!(Hex::parse(bad), None, "{bad:?}");
        }
    }
}
