//! The proof systems that a person can name.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use ashlar_prover::{Target, native_program};
use ashlar_prover_wire::{BackendName, ProgramHash, ProofKind};
use clap::ValueEnum;

/// A proof system by the name that a person types.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Backend {
    /// The guest's own code is run again; nothing is proven
    Execute,
    /// Compressed proofs by SP1, which need no trusted setup
    Sp1,
    /// Succinct receipts by RISC Zero, which need no trusted setup
    #[value(name = "risc0")]
    RiscZero,
}

impl Backend {
    const ALL: [Backend; 3] = [Backend::Execute, Backend::Sp1, Backend::RiscZero];

    /// The one of this name on the wire and in files.
    pub fn of(name: BackendName) -> Option<Backend> {
        Backend::ALL.into_iter().find(|backend| backend.target().backend == name)
    }

    /// The name that a person types.
    pub const fn word(self) -> &'static str {
        match self {
            Backend::Execute => "execute",
            Backend::Sp1 => "sp1",
            Backend::RiscZero => "risc0",
        }
    }

    /// What kind of proof is asked of it.
    pub const fn target(self) -> Target {
        match self {
            Backend::Execute => Target { backend: BackendName::NATIVE, kind: ProofKind::Execution },
            Backend::Sp1 => Target { backend: BackendName::SP1, kind: ProofKind::Compressed },
            Backend::RiscZero => Target { backend: BackendName::RISC_ZERO, kind: ProofKind::Succinct },
        }
    }

    /// The program in force.
    pub fn program(self) -> ProgramHash {
        match self {
            Backend::Execute => native_program(),
            Backend::Sp1 => named(SP1_PROGRAM),
            Backend::RiscZero => named(RISC_ZERO_PROGRAM),
        }
    }

    /// Whether what it makes is a proof, by a worker that is a program of its own.
    pub const fn is_proving(self) -> bool {
        !matches!(self, Backend::Execute)
    }
}

/// What is committed beside each guest: its program's name, and the sum of its file.
const SP1_PROGRAM: &str = include_str!("../../../guests/sp1/program.hash");
const RISC_ZERO_PROGRAM: &str = include_str!("../../../guests/risc0/program.hash");

/// The name of a committed guest.
fn named(text: &str) -> ProgramHash {
    let line = text.lines().find_map(|line| line.strip_prefix("program=0x"));
    let digits = line.unwrap_or_default().as_bytes();
    let digit = |at: usize| digits.get(at).and_then(|byte| char::from(*byte).to_digit(16)).unwrap_or(0) as u8;
    ProgramHash(std::array::from_fn(|at| digit(2 * at) << 4 | digit(2 * at + 1)))
}

/// The program that proves for a proof system, and where it comes from.
#[derive(Clone, Copy, Debug)]
struct WorkerBinary {
    /// Whose worker it is, for a person.
    system: &'static str,
    name: &'static str,
    build: &'static str,
    needs: &'static str,
    /// Where cargo builds it, and where `.ci` does, below the cache of the project.
    built: &'static str,
    cached: &'static str,
}

const SP1: WorkerBinary = WorkerBinary {
    system: "SP1",
    name: "ashlar-sp1-worker",
    build: "cargo build --release --manifest-path guests/sp1/worker/Cargo.toml",
    needs: "some 20 minutes; it needs protobuf-compiler and 16 GiB of memory to prove with",
    built: "guests/sp1/worker/target/release",
    cached: "ashlar/target/guests-sp1-worker/release",
};

const RISC_ZERO: WorkerBinary = WorkerBinary {
    system: "RISC Zero",
    name: "ashlar-risc0-worker",
    build: "DOCS_RS=1 cargo build --release --manifest-path guests/risc0/worker/Cargo.toml",
    needs: "some 15 minutes; it needs a C++ compiler and 16 GiB of memory to prove with",
    built: "guests/risc0/worker/target/release",
    cached: "ashlar/target/guests-risc0-worker/release",
};

/// The worker of a proof system: the one that was named, or one that stands where they are built.
pub fn find_worker(backend: Backend, named: Option<&Path>) -> Result<PathBuf> {
    let binary = match backend {
        Backend::Execute => bail!("an execution has no worker of its own"),
        Backend::Sp1 => SP1,
        Backend::RiscZero => RISC_ZERO,
    };
    let WorkerBinary { system, build, needs, .. } = binary;
    if let Some(path) = named {
        if !path.is_file() {
            bail!("{} is no file; build {system}'s worker with `{build}` and name what it builds", path.display());
        }
        return Ok(path.to_owned());
    }
    let places = binary.places();
    match places.iter().find(|place| place.is_file()) {
        Some(place) => Ok(place.clone()),
        None => bail!(
            "{system}'s worker is not built: it is a program of its own, in none of {}. Build it with `{build}` ({needs}), or name one with \
             --worker PATH",
            places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ")
        ),
    }
}

impl WorkerBinary {
    /// Beside this binary, where cargo builds it, and where `.ci` does.
    fn places(&self) -> Vec<PathBuf> {
        let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(|folder| folder.join(self.name)));
        let built = Path::new(self.built).join(self.name);
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
        let cached = cache.map(|cache| cache.join(self.cached).join(self.name));
        beside.into_iter().chain([built]).chain(cached).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_not_there_is_said_with_how_to_build_it() {
        for (backend, build) in [(Backend::Sp1, SP1.build), (Backend::RiscZero, RISC_ZERO.build)] {
            let error = find_worker(backend, Some(Path::new("nowhere/worker"))).expect_err("it is not there");
            let error = error.to_string();
            assert!(error.contains("nowhere/worker") && error.contains(build), "{error}");
        }
    }

    #[test]
    fn each_committed_program_has_a_name() {
        for (backend, text) in [(Backend::Sp1, SP1_PROGRAM), (Backend::RiscZero, RISC_ZERO_PROGRAM)] {
            let line = format!("program=0x{}", backend.program());
            assert!(text.lines().any(|committed| committed == line), "{text}");
            assert_ne!(backend.program(), ProgramHash::default());
        }
    }

    #[test]
    fn each_backend_is_found_by_the_name_in_files() {
        for backend in Backend::ALL {
            assert_eq!(Backend::of(backend.target().backend), Some(backend));
        }
        assert_eq!(Backend::of(BackendName::ZISK), None);
    }
}
