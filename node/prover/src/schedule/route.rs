//! Which worker proves a job, and how.

use super::job::{Entry, Target};
use super::profile::Profiles;
use super::programs::Programs;
use super::worker::{Worker, WorkerId};

/// The most preferred target that is expected to be in time, else the one that is expected first. One that was never
/// measured is expected to be in time, so that it is measured once.
pub(super) fn choose<'a>(
    entry: &Entry,
    idle: impl Iterator<Item = (&'a WorkerId, &'a Worker)>,
    (wanted, programs): (&[Target], &Programs),
    profiles: &Profiles,
    now_ms: u64,
) -> Option<(WorkerId, Target)> {
    let candidates = idle.flat_map(|(id, worker)| {
        let possible = worker
            .targets_of(entry.job.version, wanted, programs)
            .into_iter()
            .filter(|target| !entry.is_excluded(*target));
        possible.map(|target| (*id, target))
    });
    candidates.min_by_key(|(id, target)| {
        let takes = profiles.estimate_ms(*target, entry.job.commands).unwrap_or(0);
        let is_late = now_ms.saturating_add(takes) > entry.job.deadline_ms;
        let preference = wanted.iter().position(|of| of == target);
        // In time, by preference; late, by time.
        (is_late, if is_late { takes } else { 0 }, preference, takes, *id)
    })
}
