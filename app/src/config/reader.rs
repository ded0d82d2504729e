//! Turns what layers said into values. It goes on after a mistake, so that all of them are told at once.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use super::keys::{Key, Usual};
use super::layers::{Layers, Mistake, Said};

/// What stands in an error or a printout for what is secret.
pub const HIDDEN: &str = "(hidden)";

/// Reads values and remembers what was wrong.
pub struct Reader<'a> {
    layers: &'a Layers,
    mistakes: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    /// Over these layers.
    pub fn new(layers: &'a Layers) -> Reader<'a> {
        Reader { layers, mistakes: layers.mistakes().to_vec() }
    }

    /// Everything that was wrong.
    pub fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }

    /// Notes that a value does not fit others.
    pub fn refuse(&mut self, key: &Key, what: impl Into<String>) {
        let said = self.layers.get(key);
        let shown = said.map(|said| if key.is_secret { HIDDEN.to_owned() } else { said.values.join(",") });
        let origin = said.map(|said| said.origin.clone());
        self.mistakes.push(Mistake { key: key.name.to_owned(), said: shown, origin, what: what.into() });
    }

    /// A value that must be there. Where it is not or is wrong, the fallback stands in, and the whole is refused.
    pub fn value<T>(&mut self, key: &Key, fallback: T, parse: impl FnOnce(&str) -> Result<T, String>) -> T {
        match self.one(key) {
            Some(text) => match parse(&text) {
                Ok(value) => return value,
                Err(what) => self.refuse(key, what),
            },
            None if self.layers.get(key).is_some() => {}
            None => self.missing(key),
        }
        fallback
    }

    /// A value that may be left out; the empty text leaves it out too.
    pub fn optional<T>(&mut self, key: &Key, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.one(key).filter(|text| !text.is_empty())?;
        parse(&text).map_err(|what| self.refuse(key, what)).ok()
    }

    /// A list; in one text its values are parted by commas.
    pub fn list<T>(&mut self, key: &Key, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(Said { values, .. }) = self.layers.get(key) else {
            self.missing(key);
            return Vec::new();
        };
        let parts = values.iter().flat_map(|value| value.split(',')).map(str::trim).filter(|part| !part.is_empty());
        let mut read = Vec::new();
        for part in parts {
            match parse(part) {
                Ok(value) => read.push(value),
                Err(what) => self.refuse(key, what),
            }
        }
        if read.is_empty() {
            self.refuse(key, "name at least one");
        }
        read
    }

    /// A whole number within bounds.
    pub fn number<T>(&mut self, key: &Key, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        self.value(key, *range.start(), |text| whole(text, &range))
    }

    /// True or false.
    pub fn flag(&mut self, key: &Key) -> bool {
        self.value(key, false, |text| text.parse().map_err(|_| "it must be true or false".to_owned()))
    }

    /// One of several words.
    pub fn word<T: Copy>(&mut self, key: &Key, fallback: T, words: &[(&str, T)]) -> T {
        self.value(key, fallback, |text| {
            let found = words.iter().find(|(word, _)| *word == text);
            let all = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            found.map(|(_, value)| *value).ok_or_else(|| format!("it must be one of {}", all()))
        })
    }

    /// A path.
    pub fn path(&mut self, key: &Key) -> PathBuf {
        self.value(key, PathBuf::new(), path)
    }

    fn one(&mut self, key: &Key) -> Option<String> {
        let said = self.layers.get(key)?;
        match said.values.as_slice() {
            [one] => Some(one.clone()),
            _ => {
                self.refuse(key, "it must be one value and not a list");
                None
            }
        }
    }

    fn missing(&mut self, key: &Key) {
        debug_assert!(key.usual == Usual::Needed, "{} has no value", key.name);
        let what =
            format!("it must be said: {}; in the file, as {}, or as --set {}=…", key.help, key.variable(), key.name);
        self.mistakes.push(Mistake { key: key.name.to_owned(), said: None, origin: None, what });
    }
}

/// A whole number; thousands may be parted by underscores.
pub fn whole<T>(text: &str, range: &RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let bounds = || format!("it must be a whole number between {} and {}", range.start(), range.end());
    let number = text.replace('_', "").parse().map_err(|_| bounds())?;
    if range.contains(&number) { Ok(number) } else { Err(bounds()) }
}

/// A path that is one.
pub fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("it must be a path".to_owned()) } else { Ok(PathBuf::from(text)) }
}
