//! Which program proves which version (SPEC R-20).

use std::collections::BTreeMap;

use ashlar_prover_wire::{BackendName, ProgramHash};

/// The programs of each proof system, by the version from which on they are in force. L1 names them (SPEC S-20), and once a version has begun it names the
/// same ones for good.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Programs(BTreeMap<u32, BTreeMap<BackendName, ProgramHash>>);

impl Programs {
    /// The same, and these from this version on. A system that is not named in them proves none of those versions.
    #[must_use]
    pub fn since(mut self, version: u32, programs: BTreeMap<BackendName, ProgramHash>) -> Programs {
        self.0.insert(version, programs);
        self
    }

    /// The program of a system that proves a version, if one does.
    pub fn of(&self, version: u32, backend: BackendName) -> Option<ProgramHash> {
        let (_, programs) = self.0.range(..=version).next_back()?;
        programs.get(&backend).copied()
    }

    /// Whether this program of a system proves any version.
    pub fn knows(&self, backend: BackendName, program: ProgramHash) -> bool {
        self.0.values().any(|programs| programs.get(&backend) == Some(&program))
    }

    /// Whether any program of a system proves any version.
    pub fn has(&self, backend: BackendName) -> bool {
        self.0.values().any(|programs| programs.contains_key(&backend))
    }
}

/// The same programs for every version.
impl From<BTreeMap<BackendName, ProgramHash>> for Programs {
    fn from(programs: BTreeMap<BackendName, ProgramHash>) -> Programs {
        if programs.is_empty() { Programs::default() } else { Programs::default().since(0, programs) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_the_programs_that_began_last() {
        let named = |backend, byte| BTreeMap::from([(backend, ProgramHash([byte; 32]))]);
        let programs = Programs::from(named(BackendName::SP1, 1)).since(3, named(BackendName::SP1, 2));
        let programs = programs.since(5, named(BackendName::NATIVE, 9));
        let of = |version| programs.of(version, BackendName::SP1).map(|program| program.0[0]);
        assert_eq!([1, 2, 3, 4, 5].map(of), [Some(1), Some(1), Some(2), Some(2), None]);
        assert_eq!(programs.of(4, BackendName::NATIVE), None);
        assert!(programs.knows(BackendName::SP1, ProgramHash([2; 32])) && programs.has(BackendName::NATIVE));
        assert!(!programs.knows(BackendName::SP1, ProgramHash([9; 32])));
        assert!(!Programs::from(BTreeMap::new()).has(BackendName::SP1));
    }
}
