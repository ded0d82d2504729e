use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ashlar_types::{AccountId, Command, MarketId};
use axum::extract::ws::{CloseFrame, Message as Frame, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::Response;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, interval, timeout};
use tokio_tungstenite::tungstenite;

use crate::door::{Origin, Signed};
use crate::http::{Api, Peer};
use crate::limits::{BOOK_LEVELS_MAX, INFLIGHT_MAX, SOCKET_BYTES_MAX, SUBSCRIPTIONS_MAX};
use crate::live::{Listener, Shown, book_view, ticker_view};
use crate::schema::{
    AnswerView, ApiError, Channel, ClientSays, Code, Decimal, Hex, MessageForm, ServerSays, SubmitBody,
};

/// The close code of a connection that broke a rule.
const POLICY: u16 = 1008;

/// Makes a stream of a request.
pub async fn upgrade(
    State(api): State<Api>,
    Extension(peer): Extension<Peer>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade =
        upgrade.map_err(|_| ApiError::new(Code::BadRequest, "this path takes a WebSocket; connect with one"))?;
    let upgrade = upgrade.max_message_size(SOCKET_BYTES_MAX).max_frame_size(SOCKET_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let counters_of = api.clone();
        counters_of.counters().streams.fetch_add(1, Ordering::Relaxed);
        Session::new(api, peer).run(socket).await;
        counters_of.counters().streams.fetch_sub(1, Ordering::Relaxed);
    }))
}

/// A message that is handed in when its connection ends.
#[derive(Debug)]
pub struct LastWill {
    api: Api,
    origin: Origin,
    message: Option<Signed>,
}

impl LastWill {
    /// None yet.
    pub fn new(api: Api, origin: Origin) -> LastWill {
        LastWill { api, origin, message: None }
    }

    /// Takes the place of the last one. Only what cancels may be willed: it is executed when nobody is there to see it.
    pub fn set(&mut self, message: Option<Signed>) -> Result<(), ApiError> {
        let cancels = |command: &Command| {
            matches!(
                command,
                Command::Cancel(_)
                    | Command::CancelAll(_)
                    | Command::Reduce { .. }
                    | Command::KillSwitch { stop: true }
            )
        };
        if message.as_ref().is_some_and(|signed| !signed.message().commands.iter().all(cancels)) {
            let why =
                "a last will may hold cancel, cancel_all, reduce and a kill switch that stops; leave out the rest";
            return Err(ApiError::new(Code::BadRequest, why));
        }
        self.message = message;
        Ok(())
    }
}

impl Drop for LastWill {
    fn drop(&mut self) {
        let Some(message) = self.message.take() else { return };
        let (api, origin) = (self.api.clone(), self.origin);
        // The connection's task may be ending because the server is; whoever still runs the will is the runtime.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(refusal) = crate::http::hand_in(&api, message, origin).await {
                    tracing::warn!(%refusal, "a last will was refused");
                }
            });
        }
    }
}

/// One connection.
struct Session {
    api: Api,
    peer: Peer,
    listener: Listener,
    told: mpsc::Receiver<Arc<str>>,
    channels: BTreeSet<Channel>,
    will: LastWill,
    inflight: Arc<Semaphore>,
    heard: Instant,
}

/// Why a connection ends.
enum End {
    /// It is gone, or the client said so.
    Gone,
    /// With a last word.
    Word(ApiError),
}

impl Session {
    fn new(api: Api, peer: Peer) -> Session {
        let (listener, told) = Listener::new();
        let will = LastWill::new(api.clone(), Origin { ip: peer.ip });
        Session {
            api,
            peer,
            listener,
            told,
            channels: BTreeSet::new(),
            will,
            inflight: Arc::new(Semaphore::new(INFLIGHT_MAX)),
            heard: Instant::now(),
        }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let end = self.serve(&mut socket).await;
        self.leave_all();
        if let End::Word(error) = end {
            if error.0.code == Code::TooSlow {
                self.api.counters().too_slow.fetch_add(1, Ordering::Relaxed);
            }
            let reason: String = error.0.message.chars().take(120).collect();
            let says = ServerSays::Error { id: None, error: error.0 };
            let last = Frame::Text(Utf8Bytes::from(serde_json::to_string(&says).unwrap_or_default()));
            // Whoever does not read is not waited for any longer than this.
            let words = async {
                socket.send(last).await?;
                socket.send(Frame::Close(Some(CloseFrame { code: POLICY, reason: reason.into() }))).await
            };
            let _ = timeout(self.api.config().patience.send, words).await;
        }
    }

