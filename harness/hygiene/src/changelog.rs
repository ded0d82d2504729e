//! What a user sees changing is written down before it is released.

/// What is wrong with the changelog.
pub fn check(changelog: &str) -> Vec<String> {
    let heads: Vec<&str> = changelog.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    match heads.first() {
        Some(first) if first.trim_matches(['[', ']']) == "Unreleased" => Vec::new(),
        Some(first) => vec![format!("CHANGELOG.md: the first section is `{first}`, not Unreleased")],
        None => vec!["CHANGELOG.md: there is no section Unreleased".into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changelog_without_unreleased_is_found() {
        assert!(check("# Changelog\n\n## Unreleased\n\n- It exists.\n\n## 0.1.0\n").is_empty());
        assert_eq!(check("# Changelog\n\n## 0.1.0\n").len(), 1);
        assert_eq!(check("").len(), 1);
    }
}
