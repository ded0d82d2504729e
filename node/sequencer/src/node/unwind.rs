//! Orders anew on disk what rested on something that L1 took back; the ordinary start does the rest.
//!
//! 1. What is intended is durable first, then the new order with its mark, then what follows from it: batches and snapshots of the old order go.
//!    A crash in between leaves either the old order or the new one, and the next start carries out what is left (SPEC J-20).
//! 2. The new order begins with a group of the journal, so that every place in it is signed for as a whole.

use std::sync::Arc;

use ashlar_batch::{BatchHeader, Hash};
use ashlar_exchange::HotStore;
use ashlar_replica::{
    CanonicalEntry, Entry, Epoch, Journal, L1Block, Ordered, Reordered, SnapshotHead, SnapshotStore, reorder,
};
use ashlar_state::Serial;
use ashlar_types::{BatchNumber, ExchangeId, InboxIndex, Input, Sequence, to_bytes};
use commonware_runtime::{Clock, Storage};

use super::begin::newest;
use crate::build::{Progress, Shelf};
use crate::config::Config;
use crate::error::NodeError;
use crate::keep::{GroupCertificate, Unwinding, UnwindingStore};
use crate::limits::{BLOCK_COMMANDS_MAX, BLOCK_INPUTS_MAX, COMMIT_BLOCKS_MAX};
use crate::receipt::{ChainHash, Link, NodeKey, command_hash};
use crate::services::TakenBack;

/// The disk of a node, as far as an unwinding changes it.
pub(super) struct Disk<'a, E: Storage> {
    pub journal: &'a mut Journal<E>,
    pub snapshots: &'a SnapshotStore<E>,
    pub shelf: &'a Shelf<E>,
    pub unwindings: &'a UnwindingStore<E>,
}

/// Where the journal parts from what L1 holds.
struct Parting {
    /// The group with which the new order begins.
    group: Sequence,
    /// The first command that rested on what is gone.
    gone: Sequence,
    /// The chain of receipts before the group, and the L1 block of the last entry before it.
    previous: ChainHash,
    block: L1Block,
}

/// Orders anew. What it did is stored.
pub(super) async fn unwind<E: Storage + Clock>(
    config: &Config,
    disk: &mut Disk<'_, E>,
    taken: &TakenBack,
    at_ms: u64,
) -> Result<Option<Arc<Unwinding>>, NodeError> {
    let Some(parting) = find_parting(disk.journal, taken.from).await? else { return Ok(None) };
    let begin = begin_before(config, disk, &parting, taken.from).await?;
    let (before, old) = entries_from(disk.journal, &begin).await?;
    let kept = before.iter().map(|(entry, _)| entry).filter(|entry| entry.index < taken.from).cloned();
    let instead = taken.instead.iter().map(|item| CanonicalEntry {
        index: item.index,
        time: item.time,
        entry: item.entry.clone(),
    });
    let canonical: Vec<_> = kept.chain(instead).collect();
    let blocks = |index: InboxIndex| {
        let new = taken.instead.iter().find(|item| item.index == index).map(|item| item.block);
        new.or_else(|| before.iter().find(|(entry, _)| entry.index == index).map(|(_, block)| *block))
    };
    let Begin { old: old_store, new: new_store, next, .. } = begin;
    let Reordered { entries, affected, .. } = reorder(old_store, new_store, old, canonical);
    let discarded = discarded(disk.shelf, parting.gone).await?;
    let epoch = disk.journal.next_epoch();
    let from = parting.gone;
    let unwinding = Unwinding { epoch, inbox: taken.from, from, at_ms, is_done: false, discarded, affected };
    disk.unwindings.put(&unwinding).await?;
    let id = config.deployment.exchange_id();
    let mut writer = Writing { id, key: &config.key, epoch, head: parting.previous, block: parting.block };
    disk.journal.begin_unwinding(epoch, parting.group, parting.block)?;
    writer.write(disk.journal, after(entries, next, parting.group), parting.group, blocks).await?;
    disk.journal.end_unwinding()?;
    disk.journal.sync().await?;
    carry_out(disk, unwinding).await.map(Some)
}

/// Does what follows from unwindings that the journal knows, and forgets those that it does not.
pub(super) async fn settle_unwindings<E: Storage + Clock>(
    disk: &mut Disk<'_, E>,
) -> Result<Vec<Arc<Unwinding>>, NodeError> {
    let mut all = Vec::new();
    for unwinding in disk.unwindings.all().await? {
        if unwinding.epoch > disk.journal.epoch() {
            disk.unwindings.remove(unwinding.epoch).await?;
        } else if unwinding.is_done {
            all.push(unwinding);
        } else {
            all.push(carry_out(disk, Unwinding::clone(&unwinding)).await?);
        }
    }
    disk.unwindings.forget(&all).await?;
    Ok(all)
}

/// The lowest command from which on an unwinding that may not be carried out yet takes things away.
pub(super) fn open_from(all: &[Arc<Unwinding>]) -> Option<Sequence> {
    all.iter().filter(|unwinding| !unwinding.is_done).map(|unwinding| unwinding.from).min()
}

