//! A node under a load of a stated rate, in turns between which something beside it changes.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ashlar_api::door::Origin;
use commonware_runtime::{Clock, Spawner, Storage};

use super::{BenchError, Load, opening, sign};
use crate::config::Config;
use crate::measure::micros;
use crate::node::Node;
use crate::outside::Parts;

/// How messages arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// Clients, each with an account and a key.
    pub clients: u32,
    /// Messages in a second, of all of them, one command each.
    pub per_second: u32,
    /// How long a turn is.
    pub turn: Duration,
    /// How many turns there are.
    pub turns: u32,
    /// From which orders are drawn.
    pub seed: u64,
}

/// Starts a node and sends at that pace, whatever the answers do: nothing waits for an answer before the next message is due. Gives the
/// microseconds from the moment each message was due to its answer, by turn. Before each turn the given function is told its number.
pub async fn paced<E>(
    context: E,
    config: Config,
    pace: Pace,
    mut before_turn: impl FnMut(u32) + Send,
) -> Result<Vec<Vec<u64>>, BenchError>
where
    E: Spawner + Clock + Storage,
{
    let id = config.deployment.exchange_id();
    let node = Node::start(context.child("node"), config, Parts::default()).await?;
    node.inbox(opening(pace.clients)?).await?;
    // Asking for the state waits until the opening is durable.
    node.leaves().await;
    let of_turn = u64::from(pace.per_second) * u64::try_from(pace.turn.as_millis()).unwrap_or(u64::MAX) / 1_000;
    let each = of_turn * u64::from(pace.turns) / u64::from(pace.clients.max(1)) + 1;
    let messages = u32::try_from(each).unwrap_or(u32::MAX);
    let load = Load { clients: pace.clients, messages, commands: 1, ahead: 1, seed: pace.seed, per_second: 0 };
    let mut clients = Vec::new();
    for client in 1..=pace.clients {
        clients.push(sign(&id, client, &load)?.into_iter());
    }
    let origin = Origin { ip: IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let (door, mut turns, mut next) = (node.door(), Vec::new(), 0);
    for turn in 0..pace.turns {
        before_turn(turn);
        // What the turn before has left behind is not this turn's.
        context.sleep(pace.turn / 10).await;
        let (begun, mut waiting) = (micros(&context), Vec::new());
        for number in 0..of_turn {
            let due = begun + number * 1_000_000 / u64::from(pace.per_second.max(1));
            let early = due.saturating_sub(micros(&context));
            if early > 0 {
                context.sleep(Duration::from_micros(early)).await;
            }
            let client = next % clients.len();
            next += 1;
            let Some(signed) = clients.get_mut(client).and_then(Iterator::next) else { break };
            let answer = door.submit(signed, origin);
            waiting.push(context.child("waiting").spawn(move |context| async move {
                let answered = answer.await;
                answered.map(|_| micros(&context).saturating_sub(due))
            }));
        }
        let mut waits = Vec::with_capacity(waiting.len());
        for wait in waiting {
            waits.push(wait.await.map_err(|_| BenchError::Client)??);
        }
        turns.push(waits);
    }
    node.stop().await.map_err(BenchError::Ended)?;
    Ok(turns)
}
