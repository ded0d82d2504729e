use commonware_runtime::Storage;
use serde::{Deserialize, Serialize};

use crate::inbox::InboxMark;
use crate::l1::{Block, BlockAt, L1};
use crate::ledger::LedgerState;
use crate::store::{DurableLog, StoreError};

use super::checks::SetupError;
use super::config::Noted;

/// Cursors that are kept when the log is written anew.
const KEPT: usize = 1_024;

/// Everything that final blocks say, up to one of them: from there on the chain is followed anew after a restart.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub block: Block,
    pub inbox: InboxMark,
    pub ledger: LedgerState,
}

/// The durable cursors, the oldest first.
pub(super) struct Cursors<E: Storage> {
    log: DurableLog<E, Cursor>,
    kept: Vec<Cursor>,
}

impl<E: Storage> Cursors<E> {
    pub async fn open(storage: E, partition: &str) -> Result<Self, StoreError> {
        let (log, kept) = DurableLog::open(storage, &format!("{partition}-cursor")).await?;
        Ok(Cursors { log, kept })
    }

    pub async fn push(&mut self, cursor: Cursor) -> Result<(), StoreError> {
        self.log.append(std::slice::from_ref(&cursor)).await?;
        self.kept.push(cursor);
        if self.kept.len() > 2 * KEPT {
            self.kept.drain(..self.kept.len() - KEPT);
            self.log.rewrite(&self.kept).await?;
        }
        Ok(())
    }

    /// The newest cursor that is on L1's chain and not past what the caller has noted; otherwise the block before the contracts were
    /// there.
    pub async fn resume<L: L1>(&self, l1: &L, noted: &Noted, deployed: u64) -> Result<Cursor, SetupError> {
        let covered = |cursor: &&Cursor| noted.covers(cursor.inbox, cursor.ledger.committed);
        for cursor in self.kept.iter().rev().filter(covered) {
            let there = l1.block(BlockAt::Number(cursor.block.number)).await?;
            if there.is_some_and(|block| block.hash == cursor.block.hash) {
                return Ok(cursor.clone());
            }
        }
        let start = BlockAt::Number(deployed.saturating_sub(1));
        let missing = crate::l1::L1Error::Missing { what: "the block before the contracts were deployed" };
        let block = l1.block(start).await?.ok_or(missing)?;
        Ok(Cursor { block, inbox: InboxMark::START, ledger: LedgerState::default() })
    }
}
