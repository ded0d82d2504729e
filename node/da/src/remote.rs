//! A custodian elsewhere as a store.
//!
//! 1. Nothing it says is believed: receipts are recovered to the address it is known by, and everything else is checked by whoever asks.
//! 2. An answer is read up to the length that its kind can have, and waited for only so long.
//! 3. After a failure it is left alone for a while that grows, so that one dead custodian does not make everything slow.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ashlar_types::sign::WalletSecret;
use ashlar_types::{Address, BatchNumber, Decode, Encode, ExchangeId, from_bytes, to_bytes};
use axum::body::Bytes;
use axum::http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::custodian::refusal::DAMAGED;
use crate::custodian::wire::{
    AboutBody, ErrorBody, ListBody, PACKED, PERMIT, ReceiptBody, bits_of, bytes_of_hex, of_hex,
};
use crate::limits::{LIST_BYTES_MAX, LISTED_MAX, SECTION_BYTES_MAX, SHARE_BYTES_MAX, WORDS_BYTES_MAX};
use crate::pack::{Effort, pack, unpack};
use crate::{Answer, BatchKey, Deposit, Distance, Kept, Permit, Receipt, SectionKey, Share, Store, StoreError, Wanted};

/// How long a custodian may take to accept a connection.
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// How long it may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(15);
/// How long a permit is good for.
const PERMIT_MS: u64 = 60_000;
/// How long it is left alone after a first failure; each further one doubles that.
const PAUSE: Duration = Duration::from_millis(250);
/// Doublings of that pause.
const DOUBLINGS_MAX: u32 = 7;

/// Who writes, and for which exchange.
#[derive(Clone, Debug)]
pub struct Writer {
    /// Signs permits.
    pub key: WalletSecret,
    /// Of which exchange the batches are.
    pub exchange: ExchangeId,
}

/// Why a custodian's address is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{got} is no custodian; write http://HOST:PORT, or http://HOST:PORT#0xADDRESS to say whose signature counts")]
pub struct RemoteError {
    /// What was given.
    pub got: String,
}

/// A custodian that is reached by HTTP.
pub struct Remote {
    name: String,
    host: String,
    /// By what it is known; otherwise by what it first says.
    custodian: Mutex<Option<Address>>,
    writer: Option<Writer>,
    connection: futures::lock::Mutex<Option<SendRequest<Full<Bytes>>>>,
    failures: Mutex<(u32, Option<Instant>)>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("name", &self.name).finish_non_exhaustive()
    }
}

