use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use ashlar_batch::merkle::Digest;
use ashlar_coding::{Row, Verifier};
use ashlar_types::sign::WalletSecret;
use ashlar_types::{Address, BatchNumber, ExchangeId, to_bytes};
use commonware_runtime::Storage;
use futures::lock::Mutex;

use super::policy::Policy;
use super::refusal::Refusal;
use crate::limits::PERMIT_MS_MAX;
use crate::{BatchKey, Deposit, Disk, Kept, Permit, Receipt, Retention, SectionKey, Share, StoreError, Wanted};

/// The file in which the exchange is remembered. No batch has such a name.
const EXCHANGE: &[u8] = b"exchange";

/// Keeps deposits in a folder, and signs for them.
pub struct Custodian<E> {
    disk: Disk<E>,
    key: WalletSecret,
    policy: Policy,
    exchange: Mutex<Option<ExchangeId>>,
    used: AtomicU64,
}

/// How a custodian stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The exchange it keeps batches of, once it is known.
    pub exchange: Option<ExchangeId>,
    /// Batches it has.
    pub batches: usize,
    /// Bytes of everything it has, at least.
    pub bytes: u64,
    /// The oldest batch.
    pub oldest: Option<BatchNumber>,
    /// The newest batch.
    pub newest: Option<BatchNumber>,
}

impl<E: Storage> Custodian<E> {
    /// Over what a folder has, by a policy, under a key.
    pub async fn open(storage: E, folder: &str, key: WalletSecret, policy: Policy) -> Result<Custodian<E>, StoreError> {
        let disk = Disk::new(storage, folder);
        let used = disk.bytes().await?;
        let remembered = disk.recall(EXCHANGE, 32).await?;
        let remembered = remembered.and_then(|bytes| Some(ExchangeId(*bytes.first_chunk::<32>()?)));
        let exchange = match (policy.exchange, remembered) {
            (Some(named), Some(kept)) if named != kept => {
                return Err(StoreError::Refused("the folder is of another exchange; name another folder".to_owned()));
            }
            (named, kept) => named.or(kept),
        };
        Ok(Custodian { disk, key, policy, exchange: Mutex::new(exchange), used: AtomicU64::new(used) })
    }

