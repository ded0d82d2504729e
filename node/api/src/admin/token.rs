use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// What the operator shows to be let in.
#[derive(Clone)]
pub struct Token(String);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("the admin token in {path} cannot be read: {why}; check the folder and its owner")]
    File {
        /// Which file.
        path: PathBuf,
        /// What happened.
        why: std::io::Error,
    },
    /// Others can read the file.
    #[error(
        "the admin token in {path} has mode {mode:o}, so others can read it; remove it and start again, or chmod 600 it"
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file holds no token.
    #[error("the file {path} holds no admin token of 64 hexadecimal digits; remove it and start again")]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
}

impl Token {
    /// The token in a file that only its owner can read: 64 hexadecimal digits.
    pub fn load(path: &Path) -> Result<Token, TokenError> {
        let failed = |why| TokenError::File { path: path.into(), why };
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(TokenError::Exposed { path: path.into(), mode });
        }
        let mut text = String::new();
        file.take(128).read_to_string(&mut text).map_err(failed)?;
        let text = text.trim_end().to_owned();
        let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits { Ok(Token(text)) } else { Err(TokenError::Malformed { path: path.into() }) }
    }

    /// Whether this is it. The time that takes does not depend on where a guess is wrong.
    pub fn is(&self, guess: &str) -> bool {
        let differences = self.0.bytes().zip(guess.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
        self.0.len() == guess.len() && differences == 0
    }

    /// For whoever writes it somewhere.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(hidden)")
    }
}
