//! The protocol from both sides: round trips, hostile bytes, and a worker over a real socket.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use ashlar_prover_wire::limits::{FRAME_BYTES_MAX, PROOF_BYTES_MAX};
use ashlar_prover_wire::{
    Answer, Backend, BackendName, Client, ClientError, Coordinator, Description, Established, Evidence, Failure,
    FailureKind, FrameHeader, HEADER_BYTES, JobId, Measured, ProgramHash, ProofKind, Proved, Question, ServeError,
    ToCoordinator, ToWorker, Token, Watch, WireError, Worker,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Proves by reversing the batch, so that a proof is of one batch and no other.
struct Reversing;

fn description() -> Description {
    Description {
        backend: BackendName::SP1,
        program: ProgramHash([7; 32]),
        kinds: vec![ProofKind::Core, ProofKind::Compressed],
        cycles_max: 1 << 22,
        memory_bytes: 1 << 34,
    }
}

impl Backend for Reversing {
    fn describe(&self) -> Description {
        description()
    }

    fn prove(&mut self, kind: ProofKind, evidence: &[Evidence], watch: &Watch) -> Result<Proved, Failure> {
        if !self.describe().kinds.contains(&kind) {
            return Err(Failure::new(FailureKind::Unsupported, format!("{kind:?}")));
        }
        assert!(!evidence.is_empty(), "a panic of a backend");
        for (done, batch) in (1..).zip(evidence) {
            while batch.batch.is_empty() {
                watch.check()?;
                thread::sleep(Duration::from_millis(1));
            }
            watch.progress(done, evidence.len() as u64, "reversing");
        }
        let proof = evidence.iter().flat_map(|batch| batch.batch.iter().rev().copied()).collect();
        Ok(Proved { public_values: vec![1, 2, 3], proof, measured: Measured { cycles: 5, ..Measured::default() } })
    }

    fn execute(&mut self, evidence: &[Evidence], _: &Watch) -> Result<Proved, Failure> {
        let proof = vec![0; if evidence.len() > 1 { PROOF_BYTES_MAX + 1 } else { 0 }];
        Ok(Proved { public_values: vec![1, 2, 3], proof, measured: Measured::default() })
    }

    fn verify(&mut self, _: ProofKind, public_values: &[u8], proof: &[u8]) -> Result<Measured, Failure> {
        match (public_values, proof) {
            ([1, 2, 3], [3, 2, 1]) => Ok(Measured::default()),
            ([1, 2, 3], _) => Err(Failure::new(FailureKind::InvalidProof, "not reversed")),
            _ => Err(Failure::new(FailureKind::WrongPublicValues, "not 1, 2, 3")),
        }
    }
}

fn evidence(batch: &[u8]) -> Evidence {
    Evidence { chain_id: 1, batch: batch.to_vec(), ..Evidence::default() }
}

fn connect() -> (Client, thread::JoinHandle<Result<(), ServeError>>) {
    let listening = Client::listen().unwrap();
    let worker = Worker { address: listening.address().unwrap().to_string(), token: listening.token().clone() };
    let serving = thread::spawn(|| worker.serve(Reversing));
    (listening.accept().unwrap(), serving)
}

#[test]
fn a_worker_is_waited_for_no_longer_than_it_is_wanted() {
    let (mut client, serving) = connect();
    let question = |batch: &[u8]| Question::Prove { kind: ProofKind::Core, evidence: vec![evidence(batch)] };
    let answer = client.ask_within(question(&[1, 2]), Duration::from_secs(60)).unwrap();
    assert!(matches!(answer, Answer::Proved(Proved { proof, .. }) if proof == [2, 1]));
    let refused = Question::Verify { kind: ProofKind::Core, public_values: vec![1, 2, 3], proof: vec![] };
    assert_eq!(failed(client.ask_within(refused, Duration::from_secs(60))), FailureKind::InvalidProof);
    // It says that it is there while it never comes to an end.
    let late = client.ask_within(question(&[]), Duration::from_millis(2_500)).unwrap_err();
    assert!(late.to_string().contains("no answer was heard"), "{late}");
    drop(client);
    drop(serving);
}

fn failed(result: Result<Answer, ClientError>) -> FailureKind {
    match result {
        Err(ClientError::Failed(failure)) => failure.kind,
        other => panic!("{other:?} is no failure"),
    }
}

#[test]
fn a_worker_proves_verifies_and_fails_by_kind() {
    let (mut client, serving) = connect();
    assert_eq!(client.description(), &description());
    let mut seen = Vec::new();
    let prove = |kind, batches: &[&[u8]]| Question::Prove {
        kind,
        evidence: batches.iter().map(|batch| evidence(batch)).collect(),
    };
    let answer = client.ask(prove(ProofKind::Core, &[&[1, 2, 3], &[4]]), |done, of, stage| {
        seen.push((done, of, stage.to_owned()));
    });
    let Answer::Proved(proved) = answer.unwrap() else { panic!("a proof was asked for") };
    assert_eq!((proved.proof, proved.measured.cycles), (vec![3, 2, 1, 4], 5));
    assert_eq!(seen, [(1, 2, "reversing".to_owned()), (2, 2, "reversing".to_owned())]);

    let verify = |public_values: &[u8], proof: &[u8]| Question::Verify {
        kind: ProofKind::Core,
        public_values: public_values.to_vec(),
        proof: proof.to_vec(),
    };
    assert!(matches!(client.ask(verify(&[1, 2, 3], &[3, 2, 1]), |_, _, _| {}), Ok(Answer::Verified { .. })));
    assert_eq!(failed(client.ask(verify(&[1, 2, 3], &[3, 2, 2]), |_, _, _| {})), FailureKind::InvalidProof);
    assert_eq!(failed(client.ask(verify(&[1], &[3, 2, 1]), |_, _, _| {})), FailureKind::WrongPublicValues);
    assert_eq!(failed(client.ask(prove(ProofKind::Plonk, &[&[1]]), |_, _, _| {})), FailureKind::Unsupported);
    let long = Question::Execute { evidence: vec![evidence(&[1]), evidence(&[2])] };
    assert_eq!(failed(client.ask(long, |_, _, _| {})), FailureKind::TooLarge, "an answer too long to send");
    let profile = client.ask(Question::Profile { evidence: vec![evidence(&[1])] }, |_, _, _| {});
    assert!(matches!(profile, Ok(Answer::Profiled { .. })));

    // A panic costs the job, is said, and costs every later one.
    assert_eq!(failed(client.ask(prove(ProofKind::Core, &[]), |_, _, _| {})), FailureKind::Backend);
    assert_eq!(failed(client.ask(prove(ProofKind::Core, &[&[1]]), |_, _, _| {})), FailureKind::Backend);
    client.stop().unwrap();
    assert!(serving.join().unwrap().is_ok());
}

#[test]
fn whoever_does_not_know_the_token_is_not_heard() {
    let listening = Client::listen().unwrap();
    let worker = Worker { address: listening.address().unwrap().to_string(), token: Token::new([1; 32]) };
    let serving = thread::spawn(|| worker.serve(Reversing));
    assert!(matches!(listening.accept(), Err(ClientError::Connection(ServeError::Wire(WireError::Tag)))));
    assert!(serving.join().unwrap().is_err());
}

#[test]
fn a_stream_of_something_else_is_refused_before_it_is_read() {
    let listening = Client::listen().unwrap();
    let mut stream = TcpStream::connect(listening.address().unwrap()).unwrap();
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let refused = listening.accept();
    assert!(matches!(refused, Err(ClientError::Connection(ServeError::Wire(WireError::Magic { .. })))), "{refused:?}");
}

/// A coordinator's side over a socket of the system.
fn greet(listener: &std::net::TcpListener, token: &Token, nonce: u8) -> (TcpStream, Established) {
    let (mut stream, _) = listener.accept().unwrap();
    let (coordinator, challenge) = Coordinator::begin(token.clone(), [nonce; 32]);
    std::io::Write::write_all(&mut stream, &challenge).unwrap();
    let (_, established, welcome) = coordinator.greet(&receive(&mut stream)).unwrap();
    std::io::Write::write_all(&mut stream, &welcome).unwrap();
    (stream, established)
}

fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut header = [0; HEADER_BYTES];
    std::io::Read::read_exact(stream, &mut header).unwrap();
    let mut payload = vec![0; FrameHeader::read(&header, FRAME_BYTES_MAX).unwrap().length];
    std::io::Read::read_exact(stream, &mut payload).unwrap();
    payload
}

