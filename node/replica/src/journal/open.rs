//! Opening: every segment is read, checked and continued, or refused with the way to recover.

use std::collections::VecDeque;
use std::fmt;

use commonware_runtime::{Blob, Clock, Error as RuntimeError, Storage, WriteOptions};

use super::config::JournalConfig;
use super::frame::{SegmentHead, Sum, VERSION};
use super::scan::{End, Scan, is_zero, whole_group_after, written_end};
use super::segment::{self, FIRST_GROUP, Segment};
use super::standing::{Standing, Unwindings};
use super::{Journal, empty_group};
use crate::error::{Damage, JournalError};
use crate::limits::{SECTOR_BYTES, SEGMENTS_MAX};

/// An opened journal, and what opening it took away.
pub struct Opened<E: Storage> {
    /// The journal, ready to be read and appended to.
    pub journal: Journal<E>,
    /// A torn end that was cut. None of it had been acknowledged.
    pub cut: Option<Cut>,
}

impl<E: Storage> fmt::Debug for Opened<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened {{ journal: {:?}, cut: {:?} }}", self.journal, self.cut)
    }
}

/// The torn end of a journal: the last group was being written when the node stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    /// In which segment.
    pub segment: u64,
    /// From which byte on.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// What was wrong with it.
    pub damage: Damage,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cut { segment, offset, bytes, damage } = self;
        write!(
            f,
            "cut the last {bytes} bytes of the journal, at byte {offset} of segment {segment} ({damage}): they were being written "
        )?;
        write!(f, "when the node stopped, and nothing in them had been acknowledged")
    }
}

fn disk(action: &'static str) -> impl Fn(RuntimeError) -> JournalError {
    move |source| JournalError::Disk { action, source }
}

pub(super) async fn open<E: Storage + Clock>(context: E, config: JournalConfig) -> Result<Opened<E>, JournalError> {
    config.check()?;
    let numbers = numbers(&context, &config).await?;
    let mut reading = Reading { segments: VecDeque::new(), scan: None, end: None, cut: None };
    for (place, number) in numbers.iter().enumerate() {
        let is_last = place + 1 == numbers.len();
        reading.take(&context, &config, *number, is_last).await?;
    }
    let mut opened = reading.finish(context, config).await?;
    let journal = &mut opened.journal;
    if journal.standing.pending.is_some() {
        journal.abandon_unwinding().await?;
    }
    Ok(opened)
}

