//! One connection of a worker: who it is, then frames in both directions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ashlar_prover_wire::{
    Coordinator, Description, Established, FrameHeader, HEADER_BYTES, NONCE_BYTES, Opener, Sealer, ToWorker, WireError,
};
use commonware_runtime::{Clock, Error as RuntimeError, Listener, Sink, Spawner, Stream};
use rand::CryptoRng;
use tokio::sync::mpsc;

use super::config::Member;
use super::event::Event;
use crate::limits::{FRAMES_MAX, GREETING_MS, GREETINGS_MAX, READ_BYTES};
use crate::schedule::WorkerId;

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error("the stream: {0}")]
    Stream(#[from] RuntimeError),
    #[error("{0}")]
    Wire(#[from] WireError),
}

/// Lets workers in, for as long as the listener works. Ends when the coordinator has.
pub(crate) async fn accept<E, L>(
    mut context: E,
    mut listener: L,
    members: Arc<Vec<Member>>,
    events: mpsc::Sender<Event>,
    connections: Arc<AtomicUsize>,
) where
    E: Spawner + Clock + CryptoRng,
    L: Listener,
{
    let greetings = Arc::new(AtomicUsize::new(0));
    loop {
        let accepted = listener.accept().await;
        if events.is_closed() {
            return;
        }
        let (address, sink, stream) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a worker could not connect");
                context.sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if greetings.load(Ordering::Relaxed) >= GREETINGS_MAX {
            tracing::warn!(%address, "too many connections wait to be greeted; this one is closed");
            continue;
        }
        let mut nonce = [0; NONCE_BYTES];
        context.fill_bytes(&mut nonce);
        let number = connections.fetch_add(1, Ordering::Relaxed) as u64;
        let (members, events, greetings) = (members.clone(), events.clone(), greetings.clone());
        greetings.fetch_add(1, Ordering::Relaxed);
        context.child("connection").spawn(move |context| async move {
            let greeted =
                context.timeout(Duration::from_millis(GREETING_MS), greet(sink, stream, members, nonce)).await;
            greetings.fetch_sub(1, Ordering::Relaxed);
            match greeted {
                Ok(Ok(greeted)) => converse(context, greeted, number, events).await,
                Ok(Err(error)) => tracing::warn!(%address, %error, "a connection is not of a worker that may connect"),
                Err(_) => tracing::warn!(%address, "a connection said nothing in time"),
            }
        });
    }
}

/// A connection whose other side is known.
struct Greeted<Out, In> {
    worker: WorkerId,
    description: Description,
    established: Established,
    sink: Out,
    stream: In,
}

async fn greet<Out: Sink, In: Stream>(
    mut sink: Out,
    mut stream: In,
    members: Arc<Vec<Member>>,
    nonce: [u8; NONCE_BYTES],
) -> Result<Greeted<Out, In>, ConnectionError> {
    // The challenge is the same under every token; whose the answer is shows by its tag.
    let challenges = members.iter().map(|member| Coordinator::begin(member.token.clone(), nonce));
    let (coordinators, challenges): (Vec<_>, Vec<_>) = challenges.unzip();
    let challenge = challenges.into_iter().next().ok_or(WireError::Tag)?;
    sink.send(challenge).await?;
    let hello = read_payload(&mut stream, Coordinator::PAYLOAD_MAX).await?;
    let mut refused = WireError::Tag;
    for (number, coordinator) in (0..).zip(coordinators) {
        match coordinator.greet(&hello) {
            Ok((description, established, welcome)) => {
                sink.send(welcome).await?;
                return Ok(Greeted { worker: WorkerId(number), description, established, sink, stream });
            }
            Err(WireError::Tag) => {}
            Err(error) => refused = error,
        }
    }
    Err(refused.into())
}

async fn converse<E, Out, In>(context: E, greeted: Greeted<Out, In>, connection: u64, events: mpsc::Sender<Event>)
where
    E: Spawner + Clock,
    Out: Sink,
    In: Stream,
{
    let Greeted { worker, description, established: Established { sealer, opener }, sink, stream } = greeted;
    let (outbox, frames) = mpsc::channel(FRAMES_MAX);
    if events.send(Event::Came { worker, connection, description, outbox }).await.is_err() {
        return;
    }
    // Whichever ends first takes the other with it, and the connection.
    tokio::select! {
        said = say(sink, sealer, frames) => {
            if let Err(error) = said {
                tracing::warn!(worker = worker.0, %error, "a worker cannot be told");
            }
        }
        heard = hear(stream, opener, worker, connection, &events) => {
            if let Err(error) = heard {
                tracing::info!(worker = worker.0, %error, "a worker's connection has ended");
            }
        }
    }
    // If the coordinator has ended, nobody needs to know.
    let _ = events.send(Event::Went { worker, connection }).await;
    drop(context);
}

async fn say<Out: Sink>(
    mut sink: Out,
    mut sealer: Sealer,
    mut messages: mpsc::Receiver<ToWorker>,
) -> Result<(), ConnectionError> {
    while let Some(message) = messages.recv().await {
        sink.send(sealer.to_worker(&message)?).await?;
    }
    Ok(())
}

async fn hear<In: Stream>(
    mut stream: In,
    mut opener: Opener,
    worker: WorkerId,
    connection: u64,
    events: &mpsc::Sender<Event>,
) -> Result<(), ConnectionError> {
    loop {
        let payload = read_payload(&mut stream, opener.payload_max()).await?;
        let message = opener.from_worker(&payload)?;
        if events.send(Event::Heard { worker, connection, message }).await.is_err() {
            return Ok(());
        }
    }
}

async fn read_payload<In: Stream>(stream: &mut In, max: usize) -> Result<Vec<u8>, ConnectionError> {
    let header = stream.recv(HEADER_BYTES).await?.coalesce();
    let header = header.as_ref().first_chunk::<HEADER_BYTES>().copied().unwrap_or_default();
    let length = FrameHeader::read(&header, max)?.length;
    let mut payload = Vec::new();
    while payload.len() < length {
        let part = stream.recv((length - payload.len()).min(READ_BYTES)).await?.coalesce();
        payload.extend_from_slice(part.as_ref());
    }
    Ok(payload)
}
