//! A trial: a worker proves a small real batch, and refuses every way in which the proof could be of something else.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use ashlar_guest_batches::{Kind, Recorded};
use ashlar_prover_wire::{
    Answer, Client, ClientError, Failure, FailureKind, Measured, ProgramHash, ProofKind, Proved, Question,
};

use crate::refusals::{check_evidence, check_proof};
use crate::started::Started;
use crate::wanted::{Wanted, name_of};

/// Whatever has gone wrong, for whoever reads it.
pub type Error = Box<dyn std::error::Error>;

/// A name and bytes, as they are written down beside a proof.
pub type Line = (&'static str, Vec<u8>);

/// When a proof that is to be given up is given up.
const CANCEL_AFTER: Duration = Duration::from_secs(8);

/// What a trial of one proof system is.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// The system's name in what is measured.
    pub name: &'static str,
    /// The kinds of proof that can be asked for, of which the first is what is asked for if nothing is said.
    pub kinds: &'static [ProofKind],
    /// What is proven if nothing is said: so many commands of this kind, or of every kind.
    pub of: Option<Kind>,
    /// How many.
    pub commands: usize,
    /// Kinds that a worker checks too which proves nothing, because it was started with `--verify-only`.
    pub apart: &'static [ProofKind],
    /// What the program's name is called in the file beside a kept proof.
    pub says: &'static str,
    /// Bytes at the beginning of a proof that say what it is of, so that one altered there is refused in words that `refuses` knows.
    pub preamble: usize,
    /// What else the worker must refuse.
    pub refuses: fn(&mut Started, &Made) -> Result<(), Error>,
    /// What else is written beside a proof that is kept.
    pub lines: fn(&Made) -> Result<Vec<Line>, Error>,
}

/// A proof, and what it is of.
#[derive(Debug)]
pub struct Made {
    /// Its kind.
    pub kind: ProofKind,
    /// The program that the worker says it has.
    pub program: ProgramHash,
    /// The batch.
    pub recorded: Recorded,
    /// What the worker has answered.
    pub proved: Proved,
}

impl Trial {
    /// How `prove` is called.
    fn usage(&self) -> String {
        let kinds = self.kinds.iter().map(|kind| name_of(*kind)).collect::<Vec<_>>().join("|");
        format!(
            "usage: prove WORKER [--of sample|KIND] [--commands N] [--kind {kinds}] [--cancel-first] [--keep FOLDER] [-- OPTION...]"
        )
    }

    /// Does what the arguments of this process say, and ends it as a test ends.
    pub fn main(&self) -> ExitCode {
        match self.run(env::args().skip(1)) {
            Ok(()) => {
                println!("test result: ok. 1 passed; 0 failed; 0 ignored");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("error: {error}");
                println!("test result: FAILED. 0 passed; 1 failed; 0 ignored");
                ExitCode::FAILURE
            }
        }
    }

    /// Does what the words of a command line say.
    pub fn run(&self, words: impl Iterator<Item = String>) -> Result<(), Error> {
        let wanted = Wanted::parse(self, words).map_err(|error| format!("{error}\n\n{}", self.usage()))?;
        let recorded = wanted.batch();
        let begun = Instant::now();
        let mut started = Started::new(&wanted.worker, &wanted.options)?;
        let ready_s = begun.elapsed().as_secs_f64();
        let program = started.client.description().program;

        let question = Question::Execute { evidence: vec![recorded.evidence()] };
        let Answer::Proved(executed) = started.client.ask(question, |_, _, _| {})? else {
            return Err("an execution was asked for".into());
        };
        eprintln!("ready after {ready_s:.1} s; {} cycles", executed.measured.cycles);
        check_evidence(&mut started.client, &recorded)?;
        if wanted.cancel_first {
            cancel(&mut started.client, wanted.kind, &recorded)?;
        }
        let proved = prove(&mut started.client, wanted.kind, &recorded)?;
        if proved.public_values != executed.public_values {
            return Err("proven and executed differ".into());
        }
        let made = Made { kind: wanted.kind, program, recorded, proved };
        // The worker has verified it before it sent it, and it was long in the making.
        if let Some(folder) = &wanted.keep {
            self.keep(folder, &made)?;
        }
        let verified = self.check(&mut started, &made)?;
        self.print(&wanted, &made, ready_s, verified);
        started.stop()?;
        if self.apart.contains(&made.kind) {
            // The verifier that starts at once says the same of it.
            let mut apart = Started::new(&wanted.worker, &["--verify-only".to_owned()])?;
            self.check(&mut apart, &made)?;
            apart.stop()?;
        }
        Ok(())
    }

