//! What is altered under a running node, by whoever can write to its disk, is found, told and acted on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ashlar_api::door::{Refusal, ServiceState, Stage};
use ashlar_batch::codec::decode_all;
use ashlar_batch::{Hash, data_root};
use ashlar_guest::{NativePlatform, check};
use ashlar_sequencer::{AlertKind, Divergence, Node, NodeHandle, OutsideError, Parts, Reports, Sealed};
use ashlar_sync::{CheckConfig, Finding, Strategy};
use ashlar_types::BatchNumber;
use commonware_runtime::{
    Blob as _, Clock, ReadOptions, Runner, Storage as _, Supervisor, WriteOptions, deterministic,
};

use crate::outside::{Outside, outside, parts, until};
use crate::world::{ORIGIN, Trader, config};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Divergence>>>);

impl Reports for Kept {
    fn keep(&self, report: &Divergence) -> Result<String, OutsideError> {
        self.0.lock().unwrap().push(report.clone());
        Ok("the test's memory".to_owned())
    }
}

/// A node that checks every second, with some batches behind it.
async fn begin(
    context: &deterministic::Context,
    outside: &Arc<Outside>,
    kept: &Kept,
    strategy: Strategy,
) -> NodeHandle {
    let mut config = config();
    config.limits.checks = CheckConfig { interval: Duration::from_secs(1), strategy, ..CheckConfig::default() };
    let parts = Parts { reports: Some(Arc::new(kept.clone())), ..parts(outside) };
    let node = Node::start(context.child("node"), config, parts).await.unwrap();
    until(context, "the inbox is consumed", || node.metrics().inbox.get() == 10).await;
    let mut trader = Trader::new(1, 1);
    for _ in 0..30 {
        trader.send(&node.door()).await.unwrap();
        context.sleep(Duration::from_millis(50)).await;
    }
    until(context, "some batches are final", || node.books().last_at(Stage::Final).is_some_and(|n| n.get() > 3)).await;
    node
}

/// The stored bytes of a batch, changed.
async fn alter(context: &deterministic::Context, number: u64, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let mut name = vec![b'b'];
    name.extend(number.to_be_bytes());
    let (blob, length) = context.open("ashlar-batches", &name).await.unwrap();
    let bytes = blob.read_at(0, length as usize, ReadOptions::default()).await.unwrap().coalesce();
    blob.write_at(0, change(bytes.as_ref().to_vec()), WriteOptions::SYNC).await.unwrap();
}

/// One word of a stored batch changed, and everything that only sums it up made anew, so that nothing but the content is wrong.
fn with_word(bytes: &[u8], is_wanted: impl Fn(&Sealed, &Sealed) -> bool) -> Vec<u8> {
    let sealed = Sealed::from_bytes(bytes).unwrap();
    let changed = (0..sealed.words().len()).find_map(|at| {
        let mut words = sealed.words().to_vec();
        words[at] ^= 1 << 40;
        let other = Sealed::new(words, sealed.done().to_vec()).ok()?;
        (other.header() == sealed.header() && is_wanted(&sealed, &other)).then_some(other)
    });
    changed.expect("such a word").to_bytes()
}

fn has_true_data(sealed: &Sealed) -> bool {
    data_root(sealed.input().unwrap().batch).ok() == Some(sealed.header().data_root)
}

fn is_unproven(sealed: &Sealed) -> bool {
    has_true_data(sealed) && check(&sealed.input().unwrap(), &mut NativePlatform::default()).is_err()
}

/// Runs a node, changes something under it, and gives the first report.
fn found(
    strategy: Strategy,
    change: impl AsyncFnOnce(&deterministic::Context, &Arc<Outside>) + Send + 'static,
) -> Divergence {
    deterministic::Runner::seeded(91).start(|context| async move {
        let (outside, kept) = (outside(), Kept::default());
        let node = begin(&context, &outside, &kept, strategy).await;
        context.sleep(Duration::from_secs(30)).await;
        assert!(kept.0.lock().unwrap().is_empty() && node.gate_is_open(), "nothing differs yet");
        assert!(node.metrics().checks.get() > 5 && node.metrics().looks.get() > node.metrics().checks.get());
        assert!(node.metrics().data_samples.get() > 5);
        let mut alarms = node.alarms();
        change(&context, &outside).await;
        until(&context, "the report", || !kept.0.lock().unwrap().is_empty()).await;
        context.sleep(Duration::from_secs(2)).await;
        let report = kept.0.lock().unwrap()[0].clone();
        let batch = format!("batch {}", report.findings[0].batch().get());
        let mut rung = Vec::new();
        while let Ok(alarm) = alarms.try_recv() {
            rung.push(alarm);
        }
        assert!(
            rung.iter().any(|alarm| alarm.kind == AlertKind::Divergence && alarm.what.contains(&batch)),
            "{rung:?}"
        );
        let health = node.door().health();
        let checker = health.iter().find(|one| one.name == "consistency-checker").expect("it is on the board");
        assert!(checker.state == ServiceState::Degraded && checker.note.contains(&batch), "{checker:?}");
        assert_eq!(node.metrics().divergence.get(), 1);
        let refused = node.door().submit(Trader::new(1, 2).message(), ORIGIN).await;
        match strategy {
            Strategy::Alert => assert!(node.gate_is_open()),
            _ => assert!(matches!(&refused, Err(Refusal::Closed { why }) if why.contains(&batch)), "{refused:?}"),
        }
        let told = kept.0.lock().unwrap().len();
        context.sleep(Duration::from_secs(60)).await;
        assert_eq!(kept.0.lock().unwrap().len(), told, "it is told once");
        node.stop().await.unwrap();
        report
    })
}