#[test]
fn a_job_outlives_its_connection_and_its_answer_is_said_until_it_is_no_longer_wanted() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let token = Token::new([6; 32]);
    let worker = Worker { address: listener.local_addr().unwrap().to_string(), token: token.clone() };
    let serving = thread::spawn(|| worker.serve(Reversing));
    let job = JobId(9);
    let (mut stream, mut established) = greet(&listener, &token, 1);
    let question = Question::Prove { kind: ProofKind::Core, evidence: vec![evidence(&[1, 2, 3])] };
    let ask = established.sealer.to_worker(&ToWorker::Ask { job, question }).unwrap();
    std::io::Write::write_all(&mut stream, &ask).unwrap();
    // The coordinator dies as soon as the job has begun, and again as soon as it has heard the answer.
    while !matches!(established.opener.from_worker(&receive(&mut stream)), Ok(ToCoordinator::Progress { .. })) {}
    drop(stream);
    for nonce in [2, 3] {
        let (mut stream, mut established) = greet(&listener, &token, nonce);
        let mut said = || established.opener.from_worker(&receive(&mut stream)).unwrap();
        assert!(matches!(said(), ToCoordinator::Heartbeat { job: Some(running) } if running == job));
        let answer = std::iter::repeat_with(said).find(|message| matches!(message, ToCoordinator::Done { .. }));
        assert!(matches!(answer, Some(ToCoordinator::Done { job: done, .. }) if done == job));
        if nonce == 3 {
            let cancel = established.sealer.to_worker(&ToWorker::Cancel { job }).unwrap();
            std::io::Write::write_all(&mut stream, &cancel).unwrap();
        }
    }
    let (mut stream, mut established) = greet(&listener, &token, 4);
    let first = established.opener.from_worker(&receive(&mut stream)).unwrap();
    assert_eq!(first, ToCoordinator::Heartbeat { job: None }, "nobody wants it any more");
    let stop = established.sealer.to_worker(&ToWorker::Stop).unwrap();
    std::io::Write::write_all(&mut stream, &stop).unwrap();
    assert!(serving.join().unwrap().is_ok());
}

