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
}

impl Backend {
    /// The name that a person types.
    pub const fn word(self) -> &'static str {
        match self {
            Backend::Execute => "execute",
            Backend::Sp1 => "sp1",
        }
    }

    /// What kind of proof is asked of it.
    pub const fn target(self) -> Target {
        match self {
            Backend::Execute => Target { backend: BackendName::NATIVE, kind: ProofKind::Execution },
            Backend::Sp1 => Target { backend: BackendName::SP1, kind: ProofKind::Compressed },
        }
    }

    /// The program in force.
    pub fn program(self) -> ProgramHash {
        match self {
            Backend::Execute => native_program(),
            Backend::Sp1 => sp1_program(),
        }
    }
}

/// What is committed beside the guest: its program's name and the sum of its file.
const SP1_PROGRAM: &str = include_str!("../../../guests/sp1/program.hash");

/// The hash of the verifying key of the committed guest (guests/sp1/program.elf).
fn sp1_program() -> ProgramHash {
    let line = SP1_PROGRAM.lines().find_map(|line| line.strip_prefix("program=0x"));
    let digits = line.unwrap_or_default().as_bytes();
    let digit = |at: usize| digits.get(at).and_then(|byte| char::from(*byte).to_digit(16)).unwrap_or(0) as u8;
    ProgramHash(std::array::from_fn(|at| digit(2 * at) << 4 | digit(2 * at + 1)))
}

/// The binary of SP1's worker.
const SP1_WORKER: &str = "ashlar-sp1-worker";
const SP1_BUILD: &str = "cargo build --release --manifest-path guests/sp1/worker/Cargo.toml";

/// The worker of a proof system: the one that was named, or one that stands where they are built.
pub fn find_worker(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        if !path.is_file() {
            bail!("{} is no file; build SP1's worker with `{SP1_BUILD}` and name what it builds", path.display());
        }
        return Ok(path.to_owned());
    }
    let places = places();
    match places.iter().find(|place| place.is_file()) {
        Some(place) => Ok(place.clone()),
        None => bail!(
            "SP1's worker is not built: it is a program of its own, in none of {}. Build it with `{SP1_BUILD}` (some 20 minutes; it needs \
             protobuf-compiler, libprotobuf-dev and 16 GiB of memory to prove with), or name one with --worker PATH",
            places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Beside this binary, where cargo builds it, and where `.ci` does.
fn places() -> Vec<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(|folder| folder.join(SP1_WORKER)));
    let built = PathBuf::from("guests/sp1/worker/target/release").join(SP1_WORKER);
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let cached = cache.map(|cache| cache.join("ashlar/target/guests-sp1-worker/release").join(SP1_WORKER));
    beside.into_iter().chain([built]).chain(cached).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_not_there_is_said_with_how_to_build_it() {
        let error = find_worker(Some(Path::new("nowhere/worker"))).expect_err("it is not there").to_string();
        assert!(error.contains("nowhere/worker") && error.contains(SP1_BUILD), "{error}");
    }

    #[test]
    fn the_committed_program_has_a_name() {
        let line = format!("program=0x{}", Backend::Sp1.program());
        assert!(SP1_PROGRAM.lines().any(|committed| committed == line), "{SP1_PROGRAM}");
        assert_ne!(Backend::Sp1.program(), ProgramHash::default());
    }
}
