//! A worker's process: where it finds its coordinator.

use std::env;
use std::fs::File;
use std::io::Read;
use std::net::TcpStream;

use crate::auth::{NONCE_BYTES, Token};
use crate::backend::Backend;
use crate::serve::{ServeError, serve};

/// The environment variable that says where the coordinator listens, as `127.0.0.1:4000`.
pub const ADDRESS_VARIABLE: &str = "ASHLAR_PROVER_ADDRESS";
/// The environment variable that holds the token, in hexadecimal digits.
pub const TOKEN_VARIABLE: &str = "ASHLAR_PROVER_TOKEN";

/// What a worker must know before it can serve.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Where the coordinator listens.
    pub address: String,
    /// What both know.
    pub token: Token,
}

impl Worker {
    /// As whoever starts the process says it in the environment, where other users of the machine cannot read it.
    pub fn from_environment() -> Result<Worker, ServeError> {
        let variable = |name: &str| {
            env::var(name).map_err(|error| ServeError::Environment(format!("{name}: {error}; a coordinator sets it")))
        };
        let address = variable(ADDRESS_VARIABLE)?;
        let token = Token::from_hex(&variable(TOKEN_VARIABLE)?)
            .map_err(|error| ServeError::Environment(format!("{TOKEN_VARIABLE}: {error}")))?;
        Ok(Worker { address, token })
    }

    /// Connects and serves until it is told to stop.
    pub fn serve(self, backend: impl Backend) -> Result<(), ServeError> {
        let stream = TcpStream::connect(&self.address)?;
        // Frames are written whole, so nothing is gained by waiting for more.
        stream.set_nodelay(true)?;
        let reader = stream.try_clone()?;
        serve(backend, reader, stream, &self.token, fresh_nonce()?)
    }
}

/// From the operating system's source of randomness.
pub(crate) fn fresh_nonce() -> std::io::Result<[u8; NONCE_BYTES]> {
    let mut nonce = [0; NONCE_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut nonce)?;
    Ok(nonce)
}
