use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::CostView;
use super::number::{Decimal, Hex};
use super::order::snake_case;
use crate::door::{
    BatchFacts, CommandProof, InboxFacts, L1Transaction, MessageProof, ProofFacts, ServiceHealth, Stage, Tip,
    WithdrawalFacts,
};

/// How far a batch has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageView {
    /// Its bytes, root and header exist.
    Built,
    /// Its data is available.
    Published,
    /// Its header is on L1.
    Committed,
    /// Its proof was accepted on L1.
    Proven,
    /// L1 will not take it back.
    Final,
}

/// The word of a stage.
pub const fn stage_word(stage: Stage) -> StageView {
    match stage {
        Stage::Built => StageView::Built,
        Stage::Published => StageView::Published,
        Stage::Committed => StageView::Committed,
        Stage::Proven => StageView::Proven,
        Stage::Final => StageView::Final,
    }
}

/// The stage of a word.
pub const fn parse_stage(stage: StageView) -> Stage {
    match stage {
        StageView::Built => Stage::Built,
        StageView::Published => Stage::Published,
        StageView::Committed => Stage::Committed,
        StageView::Proven => Stage::Proven,
        StageView::Final => Stage::Final,
    }
}

/// How far everything has come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TipView {
    /// The number of the next command.
    pub next: Decimal,
    /// The time of the last command.
    pub time: u64,
    /// Accounts open.
    pub accounts: u32,
    /// The last batch built.
    pub built: Option<Decimal>,
    /// The last batch whose data is available.
    pub published: Option<Decimal>,
    /// The last batch whose header is on L1.
    pub committed: Option<Decimal>,
    /// The last batch proven on L1.
    pub proven: Option<Decimal>,
    /// The last batch that L1 will not take back.
    #[serde(rename = "final")]
    pub finalized: Option<Decimal>,
    /// The last L1 block seen.
    pub l1_block: Decimal,
    /// The index of the next inbox entry.
    pub inbox_next: Decimal,
    /// The index of the next withdrawal.
    pub withdrawal_next: Decimal,
    /// Times that L1 left blocks which this node had followed, since it started.
    #[serde(default)]
    pub l1_reorgs: Decimal,
    /// Blocks that it left at most at once.
    #[serde(default)]
    pub l1_reorg_deepest: Decimal,
}

/// A transaction on L1.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct L1TransactionView {
    /// Its hash.
    pub hash: Hex,
    /// In which block.
    pub block: Decimal,
    /// What it cost, for all batches of the same transaction together; null where another node sent it, or the answer of L1's client did not come in time.
    #[serde(default)]
    pub cost: Option<CostView>,
}

/// A proof as it was accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProofView {
    /// Of which kind.
    pub kind: String,
    /// The first batch it proves.
    pub first: Decimal,
    /// How many.
    pub count: u32,
    /// Its bytes, if the node keeps them.
    pub bytes: Option<Hex>,
}

/// A batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BatchView {
    /// Which.
    pub number: Decimal,
    /// How far it has come.
    pub stage: StageView,
    /// The words of its header, 32 bytes each.
    pub header: Vec<Hex>,
    /// The hash of the header.
    pub hash: Hex,
    /// The number of its first command.
    pub first: Decimal,
    /// The number of the first command after it.
    pub next: Decimal,
    /// The time of its first input.
    pub first_time: u64,
    /// The time of its last input.
    pub last_time: u64,
    /// Bytes of its data.
    pub data_bytes: Decimal,
    /// Where it was committed.
    pub commit: Option<L1TransactionView>,
    /// Where it was proven.
    pub prove: Option<L1TransactionView>,
    /// Where it was finalized.
    pub finalize: Option<L1TransactionView>,
    /// What proves it.
    pub proof: Option<ProofView>,
}

/// That a command did what its receipt says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CommandProofView {
    /// The command.
    pub sequence: Decimal,
    /// Its batch, and where on L1 that stands.
    pub batch: BatchView,
    /// The leaf: the receipt without its number, then the events, as docs/spec/encoding.md lays them out.
    pub leaf: Hex,
    /// Where the leaf stands in the receipts tree.
    pub index: u32,
    /// Digests beside the way up to the header's receipts root, the one next to the leaf first.
    pub siblings: Vec<Hex>,
}

/// The way from a withdrawal to the root that L1 holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MessageProofView {
    /// The batch it left with.
    pub batch: Decimal,
    /// Where the leaf stands.
    pub index: u32,
    /// Digests beside the way up, the one next to the leaf first.
    pub siblings: Vec<Hex>,
    /// The root it leads to.
    pub root: Hex,
}

/// A withdrawal: a message from here to L1.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WithdrawalView {
    /// Which.
    pub index: Decimal,
    /// To whom.
    pub to: Hex,
    /// Of what.
    pub asset: u16,
    /// How many units.
    pub amount: Decimal,
    /// The command that made it.
    pub sequence: Decimal,
    /// How far its batch has come, if it is in one.
    pub stage: Option<StageView>,
    /// Whether it was claimed.
    pub claimed: bool,
    /// Its proof, once its batch is built.
    pub proof: Option<MessageProofView>,
}

/// An entry of the L1 inbox: a message from L1 to here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InboxView {
    /// Which.
    pub index: Decimal,
    /// What it is: `deposit`, `forced_cancel_all`, `forced_withdraw`, `register_key`, `revoke_key`, `param`.
    pub kind: String,
    /// Its canonical bytes.
    pub entry: Hex,
    /// The L1 block it is in.
    pub l1_block: Decimal,
    /// The time of that block, from which deadlines count; 0 from a node that does not say.
    #[serde(default)]
    pub time: u64,
    /// The transaction it came with.
    pub transaction: Hex,
    /// The command that consumed it, if it was.
    pub sequence: Option<Decimal>,
}

