//! The licences under which the project may be distributed with what it is built from.

use crate::metadata::Package;

/// Permissive licences: they ask for a notice, and for nothing of our own source.
pub const ALLOWED: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Packages under other licences, accepted for the embedded L1 alone, which a build can leave out (docs/adr/0021-embedded-l1.md).
pub const EXCEPTED: [(&str, &str); 5] = [
    ("fastrlp", "MPL-2.0"),
    ("malachite", "LGPL-3.0-only"),
    ("malachite-base", "LGPL-3.0-only"),
    ("malachite-nz", "LGPL-3.0-only"),
    ("malachite-q", "LGPL-3.0-only"),
];

/// Packages whose licence is missing or leaves no allowed choice.
pub fn check(packages: &[Package]) -> Vec<String> {
    let finding = |package: &Package| match &package.licence {
        None => Some(format!("{} declares no licence", package.name)),
        Some(licence) if !is_allowed(licence) && !is_excepted(&package.name, licence) => {
            Some(format!("{} is under {licence}, which is not allowed", package.name))
        }
        Some(_) => None,
    };
    packages.iter().filter_map(finding).collect()
}

/// Whether a package, its version behind its name, is accepted under this very licence.
fn is_excepted(package: &str, licence: &str) -> bool {
    let name = package.split(' ').next().unwrap_or_default();
    EXCEPTED.contains(&(name, licence))
}

/// Whether an SPDX expression can be satisfied by allowed licences alone. A slash is how old manifests wrote OR.
pub fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest) == Some(true) && rest.is_empty()
}

// Each of these reads the part of an expression it is named after; nothing is said of one that is malformed.

fn any(rest: &mut &[&str]) -> Option<bool> {
    let mut allowed = all(rest)?;
    while take(rest, "OR") {
        allowed |= all(rest)?;
    }
    Some(allowed)
}

fn all(rest: &mut &[&str]) -> Option<bool> {
    let mut allowed = one(rest)?;
    while take(rest, "AND") {
        allowed &= one(rest)?;
    }
    Some(allowed)
}

fn one(rest: &mut &[&str]) -> Option<bool> {
    if take(rest, "(") {
        let allowed = any(rest)?;
        return take(rest, ")").then_some(allowed);
    }
    let (name, after) = rest.split_first()?;
    *rest = after;
    if take(rest, "WITH") {
        let (exception, after) = rest.split_first()?;
        *rest = after;
        return Some(ALLOWED.contains(&format!("{name} WITH {exception}").as_str()));
    }
    Some(ALLOWED.contains(name))
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    match rest.split_first() {
        Some((first, after)) if *first == word => {
            *rest = after;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        for good in [
            "MIT",
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "MIT OR", "(MIT", "", "GPL-2.0 WITH LLVM-exception", "MIT MIT"] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn a_package_without_a_licence_is_found() {
        assert_eq!(check(&[Package { name: "a 1.0.0".into(), licence: None }]).len(), 1);
        assert_eq!(check(&[Package { name: "a 1.0.0".into(), licence: Some("LGPL-3.0".into()) }]).len(), 1);
    }

    #[test]
    fn an_exception_holds_for_one_package_and_one_licence() {
        let found =
            |name: &str, licence: &str| check(&[Package { name: name.into(), licence: Some(licence.into()) }]).len();
        assert_eq!(found("malachite 0.6.1", "LGPL-3.0-only"), 0);
        assert_eq!(found("malachite 0.6.1", "GPL-3.0-only"), 1);
        assert_eq!(found("malachite-float 0.6.1", "LGPL-3.0-only"), 1);
    }
}
