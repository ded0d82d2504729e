//! What a node keeps on its own disk, held against what L1 and published data come to: `ashlar verify --local DIR`.
//!
//! 1. Files are copied and read there, so nothing in the folder is changed and a node may run on it meanwhile.
//! 2. A snapshot is compared leaf by leaf as it is stored. Its own root would only say that something differs; here it is which key, and which
//!    command of which batch wrote what should be there.
//! 3. A stored batch has to be the committed one, and has to come to its header when it is executed again over its stored evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use ashlar_replica::{Shadow, SnapshotError, SnapshotHead, SnapshotStore};
use ashlar_sequencer::{Shelf, look_at_stored};
use ashlar_state::Key;
use ashlar_sync::{Audit, Chain as _, FieldDifference, Finding, Report, compare_state, fetch_checked, first_field};
use ashlar_types::{BatchNumber, Sequence};
use commonware_runtime::{Supervisor as _, tokio as runtime};

use super::recover::PARTITION as SNAPSHOTS;
use super::verify::{Opened, THREADS};

/// How a node names what it stores, and the folder of its batches among that.
const NODE: &str = "ashlar";
const BATCHES: &str = "ashlar-batches";

/// What was compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    /// Snapshots of committed batches.
    pub snapshots: u64,
    /// Leaves in them.
    pub leaves: u64,
    /// Stored batches that are committed.
    pub batches: u64,
    /// Snapshots and batches that L1 has nothing to compare with yet.
    pub ahead: u64,
}

/// A copy of what a folder holds.
pub struct Local {
    from: PathBuf,
    scratch: PathBuf,
    store: SnapshotStore<runtime::Context>,
    shelf: Shelf<runtime::Context>,
    snapshots: BTreeMap<BatchNumber, Vec<SnapshotHead>>,
    /// Snapshots whose beginning is damaged.
    damaged: Vec<Finding>,
    batches: BTreeSet<BatchNumber>,
    /// What was compared so far.
    pub compared: Compared,
}

impl Local {
    /// Looks what there is. `scratch` is the folder of this runtime's storage, which is removed in the end.
    pub async fn open(context: &runtime::Context, from: &Path, scratch: &Path) -> Result<Local> {
        let (names, batches) = (names(&from.join(SNAPSHOTS))?, batches(&names(&from.join(BATCHES))?));
        ensure!(
            !names.is_empty() || !batches.is_empty(),
            "{} holds neither snapshots nor batches of a node; name the data folder of a node, or what was recovered into",
            from.display()
        );
        for name in &names {
            copy(&from.join(SNAPSHOTS), &scratch.join(SNAPSHOTS), name)?;
        }
        let store = SnapshotStore::new(context.child("local"), SNAPSHOTS);
        let (mut snapshots, mut damaged) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        for (batch, head) in store.kept().await.with_context(|| format!("reading {}", from.display()))? {
            match head {
                Ok(head) => snapshots.entry(batch).or_default().push(head),
                Err(error) => {
                    damaged.push(Finding::Stored { batch, command: None, what: format!("its snapshot: {error}") });
                }
            }
        }
        let shelf = Shelf::new(context.child("shelf"), NODE);
        let (from, scratch, compared) = (from.to_owned(), scratch.to_owned(), Compared::default());
        Ok(Local { from, scratch, store, shelf, snapshots, damaged, batches, compared })
    }

