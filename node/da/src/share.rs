use ashlar_batch::merkle::Digest;
use ashlar_coding::{Chunk, Coded, Manifest, Row};
use ashlar_types::{Decode, DecodeError, Encode, Reader, Writer, from_bytes};

use crate::limits::{ROWS_MAX, SHARE_BYTES_MAX};

/// Bytes of a path before its digests: where it begins and how many there are.
const PATH_HEAD_BYTES: usize = 5;

/// What one store keeps of one batch, or sends of it: the manifest and some of the rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Share {
    /// What the commitment stands for.
    pub manifest: Manifest,
    /// Some of its rows, each with its proof.
    pub chunks: Vec<Chunk>,
}

/// Which rows of a batch are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted<'a> {
    /// Up to so many beside those that are already there.
    Beside {
        /// Rows that are there.
        have: &'a [Row],
        /// How many are enough.
        most: usize,
    },
    /// These, and no others.
    Only(&'a [Row]),
}

impl Wanted<'_> {
    /// Everything there is.
    pub const ALL: Wanted<'static> = Wanted::Beside { have: &[], most: usize::MAX };
    /// The manifest alone.
    pub const MANIFEST: Wanted<'static> = Wanted::Only(&[]);
}

impl Share {
    /// The version of how a share is written, on disk and on the wire.
    pub const VERSION: u8 = 1;

    /// These rows of a batch; rows that it does not have are left out.
    pub fn of(coded: &Coded, rows: &[Row]) -> Share {
        Share { manifest: coded.manifest().clone(), chunks: rows.iter().filter_map(|row| coded.chunk(*row)).collect() }
    }

    /// The rows it has, as far as its manifest has a place for them.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        let layout = *self.manifest.layout();
        self.chunks.iter().filter_map(move |chunk| layout.row_at(chunk.place()))
    }

    /// What can still be read of a share that is damaged: every chunk that is where it should be, whether it is right or not. Nothing if not even the
    /// manifest can be read, without which nobody knows where chunks begin.
    pub fn salvage(bytes: &[u8]) -> Option<Share> {
        let mut reader = Reader::new(bytes);
        reader.u8().ok()?;
        let manifest = Manifest::decode(&mut reader).ok()?;
        reader.u16().ok()?;
        let layout = *manifest.layout();
        let length = PATH_HEAD_BYTES + (layout.height() + 1) * Digest::BYTES + 2 + layout.row_bytes();
        let whole = bytes.get(reader.offset()..)?.chunks_exact(length).take(layout.rows());
        let chunks = whole.filter_map(|bytes| from_bytes(bytes).ok()).collect();
        Some(Share { manifest, chunks })
    }

    /// Leaves out what is not asked for.
    pub fn narrow(&mut self, wanted: Wanted<'_>) {
        let layout = *self.manifest.layout();
        let asked = |row: &Row| match wanted {
            Wanted::Beside { have, .. } => !have.contains(row),
            Wanted::Only(rows) => rows.contains(row),
        };
        self.chunks.retain(|chunk| layout.row_at(chunk.place()).is_some_and(|row| asked(&row)));
        if let Wanted::Beside { most, .. } = wanted {
            // Data rows first: what needs no decoding costs whoever asked the least.
            self.chunks.sort_by_key(|chunk| layout.row_at(chunk.place()));
            self.chunks.truncate(most);
        }
    }
}

impl Encode for Share {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(Self::VERSION);
        self.manifest.encode(writer);
        writer.u16(self.chunks.len() as u16);
        self.chunks.iter().for_each(|chunk| chunk.encode(writer));
    }
}

impl Decode for Share {
    const BYTES_MAX: usize = SHARE_BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let got = reader.u8()?;
        if got != Self::VERSION {
            return Err(DecodeError::UnknownTag { what: "share version", got, offset });
        }
        let manifest = Manifest::decode(reader)?;
        let offset = reader.offset();
        let got = usize::from(reader.u16()?);
        let max = manifest.layout().rows().min(ROWS_MAX);
        if got > max {
            return Err(DecodeError::TooMany { what: "chunks", max, got, offset });
        }
        let chunks = (0..got).map(|_| Chunk::decode(reader)).collect::<Result<_, _>>()?;
        Ok(Share { manifest, chunks })
    }
}
