//! Real custodians on loopback, each with a folder of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ashlar_batch::Signatures;
use ashlar_coding::Expansion;
use ashlar_da::custodian::{Custodian, Place, Policy, Serving, listen};
use ashlar_da::pack::{Effort, pack, unpack};
use ashlar_da::{Availability, Remote, Store, Writer};
use ashlar_types::ExchangeId;
use ashlar_types::sign::WalletSecret;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::Request;
use axum::response::{IntoResponse, Response};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};

pub const EXCHANGE: ExchangeId = ExchangeId([9; 32]);

pub fn writer() -> Writer {
    Writer { key: WalletSecret::new(&[0x11; 32]).unwrap(), exchange: EXCHANGE }
}

pub fn custodian_key(index: usize) -> WalletSecret {
    WalletSecret::new(&[0x21 + index as u8; 32]).unwrap()
}

/// On the real runtime, over a folder that is gone afterwards.
pub fn on_runtime<F: Future<Output = ()>>(name: &str, test: impl FnOnce(runtime::Context) -> F) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("ashlar-da-{name}-{number}-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&folder).with_worker_threads(2);
    runtime::Runner::new(config).start(test);
    let _ = std::fs::remove_dir_all(&folder);
}

pub fn policy(index: usize) -> Policy {
    Policy { writers: vec![writer().key.address()], place: Place::new(index, 4), ..Policy::default() }
}

pub async fn start(context: &runtime::Context, index: usize, policy: Policy) -> Serving {
    let folder = format!("custodian-{index}");
    let custodian = Custodian::open(context.child("custodian"), &folder, custodian_key(index), policy).await.unwrap();
    listen("127.0.0.1:0".parse().unwrap(), custodian).await.unwrap()
}

/// Stops a custodian and waits until nobody is there.
pub async fn kill(serving: &Serving) {
    serving.stop();
    while tokio::net::TcpStream::connect(serving.address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Connections that were there end with the next turn of their tasks.
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// With the address it must sign by.
pub fn url(index: usize, address: SocketAddr) -> String {
    let custodian = custodian_key(index).address().0;
    format!("http://{address}#0x{}", custodian.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

pub fn remotes(urls: &[String]) -> Vec<Box<dyn Store>> {
    urls.iter().map(|url| Box::new(Remote::new(url, Some(writer())).unwrap()) as Box<dyn Store>).collect()
}

pub fn over(urls: &[String], confirmed_min: usize) -> Availability {
    Availability::new(remotes(urls), Expansion::Double, confirmed_min).unwrap()
}

pub fn signatures(count: u8) -> Signatures {
    let mut signatures = Signatures::new();
    (0..count).for_each(|number| signatures.push(&[number; 64]).unwrap());
    signatures
}

/// What a liar does to what a true custodian answers.
pub type Lie = fn(&str, Vec<u8>) -> Vec<u8>;

/// How a lie begins that is sent as it is: packed, by zstd, of a length that nothing has.
pub const BOMB: &[u8] = &[1, 1, 0xff, 0xff, 0xff, 0x7f];

/// A server that asks the true one and changes its answers.
pub async fn lie(truth: SocketAddr, lie: Lie) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(relay).with_state(Arc::new((truth, lie)));
    let served = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, served)
}

async fn relay(State(liar): State<Arc<(SocketAddr, Lie)>>, request: Request<Body>) -> Response {
    let (truth, lie) = *liar;
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 26).await.unwrap();
    let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let stream = tokio::net::TcpStream::connect(truth).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, driver) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(driver);
    let mut asked = Request::builder().method(parts.method).uri(&path).header("host", "truth");
    for name in ["x-ashlar-permit", "content-encoding", "accept-encoding"] {
        if let Some(value) = parts.headers.get(name) {
            asked = asked.header(name, value);
        }
    }
    let asked = asked.body(http_body_util::Full::new(body)).unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(10), sender.send_request(asked)).await.unwrap().unwrap();
    let status = answer.status();
    let encoding = answer.headers().get("content-encoding").cloned();
    let bytes = to_bytes(Body::new(answer.into_body()), 1 << 26).await.unwrap();
    let packed = encoding.is_some();
    let truth = if packed { unpack(&bytes, 1 << 26).unwrap() } else { bytes.to_vec() };
    let lied = lie(&path, truth);
    // A lie that is packed itself stays as it is.
    let lied = if packed && !lied.starts_with(BOMB) { pack(&lied, Effort::Way) } else { lied };
    let mut response = (status, lied).into_response();
    if let Some(encoding) = encoding {
        response.headers_mut().insert("content-encoding", encoding);
    }
    response
}
