//! What a trial is asked for.

use ashlar_guest_batches::{Kind, Recorded, batch_of_kind, sample};
use ashlar_prover_wire::ProofKind;

use crate::options::{OptionError, Words, number};
use crate::trial::Trial;

/// A batch, a kind of proof, and by which worker.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub worker: String,
    /// What the worker is called with.
    pub options: Vec<String>,
    /// Of which kind its commands are; a bit of everything if of none.
    pub of: Option<Kind>,
    pub commands: usize,
    pub kind: ProofKind,
    pub cancel_first: bool,
    /// The folder in which the proof is kept.
    pub keep: Option<String>,
}

impl Wanted {
    /// What a command line says, and what is not said as the trial does it.
    pub fn parse(trial: &Trial, words: impl Iterator<Item = String>) -> Result<Wanted, OptionError> {
        let mut words = Words::new(words);
        let mut wanted = Wanted {
            worker: words.value("prove")?,
            options: Vec::new(),
            of: trial.of,
            commands: trial.commands,
            kind: trial.kinds[0],
            cancel_first: false,
            keep: None,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--of" => wanted.of = of(&word, &words.value(&word)?)?,
                "--commands" => {
                    let value = words.value(&word)?;
                    let commands = usize::try_from(number(&word, &value)?);
                    wanted.commands = commands.map_err(|_| OptionError::value(&word, &value, "not so many"))?;
                }
                "--kind" => {
                    let value = words.value(&word)?;
                    let named = trial.kinds.iter().find(|kind| name_of(**kind) == value);
                    let all = || trial.kinds.iter().map(|kind| name_of(*kind)).collect::<Vec<_>>().join(" or ");
                    wanted.kind =
                        *named.ok_or_else(|| OptionError::value(&word, &value, format!("it is {}", all())))?;
                }
                "--cancel-first" => wanted.cancel_first = true,
                "--keep" => wanted.keep = Some(words.value(&word)?),
                "--" => wanted.options.extend(words.by_ref()),
                _ => return Err(OptionError::Unknown { word }),
            }
        }
        Ok(wanted)
    }

    /// The batch to be proven.
    pub fn batch(&self) -> Recorded {
        match self.of {
            Some(kind) => batch_of_kind(kind, self.commands, 0),
            None => sample(self.commands),
        }
    }

    /// What is in it, in a word.
    pub fn contents(&self) -> &'static str {
        self.of.map_or(SAMPLE, Kind::name)
    }
}

/// The name of a batch with a bit of everything.
const SAMPLE: &str = "sample";

fn of(option: &str, value: &str) -> Result<Option<Kind>, OptionError> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == value);
    match kind {
        None if value != SAMPLE => {
            let names = Kind::ALL.map(Kind::name).join(", ");
            Err(OptionError::value(option, value, format!("it is {SAMPLE}, {names}")))
        }
        kind => Ok(kind),
    }
}

/// A kind of proof as a person writes it.
pub(crate) fn name_of(kind: ProofKind) -> String {
    format!("{kind:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIAL: Trial = Trial {
        name: "test",
        kinds: &[ProofKind::Stark, ProofKind::App],
        of: Some(Kind::Match),
        commands: 2,
        apart: &[],
        says: "program",
        preamble: 0,
        refuses: |_, _| Ok(()),
        lines: |_| Ok(Vec::new()),
    };

    fn parse(line: &str) -> Result<Wanted, OptionError> {
        Wanted::parse(&TRIAL, line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_not_said_is_as_the_trial_does_it() {
        let wanted = parse("worker").expect("it makes sense");
        assert_eq!((wanted.worker.as_str(), wanted.contents(), wanted.commands), ("worker", "match", 2));
        assert_eq!((wanted.kind, wanted.cancel_first), (ProofKind::Stark, false));
        let line = "worker --of sample --commands 1_0 --kind app --cancel-first --keep here -- --keep --kind";
        let wanted = parse(line).expect("it makes sense");
        assert_eq!((wanted.contents(), wanted.commands, wanted.kind), ("sample", 10, ProofKind::App));
        assert_eq!((wanted.cancel_first, wanted.keep.as_deref()), (true, Some("here")));
        assert_eq!(wanted.options, ["--keep", "--kind"], "they are the worker's");
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (line, words) in [
            ("", &["prove"][..]),
            ("worker --of nothing", &["--of nothing", "sample", "deposit"]),
            ("worker --kind groth16", &["--kind groth16", "stark or app"]),
            ("worker --commands few", &["few"]),
            ("worker --gpu", &["--gpu"]),
        ] {
            let error = parse(line).expect_err(line).to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }
}
