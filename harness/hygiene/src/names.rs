//! Names that say nothing, marks of unfinished work, and paths of somebody's machine.

use crate::tokens::tokens;
use crate::tree::Tree;

/// A module is named after what it is about; these names fit anything.
const EMPTY_NAMES: [&str; 8] = ["utils", "util", "common", "commons", "misc", "helpers", "helper", "stuff"];
/// Joined at compile time, so that this file does not contain what it forbids.
const MARKS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const MACHINE_PATHS: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/tm", "p/"), concat!("/wo", "rk/")];

/// Files, folders and inline modules of Rust code with an empty name.
pub fn check_names(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, source) in tree.with_extension("rs") {
        if let Some(part) = path.split('/').find(|part| is_empty_name(part.trim_end_matches(".rs"))) {
            findings.push(format!("{path}: `{part}` says nothing; name what it holds"));
        }
        let code = tokens(path, source).unwrap_or_default();
        for pair in code.windows(2) {
            if let [keyword, name] = pair
                && keyword.text == "mod"
                && is_empty_name(&name.text)
            {
                findings.push(format!("{path}:{}: mod `{}` says nothing; name what it holds", name.line, name.text));
            }
        }
    }
    findings
}

/// Marks of unfinished work and paths of a machine, in any text file but a lock file.
pub fn check_words(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| !path.ends_with(".lock")) {
        for (index, line) in text.lines().enumerate() {
            let at = index + 1;
            if let Some(mark) = MARKS.iter().find(|mark| has_word(line, mark)) {
                findings.push(format!("{path}:{at}: {mark}: finish it, or write an issue"));
            }
            if let Some(machine) = MACHINE_PATHS.iter().find(|machine| has_absolute(line, machine)) {
                findings.push(format!("{path}:{at}: {machine} is a path of some machine"));
            }
        }
    }
    findings
}

fn is_empty_name(name: &str) -> bool {
    EMPTY_NAMES.contains(&name)
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}

/// Whether the path stands there as an absolute one: nothing before it belongs to a longer path.
fn has_absolute(line: &str, path: &str) -> bool {
    let part_of_path = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '}' | ')');
    line.match_indices(path).any(|(at, _)| !line[..at].ends_with(part_of_path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_names_are_found() {
        for path in ["core/a/src/utils.rs", "core/a/src/common/fees.rs", "harness/helpers/src/lib.rs"] {
            assert_eq!(check_names(&Tree::of(&[(path, "")])).len(), 1, "{path}");
        }
        assert_eq!(check_names(&Tree::of(&[("a.rs", "mod misc { }")])).len(), 1);
        assert!(check_names(&Tree::of(&[("core/a/src/commonware.rs", "// mod misc")])).is_empty());
    }

    #[test]
    fn marks_and_machine_paths_are_found() {
        let line = |text: &str| check_words(&Tree::of(&[("a.md", text)])).len();
        for path in MACHINE_PATHS {
            assert_eq!(line(&format!("see {path}file")), 1);
            assert_eq!(line(&format!("see docs{path}file")), 0);
        }
        for mark in MARKS {
            assert_eq!(line(&format!("// {mark}: later")), 1);
        }
    }
}
