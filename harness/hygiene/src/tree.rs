//! The text files of the repository that git tracks.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Text files by their path from the root, with `/` between the parts.
#[derive(Debug, Default)]
pub struct Tree {
    files: Vec<(String, String)>,
    /// Paths of files that have no text.
    others: Vec<String>,
}

impl Tree {
    /// What git tracks of the repository this crate is built from. Files that are not UTF-8 have no text to check.
    pub fn tracked() -> Self {
        let root = root();
        let output = Command::new("git").args(["ls-files", "-z"]).current_dir(&root).output();
        let output = output.expect("git must be installed: the rules are about the files it tracks");
        assert!(output.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&output.stderr));
        let names = String::from_utf8(output.stdout).expect("paths of the project are UTF-8");
        let (mut files, mut others) = (Vec::new(), Vec::new());
        for name in names.split_terminator('\0') {
            match std::fs::read_to_string(root.join(name)) {
                Ok(text) => files.push((name.to_owned(), text)),
                Err(_) => others.push(name.to_owned()),
            }
        }
        Self { files, others }
    }

    /// A tree made of samples, for showing that a rule can fail.
    pub fn of(samples: &[(&str, &str)]) -> Self {
        Self {
            files: samples.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect(),
            others: Vec::new(),
        }
    }

    /// Every path with its text.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files whose path ends with `.extension`.
    pub fn with_extension(&self, extension: &'static str) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |(path, _)| Path::new(path).extension().is_some_and(|found| found == extension))
    }

    /// The text of one file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files().find(|(found, _)| *found == path).map(|(_, text)| text)
    }

    /// Whether a tracked file has this path, or lies in a folder that has it.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let mut all = self.files().map(|(found, _)| found).chain(self.others.iter().map(String::as_str));
        all.any(|found| found.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

/// The folder that holds the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("this crate lies two folders below the root").to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_its_files() {
        let tree = Tree::of(&[("docs/spec/keys.md", "")]);
        assert!(tree.has("docs/spec/keys.md") && tree.has("docs/spec") && tree.has("docs/"));
        assert!(!tree.has("docs/sp"));
    }

    #[test]
    fn the_repository_tracks_this_file() {
        assert!(Tree::tracked().has("harness/hygiene/src/tree.rs") || !root().join(".git").exists());
    }
}
