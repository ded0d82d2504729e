//! Who may connect to a coordinator: tokens, in files that nobody else can read.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use ashlar_prover::{Member, Role};
use ashlar_prover_wire::Token;

use crate::secrets;

/// Bytes of such a file that are read.
const FILE_BYTES_MAX: u64 = 1 << 16;

/// The token in a file; a new one if there is no such file yet.
pub fn load_or_make_token(path: &Path) -> Result<Token> {
    secrets::make_if_absent(path).with_context(|| format!("{} cannot be made", path.display()))?;
    read_token(path).context("remove the file, and a new token is made")
}

/// The token in a file.
pub fn read_token(path: &Path) -> Result<Token> {
    let text = secrets::read(path, FILE_BYTES_MAX)?;
    Token::from_hex(text.trim()).with_context(|| format!("{} holds no token", path.display()))
}

/// Workers, a line each: a name, its token, and `verify` if it only verifies. Lines that begin with `#` are for people.
pub fn load_members(path: &Path) -> Result<Vec<Member>> {
    let text = secrets::read(path, FILE_BYTES_MAX)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let member = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let (name, token, role) = match words.as_slice() {
            [name, token] => (name, token, Role::Prove),
            [name, token, "verify"] => (name, token, Role::Verify),
            _ => bail!("a line is a name, a token, and `verify` or nothing"),
        };
        Ok(Member { name: (*name).to_owned(), token: Token::from_hex(token)?, role })
    };
    let numbered = (1..).zip(lines);
    numbered.map(|(at, line)| member(line).with_context(|| format!("worker {at} in {}", path.display()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    fn file(name: &str, text: &str, mode: u32) -> PathBuf {
        let path = std::env::temp_dir().join(format!("ashlar-members-{name}-{}", std::process::id()));
        fs::write(&path, text).expect("is written");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("is set");
        path
    }

    #[test]
    fn members_are_read_a_line_each() {
        let token = Token::new([7; 32]).to_hex();
        let path =
            file("good", &format!("# ours\nbig {token}\n\nsmall {} verify\n", Token::new([8; 32]).to_hex()), 0o600);
        let members = load_members(&path).expect("reads");
        let seen: Vec<_> = members.iter().map(|member| (member.name.as_str(), member.role)).collect();
        assert_eq!(seen, [("big", Role::Prove), ("small", Role::Verify)]);
        fs::remove_file(path).expect("is removed");
    }

    #[test]
    fn what_others_can_read_and_what_is_no_token_is_refused_by_name() {
        let exposed = file("exposed", "", 0o644);
        let wrong = file("wrong", "big 1234\n", 0o600);
        for (path, word) in [(&exposed, "chmod 600"), (&wrong, "worker 1")] {
            let error = format!("{:#}", load_members(path).expect_err("it is refused"));
            assert!(error.contains(word), "{error}");
            fs::remove_file(path).expect("is removed");
        }
    }

    #[test]
    fn a_token_is_made_once() {
        let path = std::env::temp_dir().join(format!("ashlar-members-token-{}", std::process::id()));
        let made = load_or_make_token(&path).expect("is made");
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(load_or_make_token(&path).expect("is read"), made);
        fs::remove_file(path).expect("is removed");
    }
}