    fn check(&self, worker: &mut Started, made: &Made) -> Result<Measured, Error> {
        let measured = check_proof(worker, made, self.preamble)?;
        (self.refuses)(worker, made)?;
        Ok(measured)
    }

    fn print(&self, wanted: &Wanted, made: &Made, ready_s: f64, verified: Measured) {
        let Measured { cycles, instruction_equivalents, millis, memory_bytes } = made.proved.measured;
        let header = &made.recorded.header;
        // Few systems know what their cycles cost.
        let equivalents = match instruction_equivalents {
            0 => String::new(),
            known => format!(",\"ie\":{known}"),
        };
        println!(
            "{{\"bench\":\"{}\",\"kind\":\"{}\",\"of\":\"{}\",\"commands\":{},\"cycles\":{cycles}{equivalents},\"ready_s\":{ready_s:.1},\
             \"prove_s\":{:.1},\"peak_mib\":{},\"proof_bytes\":{},\"verify_ms\":{},\"program\":\"0x{}\"}}",
            self.name,
            name_of(made.kind),
            wanted.contents(),
            header.next_sequence.get() - header.first_sequence.get(),
            millis as f64 / 1e3,
            memory_bytes >> 20,
            made.proved.proof.len(),
            verified.millis,
            made.program,
        );
    }

    /// Writes the proof and what it is of, in the form of `vectors`.
    fn keep(&self, folder: &str, made: &Made) -> Result<(), Error> {
        fs::create_dir_all(folder)?;
        let name = name_of(made.kind);
        fs::write(format!("{folder}/{name}.proof"), &made.proved.proof)?;
        let evidence = made.recorded.evidence();
        let mut lines = vec![
            (self.says, made.program.0.to_vec()),
            ("public_values", made.proved.public_values.clone()),
            ("parent", evidence.parent),
            ("header", evidence.header),
        ];
        lines.extend((self.lines)(made)?);
        let text: String = lines.iter().map(|(name, value)| format!("{name}={}\n", hex(value))).collect();
        fs::write(format!("{folder}/{name}.txt"), text)?;
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Has the batch proven, and says how far that is.
fn prove(client: &mut Client, kind: ProofKind, recorded: &Recorded) -> Result<Proved, Error> {
    let begun = Instant::now();
    let question = Question::Prove { kind, evidence: vec![recorded.evidence()] };
    let mut last = String::new();
    let answer = client.ask(question, |done, of, stage| {
        let line = format!("{stage}: {done} of {of} known");
        if line != last {
            eprintln!("{:.0} s: {line}", begun.elapsed().as_secs_f64());
            last = line;
        }
    })?;
    match answer {
        Answer::Proved(proved) => Ok(proved),
        other => Err(format!("a proof was asked for, not {other:?}").into()),
    }
}

/// A proof that is no longer wanted is given up, and the worker proves on.
fn cancel(client: &mut Client, kind: ProofKind, recorded: &Recorded) -> Result<(), Error> {
    let begun = Instant::now();
    let question = Question::Prove { kind, evidence: vec![recorded.evidence()] };
    match client.ask_while(question, |_, _, _| begun.elapsed() < CANCEL_AFTER) {
        Err(ClientError::Failed(Failure { kind: FailureKind::Cancelled, .. })) => {
            let (after, given_up) = (CANCEL_AFTER.as_secs(), begun.elapsed().as_secs_f64());
            eprintln!("cancelled after {after} s, and given up after {given_up:.1} s");
            Ok(())
        }
        other => Err(format!("a cancelled job came to {other:?}").into()),
    }
}
