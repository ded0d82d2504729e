//! An object store that speaks S3, as MinIO, Garage or Ceph do: three requests, signed as AWS Signature Version 4 says.
//!
//! 1. It is reached by plain HTTP: what goes there is public and compared with its hash when it comes back. Where a store asks for TLS, a proxy
//!    beside this process speaks it.
//! 2. The secret signs and is never sent, printed or part of an error.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::objects::{Objects, Said};
use super::{ArchiveError, hex};

/// How long a request may take.
const ANSWER_TIME: Duration = Duration::from_secs(120);
const BLOCK: usize = 64;

/// Where the store is, and by which key it is used.
#[derive(Clone)]
pub struct S3Config {
    /// `HOST:PORT`.
    pub host: String,
    /// The bucket, which must be there.
    pub bucket: String,
    /// What comes before every name, such as `archive/`.
    pub prefix: String,
    /// The region that signatures name.
    pub region: String,
    /// The name of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: String,
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let S3Config { host, bucket, prefix, region, access_key, .. } = self;
        f.debug_struct("S3Config")
            .field("host", host)
            .field("bucket", bucket)
            .field("prefix", prefix)
            .field("region", region)
            .field("access_key", access_key)
            .finish_non_exhaustive()
    }
}

/// A bucket of an object store.
#[derive(Debug)]
pub struct S3 {
    config: S3Config,
    place: String,
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    let hashed: [u8; 32];
    let key = if key.len() > BLOCK {
        hashed = Sha256::digest(key).into();
        &hashed[..]
    } else {
        key
    };
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let inner = Sha256::new_with_prefix(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new_with_prefix(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// A moment as signatures write it, from seconds since 1970.
fn stamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March, so that the leap day is their last; 719,468 days lie between year 0 and 1970.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_of_year = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_of_year + 2) / 5 + 1;
    let month = if month_of_year < 10 { month_of_year + 3 } else { month_of_year - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

/// The header `authorization` of a request. Headers are in lower case and sorted; the path is already encoded.
fn authorization(
    config: &S3Config,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body_hash: &str,
    at: &str,
) -> String {
    let day = at.get(..8).unwrap_or_default();
    let canonical: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let request = format!("{method}\n{path}\n\n{canonical}\n{names}\n{body_hash}");
    let scope = format!("{day}/{}/s3/aws4_request", config.region);
    let text = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", hex(Sha256::digest(request.as_bytes()).as_slice()));
    let key = hmac(format!("AWS4{}", config.secret_key).as_bytes(), day.as_bytes());
    let key = [config.region.as_str(), "s3", "aws4_request"].iter().fold(key, |key, part| hmac(&key, part.as_bytes()));
    let signature = hex(&hmac(&key, text.as_bytes()));
    let access = &config.access_key;
    format!("AWS4-HMAC-SHA256 Credential={access}/{scope},SignedHeaders={names},Signature={signature}")
}

impl S3 {
    /// A bucket. Nothing is asked of it yet.
    pub fn new(config: S3Config) -> S3 {
        S3 { place: format!("http://{}/{}", config.host, config.bucket), config }
    }

    fn failed(&self, action: &'static str, name: &str, why: impl ToString) -> ArchiveError {
        ArchiveError::Objects { place: self.place.clone(), action, name: name.to_owned(), why: why.to_string() }
    }

    async fn ask(
        &self,
        action: &'static str,
        method: &str,
        name: &str,
        body: &[u8],
        most: u64,
    ) -> Result<(StatusCode, Bytes), ArchiveError> {
        let answer = timeout(ANSWER_TIME, self.ask_once(method, name, body, most)).await;
        answer.unwrap_or_else(|_| Err("it took too long".to_owned())).map_err(|why| self.failed(action, name, why))
    }

    async fn ask_once(&self, method: &str, name: &str, body: &[u8], most: u64) -> Result<(StatusCode, Bytes), String> {
        let S3Config { host, bucket, prefix, .. } = &self.config;
        let path = format!("/{bucket}/{prefix}{name}");
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (at, body_hash) = (stamp(since.as_secs()), hex(Sha256::digest(body).as_slice()));
        let headers =
            [("host", host.as_str()), ("x-amz-content-sha256", body_hash.as_str()), ("x-amz-date", at.as_str())];
        let authorization = authorization(&self.config, method, &path, &headers, &body_hash, &at);
        let mut request = Request::builder().method(method).uri(&path).header("authorization", authorization);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let said = |error: &dyn fmt::Display| error.to_string();
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).map_err(|error| said(&error))?;
        let stream = TcpStream::connect(host).await.map_err(|error| said(&error))?;
        let (mut connection, driver) = handshake(TokioIo::new(stream)).await.map_err(|error| said(&error))?;
        tokio::spawn(driver);
        let response = connection.send_request(request).await.map_err(|error| said(&error))?;
        let status = response.status();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let body = Limited::new(response.into_body(), most).collect().await.map_err(|error| said(&error))?;
        Ok((status, body.to_bytes()))
    }

    fn done(&self, action: &'static str, name: &str, answer: (StatusCode, Bytes)) -> Result<(), ArchiveError> {
        let (status, body) = answer;
        if status.is_success() || (action == "remove" && status == StatusCode::NOT_FOUND) {
            return Ok(());
        }
        let words: String = String::from_utf8_lossy(&body).chars().take(300).collect();
        Err(self.failed(action, name, format!("status {status}: {words}")))
    }
}

/// Bytes of a refusal that are read.
const WORDS_MAX: u64 = 64 << 10;

impl Objects for S3 {
    fn place(&self) -> &str {
        &self.place
    }

    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> Said<'a, ()> {
        Box::pin(async move { self.done("write", name, self.ask("write", "PUT", name, bytes, WORDS_MAX).await?) })
    }

    fn get<'a>(&'a self, name: &'a str, most: u64) -> Said<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let (status, body) = self.ask("read", "GET", name, &[], most.max(WORDS_MAX)).await?;
            match status {
                StatusCode::NOT_FOUND => Ok(None),
                status if status.is_success() => Ok(Some(body.into())),
                status => self.done("read", name, (status, body)).map(|()| None),
            }
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> Said<'a, ()> {
        Box::pin(async move { self.done("remove", name, self.ask("remove", "DELETE", name, &[], WORDS_MAX).await?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_calendars_have_them() {
        for (seconds, expected) in [
            (0, "19700101T000000Z"),
            (951_782_400, "20000229T000000Z"),
            (1_369_353_600, "20130524T000000Z"),
            (1_735_689_599, "20241231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(stamp(seconds), expected);
        }
    }

    /// The first example in the documentation of Signature Version 4 for S3, "GET Object".
    #[test]
    fn a_request_is_signed_as_the_documentation_has_it() {
        let config = S3Config {
            host: String::new(),
            bucket: String::new(),
            prefix: String::new(),
            region: "us-east-1".to_owned(),
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        };
        let (nothing, at) = (hex(Sha256::digest([]).as_slice()), "20130524T000000Z");
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", nothing.as_str()),
            ("x-amz-date", at),
        ];
        let signed = authorization(&config, "GET", "/test.txt", &headers, &nothing, at);
        let expected = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        assert!(signed.ends_with(&format!("Signature={expected}")), "{signed}");
        assert!(!format!("{config:?}").contains("wJalr"), "the secret is not shown");
    }
}
