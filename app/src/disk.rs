//! What the system says of a disk, for whoever is told that writing to it failed.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_written_is_not_spoken_of_and_what_cannot_is_in_the_systems_words() {
        assert_eq!(why(&std::env::temp_dir()), "");
        let told = why(Path::new("/nowhere/at/all"));
        assert!(told.contains("/nowhere/at/all fails: No such file"), "{told}");
    }
}
