//! Where each value comes from: defaults, a file, the environment, flags. A later layer has the last word on a key, and nothing else.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::keys::{ALL, Key, Usual, VARIABLES};

/// Bytes that a file of configuration may have.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The layer that said something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Nobody did; it is what usually holds.
    Default,
    /// A file, in this line.
    File(Arc<Path>, usize),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path, line) => write!(f, "{}, line {line}", path.display()),
            Origin::Environment(variable) => write!(f, "environment, {variable}"),
            Origin::Flag => f.write_str("flag"),
        }
    }
}

/// A value as it was said, and by which layer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// The values of a list, or one.
    pub values: Vec<String>,
    /// Who said it.
    pub origin: Origin,
}

/// Something that is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// The key, or what stands where one should.
    pub key: String,
    /// What was said; nothing if that is secret or if nothing was.
    pub said: Option<String>,
    /// The layer.
    pub origin: Option<Origin>,
    /// What is wrong and what to do.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(said) = &self.said {
            write!(f, " = {said}")?;
        }
        if let Some(origin) = &self.origin {
            write!(f, " ({origin})")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Every value that some layer said, the last word of each.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    said: BTreeMap<&'static str, Said>,
    mistakes: Vec<Mistake>,
}

impl Layers {
    /// Over each other: the file if there is one, the variables, the flags as `key=value`.
    pub fn of(file: Option<&Path>, variables: impl Iterator<Item = (String, String)>, flags: &[String]) -> Layers {
        let mut layers = Layers::default();
        for key in ALL {
            if let Usual::Is(usual) = key.usual {
                layers.say(key, vec![usual.to_owned()], Origin::Default);
            }
        }
        if let Some(path) = file {
            layers.read_file(path);
        }
        let mut variables: Vec<_> = variables.filter(|(name, _)| name.starts_with(VARIABLES)).collect();
        variables.sort();
        for (name, value) in variables {
            let found = ALL.iter().find(|key| key.variable() == name);
            layers.take(found, &name.clone(), vec![value], Origin::Environment(name));
        }
        for flag in flags {
            match flag.split_once('=') {
                Some((name, value)) => layers.take(named(name), name, vec![value.to_owned()], Origin::Flag),
                None => layers.mistake(flag, Origin::Flag, "it must be a key and a value, such as l1.quorum=2"),
            }
        }
        layers
    }

    /// What holds for a key.
    pub fn get(&self, key: &Key) -> Option<&Said> {
        self.said.get(key.name)
    }

    /// What was wrong with the layers themselves.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    fn say(&mut self, key: &Key, values: Vec<String>, origin: Origin) {
        self.said.insert(key.name, Said { values, origin });
    }

    fn mistake(&mut self, key: &str, origin: Origin, what: impl Into<String>) {
        self.mistakes.push(Mistake { key: key.to_owned(), said: None, origin: Some(origin), what: what.into() });
    }

    fn take(&mut self, key: Option<&&'static Key>, name: &str, values: Vec<String>, origin: Origin) {
        match key {
            Some(key) => self.say(key, values, origin),
            None => {
                let near = nearest(name);
                self.mistake(name, origin, format!("there is no such key; did you mean {near}?"));
            }
        }
    }

    fn read_file(&mut self, path: &Path) {
        let shown: Arc<Path> = path.into();
        let text = match read(path) {
            Ok(text) => text,
            Err(why) => {
                let what = format!("the file cannot be read: {why}; correct --config");
                return self.mistakes.push(Mistake { key: path.display().to_string(), said: None, origin: None, what });
            }
        };
        let line_of = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        let (root, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            let line = error.span().map_or(1, |span| line_of(span.start));
            self.mistake("this line", Origin::File(shown.clone(), line), error.message().to_owned());
        }
        for (table, inner) in root.get_ref() {
            let origin = Origin::File(shown.clone(), line_of(table.span().start));
            let DeValue::Table(inner) = inner.get_ref() else {
                self.mistake(table.get_ref(), origin, "it belongs into a table, such as [node]");
                continue;
            };
            for (name, value) in inner {
                let origin = Origin::File(shown.clone(), line_of(name.span().start));
                let name = format!("{}.{}", table.get_ref(), name.get_ref());
                match texts(value.get_ref()) {
                    Some(values) => self.take(named(&name), &name, values, origin),
                    None => {
                        self.mistake(&name, origin, "it must be a text, a number, true or false, or a list of those")
                    }
                }
            }
        }
    }
}

fn named(name: &str) -> Option<&'static &'static Key> {
    ALL.iter().find(|key| key.name == name)
}

fn read(path: &Path) -> std::io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > FILE_BYTES_MAX {
        let why = format!("it has {size} bytes, and {FILE_BYTES_MAX} is the most");
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, why));
    }
    std::fs::read_to_string(path)
}

fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        // Numbers of other bases are written as they are, and refused as what they are.
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    };
    match value {
        DeValue::Array(values) => values.iter().map(|value| one(value.get_ref())).collect(),
        value => one(value).map(|text| vec![text]),
    }
}

/// The key with the most letters in common at the beginning or the end.
fn nearest(name: &str) -> String {
    let plain = |text: &str| text.trim_start_matches(VARIABLES).to_lowercase().replace('_', ".");
    let wanted = plain(name);
    let alike = |key: &str| {
        let key = plain(key);
        let front = key.chars().zip(wanted.chars()).take_while(|(a, b)| a == b).count();
        let back = key.chars().rev().zip(wanted.chars().rev()).take_while(|(a, b)| a == b).count();
        front + back
    };
    ALL.iter().max_by_key(|key| alike(key.name)).map(|key| key.name.to_owned()).unwrap_or_default()
}

/// The file that is read: the one that was named, or `ashlar.toml` here if it exists.
pub fn file(named: Option<&PathBuf>) -> Option<PathBuf> {
    let here = PathBuf::from("ashlar.toml");
    named.cloned().or_else(|| here.is_file().then_some(here))
}