/// One row of a batch's coded data: what a light client samples.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RowView {
    /// The batch.
    pub batch: Decimal,
    /// Which row.
    pub row: u16,
    /// Rows that the batch has, data and code together.
    pub rows: u32,
    /// Path, length and row, in canonical bytes (docs/spec/coding.md, X-14): the path leads to the commitment in the batch's header.
    pub chunk: Hex,
}

/// One service of the node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceView {
    /// Its name.
    pub name: String,
    /// `running`, `paused`, `degraded` or `stopped`.
    pub state: String,
    /// What there is to say about it.
    pub note: String,
}

/// How the node does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HealthView {
    /// Whether this server follows the exchange and every service runs.
    pub ok: bool,
    /// Whether this server follows the exchange.
    pub following: bool,
    /// Each service.
    pub services: Vec<ServiceView>,
}

impl From<&Tip> for TipView {
    fn from(tip: &Tip) -> TipView {
        let last =
            |stage: Stage| tip.batches.iter().find(|(of, _)| *of == stage).map(|(_, number)| Decimal(number.get()));
        TipView {
            next: Decimal(tip.next.get()),
            time: tip.time.get(),
            accounts: tip.accounts,
            built: last(Stage::Built),
            published: last(Stage::Published),
            committed: last(Stage::Committed),
            proven: last(Stage::Proven),
            finalized: last(Stage::Final),
            l1_block: Decimal(tip.l1_block),
            inbox_next: Decimal(tip.inbox_next.get()),
            withdrawal_next: Decimal(tip.withdrawal_next.get()),
            l1_reorgs: Decimal(tip.l1_reorgs),
            l1_reorg_deepest: Decimal(tip.l1_reorg_deepest),
        }
    }
}

impl From<&L1Transaction> for L1TransactionView {
    fn from(transaction: &L1Transaction) -> L1TransactionView {
        L1TransactionView { hash: Hex::of(&transaction.hash), block: Decimal(transaction.block), cost: None }
    }
}

impl From<&ProofFacts> for ProofView {
    fn from(proof: &ProofFacts) -> ProofView {
        ProofView {
            kind: proof.kind.clone(),
            first: Decimal(proof.first.get()),
            count: proof.count,
            bytes: proof.bytes.as_deref().map(Hex::of),
        }
    }
}

impl From<&BatchFacts> for BatchView {
    fn from(batch: &BatchFacts) -> BatchView {
        BatchView {
            number: Decimal(batch.number.get()),
            stage: stage_word(batch.stage),
            header: batch.header.iter().map(|word| Hex::of(word)).collect(),
            hash: Hex::of(&batch.hash),
            first: Decimal(batch.first.get()),
            next: Decimal(batch.next.get()),
            first_time: batch.first_time.get(),
            last_time: batch.last_time.get(),
            data_bytes: Decimal(batch.data_bytes),
            commit: batch.commit.as_ref().map(Into::into),
            prove: batch.prove.as_ref().map(Into::into),
            finalize: batch.finalize.as_ref().map(Into::into),
            proof: batch.proof.as_ref().map(Into::into),
        }
    }
}

impl From<&CommandProof> for CommandProofView {
    fn from(proof: &CommandProof) -> CommandProofView {
        CommandProofView {
            sequence: Decimal(proof.sequence.get()),
            batch: (&proof.batch).into(),
            leaf: Hex::of(&proof.leaf),
            index: proof.index,
            siblings: proof.siblings.iter().map(|sibling| Hex::of(sibling)).collect(),
        }
    }
}

impl From<&MessageProof> for MessageProofView {
    fn from(proof: &MessageProof) -> MessageProofView {
        MessageProofView {
            batch: Decimal(proof.batch.get()),
            index: proof.index,
            siblings: proof.siblings.iter().map(|sibling| Hex::of(sibling)).collect(),
            root: Hex::of(&proof.root),
        }
    }
}

impl From<&WithdrawalFacts> for WithdrawalView {
    fn from(withdrawal: &WithdrawalFacts) -> WithdrawalView {
        WithdrawalView {
            index: Decimal(withdrawal.index.get()),
            to: Hex::of(&withdrawal.to.0),
            asset: withdrawal.asset.get(),
            amount: Decimal(withdrawal.amount.get()),
            sequence: Decimal(withdrawal.sequence.get()),
            stage: withdrawal.stage.map(stage_word),
            claimed: withdrawal.claimed,
            proof: withdrawal.proof.as_ref().map(Into::into),
        }
    }
}

impl From<&InboxFacts> for InboxView {
    fn from(inbox: &InboxFacts) -> InboxView {
        let named = format!("{:?}", inbox.entry);
        let kind: String = named.chars().take_while(char::is_ascii_alphanumeric).collect();
        InboxView {
            index: Decimal(inbox.index.get()),
            kind: snake_case(&kind),
            entry: Hex(ashlar_types::to_bytes(&inbox.entry)),
            l1_block: Decimal(inbox.l1_block),
            time: inbox.time.get(),
            transaction: Hex::of(&inbox.transaction),
            sequence: inbox.sequence.map(|sequence| Decimal(sequence.get())),
        }
    }
}

impl From<&ServiceHealth> for ServiceView {
    fn from(service: &ServiceHealth) -> ServiceView {
        ServiceView {
            name: service.name.clone(),
            state: snake_case(&format!("{:?}", service.state)),
            note: service.note.clone(),
        }
    }
}
