//! A folder for the files of one question, which is gone with it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder that nobody else may look into.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one; whatever is there already is not taken.
    pub fn new(inside: &Path) -> io::Result<Folder> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("ashlar-zisk-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = inside.join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Folder(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and says where it is.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, bytes)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in the folder for temporary files, and no reason to lose an answer.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file's bytes, one more than the most at most.
pub fn read_up_to(path: &Path, max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_with_what_was_in_it_and_reads_no_more_than_it_must() {
        let [one, two] = [(); 2].map(|()| Folder::new(&std::env::temp_dir()).unwrap());
        assert_ne!(one.path(), two.path());
        let file = one.write("f", &[7; 100]).unwrap();
        assert_eq!(read_up_to(&file, 100).unwrap(), [7; 100]);
        assert_eq!(read_up_to(&file, 50).unwrap(), [7; 51]);
        drop(one);
        assert!(!file.exists() && two.path().exists());
    }
}
