//! Has a worker prove a small real batch, and refuse every way in which the proof could be of something else.
//!
//! `prove WORKER [--of match|place|...|sample] [--commands N] [--kind composite|succinct] [--keep FOLDER] [-- OPTION...]` starts the worker as a
//! coordinator does, with the options behind the dashes, and prints one line of JSON with what it took. The batch is of so many commands of one kind,
//! or a sample with a bit of everything. `--keep` writes the proof and what it is of, in the form of `vectors/risc0`.

use std::fmt::Write;
use std::process::{Child, Command, ExitCode};
use std::time::Instant;
use std::{env, fs};

use ashlar_batch::PublicValues;
use ashlar_batch::merkle::Digest;
use ashlar_guest_batches::{Kind, Recorded, batch_of_kind, sample};
use ashlar_light_risc0::{Image, Preamble, RiscZeroError};
use ashlar_prover_wire::{
    ADDRESS_VARIABLE, Answer, Client, ClientError, Failure, FailureKind, Measured, ProofKind, Proved, Question,
    TOKEN_VARIABLE,
};
use ashlar_types::to_bytes;

type Error = Box<dyn std::error::Error>;

const USAGE: &str =
    "usage: prove WORKER [--of KIND] [--commands N] [--kind composite|succinct] [--keep FOLDER] [-- OPTION...]";

struct Wanted {
    worker: String,
    options: Vec<String>,
    /// Of which kind its commands are; a bit of everything if of none.
    of: Option<Kind>,
    commands: usize,
    kind: ProofKind,
    keep: Option<String>,
}

fn parse() -> Result<Wanted, Error> {
    let mut words = env::args().skip(1);
    let worker = words.next().ok_or(USAGE)?;
    let mut wanted = Wanted {
        worker,
        options: Vec::new(),
        of: Some(Kind::Match),
        commands: 2,
        kind: ProofKind::Succinct,
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
                    "composite" => ProofKind::Composite,
                    "succinct" => ProofKind::Succinct,
                    other => return Err(format!("--kind {other}: it is composite or succinct").into()),
                }
            }
            "--keep" => wanted.keep = Some(value()?),
            "--" => wanted.options.extend(words.by_ref()),
            _ => return Err(format!("{word} is no option; {USAGE}").into()),
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
    let recorded = match wanted.of {
        Some(kind) => batch_of_kind(kind, wanted.commands, 0),
        None => sample(wanted.commands),
    };
    let listening = Client::listen()?;
    let mut command = Command::new(&wanted.worker);
    command.args(&wanted.options);
    command.env(ADDRESS_VARIABLE, listening.address()?.to_string()).env(TOKEN_VARIABLE, listening.token().to_hex());
    let mut started = Started(command.spawn()?);
    let mut client = listening.accept()?;
    let image = Image(client.description().program.0);

    let Answer::Proved(executed) =
        client.ask(Question::Execute { evidence: vec![recorded.evidence()] }, |_, _, _| {})?
    else {
        return Err("an execution was asked for".into());
    };
    eprintln!("{} cycles", executed.measured.cycles);
    check_refusals(&mut client, &recorded)?;
    let proved = prove(&mut client, wanted.kind, &recorded)?;
    if proved.public_values != executed.public_values {
        return Err("proven and executed differ".into());
    }
    // The worker has verified it before it sent it, and it was long in the making.
    if let Some(folder) = &wanted.keep {
        keep(folder, wanted.kind, &recorded, image, &proved)?;
    }
    let verified = check_rejections(&mut client, wanted.kind, &recorded, &proved)?;
    print(wanted, &recorded, image, &proved, verified);
    client.stop()?;
    let status = started.0.wait()?;
    if status.success() { Ok(()) } else { Err(format!("the worker ended with {status}").into()) }
}