    /// What L1 knows it by.
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// Its policy.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How it stands.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        let kept = self.disk.kept().await?.batches;
        Ok(Standing {
            exchange: *self.exchange.lock().await,
            batches: kept.len(),
            bytes: self.used.load(Ordering::Relaxed),
            oldest: kept.first().map(|key| key.number),
            newest: kept.last().map(|key| key.number),
        })
    }

    /// Who wrote a permit, if it lets a deposit in now.
    pub async fn admit(&self, permit: &Permit, key: &BatchKey, now_ms: u64) -> Result<Address, Refusal> {
        let writer = permit.writer(self.address(), key).map_err(Refusal::Signature)?;
        if !self.policy.writers.contains(&writer) {
            return Err(Refusal::Stranger(writer));
        }
        let not_after_ms = permit.not_after_ms;
        if not_after_ms < now_ms || not_after_ms > now_ms.saturating_add(PERMIT_MS_MAX) {
            return Err(Refusal::Time { not_after_ms, now_ms });
        }
        match *self.exchange.lock().await {
            Some(keeps) if keeps != permit.exchange => Err(Refusal::OtherExchange { keeps, got: permit.exchange }),
            _ => Ok(writer),
        }
    }

    /// Checks everything in a deposit, keeps it, and signs for it.
    pub async fn keep(&self, exchange: ExchangeId, key: &BatchKey, deposit: Deposit) -> Result<Receipt, Refusal> {
        let rows = check(key, &deposit.share)?;
        if let Some(place) = self.policy.place {
            let own = place.rows(deposit.share.manifest.layout());
            let mut missing = own.iter().filter(|row| !rows.contains(row));
            if let Some(first) = missing.next() {
                return Err(Refusal::Lacking { first: *first, missing: 1 + missing.count() });
            }
        }
        self.remember(exchange).await?;
        let deposit = self.with_what_is_kept(key, deposit, rows).await?;
        self.check_age(key).await?;
        let length = (to_bytes(&deposit.share).len() + deposit.signatures.as_bytes().len()) as u64;
        let used = self.used.fetch_add(length, Ordering::Relaxed);
        if used.saturating_add(length) > self.policy.bytes_max {
            self.used.fetch_sub(length, Ordering::Relaxed);
            return Err(Refusal::Full { used, max: self.policy.bytes_max });
        }
        self.disk.keep(key, &deposit).await?;
        Ok(Receipt::sign(&self.key, &exchange, key.commitment, deposit.signatures.root()))
    }

    async fn remember(&self, exchange: ExchangeId) -> Result<(), Refusal> {
        let mut known = self.exchange.lock().await;
        match *known {
            Some(keeps) if keeps != exchange => Err(Refusal::OtherExchange { keeps, got: exchange }),
            Some(_) => Ok(()),
            None => {
                self.disk.remember(EXCHANGE, exchange.0.to_vec()).await?;
                *known = Some(exchange);
                Ok(())
            }
        }
    }

    /// Rows that are kept already stay, so that nobody can shrink what was signed for.
    async fn with_what_is_kept(
        &self,
        key: &BatchKey,
        mut deposit: Deposit,
        rows: BTreeSet<Row>,
    ) -> Result<Deposit, Refusal> {
        let kept = match self.disk.share(key).await {
            Ok(kept) if kept.manifest == deposit.share.manifest => kept,
            Ok(_) | Err(StoreError::Absent(_) | StoreError::Damaged(_)) => return Ok(deposit),
            Err(error) => return Err(error.into()),
        };
        let layout = *kept.manifest.layout();
        let more = kept.chunks.into_iter().filter(|chunk| {
            layout.row_at(chunk.place()).is_some_and(|row| !rows.contains(&row))
                && chunk.is_under(key.commitment).is_ok()
        });
        deposit.share.chunks.extend(more);
        Ok(deposit)
    }

    async fn check_age(&self, key: &BatchKey) -> Result<(), Refusal> {
        let oldest = match self.policy.retention {
            Retention::Forever => return Ok(()),
            Retention::From(number) => number,
            Retention::Newest(count) => {
                let kept = self.disk.kept().await?.batches;
                let Some(oldest) = kept.len().checked_sub(count).and_then(|at| kept.get(at)) else { return Ok(()) };
                oldest.number
            }
        };
        if key.number < oldest { Err(Refusal::TooOld { got: key.number, oldest }) } else { Ok(()) }
    }

    /// Rows of a batch.
    pub async fn share(&self, key: &BatchKey, wanted: Wanted<'_>) -> Result<Share, StoreError> {
        let mut share = self.disk.share(key).await?;
        share.narrow(wanted);
        Ok(share)
    }

    /// Signatures of a batch.
    pub async fn section(&self, key: &SectionKey) -> Result<Vec<u8>, StoreError> {
        self.disk.section(key).await
    }

    /// Signs again for a batch, after looking whether everything is still there and right.
    pub async fn receipt(&self, key: &BatchKey, signatures_root: Digest) -> Result<Receipt, Refusal> {
        let share = self.disk.share(key).await?;
        let rows = check(key, &share)?;
        if let Some(place) = self.policy.place {
            let own = place.rows(share.manifest.layout());
            let missing = own.iter().filter(|row| !rows.contains(row)).count();
            if let Some(first) = own.iter().find(|row| !rows.contains(row)) {
                return Err(Refusal::Lacking { first: *first, missing });
            }
        }
        if signatures_root != Digest::EMPTY {
            self.disk.section(&SectionKey { number: key.number, root: signatures_root }).await?;
        }
        let absent = StoreError::Absent(*key);
        let exchange = self.exchange.lock().await.ok_or(absent)?;
        Ok(Receipt::sign(&self.key, &exchange, key.commitment, signatures_root))
    }

    /// What it has from a batch on.
    pub async fn list(&self, from: BatchNumber, most: usize) -> Result<Kept, StoreError> {
        Ok(self.disk.kept().await?.cut(from, most))
    }

    /// Forgets what its policy lets it forget; how many batches that were.
    pub async fn prune(&self) -> Result<usize, StoreError> {
        let forgotten = self.disk.prune(self.policy.retention).await?;
        if forgotten > 0 {
            self.used.store(self.disk.bytes().await?, Ordering::Relaxed);
        }
        Ok(forgotten)
    }
}

/// The rows of a share, each checked alone, none there twice.
fn check(key: &BatchKey, share: &Share) -> Result<BTreeSet<Row>, Refusal> {
    let root = share.manifest.data_root();
    let verifier = Verifier::new(key.commitment, root, share.manifest.clone()).map_err(Refusal::Coding)?;
    let mut rows = BTreeSet::new();
    for chunk in &share.chunks {
        let row = verifier.verify(chunk).map_err(Refusal::Coding)?;
        if !rows.insert(row) {
            return Err(Refusal::Twice(row));
        }
    }
    Ok(rows)
}
