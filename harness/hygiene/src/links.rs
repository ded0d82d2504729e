//! Links between the documents lead somewhere.

use crate::markdown::prose;
use crate::tree::Tree;

/// Links to files of the repository that are not there.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension("md") {
        for (line, content) in prose(text) {
            for target in targets(content) {
                let file = resolve(path, target);
                if !file.is_empty() && !tree.has(&file) {
                    findings.push(format!("{path}:{line}: the link to {target} leads nowhere"));
                }
            }
        }
    }
    findings
}

/// What stands in the round brackets of each link, unless it leads out of the repository.
fn targets(line: &str) -> Vec<&str> {
    let after = line.split("](").skip(1);
    let target = after.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    target.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

/// The path from the root that a link in `from` means.
fn resolve(from: &str, target: &str) -> String {
    let target = target.split('#').next().unwrap_or_default();
    if target.is_empty() {
        return String::new();
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dangling_link_is_found() {
        let sample = |text| check(&Tree::of(&[("docs/a.md", text), ("README.md", ""), ("docs/spec/k.md", "")])).len();
        assert_eq!(sample("[x](../README.md#top), [y](spec/k.md), [z](spec), [w](#here), [v](https://example.org)"), 0);
        assert_eq!(sample("[x](spec/none.md) and [y](README.md)"), 2);
        assert_eq!(sample("```\n[x](spec/none.md)\n```"), 0);
    }
}
