//! The machine: processor, memory, files, disk, clock.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::finding::Finding;
use crate::processor;

/// Below this much memory a node with a few markets has no room for its snapshots.
const MEMORY_GIB_MIN: u64 = 2;
/// Sockets and files that a busy node holds open.
const FILES_MIN: u64 = 4_096;
/// Free space that a journal fills in about a day of ten thousand commands a second.
const FREE_GIB_MIN: u64 = 20;
/// Writes whose time is taken.
const SYNCS: usize = 32;
/// A group commit that takes longer makes every answer late.
const SYNC_MAX: Duration = Duration::from_millis(10);
/// The beginning of the year in which this was written; a clock before it was never set.
const CLOCK_SECONDS_MIN: u64 = 1_767_225_600;

/// Everything about it; the disk is that of the folder, or of this one.
pub fn look(folder: Option<&Path>) -> Vec<Finding> {
    let folder = existing(folder.unwrap_or_else(|| Path::new(".")));
    vec![cpu(), cores(), memory(), files(), space(&folder), sync(&folder), clock()]
}

fn cpu() -> Finding {
    match processor::check() {
        Ok(()) => Finding::well("processor", format!("{}: has what this binary was built for", std::env::consts::ARCH)),
        Err(why) => Finding::failed("processor", why, "build it for this processor"),
    }
}

fn cores() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Finding::limit("cores", cores >= 2, format!("{cores}"), "one is the engine's alone; give it at least two")
}

/// A line such as `MemAvailable:   123 kB`, as the system's files have them.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.get(name.len()..)?.split_whitespace().find_map(|word| word.parse().ok())
}

fn memory() -> Finding {
    let Some(kib) = fs::read_to_string("/proc/meminfo").ok().and_then(|text| field(&text, "MemAvailable:")) else {
        return Finding::warning("memory", "the system does not say", "see that 2 GiB are free");
    };
    let (gib, tenths) = (kib >> 20, (kib >> 10) % 1_024 * 10 / 1_024);
    let seen = format!("{gib}.{tenths} GiB available");
    Finding::limit("memory", gib >= MEMORY_GIB_MIN, seen, "a node wants at least 2 GiB; a zkVM prover 16 GiB and more")
}

fn files() -> Finding {
    let Some(most) = fs::read_to_string("/proc/self/limits").ok().and_then(|text| field(&text, "Max open files"))
    else {
        return Finding::well("open files", "the system does not say");
    };
    Finding::limit(
        "open files",
        most >= FILES_MIN,
        format!("{most} at once"),
        "raise it to 4096 or more: ulimit -n 65536",
    )
}

/// The folder, or the nearest one above it that exists.
fn existing(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    absolute.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

fn space(folder: &Path) -> Finding {
    let shown = folder.display();
    let output = Command::new("df").arg("-Pk").arg(folder).output();
    let text = output.ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let free = text.as_deref().and_then(|text| text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok());
    match free {
        Some(kib) => {
            let advice =
                "a journal of ten thousand commands a second fills 20 GiB in about a day; make room, or archive sooner";
            Finding::limit(
                "disk space",
                kib >> 20 >= FREE_GIB_MIN,
                format!("{} GiB free in {shown}", kib >> 20),
                advice,
            )
        }
        None => {
            Finding::warning("disk space", format!("df does not say how much {shown} has"), "see that 20 GiB are free")
        }
    }
}

/// Writes as the journal does and takes the time. What the median does not show, a node's own figures do.
fn sync(folder: &Path) -> Finding {
    match syncs(folder) {
        Ok(mut times) => {
            times.sort();
            let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
            let seen =
                format!("{} µs in the middle, {} µs at worst, of {SYNCS}", median.as_micros(), worst.as_micros());
            let advice =
                "no answer leaves before its commands are on disk; take a faster disk, or one with a safe write cache";
            Finding::limit("disk sync", median <= SYNC_MAX, seen, advice)
        }
        Err(why) => {
            let seen = format!("{} cannot be written to durably: {why}", folder.display());
            Finding::failed("disk sync", seen, "repair the disk, or keep the data elsewhere: node.data")
        }
    }
}

/// Writes a block and syncs it, again and again; how long each took.
pub fn syncs(folder: &Path) -> std::io::Result<Vec<Duration>> {
    let path = folder.join(format!(".ashlar-doctor-{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    let mut write = || -> std::io::Result<Duration> {
        let begun = Instant::now();
        file.write_all(&[7; 4_096])?;
        file.sync_data()?;
        Ok(begun.elapsed())
    };
    let times = (0..SYNCS).map(|_| write()).collect();
    fs::remove_file(&path)?;
    times
}

fn clock() -> Finding {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if seconds < CLOCK_SECONDS_MIN {
        return Finding::failed("clock", format!("{seconds} s since 1970"), "set it, and keep it set: NTP");
    }
    Finding::well("clock", format!("{seconds} s since 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;

    #[test]
    fn fields_are_read_by_their_names() {
        let text = "MemTotal:  9 kB\nMemAvailable:    4194304 kB\nMax open files            1024                 4096     files\n";
        assert_eq!(field(text, "MemAvailable:"), Some(4_194_304));
        assert_eq!(field(text, "Max open files"), Some(1_024));
        assert_eq!(field(text, "Absent"), None);
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_a_failure_and_leaves_nothing() {
        let folder = std::env::temp_dir();
        assert_ne!(sync(&folder).state, State::Failed);
        assert!(!folder.join(format!(".ashlar-doctor-{}", std::process::id())).exists());
        assert_eq!(sync(Path::new("/proc")).state, State::Failed);
        assert_eq!(existing(&folder.join("not/there")), std::path::absolute(&folder).expect("a path"));
    }
}
