//! The way of a message from the servers to the engine: rates, then signatures in groups on several threads, in order.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ashlar_api::door::{Allowance, Refusal, Signed};
use ashlar_types::{AccountId, Header, Signer};
use commonware_runtime::{Clock, Handle, Spawner};
use tokio::sync::{mpsc, oneshot};

use super::check::{Checker, Vouched};
use super::rates::{Rate, Rates};
use crate::engine::{Given, Work};
use crate::limits::{GROUP_MESSAGES_ENOUGH, GROUP_MESSAGES_MAX, GROUP_PAUSE_US, GROUPS_WAITING_MAX};
use crate::measure::{Metrics, micros, millis};

/// Where the answer to a message goes.
pub(crate) type Reply = oneshot::Sender<Result<Given, Refusal>>;

/// A message on its way in.
#[derive(Debug)]
pub(crate) struct Submission {
    pub signed: Signed,
    pub reply: Reply,
    /// When it came, in microseconds.
    pub arrived: u64,
}

/// A message that waits for its place.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub vouched: Vouched,
    pub reply: Reply,
    pub arrived: u64,
}

/// Who pays for a message of a key.
type Payer = (AccountId, u8);

/// The limits of all senders.
#[derive(Debug)]
pub(crate) struct Tolls {
    peers: Mutex<Rates<IpAddr>>,
    keys: Mutex<Rates<Payer>>,
}

impl Tolls {
    pub fn new(peer: Rate, key: Rate) -> Tolls {
        Tolls { peers: Mutex::new(Rates::new(peer)), keys: Mutex::new(Rates::new(key)) }
    }

    /// Other rates from now on.
    pub fn set(&self, peer: Rate, key: Rate) {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner).set(peer);
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).set(key);
    }

    /// Paid by an address before anything is known of the message but its size.
    pub fn pay_as_peer(&self, ip: IpAddr, commands: u32, now_ms: u64) -> Result<(), Refusal> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.take(network_of(ip), commands, now_ms).map(|_| ()).map_err(|retry_ms| Refusal::RateLimited { retry_ms })
    }

    /// Paid by a key once it is known to have signed: nobody can spend another's allowance.
    fn pay_as_key(&self, header: &Header, commands: u32, now_ms: u64) -> Result<Allowance, Refusal> {
        let lane = match header.signer {
            Signer::Session { slot, .. } => slot.get(),
            Signer::Owner => u8::MAX,
        };
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.take((header.account, lane), commands, now_ms).map_err(|retry_ms| Refusal::RateLimited { retry_ms })
    }
}

/// An address, or of version 6 the network that one household is given.
fn network_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        },
    }
}

/// Everything between the servers and the engine.
pub(crate) struct Desk {
    pub checker: Checker,
    pub tolls: Arc<Tolls>,
    pub metrics: Arc<Metrics>,
    pub engine: mpsc::Sender<Work>,
}

type Group = Vec<Submission>;

impl Desk {
    /// Starts it with so many threads for signatures. The order in which messages came is the order in which they reach the engine.
    pub fn start<E: Spawner + Clock>(
        self,
        context: &E,
        checkers: usize,
        submissions: mpsc::Receiver<Submission>,
    ) -> Vec<Handle<()>> {
        let Desk { checker, tolls, metrics, engine } = self;
        let (mut ins, mut outs, mut handles) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..checkers.max(1) {
            let (group_in, groups) = mpsc::channel(GROUPS_WAITING_MAX);
            let (checked_in, checked) = mpsc::channel(GROUPS_WAITING_MAX);
            let (checker, tolls, metrics) = (checker.clone(), tolls.clone(), metrics.clone());
            handles.push(
                context
                    .child("checker")
                    .dedicated()
                    .spawn(move |context| check_groups(context, checker, tolls, metrics, groups, checked_in)),
            );
            ins.push(group_in);
            outs.push(checked);
        }
        handles.push(context.child("grouper").spawn(move |context| hand_out(context, submissions, ins)));
        handles.push(context.child("collector").spawn(move |_| collect(outs, engine)));
        handles
    }
}

/// Makes groups of what waits and gives them to the checkers in turn. What comes after a pause goes on at once; what comes sooner after the last
/// group waits for others: each group wakes five threads on its way to the answers, and the cores that do are those that check and execute.
async fn hand_out<E: Clock>(
    context: E,
    mut submissions: mpsc::Receiver<Submission>,
    checkers: Vec<mpsc::Sender<Group>>,
) {
    let mut next_us = 0_u64;
    for checker in checkers.iter().cycle() {
        let mut group = Vec::new();
        if submissions.recv_many(&mut group, GROUP_MESSAGES_MAX).await == 0 {
            return;
        }
        // A clock that was set back says nothing of a pause.
        let early_us = next_us.saturating_sub(micros(&context)).min(GROUP_PAUSE_US);
        if early_us > 0 && group.len() < GROUP_MESSAGES_ENOUGH {
            context.sleep(Duration::from_micros(early_us)).await;
            let room = GROUP_MESSAGES_MAX - group.len();
            group.extend(std::iter::from_fn(|| submissions.try_recv().ok()).take(room));
        }
        next_us = micros(&context) + GROUP_PAUSE_US;
        if checker.send(group).await.is_err() {
            return;
        }
    }
}

async fn check_groups<E: Clock>(
    context: E,
    checker: Checker,
    tolls: Arc<Tolls>,
    metrics: Arc<Metrics>,
    mut groups: mpsc::Receiver<Group>,
    out: mpsc::Sender<Vec<Waiting>>,
) {
    while let Some(group) = groups.recv().await {
        let started = micros(&context);
        let (signed, ways): (Vec<_>, Vec<_>) =
            group.into_iter().map(|Submission { signed, reply, arrived }| (signed, (reply, arrived))).unzip();
        let checked = checker.check(signed);
        let now_ms = millis(&context);
        let mut passed = Vec::with_capacity(ways.len());
        for (result, (reply, arrived)) in checked.into_iter().zip(ways) {
            match result.and_then(|vouched| charge(&tolls, vouched, now_ms)) {
                Ok(vouched) => passed.push(Waiting { vouched, reply, arrived }),
                Err(refusal) => {
                    metrics.refused(&refusal);
                    // Whoever asked may have gone; then nobody is left to tell.
                    let _ = reply.send(Err(refusal));
                }
            }
        }
        metrics.check_us.record(micros(&context).saturating_sub(started));
        if out.send(passed).await.is_err() {
            return;
        }
    }
}

fn charge(tolls: &Tolls, mut vouched: Vouched, now_ms: u64) -> Result<Vouched, Refusal> {
    if let ashlar_types::Input::Message(message) = &vouched.input {
        let commands = u32::try_from(message.commands.len()).unwrap_or(u32::MAX);
        vouched.allowance = Some(tolls.pay_as_key(&message.header, commands, now_ms)?);
    }
    Ok(vouched)
}

/// Takes the groups from the checkers in the turn in which they were given out.
async fn collect(mut checkers: Vec<mpsc::Receiver<Vec<Waiting>>>, engine: mpsc::Sender<Work>) {
    let mut turn = 0;
    loop {
        let Some(checker) = checkers.get_mut(turn) else { return };
        let Some(group) = checker.recv().await else { return };
        if !group.is_empty() && engine.send(Work::Messages(group)).await.is_err() {
            return;
        }
        turn = (turn + 1) % checkers.len();
    }
}
