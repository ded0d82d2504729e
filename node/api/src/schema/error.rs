use std::fmt::Display;

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::door::{Refusal, Unavailable};
use crate::limits::SENTENCE_BYTES_MAX;

use super::order::reason_word;

/// What kind of error it is; a program decides by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request cannot be read, has a field that is not known, or a number out of its range.
    BadRequest,
    /// The bytes are no canonical message.
    Malformed,
    /// The signature is not one of this message by the key its header names.
    BadSignature,
    /// The exchange would refuse the message whole.
    Inadmissible,
    /// Another message used the nonce.
    NonceTaken,
    /// There is no such thing.
    NotFound,
    /// There is such a path, and not with this method.
    MethodNotAllowed,
    /// The body is larger than a request may be.
    TooLarge,
    /// The body is not JSON by its own header.
    UnsupportedMedia,
    /// More than may be asked.
    RateLimited,
    /// The exchange has more to do than it can.
    Overloaded,
    /// Messages are not accepted at the moment.
    Closed,
    /// The answer was lost; sending the same message again is safe.
    Lost,
    /// The node cannot say at the moment.
    Unavailable,
    /// The reader took what it was sent too slowly.
    TooSlow,
    /// The token is missing or wrong.
    Unauthorized,
    /// It cannot be done now.
    NotNow,
}

impl Code {
    /// The status of an HTTP answer with this code.
    pub const fn status(self) -> StatusCode {
        match self {
            Code::BadRequest | Code::Malformed => StatusCode::BAD_REQUEST,
            Code::BadSignature | Code::Unauthorized => StatusCode::UNAUTHORIZED,
            Code::Inadmissible => StatusCode::UNPROCESSABLE_ENTITY,
            Code::NonceTaken | Code::NotNow => StatusCode::CONFLICT,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::RateLimited | Code::TooSlow => StatusCode::TOO_MANY_REQUESTS,
            Code::Overloaded | Code::Closed | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::Lost => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// Its number in the binary gateway.
    pub const fn number(self) -> u16 {
        self as u16
    }
}

/// An error as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorView {
    /// What kind it is.
    pub code: Code,
    /// What happened, with which value, and what to do next.
    pub message: String,
    /// The exchange's reason, if it is the exchange that refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When to ask again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u32>,
}

/// The body of an answer that is an error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorView,
}

/// Why a request is not answered as it wishes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiError(pub ErrorView);

impl ApiError {
    /// With a code and a sentence, which ends early if it repeats something long.
    pub fn new(code: Code, message: impl Into<String>) -> ApiError {
        let mut message: String = message.into();
        if message.len() > SENTENCE_BYTES_MAX {
            let end = (0..=SENTENCE_BYTES_MAX).rev().find(|at| message.is_char_boundary(*at));
            message.truncate(end.unwrap_or(0));
            message.push('…');
        }
        ApiError(ErrorView { code, message, reason: None, retry_ms: None })
    }

    /// A number or name is not in its range.
    pub fn range(field: &str, got: impl Display) -> ApiError {
        ApiError::new(Code::BadRequest, format!("`{field}` is {got}, which is not in its range; correct it"))
    }

    /// There is no such thing.
    pub fn not_found(what: &str, name: impl Display) -> ApiError {
        ApiError::new(Code::NotFound, format!("there is no {what} {name}"))
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> ApiError {
        let mut error = ErrorView { code: Code::Closed, message: refusal.to_string(), reason: None, retry_ms: None };
        error.code = match refusal {
            Refusal::Malformed(_) => Code::Malformed,
            Refusal::Signature(_) => Code::BadSignature,
            Refusal::Inadmissible(reason) => {
                error.reason = Some(reason_word(reason));
                Code::Inadmissible
            }
            Refusal::NonceTaken { .. } => Code::NonceTaken,
            Refusal::RateLimited { retry_ms } => {
                error.retry_ms = Some(retry_ms);
                Code::RateLimited
            }
            Refusal::Overloaded { retry_ms } => {
                error.retry_ms = Some(retry_ms);
                Code::Overloaded
            }
            Refusal::Closed { .. } => Code::Closed,
            Refusal::Lost { .. } => Code::Lost,
        };
        ApiError(error)
    }
}

impl From<Unavailable> for ApiError {
    fn from(unavailable: Unavailable) -> ApiError {
        ApiError::new(Code::Unavailable, unavailable.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let retry = self.0.retry_ms.map(|ms| u64::from(ms.div_ceil(1_000)));
        let mut response = (self.0.code.status(), Json(ErrorBody { error: self.0 })).into_response();
        if let Some(seconds) = retry {
            response.headers_mut().insert("retry-after", HeaderValue::from(seconds));
        }
        response
    }
}
