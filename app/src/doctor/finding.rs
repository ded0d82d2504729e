use std::fmt;

use serde_json::json;

/// How something stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// As it should be.
    Well,
    /// A node would work, though not well.
    Warning,
    /// A node would not work.
    Failed,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// How it stands.
    pub state: State,
    /// What was seen, with values.
    pub seen: String,
    /// What to do, if anything.
    pub advice: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn well(name: &'static str, seen: impl Into<String>) -> Finding {
        Finding { name, state: State::Well, seen: seen.into(), advice: None }
    }

    /// Not well.
    pub fn warning(name: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { state: State::Warning, advice: Some(advice.into()), ..Finding::well(name, seen) }
    }

    /// Broken.
    pub fn failed(name: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { state: State::Failed, ..Finding::warning(name, seen, advice) }
    }

    /// A value that is fine up to a limit and a warning beyond it.
    pub fn limit(name: &'static str, is_well: bool, seen: impl Into<String>, advice: &str) -> Finding {
        if is_well { Finding::well(name, seen) } else { Finding::warning(name, seen, advice) }
    }

    /// As one JSON object.
    pub fn json(&self) -> String {
        let Finding { name, state, seen, advice } = self;
        json!({ "check": name, "state": word(*state), "seen": seen, "advice": advice }).to_string()
    }
}

const fn word(state: State) -> &'static str {
    match state {
        State::Well => "ok",
        State::Warning => "warning",
        State::Failed => "failed",
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:8} {:14} {}", word(self.state), self.name, self.seen)?;
        match &self.advice {
            Some(advice) => write!(f, "\n{:23} {advice}", ""),
            None => Ok(()),
        }
    }
}
