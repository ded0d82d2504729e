//! A worker's process: where it finds its coordinator.

use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::auth::{NONCE_BYTES, Token};
use crate::backend::Backend;
use crate::limits::{PATIENCE_BUSY_MS, PATIENCE_IDLE_MS, RECONNECT_MS};
use crate::serve::{Ended, Life, ServeError};

/// The environment variable that says where the coordinator listens, as `127.0.0.1:4000`, or `unix:` and the path of a socket.
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

    /// Connects and serves until it is told to stop. Whoever does not let it in the first time never will; a connection that is lost later is made
    /// anew, and what was proven meanwhile is said then.
    pub fn serve(self, backend: impl Backend) -> Result<(), ServeError> {
        let mut life = Life::begin(backend);
        let mut ended = self.attend(&mut life)?;
        let mut since = Instant::now();
        loop {
            let Ended::Lost(error) = ended else { return Ok(()) };
            let patience = if life.is_busy() { PATIENCE_BUSY_MS } else { PATIENCE_IDLE_MS };
            if since.elapsed() > Duration::from_millis(patience) {
                return Err(error);
            }
            thread::sleep(Duration::from_millis(RECONNECT_MS));
            ended = match self.attend(&mut life) {
                Ok(ended) => {
                    since = Instant::now();
                    ended
                }
                Err(error) => Ended::Lost(error),
            };
        }
    }

    fn attend(&self, life: &mut Life) -> Result<Ended, ServeError> {
        let (reader, writer) = self.connect()?;
        life.attend(reader, writer, &self.token, fresh_nonce()?)
    }

    fn connect(&self) -> io::Result<(Box<dyn Read + Send>, Box<dyn Write>)> {
        if let Some(path) = self.address.strip_prefix("unix:") {
            return connect_unix(path);
        }
        let stream = TcpStream::connect(&self.address)?;
        // Frames are written whole, so nothing is gained by waiting for more.
        stream.set_nodelay(true)?;
        Ok((Box::new(stream.try_clone()?), Box::new(stream)))
    }
}

#[cfg(unix)]
fn connect_unix(path: &str) -> io::Result<(Box<dyn Read + Send>, Box<dyn Write>)> {
    let stream = UnixStream::connect(path)?;
    Ok((Box::new(stream.try_clone()?), Box::new(stream)))
}

#[cfg(not(unix))]
fn connect_unix(_: &str) -> io::Result<(Box<dyn Read + Send>, Box<dyn Write>)> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets; use a TCP address"))
}

/// From the operating system's source of randomness.
pub(crate) fn fresh_nonce() -> std::io::Result<[u8; NONCE_BYTES]> {
    let mut nonce = [0; NONCE_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut nonce)?;
    Ok(nonce)
}
