//! Whatever is captured is what a guest accepts; what is refused has changed nothing.

mod support;

use std::num::NonZeroUsize;
use std::time::Instant;

use ashlar_batch::{BatchHeader, PublicValues, Signatures, Timed};
use ashlar_guest::{NativePlatform, VERSION, check};
use ashlar_prover::{Capture, CaptureError, Captured, EvidenceError, Threads, execute};
use ashlar_state::{Serial, Value};
use ashlar_types::{Input, Message, Signer, Time};

use support::{DEPLOYMENT, commit, day, sign};

fn two() -> Threads {
    Threads(NonZeroUsize::new(2).expect("two"))
}

/// An exchange and its last header.
struct Node {
    capture: Capture,
    header: BatchHeader,
}

impl Node {
    fn seal(&mut self, inputs: &[Timed]) -> Captured {
        self.seal_as(self.header.version, inputs)
    }

    fn seal_as(&mut self, version: u32, inputs: &[Timed]) -> Captured {
        let captured = self.capture.capture(&self.header, version, inputs.to_vec(), &sign(inputs), commit, &two());
        let captured = captured.unwrap_or_else(|error| panic!("batch {:?}: {error}", self.header.number.next()));
        self.header = captured.header;
        captured
    }
}

fn start(seed: u64, inputs: usize) -> (Node, Vec<Timed>) {
    let (genesis, inputs) = day(seed, 40, inputs);
    let (capture, header) = Capture::new(DEPLOYMENT, &genesis);
    (Node { capture, header }, inputs)
}

#[test]
fn every_batch_of_a_busy_day_is_accepted_with_its_signatures() {
    let (mut node, inputs) = start(1, 900);
    let (mut rest, mut evidence, mut commands) = (inputs.as_slice(), Vec::new(), 0);
    for size in [200, 1, 7, 300, 2, 40].into_iter().cycle() {
        let (now, later) = rest.split_at(size.min(rest.len()));
        if now.is_empty() {
            break;
        }
        let parent = node.header;
        let captured = node.seal(now);
        assert_eq!(captured.header.follows(&parent), Ok(()));
        assert_eq!(captured.header.da_commitment, commit(&captured.batch));
        let expected = PublicValues::of(&captured.header);
        assert_eq!(check(&captured.guest_input(), &mut NativePlatform::default()), Ok(expected));
        assert_eq!(captured.answers.len(), now.iter().map(|timed| timed.input.commands()).sum::<usize>());
        commands += captured.answers.len();
        evidence.push(captured.evidence());
        rest = later;
    }
    assert!(commands > 900, "{commands} commands");
    let values = execute(&evidence).expect("all of them follow each other");
    assert_eq!((values.last_hash, values.count), (node.header.hash(), evidence.len() as u64));
    evidence.swap(1, 2);
    assert!(matches!(execute(&evidence), Err(EvidenceError::Guest(_))));
}

#[test]
fn an_exchange_taken_up_from_its_leaves_goes_on_the_same() {
    let (mut node, inputs) = start(2, 600);
    let (first, second) = inputs.split_at(inputs.len() - 200);
    node.seal(first);
    let leaves: Vec<_> = node.capture.leaves().map(|(key, words)| (key, Value::new(words).expect("a value"))).collect();
    let taken_up = Capture::from_leaves(DEPLOYMENT, &leaves, &two()).expect("leaves ascend");
    assert_eq!(taken_up.root(), node.capture.root());
    let mut other = Node { capture: taken_up, header: node.header };
    let (here, there) = (node.seal(second), other.seal(second));
    assert_eq!(here.header, there.header);
    assert_eq!(here.evidence(), there.evidence());
    let mut backwards = leaves;
    backwards.reverse();
    assert!(matches!(Capture::from_leaves(DEPLOYMENT, &backwards, &Serial), Err(CaptureError::Leaves(_))));
}