fn failed(action: &'static str, reason: impl fmt::Display) -> StoreError {
    StoreError::Failed { action, reason: reason.to_string() }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Remote {
    /// At `http://HOST:PORT`, with `#0xADDRESS` behind it if it is known whose signature counts. Without a writer it is only read.
    pub fn new(url: &str, writer: Option<Writer>) -> Result<Remote, RemoteError> {
        let error = || RemoteError { got: url.to_owned() };
        let (place, custodian) = match url.split_once('#') {
            Some((place, address)) => {
                let bytes = bytes_of_hex(address).and_then(|bytes| <[u8; 20]>::try_from(bytes).ok());
                (place, Some(Address(bytes.ok_or_else(error)?)))
            }
            None => (url, None),
        };
        let host = place.strip_prefix("http://").ok_or_else(error)?.trim_end_matches('/');
        let port = host.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        if port.is_none() || !plain {
            return Err(error());
        }
        Ok(Remote {
            name: place.trim_end_matches('/').to_owned(),
            host: host.to_owned(),
            custodian: Mutex::new(custodian),
            writer,
            connection: futures::lock::Mutex::default(),
            failures: Mutex::default(),
        })
    }

    /// By what address it is known, asked of itself if nobody has said.
    pub async fn custodian(&self) -> Result<Address, StoreError> {
        let known = *lock(&self.custodian);
        if let Some(address) = known {
            return Ok(address);
        }
        let about: AboutBody = self.words("/v1/custodian").await?;
        let address = bytes_of_hex(&about.custodian).and_then(|bytes| <[u8; 20]>::try_from(bytes).ok());
        let address = Address(address.ok_or_else(|| StoreError::Wrong("its address is no address".to_owned()))?);
        *lock(&self.custodian) = Some(address);
        Ok(address)
    }

    /// Has it sign again for a batch that it holds.
    pub async fn receipt(
        &self,
        exchange: &ExchangeId,
        key: &BatchKey,
        signatures_root: ashlar_batch::merkle::Digest,
    ) -> Result<Receipt, StoreError> {
        let (key_hex, root) = (hex(key), hex(&signatures_root));
        let body: ReceiptBody = self.words(&format!("/v1/batches/{key_hex}/receipt?signatures={root}")).await?;
        self.checked(&body, exchange, key, signatures_root).await
    }

    async fn checked(
        &self,
        body: &ReceiptBody,
        exchange: &ExchangeId,
        key: &BatchKey,
        root: ashlar_batch::merkle::Digest,
    ) -> Result<Receipt, StoreError> {
        let receipt = body.to_receipt().ok_or_else(|| StoreError::Wrong("its receipt is no receipt".to_owned()))?;
        let expected = self.custodian().await?;
        if receipt.custodian != expected {
            return Err(StoreError::Wrong("its receipt is by another custodian".to_owned()));
        }
        let wrong = |error| StoreError::Wrong(format!("its receipt does not hold: {error}"));
        receipt.check(exchange, key.commitment, root).map_err(wrong)?;
        Ok(receipt)
    }

    async fn words<T: DeserializeOwned>(&self, path: &str) -> Result<T, StoreError> {
        let bytes = self.ask("GET", path, None, Bytes::new(), LIST_BYTES_MAX.max(WORDS_BYTES_MAX)).await?;
        serde_json::from_slice(&bytes).map_err(|error| StoreError::Wrong(format!("its answer cannot be read: {error}")))
    }

    async fn deposit(&self, key: &BatchKey, deposit: &Deposit) -> Result<Receipt, StoreError> {
        let no_writer = || StoreError::Refused("nobody may write to it from here; name a writer's key".to_owned());
        let writer = self.writer.as_ref().ok_or_else(no_writer)?;
        let custodian = self.custodian().await?;
        let body = pack(&to_bytes(deposit), Effort::Way);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let not_after = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_add(PERMIT_MS);
        let permit = Permit::sign(&writer.key, writer.exchange, custodian, key, &body, not_after);
        let path = format!("/v1/batches/{}", hex(key));
        let answer = self.ask("PUT", &path, Some(hex(&permit)), body.into(), WORDS_BYTES_MAX).await?;
        let body: ReceiptBody = serde_json::from_slice(&answer)
            .map_err(|error| StoreError::Wrong(format!("its answer cannot be read: {error}")))?;
        self.checked(&body, &writer.exchange, key, deposit.signatures.root()).await
    }

    async fn share(&self, key: &BatchKey, wanted: Wanted<'_>) -> Result<Share, StoreError> {
        let query = match wanted {
            Wanted::Beside { have: [], most: usize::MAX } => String::new(),
            Wanted::Beside { have, most } => format!("?have={}&most={most}", bits_of(have)),
            Wanted::Only(rows) => format!("?only={}", bits_of(rows)),
        };
        let path = format!("/v1/batches/{}{query}", hex(key));
        let bytes = self.ask("GET", &path, None, Bytes::new(), SHARE_BYTES_MAX).await;
        let bytes = bytes.map_err(|error| match error {
            StoreError::AbsentSection(_) => StoreError::Absent(*key),
            error => error,
        })?;
        from_bytes(&bytes).map_err(StoreError::Damaged)
    }

    async fn kept(&self, from: BatchNumber, most: usize) -> Result<Kept, StoreError> {
        let most = most.min(LISTED_MAX);
        let list: ListBody = self.words(&format!("/v1/batches?from={}&most={most}", from.get())).await?;
        if list.batches.len() > most || list.signatures.len() > most {
            return Err(StoreError::Wrong("it lists more than it was asked for".to_owned()));
        }
        Ok(Kept { batches: keys(&list.batches)?, sections: keys(&list.signatures)? })
    }

    /// Asks, unless it is left alone for now.
    async fn ask(
        &self,
        method: &str,
        path: &str,
        permit: Option<String>,
        body: Bytes,
        most: usize,
    ) -> Result<Bytes, StoreError> {
        if let (failures, Some(until)) = *lock(&self.failures) {
            let now = Instant::now();
            if now < until {
                let wait = until.duration_since(now).as_millis();
                return Err(failed("answer", format!("it failed {failures} times; it is asked again in {wait} ms")));
            }
        }
        let answer = timeout(ANSWER_TIME, self.ask_once(method, path, permit, body, most)).await;
        let answer = answer.unwrap_or_else(|_| Err(failed("answer", "it took too long")));
        let mut failures = lock(&self.failures);
        *failures = match &answer {
            Err(StoreError::Failed { .. }) => {
                let pause = PAUSE.saturating_mul(1 << failures.0.min(DOUBLINGS_MAX));
                (failures.0.saturating_add(1), Instant::now().checked_add(pause))
            }
            _ => (0, None),
        };
        answer
    }

    async fn ask_once(
        &self,
        method: &str,
        path: &str,
        permit: Option<String>,
        body: Bytes,
        most: usize,
    ) -> Result<Bytes, StoreError> {
        let mut request = Request::builder().method(method).uri(path).header("host", &self.host);
        request = match permit {
            Some(permit) => request.header(PERMIT, permit).header(header::CONTENT_ENCODING, PACKED),
            None => request.header(header::ACCEPT_ENCODING, PACKED),
        };
        let request = request.body(Full::new(body)).map_err(|error| StoreError::Refused(error.to_string()))?;
        // A connection that is used by nobody else; others make their own.
        let mut kept = self.connection.try_lock().and_then(|mut kept| kept.take());
        if let Some(connection) = &mut kept
            && (connection.is_closed() || connection.ready().await.is_err())
        {
            kept = None;
        }
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let response = connection.send_request(request).await.map_err(|error| failed("answer", error))?;
        let status = response.status();
        let is_packed = response.headers().get(header::CONTENT_ENCODING).is_some_and(|value| value == PACKED);
        let body = Limited::new(response.into_body(), most).collect().await.map_err(|error| {
            match error.downcast_ref::<http_body_util::LengthLimitError>() {
                Some(_) => {
                    StoreError::Wrong(format!("it sent more than the {most} bytes that such an answer can have"))
                }
                None => failed("answer", error),
            }
        })?;
        if let Some(mut kept) = self.connection.try_lock() {
            *kept = Some(connection);
        }
        let body = match body.to_bytes() {
            packed if is_packed => {
                let wrong = |error| StoreError::Wrong(format!("what it sent packed does not unfold: {error}"));
                unpack(&packed, most).map_err(wrong)?.into()
            }
            body => body,
        };
        if status.is_success() { Ok(body) } else { Err(refusal(status, &body)) }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, StoreError> {
        let connecting = timeout(CONNECT_TIME, TcpStream::connect(&self.host)).await;
        let connecting = connecting.map_err(|_| failed("be reached", "it took too long"))?;
        let stream = connecting.map_err(|error| failed("be reached", error))?;
        stream.set_nodelay(true).map_err(|error| failed("be reached", error))?;
        let (connection, driver) =
            handshake(TokioIo::new(stream)).await.map_err(|error| failed("be reached", error))?;
        // It ends with its connection; what went wrong is told to whoever asked.
        tokio::spawn(driver);
        Ok(connection)
    }
}

fn hex<T: Encode>(value: &T) -> String {
    crate::custodian::hex_of(&to_bytes(value))
}

fn keys<T: Decode>(texts: &[String]) -> Result<Vec<T>, StoreError> {
    let key = |text: &String| of_hex(text, "a name").map_err(|error| StoreError::Wrong(error.to_string()));
    texts.iter().map(key).collect()
}

/// What a refusal means to who asked.
fn refusal(status: StatusCode, body: &[u8]) -> StoreError {
    let (code, words) = match serde_json::from_slice::<ErrorBody>(body) {
        Ok(body) => (body.error.code, body.error.message.chars().take(1_000).collect()),
        Err(_) => (String::new(), format!("status {status}")),
    };
    match status {
        // An answer like any other: what is torn there says nothing about the next batch.
        _ if code == DAMAGED => StoreError::Wrong(words),
        // Whoever asked knows what for, and says it.
        StatusCode::NOT_FOUND => StoreError::AbsentSection(NOTHING),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => failed("answer", words),
        _ if status.is_server_error() => failed("answer", words),
        _ => StoreError::Refused(words),
    }
}

/// In place of a name that is filled in by who asked.
const NOTHING: SectionKey = SectionKey { number: BatchNumber::new(0), root: ashlar_batch::merkle::Digest::EMPTY };

impl Store for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    fn distance(&self) -> Distance {
        Distance::There
    }

    fn put<'a>(&'a self, key: &'a BatchKey, deposit: &'a Deposit) -> Answer<'a, Option<Receipt>> {
        Box::pin(async move { self.deposit(key, deposit).await.map(Some) })
    }

    fn get<'a>(&'a self, key: &'a BatchKey, wanted: Wanted<'a>) -> Answer<'a, Share> {
        Box::pin(self.share(key, wanted))
    }

    fn signatures<'a>(&'a self, key: &'a SectionKey) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            let path = format!("/v1/signatures/{}", hex(key));
            let answer = self.ask("GET", &path, None, Bytes::new(), SECTION_BYTES_MAX).await;
            match answer {
                Ok(bytes) => Ok(bytes.to_vec()),
                Err(StoreError::AbsentSection(_)) => Err(StoreError::AbsentSection(*key)),
                Err(error) => Err(error),
            }
        })
    }

    fn list(&self, from: BatchNumber, most: usize) -> Answer<'_, Kept> {
        Box::pin(self.kept(from, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_custodian_is_refused_with_the_form() {
        for url in ["", "127.0.0.1:80", "https://a:1", "http://a", "http://a:b", "http://a:1#0x12", "http://a b:1"] {
            assert!(Remote::new(url, None).is_err(), "{url}");
        }
        let pinned = Remote::new("http://[::1]:9000/#0x00112233445566778899aabbccddeeff00112233", None).unwrap();
        assert_eq!((pinned.name(), pinned.host.as_str()), ("http://[::1]:9000", "[::1]:9000"));
        assert!(lock(&pinned.custodian).is_some());
    }
}
