//! Shares and archives that are damaged beyond what proven rows restore.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ashlar_batch::{BatchHeader, Hash, Signatures};
use ashlar_coding::Expansion;
use ashlar_coding::repair::RepairError;
use ashlar_da::archive::{
    Archive, ArchiveError, Content, Folder, MendError, Moved, Objects, Policy, Said, Segment, Tier,
};
use ashlar_da::limits::SEGMENT_BYTES_MAX;
use ashlar_da::{Availability, BatchKey, Disk, FetchError, SalvageError, Share, Store, StoreError};
use ashlar_types::{BatchNumber, from_bytes, to_bytes};
use commonware_runtime::{Blob, Runner, Storage, Supervisor, WriteOptions, deterministic};

use crate::market::{batch, header};
use crate::servers::signatures;

pub const FOLDERS: [&str; 4] = ["da-0", "da-1", "da-2", "da-3"];

pub fn folders(context: &deterministic::Context, names: &[&'static str]) -> Availability {
    let folder = |name: &&'static str| Box::new(Disk::new(context.child("folder"), *name)) as Box<dyn Store>;
    Availability::new(names.iter().map(folder).collect(), Expansion::Double, names.len()).unwrap()
}

/// Changes what a folder has of a batch.
async fn alter(context: &deterministic::Context, folder: &str, key: &BatchKey, change: impl FnOnce(&mut Vec<u8>)) {
    let disk = Disk::new(context.child("disk"), folder);
    let mut bytes = to_bytes(&disk.share(key).await.unwrap());
    drop(disk);
    change(&mut bytes);
    let (blob, _) = context.open(folder, &to_bytes(key)).await.unwrap();
    blob.resize(0).await.unwrap();
    blob.write_at(0, bytes, WriteOptions::default()).await.unwrap();
    blob.sync().await.unwrap();
}

/// Where the chunks of a share begin, and how long each is.
fn chunks(bytes: &[u8]) -> (usize, usize, usize) {
    let share: Share = from_bytes(bytes).unwrap();
    let length = to_bytes(&share.chunks[0]).len();
    (bytes.len() - share.chunks.len() * length, length, share.manifest.layout().row_bytes())
}

/// No path of any row is whole, and in half of what is too much of the rows every byte is wrong. Without a manifest nothing says which rows.
#[test]
fn rows_without_paths_are_corrected_where_half_of_what_is_too_much_is_wrong() {
    for with_manifest in [true, false] {
        deterministic::Runner::seeded(1).start(|context| async move {
            let all = folders(&context, &FOLDERS);
            let bytes = batch(16_384, 3);
            let commitment = all.publish(BatchNumber::new(1), &bytes, &Signatures::new()).await.unwrap().commitment;
            let key = BatchKey { number: BatchNumber::new(1), commitment };
            for (at, folder) in FOLDERS.into_iter().enumerate() {
                alter(&context, folder, &key, |share| {
                    let (first, length, row_bytes) = chunks(share);
                    for (number, chunk) in share[first..].chunks_mut(length).enumerate() {
                        chunk[20] ^= 1;
                        // One folder's rows are a quarter of all, and those are half of what is too much.
                        if at == 2 && (number % 8 != 5 || with_manifest) {
                            chunk[length - row_bytes..].iter_mut().for_each(|byte| *byte ^= 0x3c);
                        }
                    }
                    if !with_manifest {
                        share[40] ^= 1;
                    }
                })
                .await;
            }
            let all = folders(&context, &FOLDERS);
            let refused = all.fetch_key(&key, None).await.unwrap_err();
            assert!(matches!(refused, FetchError::TooFew { .. } | FetchError::NoManifest { .. }), "{refused}");
            let repaired = all.salvage(&key).await.repair(None).unwrap();
            assert_eq!(repaired.bytes, bytes);
            let expected = (0..128).filter(|row| row % 4 == 2 && (with_manifest || row / 4 % 8 != 5)).count();
            assert_eq!(repaired.wrong.len(), expected);
            assert!(repaired.wrong.iter().all(|row| row.get() % 4 == 2), "{:?}", repaired.wrong);
            // A header's data root judges as well, and another one is not come to.
            let root = header(1, &bytes, commitment).data_root;
            assert_eq!(all.salvage(&key).await.repair(Some(root)).unwrap().bytes, bytes);
            let other = header(1, &batch(16_384, 4), commitment).data_root;
            let refused = all.salvage(&key).await.repair(Some(other)).unwrap_err();
            assert!(
                matches!(refused, SalvageError::Coding(RepairError::NoneRight { .. } | RepairError::Lists(_))),
                "{refused}"
            );
        });
    }
}

/// A share whose file is torn or garbled in its structure still gives its other rows to a repair.
#[test]
fn what_is_left_of_a_share_that_cannot_be_read_is_used() {
    deterministic::Runner::seeded(2).start(|context| async move {
        let all = folders(&context, &FOLDERS[..2]);
        let bytes = batch(8_192, 5);
        let commitment = all.publish(BatchNumber::new(1), &bytes, &Signatures::new()).await.unwrap().commitment;
        let key = BatchKey { number: BatchNumber::new(1), commitment };
        alter(&context, "da-0", &key, |share| share.truncate(share.len() / 2 + 9)).await;
        alter(&context, "da-1", &key, |share| {
            let (first, length, _) = chunks(share);
            // The levels of some paths: the share no longer decodes.
            for chunk in share[first..].chunks_mut(length).step_by(3) {
                chunk[4] = 0xff;
            }
        })
        .await;
        let all = folders(&context, &FOLDERS[..2]);
        let get = all.stores()[1].get(&key, ashlar_da::Wanted::ALL).await;
        assert!(matches!(get, Err(StoreError::Damaged(_))), "{get:?}");
        assert!(matches!(all.fetch_key(&key, None).await, Err(FetchError::NoManifest { .. })));
        let left = all.stores()[1].salvage(&key).await.unwrap();
        assert_eq!(left.chunks.len(), 21, "two of three of 32");
        assert_eq!(all.salvage(&key).await.repair(None).unwrap().bytes, bytes);
        let nothing = folders(&context, &["da-7"]);
        assert!(matches!(nothing.salvage(&key).await.repair(None), Err(SalvageError::Nothing)));
    });
}

pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("ashlar-repair-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn archive(&self) -> Archive {
        let policy = Policy { memory_bytes: 0, hot_ms: 0, segment_batches: 4, warm_ms: u64::MAX, ..Policy::default() };
        Archive::open(&self.0, Box::new(Folder::open(&self.0.join("cold")).unwrap()), policy).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Batches that folders and an archive have.
pub async fn published(
    all: &Availability,
    archive: &Archive,
    numbers: std::ops::RangeInclusive<u64>,
) -> Vec<BatchHeader> {
    let mut headers: Vec<BatchHeader> = Vec::new();
    for number in numbers {
        let (bytes, signed) = (batch(8_192, number), signatures(number as u8));
        let published = all.publish(BatchNumber::new(number), &bytes, &signed).await.unwrap();
        let parent_hash = headers.last().map_or(Hash::ZERO, BatchHeader::hash);
        let header = header(number, &bytes, published.commitment);
        let header = BatchHeader { parent_hash, signatures_root: signed.root(), ..header };
        archive.append(&header, &Content { bytes, signatures: signed.as_bytes().to_vec() }).unwrap();
        headers.push(header);
    }
    headers
}

/// An archive of so many batches, all of them in warm segments, the files of those, and folders that have the same batches.
async fn packed(
    context: &deterministic::Context,
    scratch: &Scratch,
    count: u64,
) -> (Archive, Vec<PathBuf>, Availability) {
    let (archive, all) = (scratch.archive(), folders(context, &FOLDERS));
    published(&all, &archive, 1..=count).await;
    assert_eq!(archive.migrate(1_000_000).await.unwrap(), Moved { packed: count as usize, ..Moved::default() });
    let segments = archive.segments().unwrap();
    (archive, segments.iter().map(|segment| scratch.0.join("warm").join(segment.name())).collect(), all)
}

#[test]
fn a_damaged_archive_is_restored_from_stores_and_from_itself() {
    let scratch = Scratch::new("archive");
    deterministic::Runner::seeded(3).start(|context| async move {
        let archive = scratch.archive();
        let all = folders(&context, &FOLDERS);
        let headers = published(&all, &archive, 1..=4).await;
        let key = |number: u64| BatchKey::of(&headers[number as usize - 1]).unwrap();
        assert_eq!(archive.migrate(1_000_000).await.unwrap(), Moved { packed: 4, ..Moved::default() });
        let file = scratch.0.join("warm").join(archive.segments().unwrap()[0].name());
        let whole = std::fs::read(&file).unwrap();
        let number = BatchNumber::new;
        let read = |at: u64| archive.get(number(at), 0);
        // The bytes of a batch do not compress, so they stand there as they are. Four bytes in four rows of the second are wrong.
        let second = batch(8_192, 2);
        let at = whole.windows(64).position(|part| part == &second[..64]).expect("it stands there");
        let mut damaged = whole.clone();
        for row in [1, 9, 17, 30] {
            damaged[at + 256 * row + 100] ^= 0x80;
        }
        std::fs::write(&file, &damaged).unwrap();
        assert!(matches!(read(2).await, Err(ArchiveError::Damaged { .. })));

        // One folder has half of the data, too little alone; the archive's own rows are in doubt, and together they are enough.
        let one = folders(&context, &["da-3"]);
        assert!(matches!(one.fetch_key(&key(2), None).await, Err(FetchError::TooFew { .. })));
        let none = folders(&context, &["da-9"]);
        let refused = archive.get_or_mend(number(2), 0, &none).await.unwrap_err();
        assert!(matches!(refused, MendError::Bytes { why: SalvageError::Nothing, .. }), "{refused}");
        let mended = archive.get_or_mend(number(2), 0, &one).await.unwrap().unwrap();
        assert!(mended.was_damaged && mended.content.bytes == second, "restored");
        assert_eq!(mended.wrong.iter().map(|row| row.get()).collect::<Vec<_>>(), [1, 9, 17, 30]);
        assert_eq!(std::fs::read(&file).unwrap(), whole, "and the segment is written anew as it was");
        assert_eq!(archive.tier(number(2)).unwrap(), Some(Tier::Warm));
        assert!(!archive.get_or_mend(number(2), 0, &none).await.unwrap().unwrap().was_damaged);

        // The segment's table is gone: nothing of it can be read. Batches come from stores one by one, and with the last the segment is whole.
        let mut damaged = whole.clone();
        damaged[3..35].fill(0xff);
        std::fs::write(&file, &damaged).unwrap();
        for at in 1..=4 {
            assert!(matches!(read(at).await, Err(ArchiveError::Damaged { .. })));
            let mended = archive.get_or_mend(number(at), 0, &all).await.unwrap().unwrap();
            assert!(mended.was_damaged && mended.wrong.is_empty());
            assert_eq!(mended.content.bytes, batch(8_192, at));
            let tier = if at < 4 { Tier::Hot } else { Tier::Warm };
            assert_eq!(archive.tier(number(at)).unwrap(), Some(tier), "batch {at}");
            assert_eq!(archive.migrate(2_000_000).await.unwrap(), Moved::default(), "they are of a segment already");
        }
        assert_eq!(std::fs::read(&file).unwrap(), whole);
        let (_, root) = archive.root().unwrap();
        let entry = archive.newest().unwrap().unwrap();
        entry.is_proven(&archive.prove(number(4)).unwrap(), &root).unwrap();
    });
}

/// The file of a segment with the bytes of some of its batches damaged, so that their places in it stay.
fn damage(whole: &[u8], numbers: &[u64]) -> Vec<u8> {
    let mut damaged = whole.to_vec();
    for number in numbers {
        let bytes = batch(8_192, *number);
        let at = whole.windows(64).position(|part| part == &bytes[..64]).expect("it stands there");
        damaged[at + 100] ^= 0x80;
    }
    damaged
}

/// What is restored one by one, with reads of the others between, stays restored until the segment is written anew.
#[test]
fn reading_the_others_of_a_damaged_segment_loses_nothing_that_was_restored() {
    let scratch = Scratch::new("mixed");
    deterministic::Runner::seeded(6).start(|context| async move {
        let (archive, files, all) = packed(&context, &scratch, 4).await;
        let file = &files[0];
        let whole = std::fs::read(file).unwrap();
        std::fs::write(file, damage(&whole, &[1, 3])).unwrap();
        let number = BatchNumber::new;
        for (at, is_damaged) in [(1, true), (2, false), (3, true), (4, false)] {
            let got = archive.get_or_mend(number(at), 0, &all).await.unwrap().unwrap();
            assert_eq!((got.was_damaged, got.content.bytes.as_slice()), (is_damaged, batch(8_192, at).as_slice()));
            let expected = if at < 3 { Tier::Hot } else { Tier::Warm };
            assert_eq!(archive.tier(number(1)).unwrap(), Some(expected), "after batch {at}");
        }
        assert_eq!(std::fs::read(file).unwrap(), whole, "with the last of them it is written anew");

        // Restored before, and the segment was not: a pass writes it.
        std::fs::write(file, damage(&whole, &[1, 3])).unwrap();
        archive.get_or_mend(number(1), 0, &all).await.unwrap();
        let mut mending = archive.mending(&all);
        let mut damaged = Vec::new();
        for at in 1..=4 {
            damaged.push(mending.batch(number(at)).await.unwrap().unwrap().was_damaged);
        }
        assert_eq!(damaged, [false, false, true, false]);
        assert_eq!(std::fs::read(file).unwrap(), whole);
        assert!(mending.batch(number(5)).await.unwrap().is_none(), "it is not archived");
    });
}

/// What is done with a folder.
#[derive(Default)]
struct Use {
    reads: AtomicUsize,
    /// It takes nothing.
    is_full: AtomicBool,
}

/// A folder whose use is watched.
struct Watched(Folder, Arc<Use>);

impl Objects for Watched {
    fn place(&self) -> &str {
        self.0.place()
    }

    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> Said<'a, ()> {
        if self.1.is_full.load(Ordering::Relaxed) {
            let (place, name, why) = (self.place().to_owned(), name.to_owned(), "no space is left".to_owned());
            return Box::pin(std::future::ready(Err(ArchiveError::Objects { place, action: "write", name, why })));
        }
        self.0.put(name, bytes)
    }

    fn get<'a>(&'a self, name: &'a str, most: u64) -> Said<'a, Option<Vec<u8>>> {
        self.1.reads.fetch_add(1, Ordering::Relaxed);
        self.0.get(name, most)
    }

    fn remove<'a>(&'a self, name: &'a str) -> Said<'a, ()> {
        self.0.remove(name)
    }
}

/// An archive whose segments go to such a folder at once.
fn watched(scratch: &Scratch) -> (Archive, Arc<Use>) {
    let done = Arc::new(Use::default());
    let cold = Watched(Folder::open(&scratch.0.join("cold")).unwrap(), done.clone());
    let policy = Policy { memory_bytes: 0, hot_ms: 0, segment_batches: 4, warm_ms: 0, ..Policy::default() };
    (Archive::open(&scratch.0, Box::new(cold), policy).unwrap(), done)
}

#[test]
fn a_pass_that_repairs_reads_each_segment_once_and_counts_as_no_reader() {
    let scratch = Scratch::new("pass");
    deterministic::Runner::seeded(7).start(|context| async move {
        let ((archive, done), all) = (watched(&scratch), folders(&context, &FOLDERS));
        published(&all, &archive, 1..=8).await;
        assert_eq!(archive.migrate(1_000_000).await.unwrap(), Moved { packed: 8, cooled: 2, warmed: 0 });
        let pass = async || {
            done.reads.store(0, Ordering::Relaxed);
            let (mut mending, mut damaged) = (archive.mending(&all), 0);
            for number in 1..=8 {
                let mended = mending.batch(BatchNumber::new(number)).await.unwrap().unwrap();
                assert_eq!(mended.content.bytes, batch(8_192, number));
                damaged += usize::from(mended.was_damaged);
            }
            (damaged, done.reads.load(Ordering::Relaxed))
        };
        let before: Vec<Segment> = archive.segments().unwrap();
        assert_eq!(pass().await, (0, 2));
        assert_eq!(archive.segments().unwrap(), before, "nobody has read them");
        assert_eq!(archive.migrate(2_000_000).await.unwrap(), Moved::default(), "so they stay where they are");

        let file = scratch.0.join("cold").join(before[1].name());
        let whole = std::fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        damaged[3..35].fill(0xff);
        std::fs::write(&file, damaged).unwrap();
        // What was written anew is read back.
        assert_eq!(pass().await, (4, 3));
        assert_eq!(std::fs::read(&file).unwrap(), whole);
        assert_eq!(archive.segments().unwrap(), before);
    });
}

/// Any batch may be the one that was damaged: what could not be written then is written by the next pass.
#[test]
fn a_segment_that_could_not_be_written_anew_is_by_the_next_pass() {
    for at in [1, 4] {
        let scratch = Scratch::new(&format!("full-{at}"));
        deterministic::Runner::seeded(9).start(|context| async move {
            let ((archive, done), all) = (watched(&scratch), folders(&context, &FOLDERS));
            published(&all, &archive, 1..=4).await;
            archive.migrate(1_000_000).await.unwrap();
            let file = scratch.0.join("cold").join(archive.segments().unwrap()[0].name());
            let whole = std::fs::read(&file).unwrap();
            std::fs::write(&file, damage(&whole, &[at])).unwrap();
            let number = BatchNumber::new;
            done.is_full.store(true, Ordering::Relaxed);
            let refused = archive.get_or_mend(number(at), 0, &all).await.unwrap_err();
            assert!(matches!(refused, MendError::Archive(_)), "{refused}");
            done.is_full.store(false, Ordering::Relaxed);
            let mut mending = archive.mending(&all);
            for number in (1..=4).map(number) {
                assert!(!mending.batch(number).await.unwrap().unwrap().was_damaged, "it was restored before");
            }
            assert_eq!(std::fs::read(&file).unwrap(), whole, "batch {at}");
        });
    }
}

/// The disk gives nothing back, by an error and not by wrong bytes: that is damage like any other.
#[test]
fn a_segment_that_the_disk_does_not_give_back_is_restored() {
    let scratch = Scratch::new("unread");
    deterministic::Runner::seeded(8).start(|context| async move {
        let (archive, files, all) = packed(&context, &scratch, 8).await;
        let whole: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        for file in &files {
            let file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
            file.set_len(SEGMENT_BYTES_MAX + 1).unwrap();
        }
        let number = BatchNumber::new;
        let refused = archive.get(number(2), 0).await.unwrap_err();
        assert!(matches!(refused, ArchiveError::Damaged { .. }), "{refused}");
        assert!(refused.to_string().contains("longer than"), "{refused}");
        for at in 1..=4 {
            assert!(archive.get_or_mend(number(at), 0, &all).await.unwrap().unwrap().was_damaged);
        }
        assert_eq!(std::fs::read(&files[0]).unwrap(), whole[0]);
        let mut mending = archive.mending(&all);
        for at in 1..=8 {
            assert_eq!(mending.batch(number(at)).await.unwrap().unwrap().was_damaged, at > 4, "batch {at}");
        }
        assert_eq!(std::fs::read(&files[1]).unwrap(), whole[1]);
    });
}