/// Data that a policy let go is not missing, and data that is gone beside it is.
#[test]
fn what_a_policy_let_go_is_not_taken_for_lost() {
    deterministic::Runner::seeded(92).start(|context| async move {
        let (outside, kept) = (outside(), Kept::default());
        outside.chain.lock().unwrap().keep_newest = Some(2);
        let node = begin(&context, &outside, &kept, Strategy::Alert).await;
        let let_go = || outside.chain.lock().unwrap().kept_from > 2;
        until(&context, "some data is let go", let_go).await;
        let samples = node.metrics().data_samples.get();
        context.sleep(Duration::from_secs(30)).await;
        assert!(!outside.chain.lock().unwrap().published.contains_key(&1));
        assert!(node.metrics().data_samples.get() > samples + 5, "what is kept is looked at");
        assert!(kept.0.lock().unwrap().is_empty() && node.gate_is_open());
        outside.chain.lock().unwrap().published.pop_last();
        until(&context, "the report", || !kept.0.lock().unwrap().is_empty()).await;
        assert!(matches!(kept.0.lock().unwrap()[0].findings[0], Finding::DataWithheld { .. }));
        node.stop().await.unwrap();
    });
}

/// A check asks first what is kept and then for a batch, and meanwhile a policy may let that batch go.
#[test]
fn what_is_let_go_while_it_is_asked_for_is_not_taken_for_lost() {
    deterministic::Runner::seeded(93).start(|context| async move {
        let (outside, kept) = (outside(), Kept::default());
        let node = begin(&context, &outside, &kept, Strategy::Halt).await;
        outside.chain.lock().unwrap().lets_go = true;
        until(&context, "a batch is let go", || outside.chain.lock().unwrap().kept_from > 0).await;
        let checks = node.metrics().checks.get();
        context.sleep(Duration::from_secs(30)).await;
        assert!(node.metrics().checks.get() > checks + 5, "checks go on");
        assert!(kept.0.lock().unwrap().is_empty() && node.gate_is_open());
        node.stop().await.unwrap();
    });
}

#[test]
fn a_byte_altered_in_a_stored_batch_halts_the_node() {
    let report = found(Strategy::Halt, async |context, _| {
        let flip = |mut bytes: Vec<u8>| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            bytes
        };
        alter(context, 2, flip).await;
    });
    assert!(matches!(&report.findings[0], Finding::Stored { batch, .. } if batch.get() == 2), "{report:?}");
}

#[test]
fn altered_data_is_named_by_its_command_and_altered_evidence_by_its_batch() {
    let report = found(Strategy::Halt, async |context, _| {
        let data = |sealed: &Sealed, other: &Sealed| {
            let (before, after) = (sealed.input().unwrap(), other.input().unwrap());
            // Still a batch, with another command in it.
            let (before, after) = (decode_all(before.batch), decode_all(after.batch));
            matches!((before, after), (Ok(before), Ok(after)) if before.inputs != after.inputs)
        };
        alter(context, 3, |bytes| with_word(&bytes, data)).await;
    });
    let Finding::Stored { batch, command, .. } = &report.findings[0] else { panic!("{report:?}") };
    assert!(batch.get() == 3 && command.is_some(), "{report:?}");
    let report = found(Strategy::Alert, async |context, _| {
        alter(context, 1, |bytes| with_word(&bytes, |_, other| is_unproven(other))).await;
    });
    assert!(matches!(&report.findings[0], Finding::Evidence { batch, .. } if batch.get() == 1), "{report:?}");
}

#[test]
fn another_header_on_l1_and_altered_data_at_the_stores_are_found() {
    let report = found(Strategy::Reconcile, async |_, outside| {
        // Headers name their parents, so who went another way differs in the last one too.
        outside.chain.lock().unwrap().commits.last_mut().unwrap().hash = Hash([1; 32]);
    });
    assert!(matches!(&report.findings[0], Finding::LocalHeader { l1, .. } if *l1 == Hash([1; 32])), "{report:?}");
    // If what L1 holds can be had, the word of the header and the command are named too.
    let command = Arc::new(Mutex::new(None));
    let kept = command.clone();
    let report = found(Strategy::Halt, async move |_, outside| *kept.lock().unwrap() = Some(outside.commit_another()));
    let Finding::LocalHeader { field: Some(field), command: named, .. } = &report.findings[0] else {
        panic!("{report:?}")
    };
    assert_eq!(field.name, "data root", "{report:?}");
    assert!(named.is_some() && *named == *command.lock().unwrap(), "{report:?}");
    let report = found(Strategy::Halt, async |_, outside| {
        outside.alter_published(2);
    });
    assert!(matches!(&report.findings[0], Finding::DataAltered { batch, .. } if batch.get() == 2), "{report:?}");
}

#[test]
fn an_outage_is_no_divergence() {
    deterministic::Runner::seeded(92).start(|context| async move {
        let (outside, kept) = (outside(), Kept::default());
        let node = begin(&context, &outside, &kept, Strategy::Halt).await;
        outside.fail(true);
        context.sleep(Duration::from_secs(300)).await;
        let looks = node.metrics().looks.get();
        assert!(node.gate_is_open() && looks > 0);
        outside.fail(false);
        context.sleep(Duration::from_secs(120)).await;
        assert!(node.gate_is_open() && kept.0.lock().unwrap().is_empty());
        assert!(node.metrics().looks.get() > looks);
        assert_eq!(node.books().range().map(|(first, _)| first), Some(BatchNumber::new(1)));
        node.stop().await.unwrap();
    });
}
