//! Values: one to eight words.

use core::fmt;

use crate::limits::VALUE_WORDS_MAX;

/// What a leaf says. Never empty: a leaf without words does not exist.
#[derive(Clone, Copy)]
pub struct Value {
    words: [u64; VALUE_WORDS_MAX],
    len: u8,
}

impl Value {
    /// A value from its words.
    pub fn new(words: &[u64]) -> Result<Self, ValueLengthError> {
        let mut stored = [0; VALUE_WORDS_MAX];
        match stored.get_mut(..words.len()) {
            Some(slots) if !words.is_empty() => slots.copy_from_slice(words),
            _ => return Err(ValueLengthError { got: words.len() }),
        }
        Ok(Self { words: stored, len: words.len() as u8 })
    }

    /// The words that count; those beyond the length are not part of the value.
    pub fn words(&self) -> &[u64] {
        self.words.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words()
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Value").field(&self.words()).finish()
    }
}

/// A value must have one to [`VALUE_WORDS_MAX`] words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueLengthError {
    /// The number of words that was offered.
    pub got: usize,
}

impl fmt::Display for ValueLengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value has 1 to {VALUE_WORDS_MAX} words, got {}", self.got)
    }
}

impl core::error::Error for ValueLengthError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_bounded_on_both_ends() {
        assert_eq!(Value::new(&[]), Err(ValueLengthError { got: 0 }));
        assert_eq!(Value::new(&[1; 9]), Err(ValueLengthError { got: 9 }));
        assert_eq!(Value::new(&[1; 8]).map(|v| v.words().len()), Ok(8));
    }
}
