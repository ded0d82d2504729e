//! Running a table on an engine.

use std::collections::BTreeSet;

use ashlar_state::Key;
use ashlar_types::{AccountId, Event, Input, Reason, Sequence, Time};

use super::step::{Context, Step};
use super::{render, world};
use crate::engine::{Engine, Genesis, Output};

/// What a table showed.
#[derive(Default, Debug)]
pub struct Seen {
    /// Titles of its cases.
    pub titles: Vec<String>,
    /// Every reason that was given.
    pub reasons: BTreeSet<Reason>,
}

/// Where an engine and a table disagree.
#[derive(Debug)]
pub struct Failure {
    /// The line of the table.
    pub line: usize,
    /// The case.
    pub title: String,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, in `{}`: {}", self.line, self.title, self.what)
    }
}

/// How a case gets its engine.
pub type Make<'a> = &'a mut dyn FnMut(&Genesis) -> Box<dyn Engine>;

/// Runs every case of a table, each on a new engine.
pub fn run(table: &str, make: Make<'_>) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    for case in cases(table) {
        let mut stage = Stage::new(make, &mut seen).map_err(|what| case.failure(case.line, what))?;
        for (line, step, expected) in case.steps() {
            let answer = stage.checked_step(&step).map_err(|what| case.failure(line, what))?;
            if answer != expected {
                let (expected, answer) = (expected.join("\n  "), answer.join("\n  "));
                let what = format!("`{step}`\nexpected\n  {expected}\ngot\n  {answer}");
                return Err(case.failure(line, what));
            }
        }
        seen.titles.push(case.title.to_owned());
    }
    Ok(seen)
}

/// The table with what an engine answers in place of what was expected, to be read before it is kept.
pub fn rewrite(table: &str, make: Make<'_>) -> Result<String, Failure> {
    let mut text: Vec<String> = table.lines().take_while(|line| !line.starts_with("== ")).map(str::to_owned).collect();
    for case in cases(table) {
        text.push(format!("== {}", case.title));
        let mut unused = Seen::default();
        let mut stage = Stage::new(make, &mut unused).map_err(|what| case.failure(case.line, what))?;
        let mut steps = case.steps().into_iter().peekable();
        for (line, source) in
            case.lines.iter().filter(|(_, source)| !source.starts_with("- ") && !source.starts_with("= "))
        {
            match steps.next_if(|(at, ..)| at == line) {
                None => text.push((*source).to_owned()),
                Some((_, step, _)) => {
                    let mut answer = stage.checked_step(&step).map_err(|what| case.failure(*line, what))?;
                    match answer.pop() {
                        Some(receipt) => text.push(format!("{step} {receipt}")),
                        None => text.push(step),
                    }
                    text.extend(answer);
                }
            }
        }
    }
    Ok(text.join("\n") + "\n")
}

/// The part of a table under one title.
struct Case<'a> {
    line: usize,
    title: &'a str,
    lines: Vec<(usize, &'a str)>,
}

impl Case<'_> {
    fn failure(&self, line: usize, what: String) -> Failure {
        Failure { line, title: self.title.to_owned(), what }
    }

    /// Each step with its line and what must come of it: the lines below it, then what follows its ` = `.
    fn steps(&self) -> Vec<(usize, String, Vec<String>)> {
        let mut steps: Vec<(usize, String, Vec<String>)> = Vec::new();
        let mut closing = Vec::new();
        for (line, text) in &self.lines {
            if text.starts_with("- ") || text.starts_with("= ") {
                if let Some((_, _, expected)) = steps.last_mut() {
                    expected.push((*text).to_owned());
                }
            } else if !text.is_empty() && !text.starts_with('#') {
                let (step, answer) =
                    text.split_once(" = ").map_or((*text, None), |(step, answer)| (step, Some(answer)));
                steps.push((*line, step.trim().to_owned(), Vec::new()));
                closing.push(answer.map(|answer| format!("= {answer}")));
            }
        }
        for ((_, _, expected), closing) in steps.iter_mut().zip(closing) {
            expected.extend(closing);
        }
        steps
    }
}

