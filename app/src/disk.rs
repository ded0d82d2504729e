//! What the system says of a disk, for whoever is told that writing to it failed.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Error, Result, anyhow, ensure};
use ashlar_settlement::StopReason;

/// A page: what a file takes at least.
const PROBE_BYTES: usize = 4_096;

/// Why nothing can be written into a folder, as words to be put after a reason; nothing if something can.
///
/// What runs the node's storage says that a write failed, and leaves out why.
pub fn why(folder: &Path) -> String {
    let path = folder.join(format!("probe-{}", std::process::id()));
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(&[7; PROBE_BYTES])?;
        file.sync_all()
    };
    let written: std::io::Result<()> = write();
    // It is not there if it could not be made.
    let _ = fs::remove_file(&path);
    written.err().map_or_else(String::new, |error| format!(" (writing into {} fails: {error})", folder.display()))
}

/// That something can be written into a folder, before anything is started over it: not all that is can say why it cannot.
pub fn check(folder: &Path) -> Result<()> {
    let why = why(folder);
    ensure!(why.is_empty(), "nothing was started{why}; free or repair the disk, then start again");
    Ok(())
}

/// A reason to end, with why nothing can be written into a folder, if that is so: whatever failed then, failed for that.
pub fn explain(error: Error, folder: &Path) -> Error {
    let (why, said) = (why(folder), format!("{error:#}"));
    if why.is_empty() || said.contains(&why) { error } else { anyhow!("{said}{why}") }
}

/// What is said when the client of L1 ended by itself. It keeps what it sends on the same disk.
pub fn l1_client_ended(reason: Result<StopReason, impl Display>, folder: &Path) -> Error {
    let told = reason.map_or_else(|failed| failed.to_string(), |reason| reason.to_string());
    anyhow!("the L1 client stopped: {told}{}; correct that and start again", why(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_written_is_not_spoken_of_and_what_cannot_is_in_the_systems_words() {
        assert_eq!(why(&std::env::temp_dir()), "");
        let told = why(Path::new("/nowhere/at/all"));
        assert!(told.contains("/nowhere/at/all fails: No such file"), "{told}");
        let refused = check(Path::new("/nowhere/at/all")).expect_err("it is not there").to_string();
        assert!(refused.contains(&told) && refused.ends_with("then start again"), "{refused}");
        check(&std::env::temp_dir()).expect("it can be written");
        let explained = |folder: &str| explain(anyhow!("the client stopped"), Path::new(folder)).to_string();
        assert_eq!(explained("/nowhere/at/all"), format!("the client stopped{told}"));
        assert_eq!(explained(&std::env::temp_dir().display().to_string()), "the client stopped");
    }
}
