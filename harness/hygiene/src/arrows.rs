//! Which crate may depend on which: the table of ARCHITECTURE.md, compared with what Cargo knows.

use crate::markdown::{quoted, rows};
use crate::metadata::Member;

/// The heading of the first column of the table.
pub const FIRST_HEADING: &str = "crate";
/// What the tests of any crate may use.
const HARNESS: &str = "ashlar-harness";

/// Where the workspace and the table disagree.
pub fn check(architecture: &str, members: &[Member]) -> Vec<String> {
    let table: Vec<Row> = rows(architecture, FIRST_HEADING).iter().filter_map(|(_, cells)| Row::read(cells)).collect();
    let mut findings = Vec::new();
    for member in members {
        let name = &member.name;
        let Some(row) = table.iter().find(|row| row.name == *name) else {
            findings.push(format!("{name} has no row in the table of ARCHITECTURE.md: say what it may depend on"));
            continue;
        };
        if !row.here {
            findings.push(format!("{name} exists, but ARCHITECTURE.md calls it `to come`"));
        }
        for dependency in member.dependencies.iter().filter(|dependency| dependency.inside) {
            let to = dependency.name.as_str();
            let allowed = row.may.contains(&to) || (dependency.dev && (to == HARNESS || to == name));
            if !allowed {
                findings.push(format!("{name} depends on {to}, which ARCHITECTURE.md does not allow"));
            }
        }
    }
    for row in table.iter().filter(|row| row.here) {
        if !members.iter().any(|member| member.name == row.name) {
            findings
                .push(format!("ARCHITECTURE.md says that {} is here, but it is no member of the workspace", row.name));
        }
    }
    findings
}

struct Row<'a> {
    name: &'a str,
    here: bool,
    may: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn read(cells: &[&'a str]) -> Option<Self> {
        let [name, state, may, ..] = cells else { return None };
        Some(Self { name: quoted(name).first().copied()?, here: *state == "here", may: quoted(may) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    const TABLE: &str = "| crate | state | may depend on |\n|---|---|---|\n| `a` | here | – |\n| `b` | here | `a` |\n| `c` | to come | `a` |\n";

    fn member(name: &str, to: &[(&str, bool)]) -> Member {
        let dependency = |&(name, dev): &(&str, bool)| Dependency { name: name.into(), inside: true, dev };
        Member { name: name.into(), dependencies: to.iter().map(dependency).collect() }
    }

    #[test]
    fn an_allowed_workspace_has_no_findings() {
        let members = [member("a", &[(HARNESS, true)]), member("b", &[("a", false)])];
        assert!(check(TABLE, &members).is_empty());
    }

    #[test]
    fn an_arrow_that_points_down_is_found() {
        let findings = check(TABLE, &[member("a", &[("b", false)]), member("b", &[])]);
        assert_eq!(findings, ["a depends on b, which ARCHITECTURE.md does not allow"]);
    }

    #[test]
    fn the_harness_serves_tests_only() {
        let findings = check(TABLE, &[member("a", &[(HARNESS, false)]), member("b", &[])]);
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn unknown_missing_and_early_crates_are_found() {
        let findings = check(TABLE, &[member("a", &[]), member("c", &[]), member("d", &[])]);
        assert_eq!(findings.len(), 3, "{findings:?}");
    }
}
