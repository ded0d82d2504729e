//! What is found wrong, precisely enough to act on.

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchError, Hash, LinkError};
use ashlar_replica::ReplayError;
use ashlar_state::Key;
use ashlar_types::{BatchNumber, InboxIndex, Sequence};

/// One thing that is not as it must be. Each names the batch, and where there is one the command or the key.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Finding {
    /// L1 stores another hash than that of the header.
    #[error("batch {batch}: the published header hashes to {got:?} and L1 stores {expected:?}", batch = batch.get())]
    HeaderHash {
        /// Which batch.
        batch: BatchNumber,
        /// What L1 stores.
        expected: Hash,
        /// What the header hashes to.
        got: Hash,
    },
    /// The header does not follow the one before.
    #[error("batch {batch}: its header does not follow the one before: {error}", batch = batch.get())]
    Link {
        /// Which batch.
        batch: BatchNumber,
        /// Why.
        error: LinkError,
    },
    /// Nobody gives out the bytes.
    #[error("batch {batch}: its data is withheld: no source has the rows under data root {root:?}", batch = batch.get())]
    DataWithheld {
        /// Which batch.
        batch: BatchNumber,
        /// The root of what is missing.
        root: Digest,
    },
    /// The bytes that are given out are not those that were committed to.
    #[error("batch {batch}: its data was altered: it has data root {got:?} and {expected:?} was committed", batch = batch.get())]
    DataAltered {
        /// Which batch.
        batch: BatchNumber,
        /// The committed root.
        expected: Digest,
        /// The root of what was given out.
        got: Digest,
    },
    /// The committed bytes are no batch.
    #[error("batch {batch}: its committed data is no batch: {error}", batch = batch.get())]
    Unreadable {
        /// Which batch.
        batch: BatchNumber,
        /// Why.
        error: BatchError,
    },
    /// The batch cannot have been executed as the rules say.
    #[error("batch {batch}: it breaks the rules: {error}", batch = batch.get())]
    Rules {
        /// Which batch.
        batch: BatchNumber,
        /// How.
        error: ReplayError,
    },
    /// Executing it gives another value than its header says.
    #[error("batch {batch}: a wrong {field} was committed: {committed} where execution gives {computed}", batch = batch.get())]
    WrongField {
        /// Which batch.
        batch: BatchNumber,
        /// Which word of the header.
        field: &'static str,
        /// By the header, in hexadecimal.
        committed: String,
        /// By execution.
        computed: String,
    },
    /// An inbox entry that the batch consumed is not the one that L1 holds, or one was left out.
    #[error(
        "batch {batch}, command {command}: inbox entry {index} was skipped or replaced: what it consumed is not what L1 holds",
        batch = batch.get(), command = command.get(), index = index.get()
    )]
    Inbox {
        /// Which batch.
        batch: BatchNumber,
        /// The command that should have consumed it.
        command: Sequence,
        /// Which entry.
        index: InboxIndex,
    },
    /// A proof that L1 accepted for these batches says something about others.
    #[error("batches {first} to {last}: the accepted proof is for another batch: {what}", first = first.get(), last = last.get())]
    ForeignProof {
        /// The first batch it was accepted for.
        first: BatchNumber,
        /// The last one.
        last: BatchNumber,
        /// What is different.
        what: &'static str,
    },
    /// What this node holds is not what its batches come to.
    #[error(
        "batch {batch}{at}: the local state differs at key {key:?}: it holds {local:?} and the batches give {computed:?}",
        batch = batch.get(), at = place(command)
    )]
    LocalState {
        /// The batch that wrote the key last, where that was looked for; otherwise the one after which they were compared.
        batch: BatchNumber,
        /// The command of that batch that wrote the key last, if one did.
        command: Option<Sequence>,
        /// The first key that differs.
        key: Key,
        /// What this node holds.
        local: Option<Vec<u64>>,
        /// What the batches give.
        computed: Option<Vec<u64>>,
    },
    /// What this node stored of a batch is not what it built.
    #[error(
        "batch {batch}{at}: what this node stored of it is not what it built: {what}",
        batch = batch.get(), at = place(command)
    )]
    Stored {
        /// Which batch.
        batch: BatchNumber,
        /// The first command that is stored otherwise, where that is known.
        command: Option<Sequence>,
        /// What is different.
        what: String,
    },
    /// Executing a batch again over the evidence that this node stored for it does not give its header.
    #[error(
        "batch {batch}{at}{key}: executed again over its stored evidence it fails: {what}",
        batch = batch.get(), at = place(command),
        key = key.map_or(String::new(), |key| format!(", key {key:?}"))
    )]
    Evidence {
        /// Which batch.
        batch: BatchNumber,
        /// The command at which it was noticed, if it was at one.
        command: Option<Sequence>,
        /// The key that was asked for then, if one was.
        key: Option<Key>,
        /// What a guest says of it.
        what: String,
    },
    /// This node's header is not the one on L1.
    #[error(
        "batch {batch}{at}: this node built {local:?} and L1 holds {l1:?}{field}",
        batch = batch.get(), at = place(command), field = differs(field)
    )]
    LocalHeader {
        /// The first batch that differs.
        batch: BatchNumber,
        /// This node's.
        local: Hash,
        /// That of L1.
        l1: Hash,
        /// The first word of the header in which they differ, if the header on L1 is known.
        field: Option<FieldDifference>,
        /// The first command that the one batch holds otherwise than the other, if what was published is another batch and can be had.
        command: Option<Sequence>,
    },
}

/// A word in which two headers differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldDifference {
    /// Its name.
    pub name: &'static str,
    /// What this node has there, in hexadecimal.
    pub local: String,
    /// What L1 has there.
    pub l1: String,
}

fn differs(field: &Option<FieldDifference>) -> String {
    field.as_ref().map_or(String::new(), |FieldDifference { name, local, l1 }| {
        format!("; the first word that differs is the {name}: {local} here and {l1} there")
    })
}

fn place(command: &Option<Sequence>) -> String {
    command.map_or(String::new(), |command| format!(", command {}", command.get()))
}

impl Finding {
    /// The batch it is about; of a stretch the first.
    pub const fn batch(&self) -> BatchNumber {
        match self {
            Finding::HeaderHash { batch, .. }
            | Finding::Link { batch, .. }
            | Finding::DataWithheld { batch, .. }
            | Finding::DataAltered { batch, .. }
            | Finding::Unreadable { batch, .. }
            | Finding::Rules { batch, .. }
            | Finding::WrongField { batch, .. }
            | Finding::Inbox { batch, .. }
            | Finding::LocalState { batch, .. }
            | Finding::Stored { batch, .. }
            | Finding::Evidence { batch, .. }
            | Finding::LocalHeader { batch, .. } => *batch,
            Finding::ForeignProof { first, .. } => *first,
        }
    }

    /// The command it is about, where that is known.
    pub const fn command(&self) -> Option<Sequence> {
        match self {
            Finding::Inbox { command, .. } => Some(*command),
            Finding::LocalState { command, .. }
            | Finding::Stored { command, .. }
            | Finding::Evidence { command, .. }
            | Finding::LocalHeader { command, .. } => *command,
            _ => None,
        }
    }

    /// The key of the state that it is about, where that is known.
    pub const fn key(&self) -> Option<Key> {
        match self {
            Finding::LocalState { key, .. } => Some(*key),
            Finding::Evidence { key, .. } => *key,
            _ => None,
        }
    }
}
