//! The core stays pure, `unsafe` stays where it was argued for, and nothing unfinished is left behind.

use crate::tokens::{find, tokens};
use crate::tree::Tree;

/// The only folders that may say `unsafe`, each with its argument in its own module docs.
pub const UNSAFE_ALLOWED: [&str; 11] = [
    "harness/report-ring/",
    "harness/engine-adapter/",
    "node/cache-lines/",
    "node/coding-lanes/",
    "guests/keccak/",
    "guests/sha2/",
    "guests/openvm/program/",
    "guests/risc0/program/",
    "guests/sp1/program/",
    "guests/zisk/program/",
    "light/page/",
];

/// Crates of the core that do not begin with both promises.
pub fn check_core(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (manifest, _) in tree.files().filter(|(path, _)| path.starts_with("core/") && path.ends_with("/Cargo.toml")) {
        let root = manifest.replace("Cargo.toml", "src/lib.rs");
        let code = tokens(&root, tree.get(&root).unwrap_or_default()).unwrap_or_default();
        if find(&code, &["#", "!", "[", "no_std", "]"]).is_empty() {
            findings.push(format!("{root} must say #![no_std]: the core runs inside a proof"));
        }
        if find(&code, &["#", "!", "[", "forbid", "(", "unsafe_code", ")", "]"]).is_empty() {
            findings.push(format!("{root} must say #![forbid(unsafe_code)]"));
        }
    }
    findings
}

/// Where `unsafe` is said outside of its few folders, and where something is unfinished or a test is put aside silently.
pub fn check_code(tree: &Tree) -> Vec<String> {
    let rules: [(&[&str], &str); 3] = [
        (&["todo", "!"], "unfinished code; finish it or return a typed error"),
        (&["unimplemented", "!"], "unfinished code; finish it or return a typed error"),
        (&["#", "[", "ignore", "]"], "an ignored test must give its reason"),
    ];
    let mut findings = Vec::new();
    for (path, source) in tree.with_extension("rs") {
        let code = match tokens(path, source) {
            Ok(code) => code,
            Err(finding) => {
                findings.push(finding);
                continue;
            }
        };
        if !UNSAFE_ALLOWED.iter().any(|allowed| path.starts_with(allowed)) {
            for line in find(&code, &["unsafe"]) {
                findings.push(format!("{path}:{line}: unsafe is allowed only in {}", UNSAFE_ALLOWED.join(" and ")));
            }
        }
        for (sequence, why) in rules {
            findings.extend(find(&code, sequence).iter().map(|line| format!("{path}:{line}: {why}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_crate_without_its_promises_is_found() {
        let good = "#![no_std]\n#![forbid(unsafe_code)]\n";
        let sample = |text| check_core(&Tree::of(&[("core/a/Cargo.toml", ""), ("core/a/src/lib.rs", text)])).len();
        assert_eq!((sample(good), sample("#![no_std]"), sample("// #![no_std]")), (0, 1, 2));
        assert_eq!(check_core(&Tree::of(&[("core/a/Cargo.toml", "")])).len(), 2);
    }

    #[test]
    fn unsafe_is_found_outside_its_folders() {
        let code = "fn f() { unsafe { g() } }";
        assert_eq!(check_code(&Tree::of(&[("core/a/src/lib.rs", code)])).len(), 1);
        assert!(check_code(&Tree::of(&[("harness/report-ring/src/lib.rs", code)])).is_empty());
    }

    #[test]
    fn unfinished_code_is_found() {
        let code = "fn f() { todo!() }\nfn g() { unimplemented!(\"later\") }\n#[test]\n#[ignore]\nfn t() {}";
        assert_eq!(check_code(&Tree::of(&[("a.rs", code)])).len(), 3);
        assert!(check_code(&Tree::of(&[("a.rs", "#[ignore = \"ten minutes\"] fn t() {}")])).is_empty());
        assert_eq!(check_code(&Tree::of(&[("a.rs", "fn f( {")])).len(), 1, "what cannot be read is a finding");
    }
}
