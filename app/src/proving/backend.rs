//! The proof systems that a person can name.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use ashlar_prover::{Target, native_program};
use ashlar_prover_wire::{BackendName, ProgramHash, ProofKind};
use ashlar_sequencer::ProgramNames;
use clap::ValueEnum;

use crate::development::development_key;

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
    /// Joined STARKs by OpenVM, which need no trusted setup
    #[value(name = "openvm")]
    OpenVm,
}

/// What is built of a proof system, in a workspace of its own. Another system is one more of these, and one more name above.
struct Built {
    /// What a person calls it.
    title: &'static str,
    /// The binary of its worker.
    binary: &'static str,
    /// Where cargo puts that, and where `.ci` does, below the folder for what is built.
    places: [&'static str; 2],
    /// How to build it, and what that and proving need.
    build: &'static str,
    needs: &'static str,
    /// What is committed beside the guest: its program's name, which is the hash of its verifying key or the id of its image, and the sum of its file.
    program: &'static str,
}

const SP1: Built = Built {
    title: "SP1's",
    binary: "ashlar-sp1-worker",
    places: ["guests/sp1/worker/target/release", "guests-sp1-worker/release"],
    build: "RUSTFLAGS='-C target-cpu=native' cargo build --release --manifest-path guests/sp1/worker/Cargo.toml",
    needs: "some 20 minutes; it needs protobuf-compiler, libprotobuf-dev and 16 GiB of memory to prove with",
    program: include_str!("../../../guests/sp1/program.hash"),
};

const RISC_ZERO: Built = Built {
    title: "RISC Zero's",
    binary: "ashlar-risc0-worker",
    places: ["guests/risc0/worker/target/release", "guests-risc0-worker/release"],
    build: "DOCS_RS=1 cargo build --release --manifest-path guests/risc0/worker/Cargo.toml",
    needs: "some 15 minutes; it needs a C++ compiler and 16 GiB of memory to prove with",
    program: include_str!("../../../guests/risc0/program.hash"),
};

const OPENVM: Built = Built {
    title: "OpenVM's",
    binary: "ashlar-openvm-worker",
    places: ["guests/openvm/target/release", "guests-openvm/release"],
    build: "cargo build --release --manifest-path guests/openvm/Cargo.toml",
    needs: "some 20 minutes; it needs 10 GiB of memory to prove with",
    program: include_str!("../../../guests/openvm/program.hash"),
};

impl Backend {
    /// The name that a person types.
    pub const fn word(self) -> &'static str {
        match self {
            Backend::Execute => "execute",
            Backend::Sp1 => "sp1",
            Backend::RiscZero => "risc0",
            Backend::OpenVm => "openvm",
        }
    }

    /// What a person can name of those that proofs name.
    pub fn named(name: BackendName) -> Option<Backend> {
        Backend::value_variants().iter().copied().find(|backend| backend.target().backend == name)
    }

    /// What kind of proof is asked of it.
    pub const fn target(self) -> Target {
        match self {
            Backend::Execute => Target { backend: BackendName::NATIVE, kind: ProofKind::Execution },
            Backend::Sp1 => Target { backend: BackendName::SP1, kind: ProofKind::Compressed },
            Backend::RiscZero => Target { backend: BackendName::RISC_ZERO, kind: ProofKind::Succinct },
            Backend::OpenVm => Target { backend: BackendName::OPENVM, kind: ProofKind::Stark },
        }
    }

    /// Whether what it makes is a proof, by a worker that is a program of its own.
    pub const fn is_proving(self) -> bool {
        !matches!(self, Backend::Execute)
    }

    /// The program of this release.
    pub fn program(self) -> ProgramHash {
        self.built().map_or_else(native_program, |built| ProgramHash(hash_in(built.program, "program=0x")))
    }

    /// The same program as the contracts' verifier names it.
    pub fn key(self) -> [u8; 32] {
        if self.is_proving() { self.program().0 } else { development_key("execute-only program") }
    }

    /// The hash of its file, as the contracts' registry names it.
    pub fn file_hash(self) -> [u8; 32] {
        let of_execution = || development_key("execute-only program hash");
        self.built().map_or_else(of_execution, |built| hash_in(built.program, "elf_sha256="))
    }

