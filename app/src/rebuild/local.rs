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
        let batches = batches(&names(&from.join(BATCHES))?);
        let store = SnapshotStore::new(context.child("local"), SNAPSHOTS);
        let (kept, copies) = (from.join(SNAPSHOTS), scratch.join(SNAPSHOTS));
        let copied = copy_snapshots(&store, &kept, &copies, || names(&kept)).await?;
        ensure!(
            !copied.is_empty() || !batches.is_empty(),
            "{} holds neither snapshots nor batches of a node; name the data folder of a node, or what was recovered into",
            from.display()
        );
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
                (_, Some(error @ (SnapshotError::Disk { .. } | SnapshotError::Base { .. }))) => {
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

/// Copies the snapshots that are listed; their names. A node that runs may retire some after they were listed, and one that was copied before may rest on
/// one that was not: then they are listed once more, and what the node does not keep any more is not looked at.
async fn copy_snapshots(
    store: &SnapshotStore<runtime::Context>,
    from: &Path,
    to: &Path,
    mut list: impl FnMut() -> Result<Vec<String>>,
) -> Result<Vec<String>> {
    let listed = list()?;
    for name in &listed {
        copy(from, to, name)?;
    }
    // One that cannot be read is told of later.
    let chains = store.chains().await.unwrap_or_default();
    if chains.iter().all(|(_, on)| to.join(alloy::hex::encode(on)).exists()) {
        return Ok(listed);
    }
    let again = list()?;
    for gone in listed.iter().map(|name| to.join(name)).filter(|path| path.exists()) {
        if !again.iter().any(|name| gone.ends_with(name)) {
            fs::remove_file(&gone).with_context(|| format!("{} cannot be removed", gone.display()))?;
        }
    }
    for name in again.iter().filter(|name| !listed.contains(name)) {
        copy(from, to, name)?;
    }
    Ok(again)
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

#[cfg(test)]
mod tests {
    use ashlar_exchange::Genesis;
    use ashlar_prover::Capture;
    use ashlar_replica::{Epoch, L1Block};
    use ashlar_types::{Address, Deployment, Time};
    use commonware_runtime::Runner as _;

    use super::*;

    /// A snapshot that is whole, and one that is what changed since.
    async fn two(node: &SnapshotStore<runtime::Context>) -> [SnapshotHead; 2] {
        let deployment = Deployment { chain_id: 1, settlement: Address([5; 20]) };
        let genesis = Genesis { house_owner: Address([6; 20]), time: Time::new(1_000).expect("a time") };
        let (capture, header) = Capture::new(deployment, &genesis);
        let leaves = capture.leaves().count() as u64;
        let heads = [1, 2].map(|number| {
            let header = ashlar_batch::BatchHeader { number: BatchNumber::new(number), ..header };
            SnapshotHead { header, epoch: Epoch::new(0), block: L1Block::default(), leaves }
        });
        node.write(&heads[0], capture.leaves()).await.expect("written");
        node.write_increment(&heads[1], &heads[0], std::iter::empty()).await.expect("written");
        heads
    }

    #[test]
    fn what_a_node_retires_while_it_is_copied_is_not_looked_at() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = runtime::Config::new().with_storage_directory(folder.path());
        runtime::Runner::new(config).start(|context| async move {
            let (from, to) = (folder.path().join("node"), folder.path().join(SNAPSHOTS));
            let node = SnapshotStore::new(context.child("node"), "node");
            let store = SnapshotStore::new(context.child("local"), SNAPSHOTS);
            let heads = two(&node).await;
            let mut files = names(&from).expect("listed");
            files.sort_unstable();
            let retire = |number: usize| fs::remove_file(from.join(&files[number])).expect("it was there");

            // Both are listed; the first one goes before it is copied, and the second one after.
            let mut turn = 0;
            let list = || {
                turn += 1;
                if turn == 2 {
                    retire(1);
                }
                let listed = names(&from);
                if turn == 1 {
                    retire(0);
                }
                listed
            };
            assert!(copy_snapshots(&store, &from, &to, list).await.expect("copied").is_empty());
            assert!(store.kept().await.expect("listed").is_empty(), "nothing is said of it");

            // If the second one stays without the first one, that is what is wrong with it.
            two(&node).await;
            retire(0);
            let copied = copy_snapshots(&store, &from, &to, || names(&from)).await.expect("copied");
            assert_eq!(copied, [files[1].as_str()]);
            let stored = store.stored(&heads[1]).await;
            assert!(matches!(stored, Err(SnapshotError::Base { .. })), "{stored:?}");
        });
    }
}