async fn carry_out<E: Storage>(disk: &mut Disk<'_, E>, mut unwinding: Unwinding) -> Result<Arc<Unwinding>, NodeError> {
    let from = unwinding.from;
    disk.snapshots.retain(|head| head.sequence() <= from).await.map_err(NodeError::of_snapshot)?;
    // From the last one down: what is left is always a beginning.
    for (number, _) in unwinding.discarded.iter().rev() {
        disk.shelf.remove(*number).await?;
    }
    unwinding.is_done = true;
    disk.unwindings.put(&unwinding).await?;
    Ok(Arc::new(unwinding))
}

/// Finds the entry in the journal, and the group that holds it. None if it was never consumed durably.
async fn find_parting<E: Storage + Clock>(
    journal: &Journal<E>,
    from: InboxIndex,
) -> Result<Option<Parting>, NodeError> {
    let mut reader = journal.read_from(journal.first_sequence())?;
    let (mut group, mut block) = (None::<Parting>, L1Block::default());
    while let Some(ordered) = reader.next(journal).await? {
        let first = ordered.first;
        let certificate = GroupCertificate::decode(&ordered.certificate)
            .map_err(|_| NodeError::Replay { at: first, what: "its certificate cannot be read" })?;
        let previous = certificate.previous;
        let part = group.get_or_insert(Parting { group: first, gone: first, previous, block });
        let mut at = first;
        for entry in &ordered.entries {
            if let Input::Inbox { index, .. } = &entry.input
                && *index == from
            {
                part.gone = at;
                return Ok(group);
            }
            at = Sequence::new(at.get().saturating_add(entry.commands()));
        }
        block = ordered.block;
        if certificate.signature.is_some() {
            group = None;
        }
    }
    Ok(None)
}

/// The state before everything that is ordered anew, twice.
struct Begin {
    old: HotStore,
    new: HotStore,
    next: Sequence,
}

async fn begin_before<E: Storage + Clock>(
    config: &Config,
    disk: &Disk<'_, E>,
    parting: &Parting,
    inbox: InboxIndex,
) -> Result<Begin, NodeError> {
    let id = config.deployment.exchange_id();
    let bad = |why: String| NodeError::Snapshot { why };
    let first = disk.journal.first_sequence();
    let wanted = |head: &SnapshotHead| {
        let BatchHeader { exchange_id, inbox_next, .. } = head.header;
        exchange_id == id && inbox_next <= inbox && (first..=parting.group).contains(&head.sequence())
    };
    let (found, unread) = newest(disk.snapshots, wanted, &Serial).await?;
    if let Some(snapshot) = found {
        let store = || snapshot.hot_store(config.store).map_err(|error| bad(error.to_string()));
        return Ok(Begin { old: store()?, new: store()?, next: snapshot.head.sequence() });
    }
    if first.get() > 0 {
        if let Some(unread) = unread {
            return Err(unread);
        }
        let why = "there is none from before what L1 took back; recover from L1 and data availability";
        return Err(bad(why.to_owned()));
    }
    let store = || {
        let mut store = HotStore::new(config.store);
        config.genesis.write(&mut store);
        store
    };
    Ok(Begin { old: store(), new: store(), next: Sequence::new(0) })
}

/// The old order from there on: its inbox entries with their blocks, and everything.
async fn entries_from<E: Storage + Clock>(
    journal: &Journal<E>,
    begin: &Begin,
) -> Result<(Vec<(CanonicalEntry, L1Block)>, Vec<Entry>), NodeError> {
    let mut reader = journal.read_from(begin.next)?;
    let (mut inbox, mut all) = (Vec::new(), Vec::new());
    while let Some(Ordered { block, entries, .. }) = reader.next(journal).await? {
        for entry in entries {
            if let Input::Inbox { index, time, entry } = &entry.input {
                inbox.push((CanonicalEntry { index: *index, time: *time, entry: entry.clone() }, block));
            }
            all.push(entry);
        }
    }
    Ok((inbox, all))
}

/// What of a new order comes from this command on.
fn after(entries: Vec<Entry>, begin: Sequence, from: Sequence) -> impl Iterator<Item = Entry> {
    let mut at = begin;
    entries.into_iter().skip_while(move |entry| {
        let here = at;
        at = Sequence::new(at.get().saturating_add(entry.commands()));
        here < from
    })
}

/// Stored batches that hold or follow a command.
async fn discarded<E: Storage>(shelf: &Shelf<E>, gone: Sequence) -> Result<Vec<(BatchNumber, Hash)>, NodeError> {
    let mut discarded = Vec::new();
    for number in shelf.numbers().await? {
        match shelf.progress(number).await? {
            Some(Progress { header, .. }) if header.next_sequence > gone => discarded.push((number, header.hash())),
            Some(_) => {}
            // Nobody was told of it, and it is built anew.
            None => discarded.push((number, Hash::ZERO)),
        }
    }
    Ok(discarded)
}

