//! Where the order stands after a record, and which of what was written still counts.
//!
//! 1. Ordered records follow each other without gaps within an epoch (SPEC J-9).
//! 2. An unwinding counts as a whole or not at all: until it is closed, the order before it stands (SPEC J-10).

use ashlar_types::{DecodeError, Reader, Sequence, Writer};

use super::record::Record;
use crate::limits::UNWINDINGS_MAX;
use crate::ordered::Epoch;

/// The end of the order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The epoch in force.
    pub epoch: Epoch,
    /// The number of the next command.
    pub next: Sequence,
    /// The highest epoch ever begun, abandoned ones included.
    pub highest: Epoch,
    /// An unwinding that is not closed.
    pub pending: Option<Pending>,
}

/// An unwinding that is not closed, and what it goes back to if it never will be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending {
    /// The group that began it.
    pub group: u64,
    /// From which command on.
    pub from: Sequence,
    /// The epoch before.
    pub epoch: Epoch,
    /// The next command before.
    pub next: Sequence,
}

impl Standing {
    /// A journal that begins here.
    pub const fn beginning(epoch: Epoch, next: Sequence) -> Standing {
        Standing { epoch, next, highest: epoch, pending: None }
    }

    /// Takes the next record of group `group`; `None`, and nothing changed, if it does not follow.
    pub fn take(&mut self, group: u64, record: &Record, unwindings: &mut Unwindings) -> Option<()> {
        match record {
            Record::Ordered(ordered) => self.advance(ordered.epoch, ordered.first, ordered.commands()),
            Record::Unwinding { epoch, from, .. } => {
                if self.pending.is_some() || *epoch <= self.highest || *from > self.next {
                    return None;
                }
                self.pending = Some(Pending { group, from: *from, epoch: self.epoch, next: self.next });
                (self.epoch, self.highest, self.next) = (*epoch, *epoch, *from);
                Some(())
            }
            Record::Unwound { epoch } => {
                let pending = self.pending.filter(|_| *epoch == self.epoch)?;
                unwindings.cut(pending.group, pending.from)?;
                self.pending = None;
                Some(())
            }
            Record::Abandoned { epoch } => {
                let pending = self.pending.filter(|_| *epoch == self.epoch)?;
                unwindings.void(pending.group, group)?;
                (self.epoch, self.next, self.pending) = (pending.epoch, pending.next, None);
                Some(())
            }
        }
    }

    /// Takes so many commands of an epoch.
    pub fn advance(&mut self, epoch: Epoch, first: Sequence, commands: u64) -> Option<()> {
        if epoch != self.epoch || first != self.next || commands == 0 {
            return None;
        }
        self.next = Sequence::new(first.get().checked_add(commands)?);
        Some(())
    }

    /// Writes it into a segment's header.
    pub fn encode(&self, writer: &mut Writer) {
        let pending = self.pending.map_or([u64::MAX; 4], |p| [p.group, p.from.get(), p.epoch.get(), p.next.get()]);
        for word in [self.epoch.get(), self.next.get(), self.highest.get()].into_iter().chain(pending) {
            writer.u64(word);
        }
    }

    /// Reads it from a segment's header.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Standing, DecodeError> {
        let mut word = || reader.u64();
        let (epoch, next, highest) = (Epoch::new(word()?), Sequence::new(word()?), Epoch::new(word()?));
        let (group, from, before) = (word()?, Sequence::new(word()?), Epoch::new(word()?));
        let pending = Pending { group, from, epoch: before, next: Sequence::new(word()?) };
        Ok(Standing { epoch, next, highest, pending: (group != u64::MAX).then_some(pending) })
    }
}

/// Which groups, and which commands of them, count no more.
#[derive(Clone, Debug, Default)]
pub struct Unwindings {
    /// Commands from `.1` on in groups before `.0` were ordered anew.
    cuts: Vec<(u64, Sequence)>,
    /// Groups from `.0` to `.1` belong to an unwinding that was abandoned.
    voids: Vec<(u64, u64)>,
}

impl Unwindings {
    fn cut(&mut self, group: u64, from: Sequence) -> Option<()> {
        (self.cuts.len() < UNWINDINGS_MAX).then(|| self.cuts.push((group, from)))
    }

    fn void(&mut self, first: u64, last: u64) -> Option<()> {
        (self.voids.len() < UNWINDINGS_MAX).then(|| self.voids.push((first, last)))
    }

    /// The first command of a group that does not count any more; [`Sequence`] zero if nothing of the group does.
    pub fn limit(&self, group: u64, pending: Option<Pending>) -> Sequence {
        let is_void = self.voids.iter().any(|(first, last)| (*first..=*last).contains(&group));
        if is_void || pending.is_some_and(|pending| group >= pending.group) {
            return Sequence::new(0);
        }
        let cuts = self.cuts.iter().filter(|(by, _)| group < *by).map(|(_, from)| *from);
        cuts.min().unwrap_or(Sequence::new(u64::MAX))
    }

    /// Forgets what concerns only groups before this one.
    pub fn forget_before(&mut self, group: u64) {
        self.cuts.retain(|(by, _)| *by > group);
        self.voids.retain(|(_, last)| *last >= group);
    }
}
