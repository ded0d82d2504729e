//! Blocks and heads on disk, so that a chain goes on where it was stopped.
//!
//! The file is a string of entries: kind 1, length 4 (little-endian), the first 8 bytes of the SHA-256 of kind, length and content, the
//! content. An entry that the end of the file cuts short was never answered for, and is dropped; any other that does not
//! check is an error.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use ethrex_common::H256;
use ethrex_common::types::Block;
use ethrex_rlp::decode::RLPDecode as _;
use ethrex_rlp::encode::RLPEncode as _;
use sha2::{Digest as _, Sha256};

use crate::blobs::{Blob, BlockBlobs};
use crate::error::DevnetError;

const BLOCK: u8 = 1;
const HEAD: u8 = 2;
const BLOBS: u8 = 3;
const FRAME: usize = 13;

/// One step of a chain.
pub enum Entry {
    /// A block was stored.
    Block(Box<Block>),
    /// The blobs of a block that is stored next.
    Blobs(BlockBlobs),
    /// The head moved.
    Head {
        /// The new head.
        head: H256,
        /// The block then called safe, or zero.
        safe: H256,
        /// The block then called finalized, or zero.
        finalized: H256,
    },
}

/// An open record.
pub struct Record {
    path: PathBuf,
    file: File,
}

impl Record {
    /// Opens or begins a record and reads what it holds.
    pub fn open(path: &Path) -> Result<(Record, Vec<Entry>), DevnetError> {
        let failed = |source| DevnetError::Record { path: path.into(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let (entries, whole) = entries(&bytes).map_err(|(entry, reason)| DevnetError::ForeignRecord {
            path: path.into(),
            entry,
            reason,
        })?;
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        Ok((Record { path: path.into(), file }, entries))
    }

    /// Appends an entry; it is on disk when this returns.
    pub fn append(&mut self, entry: &Entry) -> Result<(), DevnetError> {
        let (kind, content) = match entry {
            Entry::Block(block) => (BLOCK, block.encode_to_vec()),
            Entry::Blobs(blobs) => (BLOBS, blobs_to_bytes(blobs)),
            Entry::Head { head, safe, finalized } => (HEAD, [head.0, safe.0, finalized.0].concat()),
        };
        self.write(kind, &content).map_err(|source| DevnetError::Record { path: self.path.clone(), source })
    }

    fn write(&mut self, kind: u8, content: &[u8]) -> io::Result<()> {
        let length = u32::try_from(content.len()).map_err(io::Error::other)?;
        let mut bytes = vec![kind];
        bytes.extend(length.to_le_bytes());
        bytes.extend(check(kind, content));
        bytes.extend(content);
        self.file.write_all(&bytes)?;
        self.file.sync_data()
    }
}

fn check(kind: u8, content: &[u8]) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update([kind]);
    hash.update((content.len() as u64).to_le_bytes());
    hash.update(content);
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    first
}

/// The entries of a file and how many of its bytes they are, or the entry that does not check.
fn entries(bytes: &[u8]) -> Result<(Vec<Entry>, usize), (u64, String)> {
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some(frame) = bytes.get(at..at + FRAME) {
        let length = u32::from_le_bytes([frame[1], frame[2], frame[3], frame[4]]) as usize;
        let Some(content) = bytes.get(at + FRAME..at + FRAME + length) else { break };
        let number = entries.len() as u64;
        if check(frame[0], content) != frame[5..] {
            return Err((number, "its bytes were changed".into()));
        }
        entries.push(entry(frame[0], content).map_err(|reason| (number, reason))?);
        at += FRAME + length;
    }
    Ok((entries, at))
}

fn entry(kind: u8, content: &[u8]) -> Result<Entry, String> {
    match (kind, content.len()) {
        (BLOCK, _) => {
            Block::decode(content).map(|block| Entry::Block(Box::new(block))).map_err(|error| error.to_string())
        }
        (BLOBS, _) => blobs_from_bytes(content).map(Entry::Blobs).ok_or_else(|| "its blobs cannot be read".to_owned()),
        (HEAD, 96) => {
            let hash = |at: usize| H256::from_slice(&content[at..at + 32]);
            Ok(Entry::Head { head: hash(0), safe: hash(32), finalized: hash(64) })
        }
        _ => Err(format!("kind {kind} with {} bytes is not known", content.len())),
    }
}

/// Block 32, time 8, then of each blob its hash 32, its length 4 and its bytes.
fn blobs_to_bytes(blobs: &BlockBlobs) -> Vec<u8> {
    let mut bytes = [&blobs.block.0[..], &blobs.time_s.to_le_bytes()].concat();
    for Blob { versioned_hash, content } in &blobs.blobs {
        bytes.extend(versioned_hash.0);
        // A blob is far shorter than four bytes can count.
        bytes.extend((content.len() as u32).to_le_bytes());
        bytes.extend(content);
    }
    bytes
}

fn blobs_from_bytes(bytes: &[u8]) -> Option<BlockBlobs> {
    let (block, rest) = bytes.split_first_chunk::<32>()?;
    let (time, mut rest) = rest.split_first_chunk::<8>()?;
    let mut blobs = Vec::new();
    while !rest.is_empty() {
        let (hash, after) = rest.split_first_chunk::<32>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let (content, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        blobs.push(Blob { versioned_hash: H256(*hash), content: content.to_vec() });
        rest = after;
    }
    Some(BlockBlobs { block: H256(*block), time_s: u64::from_le_bytes(*time), blobs })
}
