//! Places that keep whole files by name: a folder, or an object store elsewhere.

use std::fs::{self, File};
use std::future::Future;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;

use super::ArchiveError;

/// What a place will have said.
pub type Said<'a, T> = Pin<Box<dyn Future<Output = Result<T, ArchiveError>> + Send + 'a>>;

/// A place that keeps whole files by name. It is not believed: what comes back is compared with what was put.
pub trait Objects: Send + Sync {
    /// What people call it.
    fn place(&self) -> &str;

    /// Keeps a file; it is durable when the answer is there.
    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> Said<'a, ()>;

    /// A file of so many bytes at most; nothing if there is none.
    fn get<'a>(&'a self, name: &'a str, most: u64) -> Said<'a, Option<Vec<u8>>>;

    /// Forgets a file; that there is none is no mistake.
    fn remove<'a>(&'a self, name: &'a str) -> Said<'a, ()>;
}

/// A folder of files.
pub struct Folder {
    path: PathBuf,
    place: String,
}

impl Folder {
    /// A folder, which is made if there is none.
    pub fn open(path: &Path) -> Result<Folder, ArchiveError> {
        let folder = Folder { path: path.to_path_buf(), place: path.display().to_string() };
        fs::create_dir_all(path).map_err(|error| folder.failed("make", "the folder", &error))?;
        Ok(folder)
    }

    fn failed(&self, action: &'static str, name: &str, error: &std::io::Error) -> ArchiveError {
        ArchiveError::Objects { place: self.place.clone(), action, name: name.to_owned(), why: error.to_string() }
    }

    /// Beside its place first, so that a file is there whole or not at all.
    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let beside = self.path.join(format!("{name}.part"));
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, self.path.join(name))?;
        File::open(&self.path)?.sync_all()
    }

    fn read(&self, name: &str, most: u64) -> std::io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.path.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let too_long = || std::io::Error::other(format!("it is longer than {most} bytes"));
        if file.metadata()?.len() > most {
            return Err(too_long());
        }
        let mut bytes = Vec::new();
        // It may still be written to.
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most { Err(too_long()) } else { Ok(Some(bytes)) }
    }
}

impl Objects for Folder {
    fn place(&self) -> &str {
        &self.place
    }

    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> Said<'a, ()> {
        let done = self.write(name, bytes).map_err(|error| self.failed("write", name, &error));
        Box::pin(std::future::ready(done))
    }

    fn get<'a>(&'a self, name: &'a str, most: u64) -> Said<'a, Option<Vec<u8>>> {
        let read = self.read(name, most).map_err(|error| self.failed("read", name, &error));
        Box::pin(std::future::ready(read))
    }

    fn remove<'a>(&'a self, name: &'a str) -> Said<'a, ()> {
        let done = match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed("remove", name, &error)),
            _ => Ok(()),
        };
        Box::pin(std::future::ready(done))
    }
}
