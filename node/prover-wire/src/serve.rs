//! A worker's loop: one thread reads, one writes, one works.
//!
//! 1. A job outlives the connection it was asked on. When the connection is lost, the job goes on, and its answer is said on the next one.
//! 2. An answer is kept until the coordinator asks something else or says that it is no longer wanted: one that was sent may not have
//!    arrived, or may have arrived at a coordinator that was killed before it wrote it down.

use std::fmt;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use crate::auth::{NONCE_BYTES, Token};
use crate::backend::{self, Backend, Watch};
use crate::error::{Failure, FailureKind, WireError};
use crate::frame::{FrameHeader, HEADER_BYTES};
use crate::limits::{GREETING_BYTES_MAX, HEARTBEAT_MS};
use crate::message::{Description, JobId, Question, ToCoordinator, ToWorker};
use crate::session::{Established, Opener, Sealer};

/// Why a worker stopped, other than because it was told to.
#[derive(Debug)]
pub enum ServeError {
    /// The stream failed or ended. The coordinator may come back: connect again.
    Stream(io::Error),
    /// The other side does not speak this protocol, or does not know the token.
    Wire(WireError),
    /// The worker was started without what it needs to know.
    Environment(String),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(error) => write!(f, "the connection to the coordinator: {error}"),
            Self::Wire(error) => write!(f, "what the coordinator said: {error}"),
            Self::Environment(what) => write!(f, "{what}"),
        }
    }
}

impl std::error::Error for ServeError {}

impl From<io::Error> for ServeError {
    fn from(error: io::Error) -> Self {
        ServeError::Stream(error)
    }
}

impl From<WireError> for ServeError {
    fn from(error: WireError) -> Self {
        ServeError::Wire(error)
    }
}