    async fn serve(&mut self, socket: &mut WebSocket) -> End {
        let patience = self.api.config().patience;
        let mut ping = interval(patience.ping);
        let listener = self.listener.clone();
        loop {
            let frame = tokio::select! {
                biased;
                () = listener.let_go() => {
                    return End::Word(ApiError::new(Code::TooSlow, "you took what you were told too slowly; connect again"));
                }
                text = self.told.recv() => match text {
                    Some(text) => Frame::Text(Utf8Bytes::from(&*text)),
                    None => return End::Gone,
                },
                heard = socket.recv() => match heard {
                    Some(Ok(frame)) => match self.hear(frame).await {
                        Ok(()) => continue,
                        Err(end) => return end,
                    },
                    Some(Err(error)) => return unreadable(error),
                    None => return End::Gone,
                },
                _ = ping.tick() => {
                    if self.heard.elapsed() > patience.silence {
                        let why = "nothing was heard of you for too long, not even an answer to a ping; connect again";
                        return End::Word(ApiError::new(Code::TooSlow, why));
                    }
                    Frame::Ping(Default::default())
                }
            };
            match timeout(patience.send, socket.send(frame)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return End::Gone,
                Err(_) => {
                    return End::Word(ApiError::new(
                        Code::TooSlow,
                        "you took what you were sent too slowly; connect again",
                    ));
                }
            }
        }
    }

    async fn hear(&mut self, frame: Frame) -> Result<(), End> {
        self.heard = Instant::now();
        let text = match frame {
            Frame::Text(text) => text,
            Frame::Binary(_) => {
                return Err(End::Word(ApiError::new(
                    Code::UnsupportedMedia,
                    "binary frames are not taken; send JSON text",
                )));
            }
            Frame::Ping(_) | Frame::Pong(_) => return Ok(()),
            Frame::Close(_) => return Err(End::Gone),
        };
        if !self.api.allowances().take(self.peer.ip).granted {
            self.api.counters().limited.fetch_add(1, Ordering::Relaxed);
            let mut error = ApiError::new(Code::RateLimited, "more messages than an address may send; wait a moment");
            error.0.retry_ms = Some(1_000);
            self.say(ServerSays::Error { id: id_in(&text), error: error.0 });
            return Ok(());
        }
        match serde_json::from_str::<ClientSays>(&text) {
            Ok(says) => self.answer(says).await,
            Err(error) => {
                let message = format!("the JSON cannot be taken: {error}");
                let error = ApiError::new(Code::BadRequest, message).0;
                self.say(ServerSays::Error { id: id_in(&text), error });
            }
        }
        Ok(())
    }

    async fn answer(&mut self, says: ClientSays) {
        let (id, done) = match says {
            ClientSays::Ping { id } => return self.say(ServerSays::Pong { id }),
            ClientSays::Submit { id, message, signature } => return self.submit(id, message, signature).await,
            // What is first told is a snapshot, so the answer goes before it.
            ClientSays::Subscribe { id, channel } => match self.may_join(&channel) {
                Ok(()) => {
                    self.say(ServerSays::Done { id });
                    return self.join(channel);
                }
                Err(error) => (id, Err(error)),
            },
            ClientSays::Unsubscribe { id, channel } => {
                self.leave(&channel);
                (id, Ok(()))
            }
            ClientSays::LastWill { id, message, signature } => (id, self.set_will(message, signature)),
        };
        self.say(match done {
            Ok(()) => ServerSays::Done { id },
            Err(ApiError(error)) => ServerSays::Error { id, error },
        });
    }

    fn set_will(&mut self, message: Option<MessageForm>, signature: Hex) -> Result<(), ApiError> {
        let signed = message.map(|message| SubmitBody { message, signature }.to_signed()).transpose()?;
        self.will.set(signed)
    }

    async fn submit(&mut self, id: Option<Decimal>, message: MessageForm, signature: Hex) {
        let signed = match (SubmitBody { message, signature }).to_signed() {
            Ok(signed) => signed,
            Err(ApiError(error)) => return self.say(ServerSays::Error { id, error }),
        };
        // Whoever has too many questions open is not read until one is answered.
        let Ok(permit) = Arc::clone(&self.inflight).acquire_owned().await else { return };
        let (api, origin, listener) = (self.api.clone(), Origin { ip: self.peer.ip }, self.listener.clone());
        tokio::spawn(async move {
            let says = match crate::http::hand_in(&api, signed, origin).await {
                Ok(answered) => ServerSays::Answer { id, answer: AnswerView::of(&answered) },
                Err(refusal) => ServerSays::Error { id, error: ApiError::from(refusal).0 },
            };
            listener.tell_in_turn(crate::live::to_text(&says)).await;
            drop(permit);
        });
    }

