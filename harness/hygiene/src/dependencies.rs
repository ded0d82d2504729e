//! Every crate from outside that a crate of ours names has one row in docs/dependencies.md, and every row a user.

use std::collections::BTreeMap;

use crate::markdown::{quoted, rows};
use crate::metadata::Member;

/// The heading of the first column of the tables.
pub const FIRST_HEADING: &str = "dependency";

/// Dependencies without a row, rows without a dependency, and rows without a reason.
pub fn check(document: &str, members: &[Member]) -> Vec<String> {
    let mut users: BTreeMap<&str, &str> = BTreeMap::new();
    for member in members {
        for dependency in member.dependencies.iter().filter(|dependency| !dependency.inside) {
            users.insert(&dependency.name, &member.name);
        }
    }
    let mut findings = Vec::new();
    let mut listed = Vec::new();
    for (line, cells) in rows(document, FIRST_HEADING) {
        let Some(name) = cells.first().and_then(|cell| quoted(cell).first().copied()) else {
            findings.push(format!("docs/dependencies.md:{line}: the first cell must name the crate in backticks"));
            continue;
        };
        if cells.iter().any(|cell| cell.is_empty()) {
            findings.push(format!("docs/dependencies.md:{line}: {name} has an empty cell; say why it is here"));
        }
        if listed.contains(&name) {
            findings.push(format!("docs/dependencies.md:{line}: {name} is listed twice"));
        }
        if !users.contains_key(name) {
            findings.push(format!("docs/dependencies.md:{line}: nothing depends on {name} any more; remove the row"));
        }
        listed.push(name);
    }
    for (name, user) in users.iter().filter(|(name, _)| !listed.contains(name)) {
        findings.push(format!("{user} depends on {name}, which has no row in docs/dependencies.md"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    fn members(names: &[&str]) -> Vec<Member> {
        let dependency = |name: &&str| Dependency { name: (*name).into(), inside: false, dev: false };
        vec![Member { name: "a".into(), dependencies: names.iter().map(dependency).collect() }]
    }

    #[test]
    fn missing_stale_double_and_empty_rows_are_found() {
        let document = "| dependency | why |\n|---|---|\n| `x` | good |\n| `x` | good |\n| `y` | |\n";
        assert_eq!(check(document, &members(&["x", "y"])).len(), 2, "double, empty");
        assert_eq!(check(document, &members(&["x", "z"])).len(), 4, "double, empty, stale, missing");
        assert!(check("| dependency | why |\n|---|---|\n| `x` | good |\n", &members(&["x"])).is_empty());
    }
}
