//! Files that hold thirty-two random bytes for their owner alone.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use ashlar_api::admin::Token;
use tempfile::NamedTempFile;

/// The operator's token in a file; a new one if there is no such file yet.
pub fn admin_token(path: &Path) -> Result<Token> {
    make_if_absent(path).with_context(|| format!("{} cannot be made; check its folder and owner", path.display()))?;
    Ok(Token::load(path)?)
}

/// Fills a new file with random bytes in hexadecimal, if there is no such file yet. Whoever sees the file sees all of
/// it: it gets its name when it is on the disk, and of several that make it at once one is the maker.
pub fn make_if_absent(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut random = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = NamedTempFile::new_in(folder)?;
    draft.write_all(alloy::hex::encode(random).as_bytes())?;
    draft.as_file().sync_all()?;
    match draft.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != ErrorKind::AlreadyExists => Err(failed.error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::thread;

    #[test]
    fn whoever_sees_the_file_sees_all_of_it() {
        let folder = tempfile::tempdir().expect("is made");
        let path = folder.path().join("secret");
        let seen = thread::scope(|scope| {
            let makers: Vec<_> = (0..8).map(|_| scope.spawn(|| make_if_absent(&path))).collect();
            let seen = loop {
                if let Ok(text) = fs::read_to_string(&path) {
                    break text;
                }
            };
            assert!(makers.into_iter().all(|maker| maker.join().is_ok_and(|made| made.is_ok())));
            seen
        });
        assert_eq!(seen.len(), 64);
        assert_eq!(fs::read_to_string(&path).expect("reads"), seen, "one maker, whatever came at once");
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("reads").count(), 1, "no draft is left");
    }
}