/// The segments that there are, ascending and without a gap.
async fn numbers<E: Storage>(context: &E, config: &JournalConfig) -> Result<Vec<u64>, JournalError> {
    let names = match context.scan(&config.partition).await {
        Ok(names) => names,
        Err(RuntimeError::PartitionMissing(_)) => Vec::new(),
        Err(source) => return Err(JournalError::Disk { action: "list its segments", source }),
    };
    let mut numbers = Vec::with_capacity(names.len());
    for name in names {
        let number = name.as_array().copied().map(u64::from_be_bytes);
        numbers.push(number.ok_or_else(|| JournalError::Foreign { name: hex(&name) })?);
    }
    numbers.sort_unstable();
    if numbers.len() > SEGMENTS_MAX {
        return Err(JournalError::TooManySegments { max: SEGMENTS_MAX });
    }
    match numbers.array_windows().find(|[one, other]| one.checked_add(1) != Some(*other)) {
        Some([one, _]) => Err(JournalError::MissingSegment { segment: one.saturating_add(1) }),
        None => Ok(numbers),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What has been read so far.
struct Reading<B> {
    segments: VecDeque<Segment<B>>,
    scan: Option<Scan>,
    /// How the last segment ended.
    end: Option<End>,
    cut: Option<Cut>,
}

impl<B: Blob> Reading<B> {
    async fn take<E: Storage<Blob = B>>(
        &mut self,
        context: &E,
        config: &JournalConfig,
        number: u64,
        is_last: bool,
    ) -> Result<(), JournalError> {
        let opened = context.open(&config.partition, &segment::name(number)).await;
        let (blob, length) = opened.map_err(disk("open a segment"))?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let bytes = segment::read(&blob, 0, length).await.map_err(disk("read a segment"))?;
        let Some(head) = read_head(&bytes, config, number, is_last)? else {
            // It was being made when the node stopped; it is made anew when it is needed.
            drop(blob);
            let removed = context.remove(&config.partition, Some(&segment::name(number))).await;
            return removed.map_err(disk("remove a segment that was never finished"));
        };
        self.check_joint(&head)?;
        let mut scan = self.scan.take().unwrap_or_else(|| Scan {
            group: head.group,
            chain: head.chain,
            standing: head.standing,
            unwindings: Unwindings::default(),
        });
        let end = scan.take_segment(&bytes, &head.salt());
        self.scan = Some(scan);
        self.end = Some(end);
        self.segments.push_back(Segment { blob, head, salt: head.salt() });
        if is_last { self.cut_end(&bytes, config).await } else { Ok(()) }
    }

    /// The segment before must have ended just where this one begins; whatever else stands at its end was synced and is damaged.
    fn check_joint(&self, head: &SegmentHead) -> Result<(), JournalError> {
        let (Some(before), Some(scan), Some(end)) = (self.segments.back(), &self.scan, self.end) else { return Ok(()) };
        if head.group == scan.group && head.chain == scan.chain && head.standing == scan.standing {
            return Ok(());
        }
        let what = end.damage.unwrap_or(Damage::Number { expected: head.group, got: scan.group });
        Err(JournalError::CorruptMiddle { segment: before.head.number, offset: end.offset, what })
    }

    /// Of the last segment: what is not whole is cut, unless something whole follows it.
    async fn cut_end(&mut self, bytes: &[u8], config: &JournalConfig) -> Result<(), JournalError> {
        let (Some(segment), Some(scan), Some(end)) = (self.segments.back(), &self.scan, self.end) else {
            return Ok(());
        };
        let number = segment.head.number;
        let Some(damage) = end.damage else { return self.check_floor(config) };
        if whole_group_after(bytes, end.offset, &segment.salt, scan.group) {
            return Err(JournalError::CorruptMiddle { segment: number, offset: end.offset, what: damage });
        }
        self.check_floor(config)?;
        let torn = written_end(bytes).saturating_sub(end.offset);
        let zeros = vec![0; torn as usize];
        let written = segment.blob.write_at(end.offset, zeros, WriteOptions::SYNC).await;
        written.map_err(disk("cut its torn end"))?;
        self.cut = Some(Cut { segment: number, offset: end.offset, bytes: torn, damage });
        Ok(())
    }

    fn check_floor(&self, config: &JournalConfig) -> Result<(), JournalError> {
        // Of an unwinding that was not closed nothing counts.
        let next =
            self.scan.as_ref().map(|scan| scan.standing.pending.map_or(scan.standing.next, |pending| pending.next));
        match next.filter(|next| *next < config.floor) {
            Some(next) => Err(JournalError::Short { next, floor: config.floor }),
            None => Ok(()),
        }
    }

    async fn finish<E: Storage<Blob = B> + Clock>(
        mut self,
        context: E,
        config: JournalConfig,
    ) -> Result<Opened<E>, JournalError> {
        let (epoch, next) = config.begin;
        let scan = self.scan.take().unwrap_or_else(|| Scan {
            group: 0,
            chain: Sum::default(),
            standing: Standing::beginning(epoch, next),
            unwindings: Unwindings::default(),
        });
        let Scan { group, chain, standing, unwindings } = scan;
        if self.segments.is_empty() {
            if next < config.floor {
                return Err(JournalError::Short { next, floor: config.floor });
            }
            let made = segment::make(&context, &config, 0, group, chain, standing).await;
            self.segments.push_back(made.map_err(disk("make a segment"))?);
        }
        let offset = self.end.map_or(FIRST_GROUP, |end| end.offset);
        let journal = Journal {
            context,
            config,
            segments: self.segments,
            offset,
            group,
            chain,
            standing,
            durable: standing,
            unwindings,
            appended_unwindings: None,
            filling: empty_group(0),
            records: 0,
            stopped: None,
        };
        Ok(Opened { journal, cut: self.cut })
    }
}

/// The header of a segment; `None` for one that was being made when the node stopped: it has none, and nothing behind it.
fn read_head(
    bytes: &[u8],
    config: &JournalConfig,
    number: u64,
    is_last: bool,
) -> Result<Option<SegmentHead>, JournalError> {
    match SegmentHead::from_bytes(bytes) {
        Ok(Ok(head)) if head.exchange != config.exchange => {
            Err(JournalError::Identity { expected: hex(&config.exchange.0), got: hex(&head.exchange.0) })
        }
        Ok(Ok(head)) if head.number == number => Ok(Some(head)),
        Ok(Err(got)) => Err(JournalError::Version { segment: number, expected: VERSION, got }),
        Err(_) if is_last && is_zero(bytes.get(SECTOR_BYTES..).unwrap_or_default()) => Ok(None),
        Ok(Ok(_)) | Err(_) => Err(JournalError::CorruptMiddle { segment: number, offset: 0, what: Damage::Header }),
    }
}
