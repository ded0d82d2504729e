//! A worker's loop: one thread reads, one writes, one works.

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
use crate::message::{JobId, Question, ToCoordinator, ToWorker};
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
    /// The coordinator said something, or will never say anything again.
    Heard(Result<ToWorker, ServeError>),
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
    mut reader: impl Read + Send + 'static,
    mut writer: impl Write,
    token: &Token,
    nonce: [u8; NONCE_BYTES],
) -> Result<(), ServeError> {
    let challenge = read_payload(&mut reader, GREETING_BYTES_MAX)?;
    let (Established { sealer, mut opener }, hello) =
        Established::of_worker(token, &challenge, backend.describe(), nonce)?;
    writer.write_all(&hello)?;
    writer.flush()?;
    let welcome = read_payload(&mut reader, GREETING_BYTES_MAX)?;
    if opener.from_coordinator(&welcome)? != ToWorker::Welcome {
        return Err(WireError::Unexpected { expected: "a welcome" }.into());
    }
    let (inbox, events) = mpsc::channel();
    let (work, to_do) = mpsc::channel();
    spawn_reader(reader, opener, inbox.clone());
    spawn_heart(inbox.clone());
    spawn_backend(backend, to_do, inbox.clone());
    Serving { running: None, inbox, work, sealer, writer }.attend(&events)
}

fn spawn_reader(mut reader: impl Read + Send + 'static, mut opener: Opener, inbox: Sender<Event>) {
    thread::spawn(move || {
        loop {
            let next = read_payload(&mut reader, opener.payload_max())
                .and_then(|payload| opener.from_coordinator(&payload).map_err(ServeError::from));
            let ends = next.is_err();
            if inbox.send(Event::Heard(next)).is_err() || ends {
                return;
            }
        }
    });
}

fn spawn_heart(inbox: Sender<Event>) {
    thread::spawn(move || {
        while inbox.send(Event::Beat).is_ok() {
            thread::sleep(Duration::from_millis(HEARTBEAT_MS));
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

/// The job that runs.
struct Running {
    job: JobId,
    watch: Watch,
}

/// A connection while it is served.
struct Serving<W> {
    running: Option<Running>,
    inbox: Sender<Event>,
    work: Sender<Work>,
    sealer: Sealer,
    writer: W,
}

impl<W: Write> Serving<W> {
    fn attend(mut self, events: &Receiver<Event>) -> Result<(), ServeError> {
        for event in events {
            match event {
                Event::Beat => {
                    let job = self.running.as_ref().map(|running| running.job);
                    self.say(ToCoordinator::Heartbeat { job })?;
                }
                Event::Say(message) => {
                    if self.running.as_ref().is_some_and(|running| ends(&message, running.job)) {
                        self.running = None;
                    }
                    self.say(message)?;
                }
                Event::Heard(message) => match message? {
                    ToWorker::Stop => return Ok(()),
                    ToWorker::Cancel { job } => {
                        if let Some(running) = self.running.as_ref().filter(|running| running.job == job) {
                            running.watch.cancel();
                        }
                    }
                    ToWorker::Ask { job, question } => self.begin(job, question)?,
                    ToWorker::Challenge { .. } | ToWorker::Welcome => {
                        return Err(WireError::Unexpected { expected: "a question" }.into());
                    }
                },
            }
        }
        Ok(())
    }

    fn begin(&mut self, job: JobId, question: Question) -> Result<(), ServeError> {
        if self.running.is_some() {
            return self.refuse(job, "another job runs; ask again when it has ended");
        }
        let watch = Watch::new(job, self.inbox.clone());
        if self.work.send(Work { question, job, watch: watch.clone() }).is_err() {
            return self.refuse(job, PANICKED);
        }
        self.running = Some(Running { job, watch });
        Ok(())
    }

    fn refuse(&mut self, job: JobId, detail: &str) -> Result<(), ServeError> {
        self.say(ToCoordinator::Failed { job, failure: Failure::new(FailureKind::Backend, detail) })
    }

    /// An answer that is too long to send becomes a failure that says so.
    fn say(&mut self, message: ToCoordinator) -> Result<(), ServeError> {
        let frame = match (self.sealer.to_coordinator(&message), message) {
            (Err(error), ToCoordinator::Done { job, .. }) => {
                let failure = Failure::new(FailureKind::TooLarge, error);
                self.sealer.to_coordinator(&ToCoordinator::Failed { job, failure })?
            }
            (frame, _) => frame?,
        };
        self.writer.write_all(&frame)?;
        self.writer.flush()?;
        Ok(())
    }
}

fn ends(message: &ToCoordinator, of: JobId) -> bool {
    matches!(message, ToCoordinator::Done { job, .. } | ToCoordinator::Failed { job, .. } if *job == of)
}
