//! A worker's process: where it finds its coordinator.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::Path;
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
        Worker::from_options(None, None)
    }

    /// As the options of a command line say it: where to connect, and the file that holds the token. Each of the two that no option says is as the
    /// environment says it, whatever is said of the other.
    pub fn from_options(connect: Option<&str>, token_file: Option<&Path>) -> Result<Worker, ServeError> {
        Worker::of(connect, token_file, |name| {
            env::var(name).map_err(|error| ServeError::Environment(format!("{name}: {error}; a coordinator sets it")))
        })
    }

    fn of(
        connect: Option<&str>,
        token_file: Option<&Path>,
        variable: impl Fn(&str) -> Result<String, ServeError>,
    ) -> Result<Worker, ServeError> {
        let address = connect.map_or_else(|| variable(ADDRESS_VARIABLE), |address| Ok(address.to_owned()))?;
        let place = token_file.map_or_else(|| TOKEN_VARIABLE.to_owned(), |path| path.display().to_string());
        let digits = match token_file {
            Some(path) => {
                fs::read_to_string(path).map_err(|error| ServeError::Environment(format!("{place}: {error}")))?
            }
            None => variable(TOKEN_VARIABLE)?,
        };
        let token = Token::from_hex(&digits).map_err(|error| ServeError::Environment(format!("{place}: {error}")))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(options: (Option<&str>, Option<&Path>), environment: &[(&str, &str)]) -> Result<(String, Token), String> {
        let variable = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned()).ok_or(ServeError::Environment(format!("{name} is not there")))
        };
        let worker = Worker::of(options.0, options.1, variable).map_err(|error| error.to_string())?;
        Ok((worker.address, worker.token))
    }

    #[test]
    fn what_an_option_does_not_say_the_environment_says_each_for_itself() {
        let [ours, theirs] = [Token::new([1; 32]), Token::new([2; 32])];
        let file = env::temp_dir().join(format!("ashlar-worker-token-{}", std::process::id()));
        fs::write(&file, format!("{}\n", ours.to_hex())).expect("is written");
        let digits = theirs.to_hex();
        let (address, token) = ((ADDRESS_VARIABLE, "there:1"), (TOKEN_VARIABLE, digits.as_str()));
        for (options, environment, expected) in [
            ((None, None), &[address, token][..], ("there:1", &theirs)),
            ((Some("here:2"), None), &[address, token], ("here:2", &theirs)),
            ((Some("here:2"), None), &[token], ("here:2", &theirs)),
            ((None, Some(file.as_path())), &[address, token], ("there:1", &ours)),
            ((None, Some(file.as_path())), &[address], ("there:1", &ours)),
            ((Some("here:2"), Some(file.as_path())), &[], ("here:2", &ours)),
        ] {
            let (at, known) = of(options, environment).expect("nothing is missing");
            assert_eq!((at.as_str(), &known), expected, "{options:?}");
        }
        let nowhere = Path::new("/nowhere/token");
        for (options, environment, word) in [
            ((None, Some(file.as_path())), &[token][..], ADDRESS_VARIABLE),
            ((Some("here:2"), None), &[address], TOKEN_VARIABLE),
            ((None, Some(nowhere)), &[address, token], "/nowhere/token"),
            ((None, None), &[address, (TOKEN_VARIABLE, "12")], "64 hexadecimal digits"),
        ] {
            let error = of(options, environment).expect_err("something is missing");
            assert!(error.contains(word), "{error} has not {word}");
        }
        fs::remove_file(&file).expect("is removed");
    }
}