fn prove(client: &mut Client, kind: ProofKind, recorded: &Recorded) -> Result<Proved, Error> {
    let begun = Instant::now();
    let question = Question::Prove { kind, evidence: vec![recorded.evidence()] };
    let mut last = String::new();
    let answer = client.ask(question, |done, of, stage| {
        let line = format!("{stage}: {done} of {of}");
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
    let of_parent = ashlar_prover_wire::Evidence { parent: to_bytes(&parent), ..recorded.evidence() };
    let of_header = ashlar_prover_wire::Evidence { header: to_bytes(&header), ..recorded.evidence() };
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

/// The worker's own verifier accepts the proof, and nothing that differs from it in anything.
fn check_rejections(
    client: &mut Client,
    kind: ProofKind,
    recorded: &Recorded,
    proved: &Proved,
) -> Result<Measured, Error> {
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
    for (what, values) in other_values(recorded, public_values) {
        match verify(&values, proof)? {
            Err(failure) if failure.kind == FailureKind::WrongPublicValues => {}
            other => return Err(format!("public values altered in {what}: {other:?}").into()),
        }
    }
    // The proof names its program and the hash of what it says, and nothing proves those names: rewritten to fit other values, they lie about what is proven.
    let image = Image(*proof.first_chunk().ok_or("a proof has an image")?);
    let lie = |image: Image, values: &[u8]| {
        let (preamble, rest) = (Preamble::of(image, values), proof.get(Preamble::BYTES..).unwrap_or_default());
        [&preamble.to_bytes()[..], rest].concat()
    };
    for (what, values) in other_values(recorded, public_values) {
        match verify(&values, &lie(image, &values))? {
            Err(failure) if failure.kind == FailureKind::InvalidProof => {}
            other => return Err(format!("a proof that lies about {what}: {other:?}").into()),
        }
    }
    if kind == ProofKind::Succinct {
        let mut other = image;
        other.0[31] ^= 1;
        match ashlar_light_risc0::check(&other, public_values, &lie(other, public_values)) {
            Err(RiscZeroError::Rejected { .. }) => {}
            verdict => return Err(format!("a proof that lies about its program: {verdict:?}").into()),
        }
    }
    let of_others = with(proof, 31);
    match verify(public_values, &of_others)? {
        Err(failure) if failure.kind == FailureKind::WrongProgram => {}
        other => return Err(format!("a proof of another program: {other:?}").into()),
    }
    let places = (0..64).map(|n| 64 + (proof.len() - 64) / 64 * n + 21 * n + 4).filter(|at| *at < proof.len());
    for at in places {
        match verify(public_values, &with(proof, at))? {
            Err(failure) if failure.kind == FailureKind::InvalidProof => {}
            other => return Err(format!("proof altered at {at}: {other:?}").into()),
        }
    }
    for (what, bytes) in
        [("cut off", &proof[..proof.len() - 1]), ("a word too short", &proof[..proof.len() - 4]), ("empty", &[])]
    {
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

fn print(wanted: &Wanted, recorded: &Recorded, image: Image, proved: &Proved, verified: Measured) {
    let Measured { cycles, millis, memory_bytes, .. } = proved.measured;
    println!(
        "{{\"bench\":\"risc0\",\"kind\":\"{:?}\",\"of\":\"{}\",\"commands\":{},\"cycles\":{cycles},\"prove_s\":{:.1},\"peak_mib\":{},\"proof_bytes\":{},\
         \"verify_ms\":{},\"image\":\"{image}\"}}",
        wanted.kind,
        wanted.of.map_or("sample", Kind::name),
        recorded.header.next_sequence.get() - recorded.header.first_sequence.get(),
        millis as f64 / 1e3,
        memory_bytes >> 20,
        proved.proof.len(),
        verified.millis,
    );
}

fn keep(folder: &str, kind: ProofKind, recorded: &Recorded, image: Image, proved: &Proved) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    let name = format!("{kind:?}").to_lowercase();
    fs::write(format!("{folder}/{name}.proof"), &proved.proof)?;
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    let evidence = recorded.evidence();
    let lines = [
        ("image", hex(&image.0)),
        ("public_values", hex(&proved.public_values)),
        ("parent", hex(&evidence.parent)),
        ("header", hex(&evidence.header)),
    ];
    let text: String = lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    fs::write(format!("{folder}/{name}.txt"), text)?;
    Ok(())
}