#[test]
fn what_is_refused_has_changed_nothing() {
    let (mut node, inputs) = start(3, 500);
    let (mut twin, _) = start(3, 500);
    let (first, second) = inputs.split_at(inputs.len() - 150);
    let genesis = node.header;
    node.seal(first);
    twin.seal(first);
    let capture = |node: &mut Node, parent: &BatchHeader, inputs: &[Timed], signatures: &Signatures| {
        let refused = node.capture.capture(parent, VERSION, inputs.to_vec(), signatures, commit, &two());
        refused.expect_err("it is wrong")
    };
    let (header, signatures) = (node.header, sign(second));
    assert!(matches!(capture(&mut node, &genesis, second, &signatures), CaptureError::Root { .. }));
    assert!(matches!(capture(&mut node, &header, second, &Signatures::new()), CaptureError::Signatures { .. }));
    let mut stranger = header;
    stranger.exchange_id.0[0] ^= 1;
    assert!(matches!(capture(&mut node, &stranger, second, &signatures), CaptureError::Parent { .. }));
    let mut counted = header;
    counted.withdrawals_next = counted.withdrawals_next.next();
    assert!(matches!(capture(&mut node, &counted, second, &signatures), CaptureError::Counter { .. }));
    assert!(matches!(capture(&mut node, &header, &[], &Signatures::new()), CaptureError::Batch(_)));

    // Wrong at the end, after much has happened.
    let mut early = second.to_vec();
    early.last_mut().expect("an input").time = Time::new(1).expect("a time");
    assert!(matches!(capture(&mut node, &header, &early, &signatures), CaptureError::Batch(_)));
    let mut nobody = second.to_vec();
    let last = nobody.iter_mut().rev().find_map(|timed| match &mut timed.input {
        Input::Message(Message { header, .. }) => Some(header),
        _ => None,
    });
    if let Signer::Session { epoch, .. } = &mut last.expect("a message").signer {
        *epoch += 1;
    }
    assert!(matches!(capture(&mut node, &header, &nobody, &signatures), CaptureError::NoSigner { .. }));
    let mut deposit = second.to_vec();
    deposit.push(first.iter().rfind(|timed| matches!(timed.input, Input::Inbox { .. })).expect("an entry").clone());
    deposit.last_mut().expect("an input").time = second.last().expect("an input").time;
    assert!(matches!(capture(&mut node, &header, &deposit, &signatures), CaptureError::Inbox { .. }));

    let (here, there) = (node.seal(second), twin.seal(second));
    assert_eq!((here.header, here.evidence()), (there.header, there.evidence()));
}

#[test]
fn a_version_begins_with_a_batch_and_never_goes_back() {
    let (mut node, inputs) = start(5, 300);
    let (mut old, _) = start(5, 300);
    let (first, rest) = inputs.split_at(inputs.len() - 100);
    let (second, third) = rest.split_at(50);
    let below = node.capture.capture(&node.header, VERSION - 1, first.to_vec(), &sign(first), commit, &two());
    assert_eq!(below.err(), Some(CaptureError::Version { least: VERSION, got: VERSION - 1 }));
    let mut evidence = Vec::new();
    for (version, inputs) in [(VERSION, first), (VERSION + 4, second), (VERSION + 4, third)] {
        let parent = node.header;
        let captured = node.seal_as(version, inputs);
        assert_eq!((captured.header.version, captured.header.follows(&parent)), (version, Ok(())));
        let values = check(&captured.guest_input(), &mut NativePlatform::default()).expect("a guest accepts it");
        assert_eq!(values.version, version);
        let same = old.seal(inputs);
        assert_eq!(same.header.state_root_after, captured.header.state_root_after, "a version changes no state");
        evidence.push(captured.evidence());
        if version > VERSION {
            let back = node.capture.capture(&node.header, VERSION, third.to_vec(), &sign(third), commit, &two());
            assert_eq!(back.err(), Some(CaptureError::Version { least: version, got: VERSION }));
        }
    }
    assert!(execute(&evidence[1..]).is_ok());
    assert!(execute(&evidence).is_err(), "one proof is of one version");
}

#[test]
fn the_time_that_capturing_takes() {
    let commands: usize = std::env::var("CAPTURE_COMMANDS").map_or(1_000, |text| text.parse().expect("a number"));
    let (genesis, inputs) = day(4, 2_000, 3 * commands);
    let (mut capture, mut header) = Capture::new(DEPLOYMENT, &genesis);
    let (opening, rest) = inputs.split_at(inputs.len() - 3 * commands);
    let mut seal = |inputs: &[Timed], threads: usize| {
        let mut signatures = Signatures::new();
        let messages = inputs.iter().filter(|timed| matches!(timed.input, Input::Message(_)));
        messages.for_each(|_| signatures.push(&[0; 64]).expect("few"));
        let threads = Threads(NonZeroUsize::new(threads).expect("one at least"));
        let (inputs, begun) = (inputs.to_vec(), Instant::now());
        let captured = capture.capture(&header, VERSION, inputs, &signatures, commit, &threads).expect("it is right");
        header = captured.header;
        (begun.elapsed(), captured.answers.len(), captured.witness.to_bytes().len())
    };
    opening.chunks(10_000).for_each(|inputs| {
        seal(inputs, 2);
    });
    for (chunk, threads) in rest.chunks(commands).zip([1, 2, 2]) {
        let (elapsed, commands, witness) = seal(chunk, threads);
        println!("{commands} commands captured in {elapsed:?} by {threads} threads, witness of {witness} bytes");
    }
}
