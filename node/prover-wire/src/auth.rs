//! Who knows the token: HMAC-SHA256 (RFC 2104) over what both sides said.

use std::fmt;

use sha2::{Digest, Sha256};

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 32;
/// Bytes of a tag.
pub(crate) const TAG_BYTES: usize = 32;

const BLOCK: usize = 64;

/// A secret that a coordinator shares with its workers: 32 bytes from a good source of randomness.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// Text that is no token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenError;

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a token is 64 hexadecimal digits")
    }
}

impl std::error::Error for TokenError {}

impl Token {
    /// A token of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Token {
        Token(bytes)
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Token, TokenError> {
        let digits = text.trim().as_bytes();
        let (pairs, []) = digits.as_chunks::<2>() else { return Err(TokenError) };
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() {
            return Err(TokenError);
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|value| value as u8);
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high).ok_or(TokenError)? << 4 | digit(*low).ok_or(TokenError)?;
        }
        Ok(Token(bytes))
    }

    /// As 64 hexadecimal digits, for the environment of a process that is started with it.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A key of a connection, from what both sides contributed to it.
    pub(crate) fn derive(&self, purpose: &str, parts: &[&[u8]]) -> Key {
        Key(tag(&self.0, std::iter::once(purpose.as_bytes()).chain(parts.iter().copied())))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(secret)")
    }
}

/// A key of one direction of one connection.
#[derive(Clone)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub fn tag<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; TAG_BYTES] {
        tag(&self.0, parts)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(secret)")
    }
}

/// Compares tags in a time that does not tell where they differ.
pub(crate) fn same_tag(a: &[u8; TAG_BYTES], b: &[u8; TAG_BYTES]) -> bool {
    a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

fn tag<'a>(key: &[u8; 32], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; TAG_BYTES] {
    let padded = |with: u8| {
        let mut block = [with; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        Sha256::new().chain_update(block)
    };
    let inner = parts.into_iter().fold(padded(0x36), |hash, part| hash.chain_update(part)).finalize();
    padded(0x5c).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hmac_of_the_standard() {
        // Computed by another implementation: HMAC-SHA256 with the key 00 01 .. 1f.
        let key: [u8; 32] = std::array::from_fn(|i| i as u8);
        let of = |parts: &[&[u8]]| Token(tag(&key, parts.iter().copied())).to_hex();
        assert_eq!(of(&[b"what do ya want ", b"for nothing?"]), EXPECTED);
        assert_eq!(of(&[b"what do ya want for nothing?"]), EXPECTED);
    }

    const EXPECTED: &str = "099805f4ac310786968565c098db515cc50862b420ae31e20238312344bed36a";

    #[test]
    fn tokens_are_64_digits_and_keep_silent() {
        let token = Token::new(std::array::from_fn(|i| 7 * i as u8));
        assert_eq!(Token::from_hex(&token.to_hex()), Ok(token.clone()));
        for wrong in ["", "00", &"0".repeat(63), &"0".repeat(66), &"x".repeat(64)] {
            assert_eq!(Token::from_hex(wrong), Err(TokenError));
        }
        assert_eq!(format!("{token:?}"), "Token(secret)");
    }
}
