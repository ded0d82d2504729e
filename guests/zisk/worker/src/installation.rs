//! Where ZisK's tool and its proving key are on this machine, and what to say where they are not.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The name of ZisK's program that proves and verifies.
const TOOL: &str = "cargo-zisk";
/// A file of every proving key, by which its folder is known.
const KEY_FILE: &str = "pilout.globalInfo.json";
/// The release for whose machine the guest is laid out.
pub const RELEASE: &str = "1.4.0-alpha";

/// Places to look at. They are looked at anew for each question, so what is installed meanwhile is found.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The first of them that is a program is the tool.
    tools: Vec<PathBuf>,
    key: PathBuf,
}

/// What it takes to prove.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tools {
    pub tool: PathBuf,
    pub key: PathBuf,
}

impl fmt::Display for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with the key {}", self.tool.display(), self.key.display())
    }
}

/// What is not here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// No program at any of these places.
    Tool(Vec<PathBuf>),
    /// No key in this folder.
    Key(PathBuf),
    /// Neither.
    Both(Vec<PathBuf>, PathBuf),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Tool(looked) | Self::Both(looked, _) = self {
            // A long PATH would hide what comes behind it.
            const SHOWN: usize = 3;
            let shown: Vec<_> = looked.iter().take(SHOWN).map(|path| path.display().to_string()).collect();
            let more = if looked.len() > SHOWN { " and the rest of the PATH" } else { "" };
            write!(f, "no program {TOOL} at {}{more}; ", shown.join(", "))?;
        }
        if let Self::Key(folder) | Self::Both(_, folder) = self {
            write!(f, "no proving key in {}, which would hold {KEY_FILE}; ", folder.display())?;
        }
        write!(
            f,
            "`ziskup --version {RELEASE} --provingkey` installs both (https://github.com/0xPolygonHermez/zisk), --tool FILE and --proving-key DIR name them \
             elsewhere"
        )
    }
}

impl std::error::Error for Missing {}

impl Installation {
    /// Where the options say, or else where ZisK's installer puts things.
    pub fn new(
        tool: Option<PathBuf>,
        key: Option<PathBuf>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Installation {
        let in_home = || variable("HOME").map(|home| Path::new(&home).join(".zisk"));
        let home = variable("ZISK_HOME").map(PathBuf::from).or_else(in_home).unwrap_or_else(|| PathBuf::from(".zisk"));
        let on_path = |path: OsString| std::env::split_paths(&path).map(|folder| folder.join(TOOL)).collect::<Vec<_>>();
        let tools = tool.map(|tool| vec![tool]).unwrap_or_else(|| {
            let installed = home.join("bin").join(TOOL);
            [installed].into_iter().chain(variable("PATH").map(on_path).unwrap_or_default()).collect()
        });
        Installation { tools, key: key.unwrap_or_else(|| home.join("provingKey")) }
    }

    /// What proves.
    pub fn to_prove(&self) -> Result<Tools, Missing> {
        // The tool runs in a folder of its own, so both are named from the root.
        let key = fs::canonicalize(&self.key).ok().filter(|key| key.join(KEY_FILE).is_file());
        match (self.to_verify(), key) {
            (Ok(tool), Some(key)) => Ok(Tools { tool, key }),
            (Ok(_), None) => Err(Missing::Key(self.key.clone())),
            (Err(_), None) => Err(Missing::Both(self.tools.clone(), self.key.clone())),
            (Err(missing), Some(_)) => Err(missing),
        }
    }

    /// What verifies, which needs no key.
    pub fn to_verify(&self) -> Result<PathBuf, Missing> {
        let is_program = |path: &&PathBuf| {
            fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
        };
        let found = self.tools.iter().find(is_program).and_then(|path| fs::canonicalize(path).ok());
        found.ok_or_else(|| Missing::Tool(self.tools.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    fn program(path: &Path, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_is_there_is_found_and_what_is_not_is_named() {
        let folder = Folder::new(&fs::canonicalize(std::env::temp_dir()).unwrap()).unwrap();
        let at = |name: &str| folder.path().join(name);
        let look = |tool, key| {
            Installation::new(tool, key, |name| match name {
                "HOME" => Some(at("home").into()),
                "PATH" => std::env::join_paths([at("a"), at("b")]).ok(),
                _ => None,
            })
        };
        let (installed, key) = (at("home/.zisk/bin/cargo-zisk"), at("home/.zisk/provingKey"));
        let looked = vec![installed.clone(), at("a/cargo-zisk"), at("b/cargo-zisk")];
        assert_eq!(look(None, None).to_prove(), Err(Missing::Both(looked.clone(), key.clone())));
        let text = Missing::Both(looked.clone(), key.clone()).to_string();
        for word in [installed.to_str().unwrap(), key.to_str().unwrap(), "ziskup", RELEASE, "--tool", KEY_FILE] {
            assert!(text.contains(word), "{text} has not {word}");
        }

        program(&at("b/cargo-zisk"), 0o755);
        program(&at("a/cargo-zisk"), 0o644);
        assert_eq!(look(None, None).to_verify(), Ok(at("b/cargo-zisk")), "what nobody may run is no program");
        assert_eq!(look(None, None).to_prove(), Err(Missing::Key(key.clone())));
        fs::create_dir_all(&key).unwrap();
        assert_eq!(look(None, None).to_prove(), Err(Missing::Key(key.clone())), "an empty folder is no key");
        fs::write(key.join(KEY_FILE), "{}").unwrap();
        assert_eq!(look(None, None).to_prove(), Ok(Tools { tool: at("b/cargo-zisk"), key: key.clone() }));
        program(&installed, 0o755);
        assert_eq!(look(None, None).to_verify(), Ok(installed), "what was installed goes before the PATH");
        let nowhere = at("nowhere");
        assert_eq!(look(Some(nowhere.clone()), None).to_prove(), Err(Missing::Tool(vec![nowhere.clone()])));
        assert_eq!(look(None, Some(nowhere.clone())).to_prove(), Err(Missing::Key(nowhere)));
    }
}
