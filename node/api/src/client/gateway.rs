use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;

use super::error::ClientError;
use crate::door::Signed;
use crate::gateway::{Frame, GatewayAnswer, Kind, put_submit, read_answer, read_refusal};
use crate::limits::ANSWER_BYTES_MAX;

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Frame>>>>;

/// The binary gateway. Messages may be sent one after another without waiting for their answers.
#[derive(Debug)]
pub struct GatewayClient {
    write: OwnedWriteHalf,
    waiting: Waiting,
    next_id: u64,
}

impl GatewayClient {
    /// Of the node at an address.
    pub async fn connect(address: SocketAddr) -> Result<GatewayClient, ClientError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (read, write) = stream.into_split();
        let waiting = Waiting::default();
        tokio::spawn(hear_all(read, Arc::clone(&waiting)));
        Ok(GatewayClient { write, waiting, next_id: 0 })
    }

    /// Sends a message. What is returned waits for its answer.
    pub async fn submit(
        &mut self,
        signed: &Signed,
    ) -> Result<impl Future<Output = Result<GatewayAnswer, ClientError>> + Send + 'static, ClientError> {
        let answer = self.send(Kind::Submit, put_submit(signed)).await?;
        Ok(async move {
            let frame = arrived(answer).await?;
            read_answer(&frame.payload).map_err(|error| ClientError::Answer(error.to_string()))
        })
    }

    /// Leaves a last will, or takes it back.
    pub async fn last_will(&mut self, signed: Option<&Signed>) -> Result<(), ClientError> {
        let answer = self.send(Kind::LastWill, signed.map(put_submit).unwrap_or_default()).await?;
        arrived(answer).await.map(drop)
    }

    /// Asks whether the node is there.
    pub async fn ping(&mut self) -> Result<(), ClientError> {
        let answer = self.send(Kind::Ping, Vec::new()).await?;
        arrived(answer).await.map(drop)
    }

    async fn send(&mut self, kind: Kind, payload: Vec<u8>) -> Result<oneshot::Receiver<Frame>, ClientError> {
        self.next_id = self.next_id.saturating_add(1);
        let (answer, arriving) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(self.next_id, answer);
        self.write.write_all(&Frame { kind, id: self.next_id, payload }.to_bytes()).await?;
        Ok(arriving)
    }
}

async fn arrived(answer: oneshot::Receiver<Frame>) -> Result<Frame, ClientError> {
    let frame = answer.await.map_err(|_| ClientError::Connection("the gateway closed it".into()))?;
    if frame.kind != Kind::Refused {
        return Ok(frame);
    }
    let (code, retry_ms, message) =
        read_refusal(&frame.payload).ok_or_else(|| ClientError::Answer("a refusal without a code".into()))?;
    Err(ClientError::GatewayRefused { code, retry_ms, message })
}

/// Gives each answer to whoever waits for it. When the connection ends, whoever still waits is told by the dropped senders.
async fn hear_all(read: OwnedReadHalf, waiting: Waiting) {
    let mut read = BufReader::new(read);
    while let Ok(frame) = Frame::read(&mut read, ANSWER_BYTES_MAX).await {
        let waits = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&frame.id);
        if let Some(waits) = waits {
            let _ = waits.send(frame);
        }
    }
    waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
}