    /// Compares the snapshots of the batch that a replay stands at.
    pub async fn compare(
        &mut self,
        context: &runtime::Context,
        opened: &Opened,
        shadow: &Shadow,
        report: &mut Report,
    ) -> Result<()> {
        let header = shadow.header();
        for head in self.snapshots.remove(&header.number).unwrap_or_default() {
            let (leaves, unread) = self.store.stored(&head).await.unwrap_or_else(|error| (Vec::new(), Some(error)));
            self.compared.snapshots += 1;
            self.compared.leaves += leaves.len() as u64;
            let (local, l1) = (head.header.hash(), header.hash());
            if local != l1 {
                let field = first_field(&head.header, header);
                let field = field.map(|(name, local, l1)| FieldDifference { name, local, l1 });
                report.add(Finding::LocalHeader { batch: header.number, local, l1, field, command: None });
                continue;
            }
            let view = leaves.iter().map(|(key, value)| (*key, value.words()));
            match (compare_state(view, shadow, |_| None), unread) {
                (_, Some(error @ SnapshotError::Disk { .. })) => {
                    let what = format!("its snapshot: {error}");
                    report.add(Finding::Stored { batch: header.number, command: None, what });
                }
                (Some(finding), _) => report.add(written(context, opened, finding).await?),
                (None, Some(error)) => {
                    let what = format!("its snapshot: {error}");
                    report.add(Finding::Stored { batch: header.number, command: None, what });
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// Compares what is stored of batches up to the last one that was executed, and says what could not be compared.
    pub async fn finish(&mut self, opened: &Opened, last: BatchNumber, report: &mut Report) -> Result<()> {
        self.damaged.drain(..).for_each(|finding| report.add(finding));
        self.compared.ahead += self.snapshots.values().map(|heads| heads.len() as u64).sum::<u64>();
        for number in std::mem::take(&mut self.batches) {
            let committed = opened.history.batch(number).await?.filter(|_| number <= last);
            let Some(committed) = committed else {
                self.compared.ahead += 1;
                continue;
            };
            for kind in [b'b', b'p'] {
                copy(&self.from.join(BATCHES), &self.scratch.join(BATCHES), &file_of(kind, number))?;
            }
            let header = committed.header;
            let published = || async { fetch_checked(&opened.folders, &header).await.ok()?.ok() };
            // It is a copy that is read, so what cannot be read is no fault of this disk.
            let unread = |what: String| Some(Finding::Stored { batch: number, command: None, what });
            let found = look_at_stored(&self.shelf, &header, published).await;
            found.unwrap_or_else(|error| unread(error.to_string())).into_iter().for_each(|finding| report.add(finding));
            self.compared.batches += 1;
            self.shelf.remove(number).await?;
        }
        Ok(())
    }
}

/// A finding about a leaf with the batch and the command that wrote last what should be there. The history is replayed for it: once to see in which
/// batch, and once to stand before that batch.
async fn written(context: &runtime::Context, opened: &Opened, finding: Finding) -> Result<Finding> {
    let Finding::LocalState { batch: compared, command: _, key, local, computed } = finding else { return Ok(finding) };
    let (mut batch, mut command) = (compared, None);
    if let Some((in_batch, by_command)) = last_writer(context, opened, &key, compared).await? {
        (batch, command) = (in_batch, by_command);
    }
    Ok(Finding::LocalState { batch, command, key, local, computed })
}

async fn last_writer(
    context: &runtime::Context,
    opened: &Opened,
    key: &Key,
    upto: BatchNumber,
) -> Result<Option<(BatchNumber, Option<Sequence>)>> {
    let begin = || Ok::<_, anyhow::Error>(Shadow::from_snapshot(opened.origin.snapshot()?));
    let (mut shadow, mut report, mut wrote) = (begin()?, Report::default(), None);
    let (history, folders, genesis) = (&opened.history, &opened.folders, shadow.header().number);
    let mut audit = Audit::new(context, history, folders, genesis, Some(upto)).await?;
    let mut held = shadow.map().get(key).map(<[u64]>::to_vec);
    while audit.step(&mut shadow, &THREADS, &mut report).await? {
        let now = shadow.map().get(key);
        if now != held.as_deref() {
            (held, wrote) = (now.map(<[u64]>::to_vec), Some(shadow.header().number));
        }
    }
    let Some(number) = wrote else { return Ok(None) };
    let (mut shadow, before) = (begin()?, BatchNumber::new(number.get().saturating_sub(1)));
    let mut audit = Audit::new(context, history, folders, genesis, Some(before)).await?;
    while audit.step(&mut shadow, &THREADS, &mut report).await? {}
    let committed = history.batch(number).await?.context("L1 does not tell of a batch that was executed")?;
    let command = match fetch_checked(folders, &committed.header).await? {
        Ok(bytes) => shadow.last_writer(&bytes, key)?,
        Err(_) => None,
    };
    Ok(Some((number, command)))
}

/// The names of the files of a folder; none if it is not there.
fn names(folder: &Path) -> Result<Vec<String>> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be listed", folder.display())),
    };
    let mut names = Vec::new();
    for entry in listed {
        let entry = entry.with_context(|| format!("{} cannot be listed", folder.display()))?;
        names.extend(entry.file_name().to_str().map(str::to_owned));
    }
    Ok(names)
}

fn file_of(kind: u8, number: BatchNumber) -> String {
    format!("{kind:02x}{:016x}", number.get())
}

/// The batches whose progress stands beside them; another one was being written when its node stopped.
fn batches(names: &[String]) -> BTreeSet<BatchNumber> {
    let number = |name: &String| u64::from_str_radix(name.strip_prefix("62").filter(|hex| hex.len() == 16)?, 16).ok();
    let numbers = names.iter().filter_map(number).map(BatchNumber::new);
    numbers.filter(|number| names.contains(&file_of(b'p', *number))).collect()
}

/// Copies a file, unless it is gone: a node forgets what it needs no longer.
fn copy(from: &Path, to: &Path, name: &str) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("{} cannot be made", to.display()))?;
    match fs::copy(from.join(name), to.join(name)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be copied", from.join(name).display())),
    }
}