fn cases(table: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    for (index, text) in table.lines().enumerate() {
        let (line, text) = (index + 1, text.trim_end());
        if let Some(title) = text.strip_prefix("== ") {
            cases.push(Case { line, title, lines: Vec::new() });
        } else if let Some(case) = cases.last_mut() {
            case.lines.push((line, text));
        }
    }
    cases
}

/// An engine on which a case is played.
struct Stage<'a> {
    engine: Box<dyn Engine>,
    context: Context,
    sequence: Sequence,
    seen: &'a mut Seen,
}

impl<'a> Stage<'a> {
    fn new(make: Make<'_>, seen: &'a mut Seen) -> Result<Stage<'a>, String> {
        let genesis = world::genesis();
        let context = Context::new(genesis.time);
        let mut stage = Stage { engine: make(&genesis), context, sequence: Sequence::new(0), seen };
        for step in world::STEPS {
            let answer = stage.step(step)?;
            if !answer.last().is_some_and(|receipt| receipt.starts_with("= Done")) {
                return Err(format!("the world cannot be made: `{step}` gives {answer:?}"));
            }
        }
        Ok(stage)
    }

    /// Plays one line of the table, after which the engine must agree with itself.
    fn checked_step(&mut self, line: &str) -> Result<Vec<String>, String> {
        let answer = self.step(line)?;
        self.engine.check()?;
        Ok(answer)
    }

    /// Plays one step and gives the answer in words. `tally` before a step counts its events; `repeat 9` before it plays
    /// it nine times with `$` standing for 0 to 8, and gives the last answer.
    fn step(&mut self, line: &str) -> Result<Vec<String>, String> {
        if let Some(rest) = line.strip_prefix("repeat ") {
            let (times, rest) = rest.split_once(' ').ok_or("write repeat 9 STEP")?;
            let times: u32 = times.parse().map_err(|_| format!("`{times}` is no number of times"))?;
            let answers = (0..times).map(|turn| self.step(&rest.replace('$', &turn.to_string())));
            return answers.last().ok_or("it is repeated at least once")?;
        }
        let (tally, line) = line.strip_prefix("tally ").map_or((false, line), |line| (true, line));
        match self.context.step(line)? {
            Step::Clock => Ok(Vec::new()),
            Step::Balance(account, asset) => Ok(vec![self.balance(account, asset)]),
            Step::Leaf(key) => Ok(vec![self.leaf(key)]),
            Step::Apply(speaker, input) => {
                let outputs = self.apply(self.context.now, &input)?;
                Ok(if tally { render::tally(speaker, &outputs) } else { render::lines(speaker, &outputs) })
            }
        }
    }

    fn apply(&mut self, time: Time, input: &Input) -> Result<Vec<Output>, String> {
        let mut outputs = Vec::new();
        self.engine.apply(time, input, &mut outputs);
        for output in &outputs {
            match output {
                Output::Receipt(receipt) => {
                    if receipt.sequence != self.sequence {
                        return Err(format!("{:?} follows, not {:?}", receipt.sequence, self.sequence));
                    }
                    self.sequence = self.sequence.next();
                    self.seen.reasons.insert(receipt.reason);
                }
                Output::Event(
                    Event::Removed { reason, .. } | Event::Placed { reason, .. } | Event::Refused { reason, .. },
                ) => {
                    self.seen.reasons.insert(*reason);
                }
                Output::Event(_) => {}
            }
        }
        Ok(outputs)
    }

    fn balance(&self, account: AccountId, asset: ashlar_types::AssetId) -> String {
        let key = Key::new([0x0B << 56, account.get().into(), asset.get().into()]);
        match self.engine.leaves().get(&key).map(Vec::as_slice) {
            Some([free, 0]) => format!("= {free} free"),
            Some([free, reserved]) => format!("= {free} free {reserved} reserved"),
            _ => "= nothing".to_owned(),
        }
    }

    fn leaf(&self, key: Key) -> String {
        match self.engine.leaves().get(&key) {
            None => "= absent".to_owned(),
            Some(words) => {
                let words: Vec<String> = words.iter().map(u64::to_string).collect();
                format!("= {}", words.join(" "))
            }
        }
    }
}
