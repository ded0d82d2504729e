use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use ashlar_batch::Hash;
use ashlar_types::BatchNumber;

use super::Entry;

/// The file of an archive that says how far it reaches, for whoever cannot open the archive while somebody else has it open.
const FILE: &str = "newest";

/// The last batch of an archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Its number.
    pub number: BatchNumber,
    /// Its commitment.
    pub commitment: Hash,
}

impl Mark {
    /// How far the archive in a folder reaches; nothing if there is none, or nothing in it. An error names the file.
    pub fn read(archive: &Path) -> io::Result<Option<Mark>> {
        let path = archive.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(io::Error::new(error.kind(), format!("{} cannot be read: {error}", path.display())));
            }
        };
        let mark = text.split_once(' ').and_then(|(number, commitment)| {
            let number = BatchNumber::new(number.parse().ok()?);
            Some(Mark { number, commitment: Hash(bytes(commitment.trim())?) })
        });
        let nameless = || format!("{} does not name a batch; run `ashlar archive add` again", path.display());
        mark.map(Some).ok_or_else(|| io::Error::other(nameless()))
    }

    pub(super) fn write(archive: &Path, entry: &Entry) -> io::Result<()> {
        let beside = archive.join(format!("{FILE}.part"));
        let mut file = File::create(&beside)?;
        let commitment: String = entry.da_commitment.0.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(file, "{} {commitment}", entry.number.get())?;
        file.sync_all()?;
        fs::rename(&beside, archive.join(FILE))?;
        File::open(archive)?.sync_all()
    }
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
