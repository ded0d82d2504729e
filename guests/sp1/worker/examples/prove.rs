//! Has a worker prove a small real batch, and refuse every way in which the proof could be of something else.
//!
//! `prove WORKER [--commands N] [--kind core|compressed] [--cancel-first] [--keep FOLDER]` starts the worker as a coordinator does, and prints one line of
//! JSON with what it took. `--keep` writes the proof and what it is of, in the form of `vectors/sp1`.

use std::fmt::Write;
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fs};

use ashlar_batch::{ReceiptProof, RowProof, Rows, receipts_tree};
use ashlar_exchange::Line;
use ashlar_guest_batches::{Recorded, sample};
use ashlar_light_sp1::Program;
use ashlar_prover_wire::{
    ADDRESS_VARIABLE, Answer, Client, ClientError, Failure, FailureKind, Measured, ProofKind, Proved, Question,
    TOKEN_VARIABLE,
};
use ashlar_types::{Event, to_bytes};

type Error = Box<dyn std::error::Error>;

struct Wanted {
    worker: String,
    commands: usize,
    kind: ProofKind,
    cancel_first: bool,
    keep: Option<String>,
}

fn parse() -> Result<Wanted, Error> {
    let mut words = env::args().skip(1);
    let worker = words
        .next()
        .ok_or("usage: prove WORKER [--commands N] [--kind core|compressed] [--cancel-first] [--keep FOLDER]")?;
    let mut wanted = Wanted { worker, commands: 40, kind: ProofKind::Compressed, cancel_first: false, keep: None };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--commands" => wanted.commands = value()?.parse()?,
            "--kind" => {
                wanted.kind = match value()?.as_str() {
                    "core" => ProofKind::Core,
                    "compressed" => ProofKind::Compressed,
                    other => return Err(format!("--kind {other}: it is core or compressed").into()),
                }
            }
            "--cancel-first" => wanted.cancel_first = true,
            "--keep" => wanted.keep = Some(value()?),
            _ => return Err(format!("{word} is no option").into()),
        }
    }
    Ok(wanted)
}

/// Ends with this process, whatever happens.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
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
    let listening = Client::listen()?;
    let mut command = Command::new(&wanted.worker);
    command.env(ADDRESS_VARIABLE, listening.address()?.to_string()).env(TOKEN_VARIABLE, listening.token().to_hex());
    let begun = Instant::now();
    let mut started = Started(command.spawn()?);
    let mut client = listening.accept()?;
    let ready_s = begun.elapsed().as_secs_f64();
    let program = Program::new(client.description().program.0)?;

    let Answer::Proved(executed) =
        client.ask(Question::Execute { evidence: vec![recorded.evidence()] }, |_, _, _| {})?
    else {
        return Err("an execution was asked for".into());
    };
    eprintln!("ready after {ready_s:.1} s; {} cycles", executed.measured.cycles);
    if wanted.cancel_first {
        cancel(&mut client, wanted.kind, &recorded)?;
    }
    let question = Question::Prove { kind: wanted.kind, evidence: vec![recorded.evidence()] };
    let mut last = String::new();
    let answer = client.ask(question, |done, of, stage| {
        let line = format!("{stage}: {done} of {of} known");
        if line != last {
            eprintln!("{line}");
            last = line;
        }
    })?;
    let Answer::Proved(proved) = answer else { return Err("a proof was asked for".into()) };
    if proved.public_values != executed.public_values {
        return Err("proven and executed differ".into());
    }
    let verified = check_rejections(&mut client, wanted.kind, &proved)?;
    print(wanted, &recorded, ready_s, program, &proved, verified);
    if let Some(folder) = &wanted.keep {
        keep(folder, &recorded, program, &proved)?;
    }
    client.stop()?;
    let status = started.0.wait()?;
    if status.success() { Ok(()) } else { Err(format!("the worker ended with {status}").into()) }
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

