use std::net::SocketAddr;

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use super::error::ClientError;
use crate::door::Signed;
use crate::schema::{AnswerView, ErrorBody, Hex, MessageForm, SubmitBody};

/// REST over one connection that is kept, and made anew when it is gone.
#[derive(Debug)]
pub struct RestClient {
    address: SocketAddr,
    bearer: Option<String>,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl RestClient {
    /// Of the node at an address.
    pub fn new(address: SocketAddr) -> RestClient {
        RestClient { address, bearer: None, connection: None }
    }

    /// Shows a token with every request, as the admin server wants it.
    pub fn with_token(address: SocketAddr, token: &str) -> RestClient {
        RestClient { bearer: Some(format!("Bearer {token}")), ..RestClient::new(address) }
    }

    /// Asks.
    pub async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, ClientError> {
        let (status, body) = self.ask("GET", path, Bytes::new()).await?;
        read(status, &body)
    }

    /// Sends.
    pub async fn post<T: DeserializeOwned>(&mut self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        let text = serde_json::to_vec(body).map_err(|error| ClientError::Answer(error.to_string()))?;
        let (status, body) = self.ask("POST", path, text.into()).await?;
        read(status, &body)
    }

    /// Hands a message in. Should the answer be lost, handing in the same one again gives it.
    pub async fn submit(&mut self, signed: &Signed) -> Result<AnswerView, ClientError> {
        let message = MessageForm::Bytes(Hex::of(signed.bytes()));
        let body = SubmitBody { message, signature: Hex::of(signed.signature().as_bytes()) };
        self.post("/v1/messages", &body).await
    }

    /// Status and body of whatever is asked.
    pub async fn ask(&mut self, method: &str, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), ClientError> {
        let failed = |error: hyper::Error| ClientError::Connection(error.to_string());
        let mut request = Request::builder().method(method).uri(path).header("host", self.address.to_string());
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Full::new(body)).map_err(|error| ClientError::Answer(error.to_string()))?;
        let mut connection = match self.connection.take() {
            Some(connection) if !connection.is_closed() => connection,
            _ => self.connect().await?,
        };
        connection.ready().await.map_err(failed)?;
        let response = connection.send_request(request).await.map_err(failed)?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(failed)?.to_bytes();
        self.connection = Some(connection);
        Ok((status, body))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, ClientError> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) =
            handshake(TokioIo::new(stream)).await.map_err(|error| ClientError::Connection(error.to_string()))?;
        // It ends with its connection; what went wrong is told to whoever asked.
        tokio::spawn(driver);
        Ok(connection)
    }
}

fn read<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, ClientError> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|error| ClientError::Answer(error.to_string()));
    }
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(refused) => Err(ClientError::Refused(refused.error)),
        Err(error) => Err(ClientError::Answer(format!("status {status}: {error}"))),
    }
}
