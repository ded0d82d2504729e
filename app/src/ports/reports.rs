//! Reports of divergences, as files of the data folder: what somebody needs who was woken by the alarm, and who comes after.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use ashlar_sequencer::{Divergence, OutsideError, Reports};
use ashlar_sync::Finding;
use serde_json::{Value, json};

/// Writes each report into a file of its own.
pub struct Written {
    folder: PathBuf,
}

impl Written {
    /// Into this folder.
    pub const fn into(folder: PathBuf) -> Written {
        Written { folder }
    }
}

impl Reports for Written {
    fn keep(&self, report: &Divergence) -> Result<String, OutsideError> {
        let path = self.folder.join(format!("divergence-{}.json", report.at_ms));
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(format!("{:#}\n", told(report)).as_bytes())?;
            file.sync_all()
        };
        write().map_err(|error: std::io::Error| {
            OutsideError::retry(format!("{} cannot be written: {error}", path.display()))
        })?;
        Ok(path.display().to_string())
    }
}

fn told(report: &Divergence) -> Value {
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    json!({
        "at_ms": report.at_ms,
        "l1_block": report.block.map(|block| json!({
            "number": block.number,
            "hash": alloy::hex::encode_prefixed(block.hash.0),
        })),
        "strategy": report.strategy.word(),
        "first": findings.first(),
        "findings": findings,
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "batch": finding.batch().get(),
        "command": finding.command().map(|command| command.get()),
        "key": finding.key().map(|key| alloy::hex::encode_prefixed(key.to_bytes())),
        "what": finding.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_replica::L1Block;
    use ashlar_sync::Strategy;
    use ashlar_types::{BatchNumber, Sequence};

    #[test]
    fn a_report_names_batch_and_command() {
        let folder = tempfile::tempdir().expect("a folder");
        let (batch, command) = (BatchNumber::new(7), Some(Sequence::new(40)));
        let findings = vec![Finding::Stored { batch, command, what: "altered".to_owned() }];
        let report = Divergence { at_ms: 5, block: Some(L1Block::default()), strategy: Strategy::Halt, findings };
        let place = Written::into(folder.path().to_owned()).keep(&report).expect("written");
        let text = std::fs::read_to_string(&place).expect("read");
        let read: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&read["first"]["batch"], &read["first"]["command"]), (&Value::from(7), &Value::from(40)));
        assert_eq!(read["strategy"], "halt");
    }
}
