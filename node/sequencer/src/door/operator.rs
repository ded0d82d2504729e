//! What the operator may do, as typed calls; each is written down before it is done.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use ashlar_api::door::{Act, ActError, Acted, Operator, Pending, Unavailable};
use ashlar_types::SystemCommand;
use tokio::sync::{mpsc, oneshot, watch};

use crate::admit::{Gate, Tolls};
use crate::build::Wish;
use crate::config::Limits;
use crate::engine::{StopAt, Work};
use crate::node::Present;
use crate::services::Board;

/// Where changes are written down.
pub type AuditSink = mpsc::Sender<(String, oneshot::Sender<bool>)>;

/// Reads the limits as they are configured now.
pub type LimitsSource = Arc<dyn Fn() -> Result<Limits, String> + Send + Sync>;

/// Looks whether a node that follows may take over, and has it do so.
pub type Promotion = Arc<dyn Fn() -> Pending<Acted> + Send + Sync>;

/// The operator's side of a running node.
#[derive(Clone)]
pub struct NodeOperator(Arc<Levers>);

pub(crate) struct Levers {
    pub board: Board,
    pub gate: Gate,
    pub tolls: Arc<Tolls>,
    pub stop_at: StopAt,
    pub present: Present,
    pub limits: watch::Sender<Limits>,
    pub source: OnceLock<LimitsSource>,
    /// Whether another node orders.
    pub follows: bool,
    pub promotion: OnceLock<Promotion>,
    pub checkpoint: Arc<AtomicBool>,
    pub audit: AuditSink,
}

impl fmt::Debug for NodeOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeOperator")
    }
}

impl NodeOperator {
    pub(crate) fn new(levers: Levers) -> NodeOperator {
        NodeOperator(Arc::new(levers))
    }

    async fn write_down(&self, act: &Act) -> Result<(), ActError> {
        let (done, written) = oneshot::channel();
        let gone = || not_now("the audit log cannot be written, so nothing is changed");
        self.0.audit.send((format!("{act:?}"), done)).await.map_err(|_| gone())?;
        if written.await.unwrap_or(false) { Ok(()) } else { Err(gone()) }
    }

    async fn do_it(&self, act: Act) -> Acted {
        let levers = &self.0;
        if levers.follows && is_for_who_orders(&act) {
            return Err(not_now("this node follows others; ask the one that orders, or promote this one"));
        }
        match act {
            Act::Pause { service } => {
                levers.board.rest(&service, true)?;
                Ok(format!("{service} rests as soon as it has done what it is doing"))
            }
            Act::Resume { service } => {
                levers.board.rest(&service, false)?;
                Ok(format!("{service} goes on"))
            }
            Act::BatchNow => {
                let (reply, commands) = oneshot::channel();
                levers.present.wish(Wish::Now(reply)).await?;
                match commands.await.map_err(|_| stopping())?.map_err(|why| ActError::NotNow { why })? {
                    0 => Ok("no batch is open".to_owned()),
                    commands => Ok(format!("a batch of {commands} commands is being built")),
                }
            }
            Act::CheckpointNow => {
                levers.checkpoint.store(true, Ordering::Release);
                Ok("a checkpoint is made after the next batch".to_owned())
            }
            Act::StopAtSequence(at) => {
                levers.stop_at.set(at);
                Ok(at.map_or("goes on".to_owned(), |at| format!("takes no message from command {} on", at.get())))
            }
            Act::StopAtBatch(at) => {
                levers.present.wish(Wish::StopAt(at)).await?;
                Ok(at.map_or("goes on".to_owned(), |at| format!("closes no batch after {}", at.get())))
            }
            Act::ReloadLimits => {
                let source = levers.source.get().ok_or_else(|| not_now("the limits come from no file"))?;
                let limits = source().map_err(|why| ActError::NotNow { why })?;
                self.set_limits(limits)?;
                Ok("the limits are in force".to_owned())
            }
            Act::Halt(market) => self.system(SystemCommand::Halt(market)).await,
            Act::ResumeMarket(market) => self.system(SystemCommand::Resume(market)).await,
            Act::Continue(market) => self.system(SystemCommand::Continue(market)).await,
            Act::Promote => match levers.promotion.get() {
                Some(promote) => promote().await,
                None if levers.follows => Err(not_now("nobody here knows how to take over; see docs/operator.md")),
                None => Err(not_now("this node orders already")),
            },
            Act::KillSwitch { stop } => {
                levers.gate.close(stop.then(|| "the operator's kill switch is on".to_owned()));
                Ok(if stop { "nothing is let in" } else { "messages are let in" }.to_owned())
            }
        }
    }

    /// Where the limits come from when they are to be read again; the first source stays.
    pub fn reload_from(&self, source: LimitsSource) {
        // A second source would be a mistake of whoever starts a node, and harms nothing.
        let _ = self.0.source.set(source);
    }

    /// How a node that follows takes over; the first way stays.
    pub fn promote_by(&self, promotion: Promotion) {
        // A second way would be a mistake of whoever starts a node, and harms nothing.
        let _ = self.0.promotion.set(promotion);
    }

    /// Puts other limits in force.
    pub fn set_limits(&self, limits: Limits) -> Result<(), ActError> {
        let mistakes = limits.batches.mistakes();
        if !mistakes.is_empty() {
            return Err(ActError::NotNow { why: mistakes.join("; ") });
        }
        self.0.tolls.set(limits.per_peer, limits.per_key);
        self.0.limits.send_replace(limits);
        Ok(())
    }

    async fn system(&self, command: SystemCommand) -> Acted {
        let (reply, answer) = oneshot::channel();
        self.0.present.work(Work::System(command, reply)).await?;
        match answer.await.map_err(|_| stopping())? {
            Ok(given) => {
                let link = given.committed.links.get(given.input);
                Ok(format!("executed as command {}", link.map_or(0, |link| link.sequence.get())))
            }
            Err(refusal) => Err(ActError::NotNow { why: refusal.to_string() }),
        }
    }
}

/// Whether an act changes what is ordered, or who may have something ordered.
const fn is_for_who_orders(act: &Act) -> bool {
    match act {
        Act::BatchNow
        | Act::StopAtSequence(_)
        | Act::StopAtBatch(_)
        | Act::Halt(_)
        | Act::ResumeMarket(_)
        | Act::Continue(_)
        | Act::KillSwitch { .. } => true,
        Act::Pause { .. } | Act::Resume { .. } | Act::CheckpointNow | Act::ReloadLimits | Act::Promote => false,
    }
}

fn not_now(why: &str) -> ActError {
    ActError::NotNow { why: why.to_owned() }
}

fn stopping() -> ActError {
    ActError::Unavailable(Unavailable { why: "the node is stopping".to_owned() })
}

impl Operator for NodeOperator {
    fn act(&self, act: Act) -> Pending<Acted> {
        let operator = self.clone();
        Box::pin(async move {
            operator.write_down(&act).await?;
            operator.do_it(act).await
        })
    }

    fn inspect(&self, service: &str) -> Pending<Result<Vec<(String, String)>, ActError>> {
        Box::pin(std::future::ready(self.0.board.inspect(service)))
    }
}
