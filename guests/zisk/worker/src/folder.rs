//! A folder for the files of one question, which is gone with it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// Folders that were left behind and are passed over.
const LEFT_MAX: u32 = 1_024;

/// A folder that nobody else may look into.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one; whatever is there already is not taken. An earlier process with this one's number, as in a container, may have left some.
    pub fn new(inside: &Path) -> io::Result<Folder> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let path = || inside.join(format!("ashlar-zisk-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        for _ in 0..LEFT_MAX {
            let path = path();
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Folder(path)),
            }
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{LEFT_MAX} are left from before; remove them")))
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

    #[test]
    fn what_an_earlier_process_left_is_in_nobodys_way() {
        let place = Folder::new(&std::env::temp_dir()).unwrap();
        // Far more numbers than the other tests take meanwhile.
        let first = Folder::new(place.path()).unwrap();
        let number: u64 = first.path().to_str().unwrap().rsplit('-').next().unwrap().parse().unwrap();
        let left = |at: u64| place.path().join(format!("ashlar-zisk-{}-{}", process::id(), number + at));
        (1..=100).for_each(|at| fs::create_dir(left(at)).unwrap());
        let next = Folder::new(place.path()).unwrap();
        assert!((1..=100).all(|at| next.path() != left(at) && left(at).exists()));
    }
}