    /// What is built of it; nothing for execution, which this program does itself.
    const fn built(self) -> Option<&'static Built> {
        match self {
            Backend::Execute => None,
            Backend::Sp1 => Some(&SP1),
            Backend::RiscZero => Some(&RISC_ZERO),
            Backend::OpenVm => Some(&OPENVM),
        }
    }
}

/// The programs of this release, by every name that a registry may have for them: all are made of the same rules.
pub fn release_programs() -> ProgramNames {
    Backend::value_variants().iter().flat_map(|one| [one.key(), one.file_hash()]).collect()
}

/// The hash after this name in what is committed beside a guest.
fn hash_in(file: &str, name: &str) -> [u8; 32] {
    let digits = file.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().as_bytes();
    let digit = |at: usize| digits.get(at).and_then(|byte| char::from(*byte).to_digit(16)).unwrap_or(0) as u8;
    std::array::from_fn(|at| digit(2 * at) << 4 | digit(2 * at + 1))
}

/// The worker of a proof system: the one that was named, or one that stands where they are built.
pub fn find_worker(backend: Backend, named: Option<&Path>) -> Result<PathBuf> {
    let Some(Built { title, build, needs, .. }) = backend.built() else {
        bail!("{} needs no worker: this program executes itself", backend.word());
    };
    if let Some(path) = named {
        if !path.is_file() {
            bail!("{} is no file; build {title} worker with `{build}` and name what it builds", path.display());
        }
        return Ok(path.to_owned());
    }
    let places = backend.built().map(Built::places).unwrap_or_default();
    match places.iter().find(|place| place.is_file()) {
        Some(place) => Ok(place.clone()),
        None => bail!(
            "{title} worker is not built: it is a program of its own, in none of {}. Build it with `{build}` ({needs}), \
             or name one with --worker PATH",
            places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ")
        ),
    }
}

impl Built {
    /// Beside this binary, where cargo builds it, and where `.ci` does.
    fn places(&self) -> Vec<PathBuf> {
        let [built, cached] = self.places;
        let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(|folder| folder.join(self.binary)));
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
        let cached = cache.map(|cache| cache.join("ashlar/target").join(cached).join(self.binary));
        beside.into_iter().chain([Path::new(built).join(self.binary)]).chain(cached).collect()
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    const ALL: [(Backend, Built); 3] = [(Backend::Sp1, SP1), (Backend::RiscZero, RISC_ZERO), (Backend::OpenVm, OPENVM)];

    #[test]
    fn a_worker_that_is_not_there_is_said_with_how_to_build_it() {
        for (backend, built) in ALL {
            let nowhere = Path::new("nowhere/worker");
            let error = find_worker(backend, Some(nowhere)).expect_err("it is not there").to_string();
            assert!(error.contains("nowhere/worker") && error.contains(built.build), "{error}");
        }
    }

    #[test]
    fn the_committed_programs_have_names() {
        for (backend, built) in ALL {
            let line = format!("program=0x{}", backend.program());
            assert!(built.program.lines().any(|committed| committed == line), "{}", built.program);
            assert_ne!(backend.program(), ProgramHash::default());
            assert_eq!(Backend::named(backend.target().backend), Some(backend));
        }
    }

    #[test]
    fn a_release_has_names_for_its_programs() {
        let elves: [&[u8]; 3] = [
            include_bytes!("../../../guests/sp1/program.elf"),
            include_bytes!("../../../guests/risc0/program.elf"),
            include_bytes!("../../../guests/openvm/program.elf"),
        ];
        let names = release_programs();
        for ((backend, _), elf) in ALL.iter().zip(elves) {
            let hash: [u8; 32] = Sha256::digest(elf).into();
            assert_eq!(backend.file_hash(), hash);
            assert!(names.contains(&hash) && names.contains(&backend.key()));
        }
        assert_eq!((names.len(), names.contains(&[0; 32])), (8, false), "each has two, and they differ");
        assert!(names.contains(&Backend::Execute.key()));
    }
}
