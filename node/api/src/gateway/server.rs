use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use super::frame::{Frame, FrameError, Kind, put_answer, put_refusal, read_submit};
use crate::door::{Origin, Signed};
use crate::http::{Api, Peer, Serving, accept, count, hand_in};
use crate::limits::{FRAME_BYTES_MAX, INFLIGHT_MAX};
use crate::schema::{ApiError, Code, ErrorView};
use crate::socket::LastWill;

/// Bytes that are gathered before they are sent, when more is waiting.
const GATHER_BYTES: usize = 32 * 1024;

/// Serves the gateway.
pub async fn listen(address: SocketAddr, api: Api) -> io::Result<Serving> {
    accept(address, api.clone(), move |stream, peer| serve(stream, api.clone(), peer)).await
}

async fn serve(stream: TcpStream, api: Api, peer: Peer) {
    // Answers are small and wanted at once. A socket that cannot do that is as good, only slower.
    let _ = stream.set_nodelay(true);
    let (read, write) = stream.into_split();
    let (answers, waiting) = mpsc::channel(2 * INFLIGHT_MAX);
    let patience = api.config().patience;
    let writer = tokio::spawn(write_all(write, waiting, patience.send));
    let mut connection = Connection {
        will: LastWill::new(api.clone(), Origin { ip: peer.ip }),
        api,
        peer,
        answers,
        inflight: Arc::new(Semaphore::new(INFLIGHT_MAX)),
    };
    let mut read = BufReader::new(read);
    let written = connection.answers.clone();
    loop {
        let frame = tokio::select! {
            frame = timeout(patience.silence, Frame::read(&mut read, FRAME_BYTES_MAX)) => frame,
            // Whoever does not read its answers is not heard any more either.
            () = written.closed() => break,
        };
        let error = match frame {
            Ok(Ok(frame)) => match connection.hear(frame).await {
                Ok(()) => continue,
                Err(error) => error,
            },
            Ok(Err(FrameError::Gone(_))) => break,
            Ok(Err(error)) => ApiError::new(Code::Malformed, error.to_string()),
            Err(_) => ApiError::new(
                Code::TooSlow,
                "no whole frame came for too long; connect again, and send a ping now and then",
            ),
        };
        connection.refuse(0, &error.0).await;
        break;
    }
    drop((connection, written));
    // What is answered already goes out; whoever does not read is not waited for.
    let _ = timeout(patience.send, writer).await;
}

struct Connection {
    api: Api,
    peer: Peer,
    answers: mpsc::Sender<Frame>,
    will: LastWill,
    inflight: Arc<Semaphore>,
}

impl Connection {
    /// Answers a frame, or says why the connection ends.
    async fn hear(&mut self, frame: Frame) -> Result<(), ApiError> {
        match frame.kind {
            Kind::Submit => match read_submit(&frame.payload) {
                Ok(signed) => self.submit(frame.id, signed).await,
                Err(error) => self.refuse(frame.id, &error.0).await,
            },
            Kind::LastWill => {
                let will = if frame.payload.is_empty() { Ok(None) } else { read_submit(&frame.payload).map(Some) };
                match will.and_then(|will| self.will.set(will)) {
                    Ok(()) => self.say(Frame { kind: Kind::Done, id: frame.id, payload: Vec::new() }).await,
                    Err(error) => self.refuse(frame.id, &error.0).await,
                }
            }
            Kind::Ping => self.say(Frame { kind: Kind::Pong, id: frame.id, payload: Vec::new() }).await,
            Kind::Answered | Kind::Refused | Kind::Pong | Kind::Done => {
                return Err(ApiError::new(Code::Malformed, "that kind of frame is the node's; see docs/api.md"));
            }
        }
        Ok(())
    }

    async fn submit(&self, id: u64, signed: Signed) {
        count(&self.api.counters().gateway);
        // The semaphore is never closed.
        let Ok(permit) = Arc::clone(&self.inflight).acquire_owned().await else { return };
        let (api, origin, answers) = (self.api.clone(), Origin { ip: self.peer.ip }, self.answers.clone());
        tokio::spawn(async move {
            let frame = match hand_in(&api, signed, origin).await {
                Ok(answered) => Frame { kind: Kind::Answered, id, payload: put_answer(&answered) },
                Err(refusal) => Frame { id, ..Frame::from(&refusal) },
            };
            // Whoever is gone needs no answer.
            let _ = answers.send(frame).await;
            drop(permit);
        });
    }

    async fn refuse(&self, id: u64, error: &ErrorView) {
        self.say(Frame { kind: Kind::Refused, id, payload: put_refusal(error) }).await;
    }

    async fn say(&self, frame: Frame) {
        let _ = self.answers.send(frame).await;
    }
}

async fn write_all(mut write: OwnedWriteHalf, mut waiting: mpsc::Receiver<Frame>, within: Duration) {
    while let Some(frame) = waiting.recv().await {
        let mut bytes = frame.to_bytes();
        while bytes.len() < GATHER_BYTES {
            let Ok(frame) = waiting.try_recv() else { break };
            bytes.extend(frame.to_bytes());
        }
        match timeout(within, write.write_all(&bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}
