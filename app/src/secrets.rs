//! Files that nobody but their owner can read: keys and tokens.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use ashlar_api::admin::Token;
use tempfile::NamedTempFile;

/// The operator's token in a file; a new one if there is no such file yet.
pub fn admin_token(path: &Path) -> Result<Token> {
    make_if_absent(path).with_context(|| format!("{} cannot be made; check its folder and owner", path.display()))?;
    Ok(Token::load(path)?)
}

/// The text of a file that only its owner can read, up to so many bytes.
pub fn read(path: &Path, bytes_max: u64) -> Result<String> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mode = file.metadata().with_context(|| format!("{shown} cannot be looked at"))?.permissions().mode() & 0o777;
    ensure!(
        mode & 0o077 == 0,
        "{shown} has mode {mode:o}, so others can read it; take another secret, and chmod 600 the file"
    );
    let mut text = String::new();
    file.take(bytes_max).read_to_string(&mut text).with_context(|| format!("{shown} cannot be read as text"))?;
    Ok(text)
}

/// The 32 bytes in such a file. What the file holds is never part of an error.
pub fn read_key(path: &Path) -> Result<[u8; 32]> {
    let shown = path.display();
    let text = read(path, 128)
        .with_context(|| format!("a key is 64 hexadecimal digits: `umask 077; openssl rand -hex 32 > {shown}`"))?;
    let mut bytes = [0; 32];
    let is_key = alloy::hex::decode_to_slice(text.trim().trim_start_matches("0x"), &mut bytes).is_ok();
    ensure!(is_key, "{shown} does not hold 64 hexadecimal digits");
    Ok(bytes)
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
        // The name has to outlast a crash as well: others are told of what is in the file.
        _ => File::open(folder)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::thread;

    #[test]
    fn whoever_sees_the_file_sees_all_of_it() {
        let folder = tempfile::tempdir().expect("is made");
        let path = folder.path().join("secret");
        let seen = thread::scope(|scope| {
            let makers: Vec<_> = (0..8).map(|_| scope.spawn(|| make_if_absent(&path))).collect();
            let seen = loop {
                let are_done = makers.iter().all(thread::ScopedJoinHandle::is_finished);
                match fs::read_to_string(&path) {
                    Ok(text) => break text,
                    Err(error) => assert!(!are_done, "all makers are done: {error}"),
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

    #[test]
    fn only_a_whole_key_that_only_its_owner_reads_is_taken() {
        let folder = tempfile::tempdir().expect("is made");
        let file = |name: &str, text: &str, mode: u32| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
            path
        };
        let digits = "0b".repeat(32);
        let told = |path: &Path| format!("{:#}", read_key(path).expect_err("it is refused"));
        let good = file("good", &format!("0x{digits}\n"), 0o600);
        assert_eq!(read_key(&good).expect("a key"), [11; 32]);
        let open = file("open", &digits, 0o640);
        assert!(told(&open).contains("mode 640"), "{}", told(&open));
        let short = file("short", &digits[2..], 0o600);
        assert!(told(&short).contains("64 hexadecimal digits") && !told(&short).contains("0b0b"));
        let gone = folder.path().join("gone");
        assert!(told(&gone).contains("openssl rand -hex 32"), "{}", told(&gone));
    }
}