    fn may_join(&self, channel: &Channel) -> Result<(), ApiError> {
        if self.channels.len() >= SUBSCRIPTIONS_MAX {
            let message = format!("{SUBSCRIPTIONS_MAX} channels are as many as a connection may have; open another");
            return Err(ApiError::new(Code::BadRequest, message));
        }
        match channel {
            Channel::Tip => Ok(()),
            Channel::Account { account } => match AccountId::new(*account) {
                Some(_) => Ok(()),
                None => Err(ApiError::not_found("account", account)),
            },
            Channel::Book { market }
            | Channel::Trades { market }
            | Channel::Ticker { market }
            | Channel::Candles { market, .. } => {
                let id = MarketId::new(*market);
                let listed = self.api.follower().look(|model| id.is_some_and(|id| model.markets.contains_key(&id)));
                match listed {
                    Some(true) => Ok(()),
                    Some(false) => Err(ApiError::not_found("market", market)),
                    None => {
                        Err(ApiError::new(Code::Unavailable, "the exchange is not followed yet; ask again in a moment"))
                    }
                }
            }
        }
    }

    /// Joins a channel and is told how it stands, under one lock, so that nothing is missed in between.
    fn join(&mut self, channel: Channel) {
        let follower = self.api.follower();
        let mut hub = follower.hub();
        let first = match channel {
            Channel::Book { market } => MarketId::new(market).map(|id| {
                let shown = hub.shown(id).cloned().unwrap_or_else(Shown::default);
                ServerSays::BookSnapshot(book_view(id, &shown, BOOK_LEVELS_MAX))
            }),
            Channel::Ticker { market } => MarketId::new(market).and_then(|id| {
                let ticker = |model: &crate::model::Model| {
                    model.markets.get(&id).map(|market| ServerSays::Ticker(ticker_view(market, model.time)))
                };
                follower.look(ticker).flatten()
            }),
            Channel::Account { account } => {
                if let Some(account) = AccountId::new(account) {
                    follower.watch(account, true);
                }
                None
            }
            Channel::Tip => follower.tip().map(ServerSays::Tip),
            Channel::Trades { .. } | Channel::Candles { .. } => None,
        };
        if let Some(first) = first {
            self.listener.tell(&crate::live::to_text(&first));
        }
        hub.join(channel, &self.listener);
        self.channels.insert(channel);
    }

    fn leave(&mut self, channel: &Channel) {
        if self.channels.remove(channel) {
            leave(&self.api, channel, &self.listener);
        }
    }

    fn leave_all(&mut self) {
        for channel in std::mem::take(&mut self.channels) {
            leave(&self.api, &channel, &self.listener);
        }
    }

    fn say(&self, says: ServerSays) {
        // The queue is read by this very task, so it must not wait for room there.
        self.listener.tell(&crate::live::to_text(&says));
    }
}

impl Drop for Session {
    /// Also when the server stops and the task is dropped where it stands.
    fn drop(&mut self) {
        self.leave_all();
    }
}

fn leave(api: &Api, channel: &Channel, listener: &Listener) {
    let mut hub = api.follower().hub();
    let empty = hub.leave(channel, listener);
    if let (true, Channel::Account { account }) = (empty, channel)
        && let Some(account) = AccountId::new(*account)
    {
        api.follower().watch(account, false);
    }
}

/// Why nothing more is read. A message that is too long is told so; after it nothing can be read.
fn unreadable(error: axum::Error) -> End {
    let error = error.into_inner().downcast::<tungstenite::Error>();
    if !error.is_ok_and(|error| matches!(*error, tungstenite::Error::Capacity(_))) {
        return End::Gone;
    }
    let why = format!("a message above {SOCKET_BYTES_MAX} bytes; connect again and send less at once");
    End::Word(ApiError::new(Code::TooLarge, why))
}

/// The name that a client gave to a text which is otherwise wrong.
fn id_in(text: &str) -> Option<Decimal> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    Decimal::parse(value.get("id")?.as_str()?)
}
