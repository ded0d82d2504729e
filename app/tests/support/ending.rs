//! How processes are ended.

use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// Tells a process to end, as whoever runs services does, and waits for that so long at most: how it ended, if it did.
pub fn terminated(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let sent = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().expect("kill runs");
    assert!(sent.success());
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if let Some(status) = child.try_wait().expect("waits") {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(50));
    }
    None
}
