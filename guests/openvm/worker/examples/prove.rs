//! Has a worker prove a small real batch, and refuse every way in which the proof could be of something else.
//!
//! `prove WORKER [--of match|place|...|sample] [--commands N] [--kind app|stark] [--cancel-first] [--keep FOLDER] [-- OPTION...]` starts the worker as a
//! coordinator does, with the options behind the dashes, and prints one line of JSON with what it took. The batch is of so many commands of one kind, or a
//! sample with a bit of everything. `--keep` writes the proof and what it is of, in the form of `vectors/openvm`.

use std::fmt::Write;
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fs};

use ashlar_batch::PublicValues;
use ashlar_batch::merkle::Digest;
use ashlar_guest_batches::{Kind, Recorded, batch_of_kind, sample};
use ashlar_prover_wire::{
    ADDRESS_VARIABLE, Answer, Client, ClientError, Evidence, Failure, FailureKind, Measured, ProofKind, Proved,
    Question, TOKEN_VARIABLE,
};
use ashlar_types::to_bytes;

type Error = Box<dyn std::error::Error>;

struct Wanted {
    worker: String,
    options: Vec<String>,
    /// Of which kind its commands are; a bit of everything if of none.
    of: Option<Kind>,
    commands: usize,
    kind: ProofKind,
    cancel_first: bool,
    keep: Option<String>,
}

const USAGE: &str =
    "usage: prove WORKER [--of KIND] [--commands N] [--kind app|stark] [--cancel-first] [--keep FOLDER] [-- OPTION...]";

fn parse() -> Result<Wanted, Error> {
    let mut words = env::args().skip(1);
    let worker = words.next().ok_or(USAGE)?;
    let mut wanted = Wanted {
        worker,
        options: Vec::new(),
        of: None,
        commands: 40,
        kind: ProofKind::Stark,
        cancel_first: false,
        keep: None,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--of" => {
                let name = value()?;
                let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
                if kind.is_none() && name != "sample" {
                    return Err(format!("--of {name}: no kind of command, nor sample").into());
                }
                wanted.of = kind;
            }
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
            "--" => wanted.options.extend(words.by_ref()),
            _ => return Err(format!("{word} is no option; {USAGE}").into()),
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
    fn new(worker: &str, arguments: &[String]) -> Result<Started, Error> {
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
    let recorded = match wanted.of {
        Some(kind) => batch_of_kind(kind, wanted.commands, 0),
        None => sample(wanted.commands),
    };
    let begun = Instant::now();
    let mut started = Started::new(&wanted.worker, &wanted.options)?;
    let ready_s = begun.elapsed().as_secs_f64();
    let program = started.client.description().program.to_string();

    let question = Question::Execute { evidence: vec![recorded.evidence()] };
    let Answer::Proved(executed) = started.client.ask(question, |_, _, _| {})? else {
        return Err("an execution was asked for".into());
    };
    eprintln!("ready after {ready_s:.1} s; {} instructions", executed.measured.cycles);
    check_refusals(&mut started.client, &recorded)?;
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
        let mut alone = Started::new(&wanted.worker, &["--verify-only".to_owned()])?;
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

/// A digest that is nearly this one.
fn nearly(digest: &Digest) -> Digest {
    let mut words = *digest.words();
    words[0] ^= 1;
    Digest::from_words(words).unwrap_or_else(|| *digest)
}

/// Evidence of another previous root, or another data root, is not executed, and so not proven.
fn check_refusals(client: &mut Client, recorded: &Recorded) -> Result<(), Error> {
    let (mut parent, mut header) = (*recorded.parent(), recorded.header);
    parent.state_root_after = nearly(&parent.state_root_after);
    header.data_root = nearly(&header.data_root);
    let of_parent = Evidence { parent: to_bytes(&parent), ..recorded.evidence() };
    let of_header = Evidence { header: to_bytes(&header), ..recorded.evidence() };
    for (what, evidence) in [("previous root", of_parent), ("data root", of_header)] {
        match client.ask(Question::Execute { evidence: vec![evidence] }, |_, _, _| {}) {
            Err(ClientError::Failed(Failure { kind: FailureKind::Refused, .. })) => {}
            other => return Err(format!("evidence with another {what}: {other:?}").into()),
        }
    }
    Ok(())
}

/// What a proof would have to say of other batches: each altered in one thing.
fn other_values(recorded: &Recorded, public_values: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut others: Vec<_> =
        (0..public_values.len()).map(|at| (format!("byte {at}"), with(public_values, at))).collect();
    let (mut parent, mut header) = (*recorded.parent(), recorded.header);
    parent.state_root_after = nearly(&parent.state_root_after);
    header.parent_hash = parent.hash();
    others.push(("the previous root".to_owned(), to_bytes(&PublicValues::of(&header))));
    let mut header = recorded.header;
    header.data_root = nearly(&header.data_root);
    others.push(("the data root".to_owned(), to_bytes(&PublicValues::of(&header))));
    others
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
    for (what, altered) in other_values(recorded, public_values) {
        match worker.verify(kind, &altered, proof)? {
            Err(failure) if failure.kind == FailureKind::WrongPublicValues => {}
            other => return Err(format!("public values altered in {what}: {other:?}").into()),
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
    let Measured { cycles, millis, memory_bytes, .. } = proved.measured;
    println!(
        "{{\"bench\":\"openvm\",\"kind\":\"{:?}\",\"of\":\"{}\",\"commands\":{},\"instructions\":{cycles},\"ready_s\":{ready_s:.1},\
         \"prove_s\":{:.1},\"peak_mib\":{},\"proof_bytes\":{},\"verify_ms\":{},\"program\":\"0x{program}\"}}",
        wanted.kind,
        wanted.of.map_or("sample", Kind::name),
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