/// Both ends of a connection.
fn pair() -> (Established, Established) {
    let token = Token::new([9; 32]);
    let (coordinator, challenge) = Coordinator::begin(token.clone(), [3; 32]);
    let (mut worker, hello) =
        Established::of_worker(&token, payload(&challenge), description(), [4; 32]).expect("a challenge");
    let (described, coordinator, welcome) = coordinator.greet(payload(&hello)).expect("a hello");
    assert_eq!(described, description());
    assert_eq!(worker.opener.from_coordinator(payload(&welcome)), Ok(ToWorker::Welcome));
    (coordinator, worker)
}

fn payload(frame: &[u8]) -> &[u8] {
    let (header, payload) = frame.split_first_chunk::<HEADER_BYTES>().expect("a header");
    assert_eq!(FrameHeader::read(header, FRAME_BYTES_MAX).map(|header| header.length), Ok(payload.len()));
    payload
}

#[test]
fn frames_cannot_be_repeated_left_out_changed_or_turned_round() {
    let (mut coordinator, mut worker) = pair();
    let stop = coordinator.sealer.to_worker(&ToWorker::Stop).unwrap();
    let cancel = coordinator.sealer.to_worker(&ToWorker::Cancel { job: JobId(1) }).unwrap();
    assert_eq!(worker.opener.from_coordinator(payload(&cancel)), Err(WireError::Tag), "one was left out");
    let mut changed = stop.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(worker.opener.from_coordinator(payload(&changed)), Err(WireError::Tag));
    assert_eq!(worker.opener.from_coordinator(payload(&stop)), Ok(ToWorker::Stop));
    assert_eq!(worker.opener.from_coordinator(payload(&stop)), Err(WireError::Tag), "it is a repetition");
    assert_eq!(worker.opener.from_coordinator(payload(&cancel)), Ok(ToWorker::Cancel { job: JobId(1) }));
    let beat = worker.sealer.to_coordinator(&ToCoordinator::Heartbeat { job: None }).unwrap();
    assert_eq!(worker.opener.from_coordinator(payload(&beat)), Err(WireError::Tag), "it is of the other direction");
    assert!(coordinator.opener.from_worker(payload(&beat)).is_ok());
}

