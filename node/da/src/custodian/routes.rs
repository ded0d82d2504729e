use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ashlar_batch::merkle::Digest;
use ashlar_types::{Address, BatchNumber, Encode, from_bytes, to_bytes};
use axum::body::{Body, to_bytes as read_body};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use commonware_runtime::Storage;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::allowance::Allowances;
use super::keep::{Custodian, Standing};
use super::refusal::{Refusal, hex_of};
use super::wire::{AboutBody, ErrorBody, ErrorWords, ListBody, PACKED, PERMIT, ReceiptBody, of_hex, rows_of};
use crate::limits::{DEPOSIT_BYTES_MAX, DEPOSITS_AT_ONCE, LISTED_MAX};
use crate::pack::{Effort, pack, unpack};
use crate::{BatchKey, Kept, Permit, SectionKey, Wanted};

/// A custodian behind its door.
pub(super) struct Door<E> {
    custodian: Custodian<E>,
    addresses: Allowances<IpAddr>,
    writers: Allowances<Address>,
    deposits: Semaphore,
}

type Shared<E> = State<Arc<Door<E>>>;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let error = ErrorWords { code: self.code().to_owned(), message: self.to_string() };
        let mut response = (status, Json(ErrorBody { error })).into_response();
        if let Refusal::Busy { retry_ms } = self {
            response.headers_mut().insert(header::RETRY_AFTER, retry_ms.div_ceil(1_000).into());
        }
        response
    }
}

impl<E: Storage> Door<E> {
    pub(super) fn new(custodian: Custodian<E>) -> Arc<Door<E>> {
        let policy = custodian.policy();
        let (burst, per_second) = policy.requests;
        let (bytes, bytes_per_second) = policy.writer_bytes;
        Arc::new(Door {
            addresses: Allowances::new(burst.into(), per_second.into()),
            writers: Allowances::new(bytes, bytes_per_second),
            deposits: Semaphore::new(DEPOSITS_AT_ONCE),
            custodian,
        })
    }

    pub(super) const fn custodian(&self) -> &Custodian<E> {
        &self.custodian
    }

    /// Whether an address may ask one thing more.
    pub(super) fn admit(&self, ip: IpAddr) -> Result<(), Refusal> {
        self.addresses.take(ip, 1, now_ms()).map_err(|retry_ms| Refusal::Busy { retry_ms })
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn router<E: Storage>(door: Arc<Door<E>>) -> Router {
    Router::new()
        .route("/v1/custodian", get(about::<E>))
        .route("/v1/batches", get(list::<E>))
        .route("/v1/batches/{key}", get(share::<E>).put(deposit::<E>))
        .route("/v1/batches/{key}/receipt", get(receipt::<E>))
        .route("/v1/signatures/{key}", get(section::<E>))
        .fallback(|| async {
            Refusal::Malformed { what: "the path", form: "see docs/spec/da.md for what there is" }.into_response()
        })
        .with_state(door)
}

async fn about<E: Storage>(State(door): Shared<E>) -> Result<Json<AboutBody>, Refusal> {
    let Standing { exchange, batches, bytes, oldest, newest } = door.custodian.standing().await?;
    Ok(Json(AboutBody {
        custodian: format!("0x{}", hex_of(&door.custodian.address().0)),
        exchange: exchange.map(|id| format!("0x{}", hex_of(&id.0))),
        place: door.custodian.policy().place.map(|place| (place.index(), place.stores())),
        batches,
        bytes,
        oldest: oldest.map(BatchNumber::get),
        newest: newest.map(BatchNumber::get),
    }))
}

#[derive(Deserialize)]
struct ListQuery {
    from: Option<u64>,
    most: Option<usize>,
}

async fn list<E: Storage>(State(door): Shared<E>, Query(query): Query<ListQuery>) -> Result<Json<ListBody>, Refusal> {
    let from = BatchNumber::new(query.from.unwrap_or(0));
    let Kept { batches, sections } =
        door.custodian.list(from, query.most.unwrap_or(LISTED_MAX).min(LISTED_MAX)).await?;
    Ok(Json(ListBody { batches: names(&batches), signatures: names(&sections) }))
}

fn names<T: Encode>(keys: &[T]) -> Vec<String> {
    keys.iter().map(|key| hex_of(&to_bytes(key))).collect()
}

#[derive(Deserialize)]
struct ShareQuery {
    have: Option<String>,
    most: Option<usize>,
    only: Option<String>,
}

async fn share<E: Storage>(
    State(door): Shared<E>,
    Path(key): Path<String>,
    Query(query): Query<ShareQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let key: BatchKey = of_hex(&key, "the batch's name")?;
    let rows = rows_of(query.only.as_deref().or(query.have.as_deref()).unwrap_or_default())?;
    let wanted = match query.only {
        Some(_) => Wanted::Only(&rows),
        None => Wanted::Beside { have: &rows, most: query.most.unwrap_or(usize::MAX) },
    };
    let share = to_bytes(&door.custodian.share(&key, wanted).await?);
    if headers.get(header::ACCEPT_ENCODING).is_none_or(|value| value != PACKED) {
        return Ok(bytes(share));
    }
    // Proofs of neighbouring rows have most of their digests in common.
    let mut packed = bytes(pack(&share, Effort::Way));
    packed.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(PACKED));
    Ok(packed)
}

fn bytes(content: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], content).into_response()
}

