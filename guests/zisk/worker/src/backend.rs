//! What a coordinator may ask.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use ashlar_guest_worker::{check_cycles, memory, packed};
use ashlar_prover_wire::limits::PROOF_BYTES_MAX;
use ashlar_prover_wire::{
    Backend, BackendName, Description, Evidence, Failure, FailureKind, Measured, ProgramHash, ProofKind, Proved, Watch,
};
use ashlar_zisk_meter::{Count, ExecuteError, Prepared, prepare, run};

use crate::arguments::{Arguments, PROGRAM};
use crate::folder::{Folder, read_up_to};
use crate::installation::{Installation, Tools};
use crate::process;
use crate::proof::Head;

/// ZisK, with one program: a machine of our own that executes it, and ZisK's tools, where they are, that prove.
pub struct Zisk {
    program: Vec<u8>,
    /// The program's name in proofs, where somebody has said it: it follows from ZisK's setup, which is not here.
    program_key: Option<ProgramHash>,
    installation: Installation,
    work_dir: PathBuf,
    handed_on: Vec<String>,
    /// 0 for no limit.
    cycles_max: u64,
}

impl Zisk {
    pub fn new(arguments: Arguments, installation: Installation) -> Result<Zisk, String> {
        Ok(Zisk {
            program: arguments.options.program(PROGRAM).map_err(|error| error.to_string())?,
            program_key: arguments.program_key,
            installation,
            work_dir: arguments.work_dir()?,
            cycles_max: arguments.options.cycles_max.unwrap_or(0),
            handed_on: arguments.handed_on,
        })
    }

    /// Runs plain code and the program, and compares.
    fn run(&self, evidence: &[Evidence]) -> Result<(Prepared, Count), Failure> {
        let packed = packed(evidence)?;
        let failure = |error: ExecuteError| match error {
            ExecuteError::Refused(_) => Failure::new(FailureKind::Refused, error),
            ExecuteError::Machine(_) | ExecuteError::Differs { .. } => Failure::new(FailureKind::Backend, error),
        };
        let prepared = prepare(&packed).map_err(failure)?;
        let executed = run(&self.program, &prepared).map_err(failure)?;
        Ok((prepared, executed.count))
    }

    /// Has ZisK's tool prove what was executed: the proof, and the most memory that the tool was seen to hold.
    fn make(&self, tools: &Tools, prepared: &Prepared, watch: &Watch) -> Result<(Vec<u8>, u64), Failure> {
        let folder = self.folder()?;
        let elf = folder.write("program.elf", &self.program).map_err(failed("writing the program"))?;
        let input = folder.write("input.bin", &prepared.input).map_err(failed("writing the input"))?;
        let output = folder.path().join("output.proof");
        let mut command = Command::new(&tools.tool);
        command.arg("prove").arg("--elf").arg(elf).arg("--inputs").arg(input).arg("--output").arg(&output);
        command.arg("--proving-key").arg(&tools.key).args(&self.handed_on);
        let ended = process::run(&mut command, folder.path(), "proving", watch)?;
        ended.check("cargo-zisk prove")?;
        let proof = read_up_to(&output, PROOF_BYTES_MAX).map_err(|error| {
            let why =
                format!("cargo-zisk prove has left no proof, as it was told to ({error}); it said {}", ended.said);
            Failure::new(FailureKind::Backend, why)
        })?;
        if proof.len() > PROOF_BYTES_MAX {
            let why = format!("cargo-zisk prove has left more than the {PROOF_BYTES_MAX} bytes that a proof may have");
            return Err(Failure::new(FailureKind::TooLarge, why));
        }
        let strange =
            |why: String| Failure::new(FailureKind::Backend, format!("what cargo-zisk prove has left: {why}"));
        let head = Head::read(&proof).map_err(|error| strange(error.to_string()))?;
        match self.program_key {
            Some(key) if key != head.program => {
                return Err(strange(format!("a proof of 0x{}, where --program-key says 0x{key}", head.program)));
            }
            Some(_) => {}
            None => {
                eprintln!("this program is 0x{} in ZisK's proofs, for --program-key and for contracts", head.program)
            }
        }
        if !head.says(&prepared.public_values) {
            return Err(strange("a proof of other public values than plain code comes to".to_owned()));
        }
        self.verify_by(&tools.tool, &folder, &proof, watch).map_err(|failure| match failure.kind {
            FailureKind::InvalidProof => strange(failure.detail),
            _ => failure,
        })?;
        Ok((proof, ended.peak_bytes))
    }

