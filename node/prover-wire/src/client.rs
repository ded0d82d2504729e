//! A coordinator for one worker and one job at a time, which blocks: for a command line, and for tests of a worker.

use std::fmt;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::auth::Token;
use crate::error::{Failure, WireError};
use crate::limits::HELLO_MS_MAX;
use crate::message::{Answer, Description, JobId, Question, ToCoordinator, ToWorker};
use crate::serve::{ServeError, read_payload};
use crate::session::{Coordinator, Established};
use crate::worker::fresh_nonce;

/// Between two looks at whether somebody has connected.
const LOOK: Duration = Duration::from_millis(10);

/// Why a question has no answer.
#[derive(Debug)]
pub enum ClientError {
    /// The connection failed, or what came over it.
    Connection(ServeError),
    /// The worker says why.
    Failed(Failure),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => write!(f, "the worker is lost: {error}"),
            Self::Failed(failure) => write!(f, "the worker says: {failure}"),
        }
    }
}

impl std::error::Error for ClientError {}

impl<E: Into<ServeError>> From<E> for ClientError {
    fn from(error: E) -> Self {
        ClientError::Connection(error.into())
    }
}

/// A place where a worker can connect.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    token: Token,
}

impl Listening {
    /// Where: what the worker is told in its environment.
    pub fn address(&self) -> Result<SocketAddr, ClientError> {
        Ok(self.listener.local_addr()?)
    }

    /// What the worker must know.
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// Waits for the worker.
    pub fn accept(self) -> Result<Client, ClientError> {
        self.listener.set_nonblocking(false)?;
        let (stream, _) = self.listener.accept()?;
        Client::greet(stream, self.token)
    }

    /// Waits for the worker, so long at most: nothing if it has not connected by then.
    pub fn accept_within(&self, wait: Duration) -> Result<Option<Client>, ClientError> {
        let begun = Instant::now();
        self.listener.set_nonblocking(true)?;
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    // Some systems hand down to it that nobody waits.
                    stream.set_nonblocking(false)?;
                    return Client::greet(stream, self.token.clone()).map(Some);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && begun.elapsed() < wait => {
                    thread::sleep(LOOK)
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A connected worker.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    established: Established,
    description: Description,
    jobs: u64,
}

impl Client {
    /// Listens on this machine only, at a port that the system chooses, with a token of its own.
    pub fn listen() -> Result<Listening, ClientError> {
        Ok(Listening { listener: TcpListener::bind(("127.0.0.1", 0))?, token: Token::new(fresh_nonce()?) })
    }

    fn greet(mut stream: TcpStream, token: Token) -> Result<Client, ClientError> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_millis(HELLO_MS_MAX)))?;
        let (coordinator, challenge) = Coordinator::begin(token, fresh_nonce()?);
        stream.write_all(&challenge)?;
        let hello = read_payload(&mut stream, Coordinator::PAYLOAD_MAX)?;
        let (description, established, welcome) = coordinator.greet(&hello)?;
        stream.write_all(&welcome)?;
        stream.set_read_timeout(None)?;
        Ok(Client { stream, established, description, jobs: 0 })
    }

    /// What the worker can do.
    pub const fn description(&self) -> &Description {
        &self.description
    }

    /// Asks, passes every sign of progress on (done, of, stage), and gives the answer.
    pub fn ask(&mut self, question: Question, mut progress: impl FnMut(u64, u64, &str)) -> Result<Answer, ClientError> {
        self.ask_while(question, |done, of, stage| {
            progress(done, of, stage);
            true
        })
    }

    /// The same, until a sign of progress is answered with false: then the worker is told to stop, and what it says of that is the answer.
    pub fn ask_while(
        &mut self,
        question: Question,
        mut wanted: impl FnMut(u64, u64, &str) -> bool,
    ) -> Result<Answer, ClientError> {
        let asked = self.begin(question)?;
        loop {
            match self.hear()? {
                ToCoordinator::Progress { job, done, of, stage } if job == asked && !wanted(done, of, &stage) => {
                    self.send(&ToWorker::Cancel { job })?;
                }
                ToCoordinator::Done { job, answer } if job == asked => return Ok(answer),
                ToCoordinator::Failed { job, failure } if job == asked => return Err(ClientError::Failed(failure)),
                ToCoordinator::Hello { .. } => {
                    return Err(WireError::Unexpected { expected: "an answer" }.into());
                }
                _ => {}
            }
        }
    }

    /// Asks, and waits for the answer so long at most. A worker that has none by then is not to be asked again, however lively it says it is.
    pub fn ask_within(&mut self, question: Question, wait: Duration) -> Result<Answer, ClientError> {
        let begun = Instant::now();
        let asked = self.begin(question)?;
        let late = || io::Error::new(io::ErrorKind::TimedOut, format!("no answer came in {} ms", wait.as_millis()));
        loop {
            let left = wait.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(late().into());
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.hear() {
                Ok(ToCoordinator::Done { job, answer }) if job == asked => {
                    self.stream.set_read_timeout(None)?;
                    return Ok(answer);
                }
                Ok(ToCoordinator::Failed { job, failure }) if job == asked => {
                    self.stream.set_read_timeout(None)?;
                    return Err(ClientError::Failed(failure));
                }
                Err(ClientError::Connection(ServeError::Stream(error)))
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
                {
                    return Err(late().into());
                }
                heard => drop(heard?),
            }
        }
    }

    fn begin(&mut self, question: Question) -> Result<JobId, ClientError> {
        self.jobs += 1;
        let job = JobId(self.jobs);
        self.send(&ToWorker::Ask { job, question })?;
        Ok(job)
    }

    fn hear(&mut self) -> Result<ToCoordinator, ClientError> {
        let payload = read_payload(&mut self.stream, self.established.opener.payload_max())?;
        Ok(self.established.opener.from_worker(&payload)?)
    }

    /// Lets the worker end.
    pub fn stop(mut self) -> Result<(), ClientError> {
        self.send(&ToWorker::Stop)
    }

    fn send(&mut self, message: &ToWorker) -> Result<(), ClientError> {
        let frame = self.established.sealer.to_worker(message)?;
        self.stream.write_all(&frame)?;
        Ok(())
    }
}
