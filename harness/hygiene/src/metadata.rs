//! What Cargo knows about the workspace.

use std::process::Command;

use serde_json::Value;

use crate::tree::root;

/// One direct dependency of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The package it names.
    pub name: String,
    /// Whether it lies in this workspace.
    pub inside: bool,
    /// Whether only tests, examples and benchmarks see it.
    pub dev: bool,
}

/// A crate of the workspace with its direct dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The package's name.
    pub name: String,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
}

/// A package that is fetched, with the licence it declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Name and version.
    pub name: String,
    /// Its licence, an SPDX expression.
    pub licence: Option<String>,
}

/// The members of the workspace.
pub fn members() -> Vec<Member> {
    let metadata = cargo_metadata(&["--no-deps"]).unwrap_or_else(|error| panic!("cargo metadata failed: {error}"));
    packages_of(&metadata).iter().map(member).collect()
}

/// Every package from outside that is built on this machine; those only other systems need are not fetched here. What
/// Cargo says, if some of them were never fetched: building one crate alone does not fetch the needs of the others.
pub fn outside() -> Result<Vec<Package>, String> {
    let host = host();
    let metadata = cargo_metadata(&["--filter-platform", &host])?;
    let outside = |package: &&Value| !package["source"].is_null();
    Ok(packages_of(&metadata).iter().filter(outside).map(package).collect())
}

fn cargo_metadata(arguments: &[&str]) -> Result<Value, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(error.lines().next().unwrap_or("no reason given").to_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).expect("cargo prints JSON"))
}

fn host() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc names its host").to_owned()
}

fn packages_of(metadata: &Value) -> Vec<Value> {
    metadata["packages"].as_array().cloned().expect("cargo metadata lists packages")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn member(package: &Value) -> Member {
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let dependency = |found: &Value| Dependency {
        name: text(&found["name"]),
        inside: !found["path"].is_null(),
        dev: found["kind"] == "dev",
    };
    Member { name: text(&package["name"]), dependencies: dependencies.iter().map(dependency).collect() }
}

fn package(package: &Value) -> Package {
    let name = format!("{} {}", text(&package["name"]), text(&package["version"]));
    Package { name, licence: package["license"].as_str().map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_with_kind_and_place() {
        let sample = serde_json::json!({
            "name": "a", "version": "1.0.0", "license": "MIT",
            "dependencies": [
                { "name": "b", "path": "core/b", "kind": null },
                { "name": "c", "path": null, "kind": "dev" },
            ],
        });
        let read = member(&sample);
        let expected = [
            Dependency { name: "b".into(), inside: true, dev: false },
            Dependency { name: "c".into(), inside: false, dev: true },
        ];
        assert_eq!((read.name.as_str(), read.dependencies.as_slice()), ("a", expected.as_slice()));
        assert_eq!(package(&sample), Package { name: "a 1.0.0".into(), licence: Some("MIT".into()) });
    }
}