    /// Has ZisK's tool check a proof, under the key of its own release.
    fn verify_by(&self, tool: &Path, folder: &Folder, proof: &[u8], watch: &Watch) -> Result<(), Failure> {
        /// How the tool ends when it has an error to tell, and not one of its own.
        const REFUSED: i32 = 1;
        let path = folder.write("verified.proof", proof).map_err(failed("writing the proof"))?;
        let ended =
            process::run(Command::new(tool).arg("verify").arg("--proof").arg(path), folder.path(), "verifying", watch)?;
        ended.check("cargo-zisk verify").map_err(|failure| match ended.status.code() {
            Some(REFUSED) => Failure::new(FailureKind::InvalidProof, failure.detail),
            _ => failure,
        })
    }

    fn folder(&self) -> Result<Folder, Failure> {
        Folder::new(&self.work_dir).map_err(failed(&format!("a folder in {}", self.work_dir.display())))
    }
}

fn failed(what: &str) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::new(FailureKind::Backend, format!("{what}: {error}"))
}

fn only_stark(kind: ProofKind) -> Result<(), Failure> {
    let why = match kind {
        ProofKind::Stark => return Ok(()),
        ProofKind::Plonk => {
            "this worker makes no proofs for L1: wrap a STARK by `cargo-zisk wrap`, where ZisK's second key is"
                .to_owned()
        }
        other => format!("ZisK makes no {other:?} proofs"),
    };
    Err(Failure::new(FailureKind::Unsupported, why))
}

fn measured(begun: Instant, steps: u64, tool_bytes: u64) -> Measured {
    Measured {
        cycles: steps,
        // What an instruction costs there was not measured.
        instruction_equivalents: 0,
        millis: begun.elapsed().as_millis() as u64,
        memory_bytes: memory::peak_bytes().max(tool_bytes),
    }
}

impl Backend for Zisk {
    fn describe(&self) -> Description {
        Description {
            backend: BackendName::ZISK,
            program: self.program_key.unwrap_or_default(),
            kinds: self.installation.to_prove().map_or(Vec::new(), |_| vec![ProofKind::Stark]),
            cycles_max: self.cycles_max,
            memory_bytes: memory::total_bytes(),
        }
    }

    fn prove(&mut self, kind: ProofKind, evidence: &[Evidence], watch: &Watch) -> Result<Proved, Failure> {
        only_stark(kind)?;
        // Before anything is done for nothing.
        let tools = self.installation.to_prove().map_err(|missing| Failure::new(FailureKind::Unsupported, missing))?;
        let begun = Instant::now();
        memory::reset_peak();
        watch.progress(0, 0, "executing");
        let (prepared, count) = self.run(evidence)?;
        let steps = count.steps;
        check_cycles(steps, self.cycles_max)?;
        let (proof, tool_bytes) = self.make(&tools, &prepared, watch)?;
        Ok(Proved { public_values: prepared.public_values, proof, measured: measured(begun, steps, tool_bytes) })
    }

    fn execute(&mut self, evidence: &[Evidence], _: &Watch) -> Result<Proved, Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        let (prepared, count) = self.run(evidence)?;
        let measured = measured(begun, count.steps, 0);
        Ok(Proved { public_values: prepared.public_values, proof: Vec::new(), measured })
    }

    fn verify(&mut self, kind: ProofKind, public_values: &[u8], proof: &[u8]) -> Result<Measured, Failure> {
        only_stark(kind)?;
        let begun = Instant::now();
        memory::reset_peak();
        let unsupported = |why: String| Failure::new(FailureKind::Unsupported, why);
        let key = self.program_key.ok_or_else(|| {
            unsupported(
                "which program a proof has to be of is not known: start the worker with --program-key".to_owned(),
            )
        })?;
        let tool = self.installation.to_verify().map_err(|missing| unsupported(missing.to_string()))?;
        let head = Head::read(proof).map_err(|error| Failure::new(FailureKind::InvalidProof, error))?;
        if head.program != key {
            let why = format!("a proof of 0x{}, where 0x{key} is asked for", head.program);
            return Err(Failure::new(FailureKind::WrongProgram, why));
        }
        if !head.says(public_values) {
            return Err(Failure::new(FailureKind::WrongPublicValues, "the proof says other public values"));
        }
        self.verify_by(&tool, &self.folder()?, proof, &Watch::unwatched())?;
        Ok(measured(begun, 0, 0))
    }

    fn profile(&mut self, evidence: &[Evidence], _: &Watch) -> Result<(Measured, Vec<(String, u64)>), Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        let (_, count) = self.run(evidence)?;
        let parts = count.parts().into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
        Ok((measured(begun, count.steps, 0), parts))
    }
}