/// Forgets every stored batch from this one on but for the hash of its header, and what was begun after it: the ordinary start builds them anew from the
/// journal, which stays as it is. Says how many there were.
pub(super) async fn give_up_batches<E: Storage + Clock>(
    disk: &Disk<'_, E>,
    from: BatchNumber,
) -> Result<u64, NodeError> {
    let bad = |why: String| NodeError::Snapshot { why };
    let heads = disk.snapshots.list().await.map_err(NodeError::of_snapshot)?;
    let first = disk.journal.first_sequence();
    let begins = |head: &SnapshotHead| head.header.number < from && head.sequence() >= first;
    if first.get() > 0 && !heads.iter().any(begins) {
        return Err(bad(format!(
            "there is none from before batch {}, which L1 takes no more as it was built; recover from L1 and data availability",
            from.get()
        )));
    }
    // First what rests on these batches, then from the last one down: what a crash leaves is always a beginning.
    disk.snapshots.retain(|head| head.header.number < from).await.map_err(NodeError::of_snapshot)?;
    let mut count = 0;
    for number in disk.shelf.numbers().await?.into_iter().rev().take_while(|number| *number >= from) {
        // Of one without progress nobody was told.
        if let Some(progress) = disk.shelf.progress(number).await? {
            disk.shelf.note_given_up(number, progress.header.hash()).await?;
            count += 1;
        }
        disk.shelf.remove(number).await?;
    }
    Ok(count)
}

/// Writes the new order into the journal.
struct Writing<'a> {
    id: ExchangeId,
    key: &'a NodeKey,
    epoch: Epoch,
    head: ChainHash,
    block: L1Block,
}

/// A record that grows.
struct Record {
    first: Sequence,
    next: Sequence,
    commands: usize,
    entries: Vec<Entry>,
    links: Vec<Link>,
    previous: ChainHash,
    l1_before: [u8; 32],
    /// The L1 block of its inbox entries; there is one at most.
    inbox_block: Option<L1Block>,
}

impl Writing<'_> {
    async fn write<E: Storage + Clock>(
        &mut self,
        journal: &mut Journal<E>,
        entries: impl Iterator<Item = Entry>,
        from: Sequence,
        block_of: impl Fn(InboxIndex) -> Option<L1Block>,
    ) -> Result<(), NodeError> {
        let (mut record, mut records) = (self.begin(from), 0);
        for entry in entries {
            let block = match &entry.input {
                Input::Inbox { index, .. } => block_of(*index),
                Input::Message(_) | Input::System(_) => None,
            };
            let is_full = record.entries.len() >= BLOCK_INPUTS_MAX || record.commands >= BLOCK_COMMANDS_MAX;
            let is_other = block.is_some() && record.inbox_block.is_some() && block != record.inbox_block;
            if is_full || is_other {
                let next = record.next;
                let full = std::mem::replace(&mut record, self.begin(next));
                self.append(journal, full).await?;
                records += 1;
                if records % COMMIT_BLOCKS_MAX == 0 {
                    journal.sync().await?;
                }
            }
            if let Some(block) = block {
                (self.block, record.inbox_block) = (block, Some(block));
            }
            self.put(&mut record, entry);
        }
        if record.entries.is_empty() { Ok(()) } else { self.append(journal, record).await }
    }

    fn begin(&self, first: Sequence) -> Record {
        Record {
            first,
            next: first,
            commands: 0,
            entries: Vec::new(),
            links: Vec::new(),
            previous: self.head,
            l1_before: self.block.hash.0,
            inbox_block: None,
        }
    }

    fn put(&mut self, record: &mut Record, entry: Entry) {
        let command_hash = command_hash(&self.id, &to_bytes(&entry.input));
        let commands = u32::try_from(entry.commands()).unwrap_or(u32::MAX);
        let link = Link {
            epoch: self.epoch,
            sequence: record.next,
            commands,
            time: entry.time,
            command_hash,
            l1_block: self.block.hash.0,
        };
        self.head = link.after(&self.id, &self.head);
        record.next = link.next_sequence();
        record.commands += entry.input.commands();
        record.links.push(link);
        record.entries.push(entry);
    }

    /// Each record is a group of its own, with its signature.
    async fn append<E: Storage + Clock>(&mut self, journal: &mut Journal<E>, record: Record) -> Result<(), NodeError> {
        let Record { first, entries, links, previous, l1_before, .. } = record;
        let Some(last) = links.last().map(|link| link.sequence) else { return Ok(()) };
        let seal = self.key.sign(&self.id, self.epoch, last, self.head)?;
        let (head, signature) = (self.head, Some(seal.signature));
        let certificate = GroupCertificate { previous, head, last, l1_before: Some(l1_before), signature }.encode();
        let time = entries.last().map_or_else(Default::default, |last| last.time);
        let ordered = Ordered { epoch: self.epoch, block: self.block, time, first, entries, certificate };
        match journal.append(&ordered) {
            Err(ashlar_replica::JournalError::GroupFull { .. }) => {
                journal.sync().await?;
                Ok(journal.append(&ordered)?)
            }
            other => Ok(other?),
        }
    }
}
