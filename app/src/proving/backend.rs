//! The proof systems that a person can name.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use ashlar_prover::{Target, native_program};
use ashlar_prover_wire::{BackendName, ProgramHash, ProofKind};
use ashlar_sequencer::ProgramNames;
use clap::ValueEnum;

use crate::up::wallet::development_key;

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

    /// The program of this release.
    pub fn program(self) -> ProgramHash {
        match self {
            Backend::Execute => native_program(),
            Backend::Sp1 => ProgramHash(named(SP1_PROGRAM, "program=0x")),
        }
    }

    /// The same program as the contracts' verifier names it.
    pub fn key(self) -> [u8; 32] {
        match self {
            Backend::Execute => development_key("execute-only program"),
            Backend::Sp1 => self.program().0,
        }
    }

    /// The hash of its file, as the contracts' registry names it.
    pub fn file_hash(self) -> [u8; 32] {
        match self {
            Backend::Execute => development_key("execute-only program hash"),
            Backend::Sp1 => named(SP1_PROGRAM, "elf_sha256="),
        }
    }
}

/// The programs of this release, by every name that a registry may have for them: all are made of the same rules.
pub fn release_programs() -> ProgramNames {
    let of_backends = [Backend::Execute, Backend::Sp1].into_iter().flat_map(|one| [one.key(), one.file_hash()]);
    // There is no worker for it yet, and contracts can ask for it.
    let of_risc_zero = ["program=0x", "elf_sha256="].map(|name| named(RISC_ZERO_PROGRAM, name));
    of_backends.chain(of_risc_zero).collect()
}

/// What is committed beside a guest: its program's name, which is the hash of its verifying key or the id of its image, and the sum of its file.
const SP1_PROGRAM: &str = include_str!("../../../guests/sp1/program.hash");
const RISC_ZERO_PROGRAM: &str = include_str!("../../../guests/risc0/program.hash");

/// The hash after this name in such a file.
fn named(file: &str, name: &str) -> [u8; 32] {
    let digits = file.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().as_bytes();
    let digit = |at: usize| digits.get(at).and_then(|byte| char::from(*byte).to_digit(16)).unwrap_or(0) as u8;
    std::array::from_fn(|at| digit(2 * at) << 4 | digit(2 * at + 1))
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
    use sha2::{Digest as _, Sha256};

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

    #[test]
    fn a_release_has_names_for_its_programs() {
        let elf: [u8; 32] = Sha256::digest(include_bytes!("../../../guests/sp1/program.elf")).into();
        assert_eq!(Backend::Sp1.file_hash(), elf);
        let names = release_programs();
        assert_eq!((names.len(), names.contains(&[0; 32])), (6, false), "each has two, and they differ");
        assert!(names.contains(&elf) && names.contains(&Backend::Execute.key()));
    }
}