async fn section<E: Storage>(State(door): Shared<E>, Path(key): Path<String>) -> Result<Response, Refusal> {
    let key: SectionKey = of_hex(&key, "the signatures' name")?;
    Ok(bytes(door.custodian.section(&key).await?))
}

#[derive(Deserialize)]
struct ReceiptQuery {
    signatures: Option<String>,
}

async fn receipt<E: Storage>(
    State(door): Shared<E>,
    Path(key): Path<String>,
    Query(query): Query<ReceiptQuery>,
) -> Result<Json<ReceiptBody>, Refusal> {
    let key: BatchKey = of_hex(&key, "the batch's name")?;
    let root: Digest = match query.signatures {
        Some(root) => of_hex(&root, "the root of signatures")?,
        None => Digest::EMPTY,
    };
    Ok(Json(ReceiptBody::of(&door.custodian.receipt(&key, root).await?)))
}

/// The writer is known before the body is read, and the body is as long as was allowed.
async fn deposit<E: Storage>(
    State(door): Shared<E>,
    Path(key): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<ReceiptBody>, Refusal> {
    let key: BatchKey = of_hex(&key, "the batch's name")?;
    let permit = headers.get(PERMIT).ok_or(Refusal::NoPermit)?;
    let permit: Permit = of_hex(permit.to_str().unwrap_or_default(), "the permit")?;
    let writer = door.custodian.admit(&permit, &key, now_ms()).await?;
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let form = "a deposit says in content-length how long it is";
    let length: u64 = length.ok_or(Refusal::Malformed { what: "the length", form })?;
    if length > DEPOSIT_BYTES_MAX as u64 {
        return Err(Refusal::TooLong { max: DEPOSIT_BYTES_MAX, got: length });
    }
    door.writers.take(writer, length, now_ms()).map_err(|retry_ms| Refusal::Busy { retry_ms })?;
    let _turn = door.deposits.acquire().await.map_err(|_| Refusal::Busy { retry_ms: 1_000 })?;
    let body = body_of(request.into_body(), length).await?;
    if !permit.is_for(&body) {
        return Err(Refusal::OtherBody);
    }
    let unpacked = match headers.get(header::CONTENT_ENCODING) {
        Some(value) if value == PACKED => {
            unpack(&body, DEPOSIT_BYTES_MAX).map_err(|error| Refusal::Packed(error.to_string()))?
        }
        Some(_) => {
            return Err(Refusal::Malformed { what: "the encoding of the body", form: "it is none, or x-ashlar-pack" });
        }
        None => body,
    };
    let deposit = from_bytes(&unpacked).map_err(Refusal::Deposit)?;
    Ok(Json(ReceiptBody::of(&door.custodian.keep(permit.exchange, &key, deposit).await?)))
}

async fn body_of(body: Body, length: u64) -> Result<Vec<u8>, Refusal> {
    let max = usize::try_from(length).unwrap_or(DEPOSIT_BYTES_MAX).min(DEPOSIT_BYTES_MAX);
    match read_body(body, max).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(_) => Err(Refusal::Malformed { what: "the body", form: "it ended early or was longer than it said" }),
    }
}
