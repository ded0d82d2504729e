//! The binary, as a person runs it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// What a run of the binary gave.
pub struct Ran {
    pub code: Option<i32>,
    pub lines: Vec<Value>,
    pub out: String,
    pub errors: String,
}

pub fn ashlar<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> Ran {
    ashlar_with(None, arguments)
}

/// The same with a variable of the environment.
pub fn ashlar_with<A: Into<OsString>>(variable: Option<(&str, &str)>, arguments: impl IntoIterator<Item = A>) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(arguments.into_iter().map(Into::into))
        .env_remove("ASHLAR_L1")
        .env_remove("ASHLAR_DEPLOYMENT")
        .envs(variable)
        .output()
        .expect("runs");
    ran(&output)
}

fn ran(output: &Output) -> Ran {
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Ran { code: output.status.code(), lines, out, errors: String::from_utf8_lossy(&output.stderr).into_owned() }
}

impl Ran {
    /// The lines of a run that must succeed.
    #[track_caller]
    pub fn done(self) -> Vec<Value> {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.errors);
        self.lines
    }

    /// The sentence of a run that must be refused, having sent nothing.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.errors);
        assert!(self.lines.iter().all(|line| line["transaction"].is_null()), "something was sent: {}", self.out);
        let last = self.errors.lines().last().unwrap_or_default().to_owned();
        assert!(last.starts_with("ashlar: ") && last.len() < 420, "one sentence: {}", self.errors);
        last
    }
}

/// A folder that is gone afterwards.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ashlar-l1-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).expect("made");
        Folder(path)
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
