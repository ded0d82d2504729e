//! A connection, without its stream: who may say what next, and the tags.
//!
//! 1. The coordinator challenges; the worker says hello, tagged under the token and that challenge; then both derive a key for each
//!    direction from the token, both nonces and the hello; the coordinator's first tagged frame is its welcome.
//! 2. A tag covers the number of its frame, so frames cannot be repeated, left out or put in another order.

use crate::auth::{Key, NONCE_BYTES, TAG_BYTES, Token, same_tag};
use crate::error::WireError;
use crate::frame::FrameHeader;
use crate::limits::{FRAME_BYTES_MAX, GREETING_BYTES_MAX};
use crate::message::{Description, ToCoordinator, ToWorker};

/// Puts tags on frames.
#[derive(Debug)]
pub struct Sealer {
    key: Key,
    count: u64,
}

/// Takes tags off frames.
#[derive(Debug)]
pub struct Opener {
    key: Key,
    count: u64,
}

impl Sealer {
    fn seal(&mut self, message: Vec<u8>) -> Result<Vec<u8>, WireError> {
        let length = message.len() + TAG_BYTES;
        if length > FRAME_BYTES_MAX {
            return Err(WireError::TooLong { what: "a frame", max: FRAME_BYTES_MAX, got: length });
        }
        let header = FrameHeader::write(length);
        let tag = self.key.tag([&self.count.to_le_bytes() as &[u8], &header, &message]);
        self.count += 1;
        Ok([&header as &[u8], &message, &tag].concat())
    }

    /// The whole frame of a message to a worker.
    pub fn to_worker(&mut self, message: &ToWorker) -> Result<Vec<u8>, WireError> {
        if let ToWorker::Ask { question, .. } = message {
            question.check_size()?;
        }
        self.seal(message.to_bytes())
    }

    /// The whole frame of a message to a coordinator.
    pub fn to_coordinator(&mut self, message: &ToCoordinator) -> Result<Vec<u8>, WireError> {
        if let ToCoordinator::Done { answer, .. } = message {
            answer.check_size()?;
        }
        self.seal(message.to_bytes())
    }
}

impl Opener {
    /// The most bytes that the payload of the next frame may have.
    pub const fn payload_max(&self) -> usize {
        FRAME_BYTES_MAX
    }

    fn open<'a>(&mut self, payload: &'a [u8]) -> Result<&'a [u8], WireError> {
        let (message, tag) = payload.split_last_chunk::<TAG_BYTES>().ok_or(WireError::Ends { what: "a tag" })?;
        let header = FrameHeader::write(payload.len());
        if !same_tag(&self.key.tag([&self.count.to_le_bytes() as &[u8], &header, message]), tag) {
            return Err(WireError::Tag);
        }
        self.count += 1;
        Ok(message)
    }

    /// Reads the payload of a frame from a coordinator.
    pub fn from_coordinator(&mut self, payload: &[u8]) -> Result<ToWorker, WireError> {
        ToWorker::from_bytes(self.open(payload)?)
    }

    /// Reads the payload of a frame from a worker.
    pub fn from_worker(&mut self, payload: &[u8]) -> Result<ToCoordinator, WireError> {
        ToCoordinator::from_bytes(self.open(payload)?)
    }
}

/// A connection whose other side is known.
#[derive(Debug)]
pub struct Established {
    /// For what is said.
    pub sealer: Sealer,
    /// For what is heard.
    pub opener: Opener,
}

/// The coordinator's side of a connection that waits for its greeting.
#[derive(Debug)]
pub struct Coordinator {
    token: Token,
    nonce: [u8; NONCE_BYTES],
}

impl Coordinator {
    /// The most bytes that the payload of the greeting may have.
    pub const PAYLOAD_MAX: usize = GREETING_BYTES_MAX;

    /// Begins with a nonce that was never used, and gives the whole first frame.
    pub fn begin(token: Token, nonce: [u8; NONCE_BYTES]) -> (Coordinator, Vec<u8>) {
        let message = ToWorker::Challenge { nonce }.to_bytes();
        let frame = [&FrameHeader::write(message.len()) as &[u8], &message].concat();
        (Coordinator { token, nonce }, frame)
    }

    /// Reads the payload of the worker's first frame, and gives what it can do, the connection, and the welcome to send.
    pub fn greet(self, payload: &[u8]) -> Result<(Description, Established, Vec<u8>), WireError> {
        let hello = Opener { key: greeting_key(&self.token, &self.nonce), count: 0 }.open(payload)?;
        let ToCoordinator::Hello { description, nonce } = ToCoordinator::from_bytes(hello)? else {
            return Err(WireError::Unexpected { expected: "a hello" });
        };
        let [to_worker, to_coordinator] = keys(&self.token, &self.nonce, &nonce, hello);
        let mut established = Established {
            sealer: Sealer { key: to_worker, count: 0 },
            opener: Opener { key: to_coordinator, count: 0 },
        };
        let welcome = established.sealer.to_worker(&ToWorker::Welcome)?;
        Ok((description, established, welcome))
    }
}

impl Established {
    /// The worker's side, from the payload of the coordinator's first frame: the connection, and the hello to send. The coordinator
    /// is known once its next frame opens and is a welcome.
    pub fn of_worker(
        token: &Token,
        challenge: &[u8],
        description: Description,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<(Established, Vec<u8>), WireError> {
        let ToWorker::Challenge { nonce: theirs } = ToWorker::from_bytes(challenge)? else {
            return Err(WireError::Unexpected { expected: "a challenge" });
        };
        let message = ToCoordinator::Hello { description, nonce }.to_bytes();
        let [to_worker, to_coordinator] = keys(token, &theirs, &nonce, &message);
        let hello = Sealer { key: greeting_key(token, &theirs), count: 0 }.seal(message)?;
        let sealer = Sealer { key: to_coordinator, count: 0 };
        Ok((Established { sealer, opener: Opener { key: to_worker, count: 0 } }, hello))
    }
}

fn greeting_key(token: &Token, challenge: &[u8; NONCE_BYTES]) -> Key {
    token.derive("ashlar prover hello", &[challenge])
}

fn keys(token: &Token, challenge: &[u8; NONCE_BYTES], nonce: &[u8; NONCE_BYTES], hello: &[u8]) -> [Key; 2] {
    ["ashlar prover to worker", "ashlar prover to coordinator"]
        .map(|purpose| token.derive(purpose, &[challenge, nonce, hello]))
}
