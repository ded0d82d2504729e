use ashlar_batch::merkle::Digest;
use ashlar_types::{ExchangeId, Time};
use commonware_runtime::{Runner as _, Supervisor as _, deterministic};

use crate::contract::DataKind;
use crate::limits::{AUDIT_MAX, FRAME_BYTES_MAX, REASON_BYTES_MAX, STEP_INTENTS_MAX, STEP_TXS_MAX};

use super::*;

type Mapping = StateCommitmentMapping<deterministic::Context>;

async fn open(context: &deterministic::Context, label: &'static str) -> Mapping {
    let context = context.child(label);
    StateCommitmentMapping::open(context.child("live"), context.child("archive"), "mapping").await.unwrap()
}

/// One of the headers of a batch: they differ in their state.
fn header(number: u64, variant: u32) -> BatchHeader {
    let root = Digest::from_words([variant, 7, 7, 7, 7, 7, 1 << 8]).unwrap();
    let genesis = BatchHeader::genesis(1, ExchangeId([1; 32]), root, Time::new(0).unwrap());
    BatchHeader { number: BatchNumber::new(number), ..genesis }
}

fn word(number: u64) -> B256 {
    B256::left_padding_from(&number.to_be_bytes())
}

fn committed(header: &BatchHeader, tx: B256) -> PlacedFact {
    let (kind, hash) = (DataKind::Calldata, header.hash());
    PlacedFact { fact: Fact::Committed { header: Box::new(*header), hash, kind, blobs: Vec::new() }, tx }
}

/// L1 holds the commit in a block, leaves that block, and the commit is made anew: so often.
fn shaken(mapping: &mut Mapping, header: &BatchHeader, intent: IntentId, times: u64) {
    for time in 0..times {
        let tx = word(1_000_000 * header.number.get() + time);
        mapping.attempted(intent, tx, time);
        let block = BlockRef { number: time, hash: word(time), time };
        let placed = committed(header, tx);
        mapping.applied(&placed, block, time);
        mapping.rolled_back(&[placed], block, &BTreeMap::new(), time);
    }
}

#[test]
fn what_a_storm_does_to_many_records_at_once_is_written() {
    deterministic::Runner::default().start(|context| async move {
        let mut mapping = open(&context, "a").await;
        let headers: Vec<BatchHeader> = (1..=400).map(|number| header(number, 1)).collect();
        for header in &headers {
            let intent = IntentId(word(header.number.get()));
            mapping.asked(header, StepKind::Commit, intent, 0).await.unwrap();
            shaken(&mut mapping, header, intent, 60);
        }
        mapping.flush().await.unwrap();
        let before = mapping.live.clone();
        assert_eq!(before.len(), 400);
        assert!(before.values().all(|record| record.commit.txs.len() == 60 && record.audit.len() == AUDIT_MAX));
        let together: Vec<_> = before.values().take(FLUSH_RECORDS_MAX).collect();
        assert!(serde_json::to_vec(&together).unwrap().len() > FRAME_BYTES_MAX, "no frame takes them");
        drop(mapping);
        let mapping = open(&context, "b").await;
        for (key, record) in &before {
            let read = &mapping.live[key];
            assert_eq!((&read.commit.txs, &read.audit), (&record.commit.txs, &record.audit), "batch {}", key.0);
        }
    });
}

#[test]
fn what_storms_leave_behind_of_one_batch_is_bounded() {
    deterministic::Runner::default().start(|context| async move {
        let mut mapping = open(&context, "a").await;
        let kept = ABANDONED_MAX as u32;
        for variant in 1..=3 * kept {
            let (header, now_ms) = (header(1, variant), u64::from(variant));
            mapping.asked(&header, StepKind::Commit, IntentId(word(now_ms)), now_ms).await.unwrap();
            mapping.invalidated(header.number, header.hash(), "the inbox has other entries now", now_ms);
        }
        mapping.flush().await.unwrap();
        let newest: BTreeSet<B256> = (2 * kept..=3 * kept).map(|variant| header(1, variant).hash().0.into()).collect();
        let left: BTreeSet<B256> = mapping.live.keys().map(|(_, hash)| *hash).collect();
        assert_eq!(left, newest, "the newest are there");
        assert_eq!((mapping.by_intent.len(), mapping.by_root.len()), (newest.len(), newest.len()));
        // What nobody here takes for abandoned stays, however old.
        mapping.take_up_again(100);
        mapping.reconsider(|_, _| true, 100);
        for variant in 101..=101 + 2 * kept {
            let header = header(1, variant);
            mapping.asked(&header, StepKind::Commit, IntentId(word(variant.into())), 200).await.unwrap();
            mapping.invalidated(header.number, header.hash(), "the inbox has fewer entries now", 200);
        }
        assert!(newest.iter().all(|hash| mapping.live.contains_key(&(1, *hash))), "what can be committed stays");
        assert_eq!(mapping.live.len(), newest.len() + ABANDONED_MAX + 1);
        mapping.flush().await.unwrap();
        drop(mapping);
        let mapping = open(&context, "b").await;
        assert!(
            newest.iter().all(|hash| mapping.live.contains_key(&(1, *hash))),
            "what can be committed is there again"
        );
    });
}

#[test]
fn what_storms_leave_behind_in_one_record_is_bounded() {
    deterministic::Runner::default().start(|context| async move {
        let mut mapping = open(&context, "a").await;
        let header = header(1, 1);
        let first = IntentId(word(0));
        for number in 0..3 * STEP_INTENTS_MAX as u64 {
            let intent = IntentId(word(number));
            mapping.forget_intents(&header, StepKind::Commit, |ended| ended != first);
            mapping.asked(&header, StepKind::Commit, intent, number).await.unwrap();
        }
        let of_commit = |mapping: &Mapping| mapping.record_of(header.number, header.hash()).unwrap().commit.clone();
        let intents = of_commit(&mapping).intents;
        assert_eq!(intents.len(), STEP_INTENTS_MAX);
        assert_eq!(
            (intents[0], intents[1]),
            (first, IntentId(word(2 * STEP_INTENTS_MAX as u64 + 1))),
            "one has not ended"
        );
        assert_eq!(mapping.by_intent.len(), STEP_INTENTS_MAX);

        let last = *intents.last().unwrap();
        let (tx, block) = (word(7_000_000), BlockRef { number: 1, hash: word(1), time: 1 });
        mapping.attempted(last, tx, 1);
        mapping.applied(&committed(&header, tx), block, 1);
        for number in 0..2 * STEP_TXS_MAX as u64 {
            mapping.attempted(last, word(8_000_000 + number), number);
        }
        let txs = of_commit(&mapping).txs;
        assert_eq!((txs.len(), txs[0].tx), (STEP_TXS_MAX, tx), "the one that is in the chain is there");
        assert_eq!(txs[1].tx, word(8_000_000 + STEP_TXS_MAX as u64 + 1), "and the newest");

        // Two bytes each, so that the bound is in the middle of one.
        mapping.failed(last, &format!("x{}", "ä".repeat(REASON_BYTES_MAX)), 1);
        let record = mapping.record_of(header.number, header.hash()).unwrap();
        let Some(AuditEvent::Failed(_, reason)) = record.audit.last().map(|entry| &entry.what) else {
            panic!("it failed")
        };
        assert_eq!(reason.len(), REASON_BYTES_MAX - 1);
        mapping.flush().await.unwrap();
    });
}
