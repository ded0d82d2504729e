//! The numbered rules of docs/spec: each is defined once, and each that is cited exists.

use std::collections::BTreeMap;

use crate::tree::Tree;

const FOLDER: &str = "docs/spec/";

/// Rules defined twice, and citations of rules that are not there.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    let mut defined: BTreeMap<&str, String> = BTreeMap::new();
    for (path, text) in tree.files().filter(|(path, _)| path.starts_with(FOLDER)) {
        for (index, line) in text.lines().enumerate() {
            let Some(id) = definition(line) else { continue };
            let at = format!("{path}:{}", index + 1);
            if let Some(first) = defined.get(id) {
                findings.push(format!("{at}: rule {id} is already defined at {first}"));
            } else {
                defined.insert(id, at);
            }
        }
    }
    for (path, text) in tree.files() {
        let inside = path.starts_with(FOLDER);
        for (index, line) in text.lines().enumerate() {
            let cited = if inside { ids(line) } else { citations(line) };
            for id in cited.iter().filter(|id| !defined.contains_key(**id)) {
                findings.push(format!("{path}:{}: there is no rule {id} in {FOLDER}", index + 1));
            }
        }
    }
    findings
}

/// The rule that a line defines: it begins in bold with the id, as an entry of a list or on its own.
fn definition(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let bold = line.strip_prefix("- ").unwrap_or(line).strip_prefix("**")?;
    let id = bold.split(|c: char| c.is_whitespace() || c == '*').next()?;
    is_id(id).then_some(id)
}

/// The rules named after the word SPEC: `SPEC M-1`, `SPEC M-1, M-2 and M-3`, `SPEC M-1 to M-3`.
fn citations(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("SPEC ") {
        for written in line[at..].split_whitespace().skip(1) {
            let word = written.trim_matches(|c: char| !c.is_alphanumeric());
            match word {
                "and" | "or" | "to" => continue,
                word if is_id(word) => found.push(word),
                _ => break,
            }
            if written.ends_with(['.', ')', ';', ':']) {
                break;
            }
        }
    }
    found
}

/// Every word of a line that has the form of a rule's id.
fn ids(line: &str) -> Vec<&str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| is_id(word)).collect()
}

/// One capital letter, a hyphen, a number.
fn is_id(word: &str) -> bool {
    let mut parts = word.splitn(2, '-');
    let letter = parts.next().is_some_and(|part| part.len() == 1 && part.chars().all(|c| c.is_ascii_uppercase()));
    let number = parts.next().is_some_and(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()));
    letter && number
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "- **M-1** First.\n**M-2 (second).** As M-1 says, with SHA-256.\n";

    #[test]
    fn good_citations_have_no_findings() {
        let code = "/// (SPEC M-1, M-2). A-1 is not cited.\n// SPEC M-1 to M-2: both\n";
        let tree = Tree::of(&[("docs/spec/matching.md", RULES), ("a.rs", code)]);
        assert!(check(&tree).is_empty());
    }

    #[test]
    fn double_rules_and_dangling_citations_are_found() {
        let double = Tree::of(&[("docs/spec/a.md", RULES), ("docs/spec/b.md", "- **M-2** Again.")]);
        assert_eq!(check(&double), ["docs/spec/b.md:1: rule M-2 is already defined at docs/spec/a.md:2"]);
        let dangling = Tree::of(&[("docs/spec/a.md", RULES), ("a.rs", "/// SPEC M-1 and M-9.")]);
        assert_eq!(check(&dangling), ["a.rs:1: there is no rule M-9 in docs/spec/"]);
        assert_eq!(check(&Tree::of(&[("docs/spec/a.md", "- **M-1** See M-7.")])).len(), 1);
    }
}
