//! Has a worker prove a small real batch, and refuse every way in which the proof could be of something else.
//!
//! `prove WORKER [--commands N] [--kind app|stark] [--cancel-first] [--keep FOLDER]` starts the worker as a coordinator does, and prints one line of JSON with
//! what it took. `--keep` writes the proof and what it is of, in the form of `vectors/openvm`.

use std::fmt::Write;
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fs};

use ashlar_batch::{BatchHeader, PublicValues};
use ashlar_guest_batches::{Recorded, sample};
use ashlar_prover_wire::{
    ADDRESS_VARIABLE, Answer, Client, ClientError, Failure, FailureKind, Measured, ProofKind, Proved, Question,
    TOKEN_VARIABLE,
};
use ashlar_state::Digest;
use ashlar_types::to_bytes;

type Error = Box<dyn std::error::Error>;

struct Wanted {
    worker: String,
    commands: usize,
    kind: ProofKind,
    cancel_first: bool,
    keep: Option<String>,
}

const USAGE: &str = "usage: prove WORKER [--commands N] [--kind app|stark] [--cancel-first] [--keep FOLDER]";

fn parse() -> Result<Wanted, Error> {
    let mut words = env::args().skip(1);
    let worker = words.next().ok_or(USAGE)?;
    let mut wanted = Wanted { worker, commands: 40, kind: ProofKind::Stark, cancel_first: false, keep: None };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--commands" => wanted.commands = value()?.parse()?,
            "--kind" => {
                wanted.kind = match value()?.as_str() {
                    "app" => ProofKind::App,
                    "stark" => ProofKind::Stark,
                    other => return Err(format!("--kind {other}: it is app or stark").into()),
                }
            }
            "--cancel-first" => wanted.cancel_first = true,
            "--keep" => wanted.keep = Some(value()?),
            _ => return Err(format!("{word} is no option").into()),
        }
    }
    Ok(wanted)
}

/// A worker's process and the connection to it.
struct Started {
    process: Process,
    client: Client,
}

/// Ends with this process, whatever happens.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Started {
    fn new(worker: &str, arguments: &[&str]) -> Result<Started, Error> {
        let listening = Client::listen()?;
        let mut command = Command::new(worker);
        command.args(arguments).env(ADDRESS_VARIABLE, listening.address()?.to_string());
        command.env(TOKEN_VARIABLE, listening.token().to_hex());
        let process = Process(command.spawn()?);
        Ok(Started { process, client: listening.accept()? })
    }

    fn stop(mut self) -> Result<(), Error> {
        self.client.stop()?;
        let status = self.process.0.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the worker ended with {status}").into()) }
    }

    fn verify(&mut self, kind: ProofKind, values: &[u8], proof: &[u8]) -> Result<Result<Measured, Failure>, Error> {
        let question = Question::Verify { kind, public_values: values.to_vec(), proof: proof.to_vec() };
        match self.client.ask(question, |_, _, _| {}) {
            Ok(Answer::Verified { measured }) => Ok(Ok(measured)),
            Err(ClientError::Failed(failure)) => Ok(Err(failure)),
            Ok(other) => Err(format!("{other:?} is no verdict").into()),
            Err(error) => Err(error.into()),
        }
    }
}

