//! The requirement map: every requirement of the first milestone once, and what is said to be built, shown.

use crate::markdown::{quoted, rows};
use crate::tokens::{defines_function, tokens};
use crate::tree::Tree;

/// Where the map is.
pub const MAP: &str = "docs/requirements.md";
/// The requirements of the first milestone: a letter and how many there are of it.
pub const MILESTONE: [(&str, usize); 7] = [("T", 8), ("P", 6), ("L", 7), ("D", 5), ("S", 5), ("Q", 7), ("V", 2)];

/// Ids that are missing, double or unknown, and rows that do not hold what they say.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    let map = tree.get(MAP).unwrap_or_default();
    let rows = rows(map, "id");
    let expected: Vec<String> =
        MILESTONE.iter().flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n}"))).collect();
    for id in &expected {
        let times = rows.iter().filter(|(_, cells)| cells.first() == Some(&id.as_str())).count();
        if times != 1 {
            findings.push(format!("{MAP}: {id} has {times} rows; it needs exactly one"));
        }
    }
    for (line, cells) in &rows {
        let [id, _, state, code, shown] = cells.as_slice() else {
            findings.push(format!("{MAP}:{line}: a row is id, requirement, state, code, shown by"));
            continue;
        };
        if !expected.iter().any(|known| known == id) {
            findings.push(format!("{MAP}:{line}: {id} is no requirement of the first milestone"));
        }
        let (code, shown) = (quoted(code), quoted(shown));
        match *state {
            "built" | "partly" if code.is_empty() || shown.is_empty() => {
                findings.push(format!("{MAP}:{line}: {id} is said to be {state}; name its code and what shows it"));
            }
            "not yet" if !code.is_empty() || !shown.is_empty() => {
                findings.push(format!("{MAP}:{line}: {id} is said to be not yet built, but names code or tests"));
            }
            "built" | "partly" | "not yet" => {}
            _ => findings.push(format!("{MAP}:{line}: `{state}` is not built, partly or not yet")),
        }
        for pointer in code.iter().chain(&shown) {
            findings.extend(broken(tree, pointer).map(|what| format!("{MAP}:{line}: {id}: {what}")));
        }
    }
    findings
}

/// What is wrong with `path` or `path::test`.
fn broken(tree: &Tree, pointer: &str) -> Option<String> {
    let (path, test) = pointer.split_once("::").map_or((pointer, None), |(path, test)| (path, Some(test)));
    if !tree.has(path) {
        return Some(format!("there is no {path}"));
    }
    let test = test?;
    let code = tokens(path, tree.get(path).unwrap_or_default()).unwrap_or_default();
    (!defines_function(&code, test)).then(|| format!("{path} has no test {test}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(row: &str) -> Vec<String> {
        let rest: Vec<String> = MILESTONE
            .iter()
            .flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n}")))
            .filter(|id| id != "T1")
            .map(|id| format!("| {id} | x | not yet | – | – |\n"))
            .collect();
        let map =
            format!("| id | requirement | state | code | shown by |\n|---|---|---|---|---|\n{}{row}\n", rest.concat());
        check(&Tree::of(&[(MAP, &map), ("core/a/src/lib.rs", "#[test] fn shows() {}")]))
    }

    #[test]
    fn a_true_row_has_no_findings() {
        let row = "| T1 | x | built | `core/a` | `core/a/src/lib.rs::shows` |";
        assert!(findings(row).is_empty());
    }

    #[test]
    fn every_lie_is_found() {
        for row in [
            "",
            "| T1 | x | not yet | – | – |\n| T1 | x | not yet | – | – |",
            "| T1 | x | built | – | – |",
            "| T1 | x | built | `core/b` | `core/a/src/lib.rs::shows` |",
            "| T1 | x | partly | `core/a` | `core/a/src/lib.rs::hides` |",
            "| T1 | x | not yet | `core/a` | – |",
            "| T1 | x | nearly | – | – |",
            "| T1 | x | not yet |",
        ] {
            assert_eq!(findings(row).len(), 1, "{row}");
        }
        assert_eq!(findings("| T1 | x | not yet | – | – |\n| Z9 | x | not yet | – | – |").len(), 1);
    }
}
