//! The rules of the house, applied to the repository.

use ashlar_hygiene::tree::Tree;
use ashlar_hygiene::{
    arrows, changelog, dependencies, licences, links, metadata, names, purity, requirements, size, spec,
};

#[track_caller]
fn clean(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

fn text(path: &str) -> String {
    Tree::tracked().get(path).unwrap_or_else(|| panic!("{path} must exist")).to_owned()
}

#[test]
fn crates_depend_only_on_what_the_architecture_allows() {
    clean(arrows::check(&text("ARCHITECTURE.md"), &metadata::members()));
}

#[test]
fn every_dependency_says_why_it_is_here() {
    clean(dependencies::check(&text("docs/dependencies.md"), &metadata::members()));
}

#[test]
fn every_licence_is_allowed() {
    let packages = match metadata::outside() {
        Ok(packages) => packages,
        Err(error) => return println!("skipped: licences: {error}; `cargo fetch` helps"),
    };
    assert!(!packages.is_empty(), "a check of nothing would always pass");
    clean(licences::check(&packages));
}

#[test]
fn the_core_is_no_std_and_forbids_unsafe() {
    clean(purity::check_core(&Tree::tracked()));
}

#[test]
fn no_code_is_unsafe_or_unfinished() {
    clean(purity::check_code(&Tree::tracked()));
}

#[test]
fn names_say_something() {
    clean(names::check_names(&Tree::tracked()));
}

#[test]
fn no_marks_and_no_machine_paths() {
    clean(names::check_words(&Tree::tracked()));
}

#[test]
fn no_file_is_too_long() {
    clean(size::check(&Tree::tracked()));
}

#[test]
fn the_requirement_map_is_true() {
    clean(requirements::check(&Tree::tracked()));
}

#[test]
fn the_rules_of_the_spec_are_unique_and_citations_exist() {
    clean(spec::check(&Tree::tracked()));
}

#[test]
fn links_lead_somewhere() {
    clean(links::check(&Tree::tracked()));
}

#[test]
fn the_changelog_has_an_unreleased_section() {
    clean(changelog::check(&text("CHANGELOG.md")));
}