fn main() -> ExitCode {
    match parse().and_then(|wanted| run(&wanted)) {
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

fn run(wanted: &Wanted) -> Result<(), Error> {
    let recorded = sample(wanted.commands);
    let begun = Instant::now();
    let mut started = Started::new(&wanted.worker, &[])?;
    let ready_s = begun.elapsed().as_secs_f64();
    let program = started.client.description().program.to_string();

    let question = Question::Execute { evidence: vec![recorded.evidence()] };
    let Answer::Proved(executed) = started.client.ask(question, |_, _, _| {})? else {
        return Err("an execution was asked for".into());
    };
    eprintln!("ready after {ready_s:.1} s; {} cycles", executed.measured.cycles);
    if wanted.cancel_first {
        cancel(&mut started.client, wanted.kind, &recorded)?;
    }
    let question = Question::Prove { kind: wanted.kind, evidence: vec![recorded.evidence()] };
    let mut last = String::new();
    let begun = Instant::now();
    let answer = started.client.ask(question, |done, of, stage| {
        let line = format!("{stage}: {done} of {of} known");
        if line != last {
            eprintln!("{:.0} s: {line}", begun.elapsed().as_secs_f64());
            last = line;
        }
    })?;
    let Answer::Proved(proved) = answer else { return Err("a proof was asked for".into()) };
    if proved.public_values != executed.public_values {
        return Err("proven and executed differ".into());
    }
    if let Some(folder) = &wanted.keep {
        keep(folder, &recorded, &program, &proved)?;
    }
    let verified = check_rejections(&mut started, wanted.kind, &recorded, &proved)?;
    print(wanted, &recorded, ready_s, &program, &proved, verified);
    started.stop()?;
    if wanted.kind == ProofKind::Stark {
        // The verifier that starts at once says the same of it.
        let mut alone = Started::new(&wanted.worker, &["--verify-only"])?;
        check_rejections(&mut alone, wanted.kind, &recorded, &proved)?;
        alone.stop()?;
    }
    Ok(())
}

/// A proof that is no longer wanted is given up, and the worker proves on.
fn cancel(client: &mut Client, kind: ProofKind, recorded: &Recorded) -> Result<(), Error> {
    let begun = Instant::now();
    let question = Question::Prove { kind, evidence: vec![recorded.evidence()] };
    match client.ask_while(question, |_, _, _| begun.elapsed() < Duration::from_secs(8)) {
        Err(ClientError::Failed(Failure { kind: FailureKind::Cancelled, .. })) => {
            eprintln!("cancelled after 8 s, and given up after {:.1} s", begun.elapsed().as_secs_f64());
            Ok(())
        }
        other => Err(format!("a cancelled job came to {other:?}").into()),
    }
}

/// The worker's verifier accepts the proof, and nothing that differs from it in anything.
fn check_rejections(
    worker: &mut Started,
    kind: ProofKind,
    recorded: &Recorded,
    proved: &Proved,
) -> Result<Measured, Error> {
    let Proved { public_values, proof, .. } = proved;
    // The second time nothing is done for the first time.
    worker.verify(kind, public_values, proof)??;
    let measured = worker.verify(kind, public_values, proof)??;
    let of = |header: BatchHeader| to_bytes(&PublicValues::of(&header));
    let others = [
        ("a previous root", of(BatchHeader { state_root_before: Digest::EMPTY, ..recorded.header })),
        ("a data root", of(BatchHeader { data_root: recorded.header.receipts_root, ..recorded.header })),
    ];
    let bytes = [31, 40, 80, 100, 159].map(|at| ("a byte of the public values", with(public_values, at)));
    for (what, altered) in others.into_iter().chain(bytes) {
        match worker.verify(kind, &altered, proof)? {
            Err(failure) if failure.kind == FailureKind::WrongPublicValues => {}
            other => return Err(format!("{what} altered: {other:?}").into()),
        }
    }
    let places = (0..64).map(|n| proof.len() / 64 * n + 21 * n + 4).filter(|at| *at < proof.len());
    for at in places {
        match worker.verify(kind, public_values, &with(proof, at))? {
            Err(failure) if failure.kind != FailureKind::Backend => {}
            other => return Err(format!("proof altered at {at}: {other:?}").into()),
        }
    }
    let longer = [&proof[..], &[0]].concat();
    for (what, bytes) in [("cut off", &proof[..proof.len() - 1]), ("empty", &[]), ("too long", &longer)] {
        match worker.verify(kind, public_values, bytes)? {
            Err(failure) if failure.kind == FailureKind::InvalidProof => {}
            other => return Err(format!("a proof that is {what}: {other:?}").into()),
        }
    }
    Ok(measured)
}

fn with(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    altered[at] ^= 1;
    altered
}

fn print(wanted: &Wanted, recorded: &Recorded, ready_s: f64, program: &str, proved: &Proved, verified: Measured) {
    let Measured { cycles, instruction_equivalents, millis, memory_bytes } = proved.measured;
    println!(
        "{{\"bench\":\"openvm\",\"kind\":\"{:?}\",\"commands\":{},\"cycles\":{cycles},\"ie\":{instruction_equivalents},\"ready_s\":{ready_s:.1},\
         \"prove_s\":{:.1},\"peak_mib\":{},\"proof_bytes\":{},\"verify_ms\":{},\"program\":\"0x{program}\"}}",
        wanted.kind,
        recorded.header.next_sequence.get() - recorded.header.first_sequence.get(),
        millis as f64 / 1e3,
        memory_bytes >> 20,
        proved.proof.len(),
        verified.millis,
    );
}

fn keep(folder: &str, recorded: &Recorded, program: &str, proved: &Proved) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    fs::write(format!("{folder}/stark.proof"), &proved.proof)?;
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    let evidence = recorded.evidence();
    let lines = [
        ("program", program.to_owned()),
        ("public_values", hex(&proved.public_values)),
        ("parent", hex(&evidence.parent)),
        ("header", hex(&evidence.header)),
    ];
    let text: String = lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    fs::write(format!("{folder}/stark.txt"), text)?;
    Ok(())
}
