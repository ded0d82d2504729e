//! A disk that is full, and one that can only be read: real ones, by the system's own words.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::parts::{Acknowledged, Folder, PATIENCE, Running, is_whole, replayed, trade, trader};
use super::ports;

/// A small disk in memory, for as long as this lives.
struct Disk(PathBuf);

impl Disk {
    /// Nothing, where whoever runs this may not mount.
    fn mount(at: PathBuf) -> Option<Disk> {
        std::fs::create_dir_all(&at).expect("made");
        mount(&["-t", "tmpfs", "-o", "size=64m", "none"], &at).then_some(Disk(at))
    }

    fn is_read_only(&self, read_only: bool) {
        let how = if read_only { "remount,ro" } else { "remount,rw" };
        assert!(mount(&["-o", how], &self.0), "{how}");
    }

    /// Leaves no room.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = File::create(&path).expect("made");
        while file.write_all(&[7; 4_096]).is_ok() {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

fn mount(how: &[&str], at: &Path) -> bool {
    Command::new("mount").args(how).arg(at).output().is_ok_and(|output| output.status.success())
}

/// Waits until a node that cannot go on has ended, and gives what it said.
fn ended(mut node: Running) -> String {
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = node.child.try_wait().expect("asked") {
            break status;
        }
        assert!(begun.elapsed() < PATIENCE, "it goes on: {}", node.log());
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(1), "{}", node.log());
    node.log()
}

#[test]
fn a_full_disk_and_one_that_can_only_be_read_are_told_and_lose_nothing() {
    let folder = Folder::new("disk");
    let Some(disk) = Disk::mount(folder.0.join("disk")) else {
        println!("skipped: disk: a disk in memory cannot be mounted here; run as root");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(story(&folder, &disk));
}

async fn story(folder: &Folder, disk: &Disk) {
    let (data, api) = (disk.0.join("data"), ports::free());
    let mut node = Running::start(folder, &data, api);
    let mut trader = trader(&node).await;
    let mut gateway = node.gateway().await;
    let mut acknowledged = Acknowledged::new();
    let some = trade(&mut gateway, &mut trader, &mut acknowledged);
    assert!(tokio::time::timeout(Duration::from_millis(500), some).await.is_err(), "{}", node.log());
    let filler = disk.fill();
    // Whoever still trades is answered as long as there is room within what was written already, and then no more.
    let more = async { trade(&mut gateway, &mut trader, &mut acknowledged).await };
    tokio::time::timeout(PATIENCE, more).await.expect("the gateway ends with the node");
    let said = ended(node);
    assert!(said.contains("No space left on device") && said.contains("start again"), "{said}");

    // Where nothing was made room, the next start says the same and harms nothing.
    let said = ended(Running::start(folder, &data, api));
    assert!(said.contains("No space left on device"), "{said}");
    std::fs::remove_file(filler).expect("removed");
    disk.is_read_only(true);
    let said = ended(Running::start(folder, &data, api));
    assert!(said.contains("Read-only file system"), "{said}");
    disk.is_read_only(false);

    let mut node = Running::start(folder, &data, api);
    let mut gateway = node.gateway().await;
    is_whole(&mut gateway, &acknowledged, "after the disk was repaired").await;
    let last = acknowledged.iter().map(|(_, answer)| answer.first.get()).max().expect("some");
    node.until(&format!("/v1/commands/{last}/batch"), |batch| batch["stage"] == "final").await;
    node.kill();
    assert!(replayed(&data) > last, "an uninterrupted replay has all of it");
}