#[test]
fn a_hello_answers_one_challenge_only() {
    let token = Token::new([9; 32]);
    let (_, challenge) = Coordinator::begin(token.clone(), [3; 32]);
    let (_, hello) = Established::of_worker(&token, payload(&challenge), description(), [4; 32]).unwrap();
    let (another, _) = Coordinator::begin(token, [5; 32]);
    assert_eq!(another.greet(payload(&hello)).map(|_| ()), Err(WireError::Tag));
}

#[test]
fn headers_are_checked_before_anything_is_read() {
    let stop = pair().0.sealer.to_worker(&ToWorker::Stop).unwrap();
    let header: [u8; HEADER_BYTES] = *stop.first_chunk().unwrap();
    let with = |at: usize, byte: u8| {
        let mut header = header;
        header[at] = byte;
        FrameHeader::read(&header, 1 << 10)
    };
    assert!(matches!(with(0, b'x'), Err(WireError::Magic { .. })));
    assert_eq!(with(4, 2), Err(WireError::Version { expected: 1, got: 2 }));
    assert!(matches!(with(6, 1), Err(WireError::Unknown { .. })));
    assert!(matches!(with(10, 1), Err(WireError::TooLong { what: "a frame", max: 1024, .. })));
    assert!(FrameHeader::read(&header, 8).is_err());
}

#[test]
fn what_is_too_long_is_refused_by_whoever_would_send_it() {
    let (mut coordinator, mut worker) = pair();
    let many = Question::Execute { evidence: vec![Evidence::default(); 65] };
    let long =
        Question::Verify { kind: ProofKind::Core, public_values: Vec::new(), proof: vec![0; PROOF_BYTES_MAX + 1] };
    for question in [many, long] {
        let frame = coordinator.sealer.to_worker(&ToWorker::Ask { job: JobId(1), question });
        assert!(matches!(frame, Err(WireError::TooLong { .. })), "{frame:?}");
    }
    let answer = Answer::Profiled { measured: Measured::default(), parts: vec![(String::new(), 0); 65] };
    assert!(worker.sealer.to_coordinator(&ToCoordinator::Done { job: JobId(1), answer }).is_err());
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    (any::<u64>(), any::<[u8; 20]>(), vec(bytes(), 6)).prop_map(|(chain_id, settlement, sections)| {
        let [parent, header, batch, signatures, witness, lists] = sections.try_into().expect("six");
        Evidence { chain_id, settlement, parent, header, batch, signatures, witness, lists }
    })
}

fn any_kind() -> impl Strategy<Value = ProofKind> {
    (0..ProofKind::ALL.len()).prop_map(|number| ProofKind::ALL[number])
}

fn any_question() -> impl Strategy<Value = Question> {
    prop_oneof![
        (any_kind(), vec(any_evidence(), 0..4)).prop_map(|(kind, evidence)| Question::Prove { kind, evidence }),
        vec(any_evidence(), 0..4).prop_map(|evidence| Question::Execute { evidence }),
        vec(any_evidence(), 0..4).prop_map(|evidence| Question::Profile { evidence }),
        (any_kind(), bytes(), bytes()).prop_map(|(kind, public_values, proof)| Question::Verify {
            kind,
            public_values,
            proof
        }),
    ]
}

