use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits::AUDIT_MAX;

/// One line of the audit log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuditLine {
    /// When, in milliseconds since 1970.
    pub time: u64,
    /// From which address.
    pub from: String,
    /// What was asked for.
    pub act: String,
    /// `asked`, `done: …` or `refused: …`.
    pub outcome: String,
}

/// The audit log: a file that is only ever appended to, and its last lines.
#[derive(Debug)]
pub struct Audit(Mutex<(File, VecDeque<AuditLine>)>);

impl Audit {
    /// The log in a file.
    pub fn open(path: &Path) -> io::Result<Audit> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        Ok(Audit(Mutex::new((file, VecDeque::new()))))
    }

    /// Writes a line. What cannot be written must not be done.
    pub fn write(&self, from: IpAddr, act: &str, outcome: String) -> io::Result<()> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let line = AuditLine { time, from: from.to_string(), act: act.into(), outcome };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0.write_all(text.as_bytes())?;
        kept.0.sync_data()?;
        if kept.1.len() == AUDIT_MAX {
            kept.1.pop_front();
        }
        kept.1.push_back(line);
        Ok(())
    }

    /// The last lines since the start, latest first.
    pub fn last(&self) -> Vec<AuditLine> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.iter().rev().cloned().collect()
    }
}