/// Reads the payload of one frame.
pub(crate) fn read_payload(stream: &mut impl Read, max: usize) -> Result<Vec<u8>, ServeError> {
    let mut header = [0; HEADER_BYTES];
    stream.read_exact(&mut header)?;
    let length = FrameHeader::read(&header, max)?.length;
    let mut payload = Vec::new();
    // Grows with what arrives and not with what is announced.
    if stream.take(length as u64).read_to_end(&mut payload)? < length {
        return Err(ServeError::Stream(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(payload)
}

/// What happens to a worker.
#[derive(Debug)]
pub(crate) enum Event {
    /// On a connection, the coordinator said something, or will never say anything again.
    Heard(u64, Result<ToWorker, ServeError>),
    /// The backend has something to say.
    Say(ToCoordinator),
    /// Time for a sign of life.
    Beat,
}

/// What the thread that works has to do.
struct Work {
    question: Question,
    job: JobId,
    watch: Watch,
}

/// Serves one connection until the coordinator says stop or the stream ends. The nonce must never have been used.
///
/// Threads that wait are left behind, as nothing can wake them but the other side or their job's end: let the process end.
pub fn serve<B: Backend>(
    backend: B,
    reader: impl Read + Send + 'static,
    writer: impl Write,
    token: &Token,
    nonce: [u8; NONCE_BYTES],
) -> Result<(), ServeError> {
    match Life::begin(backend).attend(reader, writer, token, nonce)? {
        Ended::Stopped => Ok(()),
        Ended::Lost(error) => Err(error),
    }
}

/// How a connection ended whose other side was known.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The coordinator said stop.
    Stopped,
    /// The stream failed or ended.
    Lost(ServeError),
}

/// The job that runs.
struct Running {
    job: JobId,
    watch: Watch,
}

/// A worker over all its connections.
pub(crate) struct Life {
    description: Description,
    running: Option<Running>,
    /// The last answer, while the coordinator may not have it.
    kept: Option<(JobId, ToCoordinator)>,
    connections: u64,
    inbox: Sender<Event>,
    events: Receiver<Event>,
    work: Sender<Work>,
}

impl Life {
    /// Begins, with a thread for the backend and one for signs of life.
    pub fn begin<B: Backend>(backend: B) -> Life {
        let (inbox, events) = mpsc::channel();
        let (work, to_do) = mpsc::channel();
        let description = backend.describe();
        spawn_heart(inbox.clone());
        spawn_backend(backend, to_do, inbox.clone());
        Life { description, running: None, kept: None, connections: 0, inbox, events, work }
    }

    /// Whether there is something that a coordinator will want.
    pub const fn is_busy(&self) -> bool {
        self.running.is_some() || self.kept.is_some()
    }

    /// Serves one connection. An error means that the other side never was a coordinator that knows the token.
    pub fn attend(
        &mut self,
        mut reader: impl Read + Send + 'static,
        mut writer: impl Write,
        token: &Token,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Ended, ServeError> {
        let challenge = read_payload(&mut reader, GREETING_BYTES_MAX)?;
        let (Established { sealer, mut opener }, hello) =
            Established::of_worker(token, &challenge, self.description.clone(), nonce)?;
        writer.write_all(&hello)?;
        writer.flush()?;
        let welcome = read_payload(&mut reader, GREETING_BYTES_MAX)?;
        if opener.from_coordinator(&welcome)? != ToWorker::Welcome {
            return Err(WireError::Unexpected { expected: "a welcome" }.into());
        }
        // What happened while nobody listened is told by what is running now. Nothing was heard yet on this connection.
        while let Ok(event) = self.events.try_recv() {
            if let Event::Say(message) = event {
                self.note(&message);
            }
        }
        self.connections += 1;
        spawn_reader(reader, opener, self.connections, self.inbox.clone());
        let mut mouth = Mouth { sealer, writer };
        Ok(self.converse(&mut mouth).unwrap_or_else(Ended::Lost))
    }

    fn converse(&mut self, mouth: &mut Mouth<impl Write>) -> Result<Ended, ServeError> {
        let running = self.running.as_ref().map(|running| running.job);
        let job = running.or(self.kept.as_ref().map(|(job, _)| *job));
        mouth.say(&ToCoordinator::Heartbeat { job })?;
        if let Some((_, answer)) = &self.kept {
            mouth.say(answer)?;
        }
        loop {
            let Ok(event) = self.events.recv() else { return Ok(Ended::Stopped) };
            match event {
                Event::Beat => {
                    let job = self.running.as_ref().map(|running| running.job);
                    mouth.say(&ToCoordinator::Heartbeat { job })?;
                }
                Event::Say(message) => {
                    self.note(&message);
                    mouth.say(&message)?;
                }
                Event::Heard(connection, _) if connection != self.connections => {}
                Event::Heard(_, message) => match message? {
                    ToWorker::Stop => return Ok(Ended::Stopped),
                    ToWorker::Cancel { job } => self.cancel(job),
                    ToWorker::Ask { job, question } => self.start(job, question, mouth)?,
                    ToWorker::Challenge { .. } | ToWorker::Welcome => {
                        return Err(WireError::Unexpected { expected: "a question" }.into());
                    }
                },
            }
        }
    }

    /// Keeps the answer of the job that runs.
    fn note(&mut self, message: &ToCoordinator) {
        let Some(job) = self.running.as_ref().map(|running| running.job) else { return };
        if ends(message, job) {
            self.running = None;
            self.kept = Some((job, message.clone()));
        }
    }

    fn cancel(&mut self, job: JobId) {
        if let Some(running) = self.running.as_ref().filter(|running| running.job == job) {
            running.watch.cancel();
        }
        self.kept = self.kept.take().filter(|(kept, _)| *kept != job);
    }

    fn start(&mut self, job: JobId, question: Question, mouth: &mut Mouth<impl Write>) -> Result<(), ServeError> {
        let refuse = |detail: &str| ToCoordinator::Failed { job, failure: Failure::new(FailureKind::Backend, detail) };
        if self.running.is_some() {
            return mouth.say(&refuse("another job runs; ask again when it has ended"));
        }
        self.kept = None;
        let watch = Watch::new(job, self.inbox.clone());
        if self.work.send(Work { question, job, watch: watch.clone() }).is_err() {
            return mouth.say(&refuse(PANICKED));
        }
        self.running = Some(Running { job, watch });
        Ok(())
    }
}

fn ends(message: &ToCoordinator, of: JobId) -> bool {
    matches!(message, ToCoordinator::Done { job, .. } | ToCoordinator::Failed { job, .. } if *job == of)
}

/// What is said on one connection.
struct Mouth<W> {
    sealer: Sealer,
    writer: W,
}

impl<W: Write> Mouth<W> {
    /// An answer that is too long to send becomes a failure that says so.
    fn say(&mut self, message: &ToCoordinator) -> Result<(), ServeError> {
        let frame = match (self.sealer.to_coordinator(message), message) {
            (Err(error), ToCoordinator::Done { job, .. }) => {
                let failure = Failure::new(FailureKind::TooLarge, error);
                self.sealer.to_coordinator(&ToCoordinator::Failed { job: *job, failure })?
            }
            (frame, _) => frame?,
        };
        self.writer.write_all(&frame)?;
        self.writer.flush()?;
        Ok(())
    }
}

fn spawn_reader(mut reader: impl Read + Send + 'static, mut opener: Opener, connection: u64, inbox: Sender<Event>) {
    thread::spawn(move || {
        loop {
            let next = read_payload(&mut reader, opener.payload_max())
                .and_then(|payload| opener.from_coordinator(&payload).map_err(ServeError::from));
            let ends = next.is_err();
            if inbox.send(Event::Heard(connection, next)).is_err() || ends {
                return;
            }
        }
    });
}

fn spawn_heart(inbox: Sender<Event>) {
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_millis(HEARTBEAT_MS));
            if inbox.send(Event::Beat).is_err() {
                return;
            }
        }
    });
}

fn spawn_backend<B: Backend>(backend: B, to_do: Receiver<Work>, inbox: Sender<Event>) {
    thread::spawn(move || {
        let mut usable = Some(backend);
        for Work { question, job, watch } in to_do {
            // What a panic leaves behind is not to be trusted with another job.
            let outcome = usable.take().map(|mut backend| {
                catch_unwind(AssertUnwindSafe(|| {
                    let answer = backend::run(&mut backend, &question, &watch);
                    (backend, answer)
                }))
            });
            let message = match outcome {
                Some(Ok((backend, answer))) => {
                    usable = Some(backend);
                    match answer {
                        Ok(answer) => ToCoordinator::Done { job, answer },
                        Err(failure) => ToCoordinator::Failed { job, failure },
                    }
                }
                Some(Err(_)) | None => {
                    ToCoordinator::Failed { job, failure: Failure::new(FailureKind::Backend, PANICKED) }
                }
            };
            if inbox.send(Event::Say(message)).is_err() {
                return;
            }
        }
    });
}

const PANICKED: &str = "the backend has panicked, its standard error says where; start the worker again";
