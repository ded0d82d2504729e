//! A worker that is started here and asked here: for a command line, and for tests of a worker.

use std::fmt;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, ClientError};
use crate::worker::{ADDRESS_VARIABLE, TOKEN_VARIABLE};

/// How often it is looked at whether a process is still there.
const LOOK: Duration = Duration::from_millis(50);

/// A process that ends once nobody can ask it any more.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it, whatever it does.
    pub fn kill(&mut self) -> io::Result<()> {
        self.0.kill()
    }

    /// Waits for it to end by itself, and says how. One that is still there after so long is ended, and has said nothing.
    pub fn wait(&mut self, patience: Duration) -> io::Result<Option<ExitStatus>> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(Some(status));
            }
            if begun.elapsed() >= patience {
                self.0.kill()?;
                self.0.wait()?;
                return Ok(None);
            }
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended by itself is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Why a worker that was to be started cannot be asked.
#[derive(Debug)]
pub enum StartError {
    /// The program cannot be started.
    Spawn(io::Error),
    /// It ended and had not connected.
    Ended(ExitStatus),
    /// It is there and does not connect.
    Late(Duration),
    /// The connection failed, or what came over it.
    Client(ClientError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spawn(error) => write!(f, "it cannot be started: {error}"),
            Self::Ended(status) => write!(f, "it ended before it connected, with {status}; what it printed says why"),
            Self::Late(patience) => write!(f, "it did not connect in {} s", patience.as_secs_f32()),
            Self::Client(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<ClientError> for StartError {
    fn from(error: ClientError) -> Self {
        StartError::Client(error)
    }
}

impl Client {
    /// Starts a worker as a coordinator does, with its address and its token in the environment, and waits until it has connected: at most so long, and no
    /// longer than it is there.
    pub fn start(command: &mut Command, patience: Duration) -> Result<(Client, Process), StartError> {
        let listening = Client::listen()?;
        command.env(ADDRESS_VARIABLE, listening.address()?.to_string());
        command.env(TOKEN_VARIABLE, listening.token().to_hex());
        let mut process = Process(command.spawn().map_err(StartError::Spawn)?);
        let begun = Instant::now();
        let client = listening.accept_unless(|| -> Result<(), StartError> {
            if let Some(status) = process.0.try_wait().map_err(ClientError::from)? {
                return Err(StartError::Ended(status));
            }
            if begun.elapsed() >= patience {
                return Err(StartError::Late(patience));
            }
            thread::sleep(LOOK);
            Ok(())
        })?;
        Ok((client, process))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_ends_is_not_waited_for() {
        let begun = Instant::now();
        let error = Client::start(&mut Command::new("false"), Duration::from_secs(600)).expect_err("it never connects");
        assert!(matches!(error, StartError::Ended(status) if !status.success()), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(60));
        let error = Client::start(&mut Command::new("/nowhere/worker"), Duration::ZERO).expect_err("there is none");
        assert!(matches!(error, StartError::Spawn(_)), "{error}");
    }

    #[test]
    fn a_worker_that_does_not_connect_is_not_waited_for_and_ended() {
        let file = std::env::temp_dir().join(format!("ashlar-late-worker-{}", std::process::id()));
        let script = format!("echo $$ > '{}'; exec sleep 600", file.display());
        let mut command = Command::new("sh");
        let error = Client::start(command.args(["-c", &script]), Duration::from_secs(2)).expect_err("it sleeps");
        assert!(matches!(error, StartError::Late(_)), "{error}");
        let number = std::fs::read_to_string(&file).expect("it has left its number");
        let is_there = Command::new("kill").args(["-0", number.trim()]).stderr(std::process::Stdio::null()).status();
        assert!(!is_there.expect("kill is there").success(), "process {number} was left behind");
        std::fs::remove_file(&file).expect("is removed");
    }

    #[test]
    fn a_process_that_does_not_end_by_itself_is_ended() {
        let mut process = Process(Command::new("sleep").arg("600").spawn().expect("sleep is there"));
        assert_eq!(process.wait(Duration::from_millis(100)).expect("it can be waited for"), None);
        let mut process = Process(Command::new("false").spawn().expect("false is there"));
        let status = process.wait(Duration::from_secs(60)).expect("it can be waited for");
        assert!(status.is_some_and(|status| !status.success()));
    }
}
