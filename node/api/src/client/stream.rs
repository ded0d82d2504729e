use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::error::ClientError;
use crate::door::Signed;
use crate::schema::{Channel, ClientSays, Decimal, Hex, MessageForm, ServerSays};

/// The stream.
#[derive(Debug)]
pub struct StreamClient {
    socket: WebSocketStream<TcpStream>,
    next_id: u64,
}

impl StreamClient {
    /// Of the node at an address.
    pub async fn connect(address: SocketAddr) -> Result<StreamClient, ClientError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let url = format!("ws://{address}/v1/stream");
        let (socket, _) =
            client_async(url, stream).await.map_err(|error| ClientError::Connection(error.to_string()))?;
        Ok(StreamClient { socket, next_id: 0 })
    }

    /// Says something as it is.
    pub async fn say(&mut self, says: &ClientSays) -> Result<(), ClientError> {
        let text = serde_json::to_string(says).map_err(|error| ClientError::Answer(error.to_string()))?;
        self.say_text(text).await
    }

    /// Says any text.
    pub async fn say_text(&mut self, text: String) -> Result<(), ClientError> {
        self.socket.send(Frame::text(text)).await.map_err(|error| ClientError::Connection(error.to_string()))
    }

    /// Listens to a channel; the id comes back with the answer.
    pub async fn subscribe(&mut self, channel: Channel) -> Result<Decimal, ClientError> {
        let id = self.id();
        self.say(&ClientSays::Subscribe { id: Some(id), channel }).await?;
        Ok(id)
    }

    /// Listens no more; what was said before that is still to be heard.
    pub async fn unsubscribe(&mut self, channel: Channel) -> Result<Decimal, ClientError> {
        let id = self.id();
        self.say(&ClientSays::Unsubscribe { id: Some(id), channel }).await?;
        Ok(id)
    }

    /// Hands a message in; the id comes back with the answer.
    pub async fn submit(&mut self, signed: &Signed) -> Result<Decimal, ClientError> {
        let id = self.id();
        let message = MessageForm::Bytes(Hex::of(signed.bytes()));
        let signature = Hex::of(signed.signature().as_bytes());
        self.say(&ClientSays::Submit { id: Some(id), message, signature }).await?;
        Ok(id)
    }

    /// Leaves a last will, or takes it back.
    pub async fn last_will(&mut self, signed: Option<&Signed>) -> Result<Decimal, ClientError> {
        let id = self.id();
        let message = signed.map(|signed| MessageForm::Bytes(Hex::of(signed.bytes())));
        let signature = signed.map(|signed| Hex::of(signed.signature().as_bytes())).unwrap_or_default();
        self.say(&ClientSays::LastWill { id: Some(id), message, signature }).await?;
        Ok(id)
    }

    /// What the server says next.
    pub async fn hear(&mut self) -> Result<ServerSays, ClientError> {
        loop {
            match self.socket.next().await {
                Some(Ok(Frame::Text(text))) => {
                    return serde_json::from_str(&text).map_err(|error| ClientError::Answer(error.to_string()));
                }
                Some(Ok(Frame::Close(_))) | None => {
                    return Err(ClientError::Connection("the node closed it".into()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(ClientError::Connection(error.to_string())),
            }
        }
    }

    fn id(&mut self) -> Decimal {
        self.next_id = self.next_id.saturating_add(1);
        Decimal(self.next_id)
    }
}
