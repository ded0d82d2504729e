//! A coordinator for one worker and one job at a time, which blocks: for a command line, and for tests of a worker.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::auth::Token;
use crate::error::{Failure, WireError};
use crate::limits::SILENCE_MS;
use crate::message::{Answer, Description, JobId, Question, ToCoordinator, ToWorker};
use crate::serve::{ServeError, read_payload};
use crate::session::{Coordinator, Established};
use crate::worker::fresh_nonce;

/// One that works says every two seconds that it is there; of one that is silent for so long nothing will be heard any more.
const SILENCE: Duration = Duration::from_millis(SILENCE_MS);

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
        let (stream, _) = self.listener.accept()?;
        Client::greet(stream, self.token)
    }

    /// The same, until what is asked again and again, and may wait for a moment, says why not.
    pub(crate) fn accept_unless<E: From<ClientError>>(
        self,
        mut gives_up: impl FnMut() -> Result<(), E>,
    ) -> Result<Client, E> {
        self.listener.set_nonblocking(true).map_err(ClientError::from)?;
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    // Some systems give a connection the mode of its listener.
                    stream.set_nonblocking(false).map_err(ClientError::from)?;
                    return Ok(Client::greet(stream, self.token)?);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => gives_up()?,
                Err(error) => return Err(ClientError::from(error).into()),
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
        stream.set_read_timeout(Some(SILENCE))?;
        let (coordinator, challenge) = Coordinator::begin(token, fresh_nonce()?);
        stream.write_all(&challenge)?;
        let hello = hear(&mut stream, Coordinator::PAYLOAD_MAX)?;
        let (description, established, welcome) = coordinator.greet(&hello)?;
        stream.write_all(&welcome)?;
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
        loop {
            let left = wait.saturating_sub(begun.elapsed()).min(SILENCE);
            if left.is_zero() {
                return Err(silent(wait).into());
            }
            self.stream.set_read_timeout(Some(left))?;
            let heard = self.hear();
            self.stream.set_read_timeout(Some(SILENCE))?;
            match heard? {
                ToCoordinator::Done { job, answer } if job == asked => return Ok(answer),
                ToCoordinator::Failed { job, failure } if job == asked => return Err(ClientError::Failed(failure)),
                _ => {}
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
        let payload = hear(&mut self.stream, self.established.opener.payload_max())?;
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

fn hear(stream: &mut TcpStream, max: usize) -> Result<Vec<u8>, ClientError> {
    let waited = stream.read_timeout()?.unwrap_or(SILENCE);
    read_payload(stream, max).map_err(|error| match error {
        // Systems do not agree on what a read is that has waited long enough.
        ServeError::Stream(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            silent(waited).into()
        }
        error => error.into(),
    })
}

fn silent(waited: Duration) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, format!("no answer was heard in {} ms", waited.as_millis()))
}