/// The worker's own verifier accepts the proof, and nothing that differs from it in anything.
fn check_rejections(client: &mut Client, kind: ProofKind, proved: &Proved) -> Result<Measured, Error> {
    let mut verify = |public_values: &[u8], proof: &[u8]| {
        let question = Question::Verify { kind, public_values: public_values.to_vec(), proof: proof.to_vec() };
        match client.ask(question, |_, _, _| {}) {
            Ok(Answer::Verified { measured }) => Ok(Ok(measured)),
            Err(ClientError::Failed(failure)) => Ok(Err(failure)),
            Ok(other) => Err(Error::from(format!("{other:?} is no verdict"))),
            Err(error) => Err(error.into()),
        }
    };
    let Proved { public_values, proof, .. } = proved;
    // The second time nothing is done for the first time.
    verify(public_values, proof)??;
    let measured = verify(public_values, proof)??;
    for at in [31, 40, 80, 100, 159] {
        let altered = with(public_values, at);
        match verify(&altered, proof)? {
            Err(failure) if failure.kind == FailureKind::WrongPublicValues => {}
            other => return Err(format!("public values altered at {at}: {other:?}").into()),
        }
    }
    let places = (0..16).map(|n| proof.len() / 16 * n + 21 * n + 4).filter(|at| *at < proof.len());
    for at in places {
        match verify(public_values, &with(proof, at))? {
            Err(failure) if failure.kind != FailureKind::Backend => {}
            other => return Err(format!("proof altered at {at}: {other:?}").into()),
        }
    }
    for (what, bytes) in [("cut off", &proof[..proof.len() - 1]), ("empty", &[])] {
        match verify(public_values, bytes)? {
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

fn print(wanted: &Wanted, recorded: &Recorded, ready_s: f64, program: Program, proved: &Proved, verified: Measured) {
    let Measured { cycles, instruction_equivalents, millis, memory_bytes } = proved.measured;
    println!(
        "{{\"bench\":\"sp1\",\"kind\":\"{:?}\",\"commands\":{},\"cycles\":{cycles},\"ie\":{instruction_equivalents},\"ready_s\":{ready_s:.1},\
         \"prove_s\":{:.1},\"peak_mib\":{},\"proof_bytes\":{},\"verify_ms\":{},\"program\":\"{program}\"}}",
        wanted.kind,
        recorded.header.next_sequence.get() - recorded.header.first_sequence.get(),
        millis as f64 / 1e3,
        memory_bytes >> 20,
        proved.proof.len(),
        verified.millis,
    );
}

fn keep(folder: &str, recorded: &Recorded, program: Program, proved: &Proved) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    fs::write(format!("{folder}/compressed.proof"), &proved.proof)?;
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    let evidence = recorded.evidence();
    let (receipt, events, receipt_path) = first_trade(recorded)?;
    let rows = Rows::of_batch(recorded.batch())?;
    let row_path = rows.tree().and_then(|tree| RowProof::of(&tree, 1)).ok_or("a batch has two rows")?;
    let lines = [
        ("program", hex(&program.hash())),
        ("public_values", hex(&proved.public_values)),
        ("parent", hex(&evidence.parent)),
        ("header", hex(&evidence.header)),
        ("receipt", hex(&receipt)),
        ("events", hex(&events)),
        ("receipt_path", hex(&receipt_path)),
        ("row", hex(&rows.row(1).ok_or("a batch has two rows")?)),
        ("row_path", hex(&to_bytes(&row_path))),
    ];
    let text: String = lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    fs::write(format!("{folder}/compressed.txt"), text)?;
    Ok(())
}

/// The receipt of the first command that traded, its events, and the path of both.
fn first_trade(recorded: &Recorded) -> Result<(Vec<u8>, Vec<u8>, Vec<u8>), Error> {
    let (mut answers, mut events) = (Vec::new(), Vec::new());
    for line in &recorded.lines {
        match line {
            Line::Event(event) => events.push(*event),
            Line::Receipt(receipt) => answers.push((*receipt, std::mem::take(&mut events))),
        }
    }
    let tree =
        receipts_tree(answers.iter().map(|(receipt, events)| (receipt, events.as_slice()))).ok_or("an empty batch")?;
    let traded = |events: &[Event]| events.iter().any(|event| matches!(event, Event::Trade(_)));
    let at = answers.iter().position(|(_, events)| traded(events)).ok_or("nothing was traded")?;
    let path = ReceiptProof::of(&tree, at as u32).ok_or("no path")?;
    let (receipt, events) = &answers[at];
    Ok((to_bytes(receipt), events.iter().flat_map(to_bytes).collect(), to_bytes(&path)))
}
