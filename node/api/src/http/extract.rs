//! What handlers take from a request, with our own errors in place of the framework's.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::limits::BODY_BYTES_MAX;
use crate::schema::{ApiError, Code};

/// A body of JSON.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

/// The names in a path.
#[derive(Clone, Copy, Debug)]
pub struct Named<T>(pub T);

/// What stands after the question mark.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

/// Reads JSON of a bounded length.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ApiError::new(Code::BadRequest, format!("the JSON cannot be taken: {error}")))
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let media_type = request.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default().to_owned());
        if let Some(media_type) = media_type
            && !media_type.starts_with("application/json")
        {
            let message = format!("a body of type {media_type:?}; send application/json");
            return Err(ApiError::new(Code::UnsupportedMedia, message));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::new(Code::TooLarge, format!("a body above {BODY_BYTES_MAX} bytes; send less at once"))
            } else {
                ApiError::new(Code::BadRequest, "the body ended before it was complete; send it again")
            }
        })?;
        read_json(&bytes).map(Body)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let named = Path::<T>::from_request_parts(parts, state).await;
        named.map(|Path(named)| Named(named)).map_err(|error| {
            ApiError::new(Code::BadRequest, format!("the path names something that cannot be: {}", error.body_text()))
        })
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(query)| Query(query)).map_err(|error| {
            ApiError::new(Code::BadRequest, format!("what stands after the `?` cannot be taken: {}", error.body_text()))
        })
    }
}