fn any_to_worker() -> impl Strategy<Value = ToWorker> {
    prop_oneof![
        any::<[u8; 32]>().prop_map(|nonce| ToWorker::Challenge { nonce }),
        Just(ToWorker::Welcome),
        (any::<u64>(), any_question()).prop_map(|(job, question)| ToWorker::Ask { job: JobId(job), question }),
        any::<u64>().prop_map(|job| ToWorker::Cancel { job: JobId(job) }),
        Just(ToWorker::Stop),
    ]
}

fn any_measured() -> impl Strategy<Value = Measured> {
    any::<[u64; 4]>().prop_map(|[cycles, instruction_equivalents, millis, memory_bytes]| Measured {
        cycles,
        instruction_equivalents,
        millis,
        memory_bytes,
    })
}

fn any_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        (bytes(), bytes(), any_measured()).prop_map(|(public_values, proof, measured)| Answer::Proved(Proved {
            public_values,
            proof,
            measured
        })),
        (any_measured(), vec((".{0,9}", any::<u64>()), 0..5))
            .prop_map(|(measured, parts)| Answer::Profiled { measured, parts }),
        any_measured().prop_map(|measured| Answer::Verified { measured }),
    ]
}

fn any_to_coordinator() -> impl Strategy<Value = ToCoordinator> {
    let job = any::<u64>().prop_map(JobId);
    let failure = (0..FailureKind::ALL.len(), ".{0,30}")
        .prop_map(|(kind, detail)| Failure { kind: FailureKind::ALL[kind], detail });
    prop_oneof![
        (any::<[u8; 32]>(), vec(any_kind(), 0..9), any::<u64>()).prop_map(|(nonce, kinds, cycles_max)| {
            let description = Description { kinds, cycles_max, ..description() };
            ToCoordinator::Hello { description, nonce }
        }),
        proptest::option::of(job.clone()).prop_map(|job| ToCoordinator::Heartbeat { job }),
        (job.clone(), any::<[u64; 2]>(), ".{0,30}").prop_map(|(job, [done, of], stage)| ToCoordinator::Progress {
            job,
            done,
            of,
            stage
        }),
        (job.clone(), any_answer()).prop_map(|(job, answer)| ToCoordinator::Done { job, answer }),
        (job, failure).prop_map(|(job, failure)| ToCoordinator::Failed { job, failure }),
    ]
}

proptest! {
    #[test]
    fn what_is_said_is_heard(said in any_to_worker(), answered in any_to_coordinator(), at in any::<usize>()) {
        let (mut coordinator, mut worker) = pair();
        let frame = coordinator.sealer.to_worker(&said).unwrap();
        let mut spoilt = payload(&frame).to_vec();
        let at = at % spoilt.len();
        spoilt[at] ^= 1;
        prop_assert_eq!(worker.opener.from_coordinator(&spoilt), Err(WireError::Tag));
        prop_assert_eq!(worker.opener.from_coordinator(payload(&frame)), Ok(said));
        let frame = worker.sealer.to_coordinator(&answered).unwrap();
        prop_assert_eq!(coordinator.opener.from_worker(payload(&frame)), Ok(answered));
    }

    /// Whoever knows the token may still say anything: bytes read as at most one message, and that message as those bytes.
    #[test]
    fn hostile_bytes_are_refused_or_mean_one_thing(kind in 0..6_u8, rest in vec(0..12_u8, 0..200), cut in 0..64_usize, good in any_to_worker()) {
        let raw = [vec![kind], rest].concat();
        let mut changed = ToWorker::to_bytes(&good);
        changed.truncate(changed.len().saturating_sub(cut));
        for bytes in [raw, changed] {
            if let Ok(message) = ToWorker::from_bytes(&bytes) {
                prop_assert_eq!(message.to_bytes(), bytes.clone());
            }
            if let Ok(message) = ToCoordinator::from_bytes(&bytes) {
                prop_assert_eq!(message.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn evidence_has_one_encoding(evidence in any_evidence(), extra in any::<u8>()) {
        let bytes = evidence.to_bytes();
        prop_assert_eq!(Evidence::from_bytes(&bytes), Ok(evidence));
        prop_assert!(Evidence::from_bytes(&[&bytes as &[u8], &[extra]].concat()).is_err());
        prop_assert!(Evidence::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }
}
