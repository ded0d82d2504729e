//! Batches whose proofs L1 has no verifier for, on the embedded L1: one call with k of n signatures over many batches is accepted, and
//! nothing less. What stands for a STARK here is a hash that a stand-in verifier knows; the real one takes minutes and is checked by
//! `.ci/extended`.

use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes};
use ashlar_batch::{BatchHeader, Hash, PublicValues, Signatures, Timed};
use ashlar_contracts::{Profile, ProgramTerms, Terms, VerifierTerms};
use ashlar_devnet::{Config as ChainConfig, DEVELOPMENT_ACCOUNTS, Devnet, Mining};
use ashlar_exchange::Genesis;
use ashlar_prover::{
    ATTESTATION_BYTES, Attestation, Attestor, Capture, Claim, KeptProof, Quorum, Target, Threads, Verifier, VerifyError,
};
use ashlar_prover_wire::{BackendName, Measured, ProgramHash, ProofKind};
use ashlar_settlement::contract::{DataRef, ProofType};
use ashlar_settlement::courier::CourierConfig;
use ashlar_settlement::deploy::{deploy, deploy_config};
use ashlar_settlement::l1::{BlockAt, L1 as _};
use ashlar_settlement::rpc::{Endpoint, PoolConfig, RpcL1};
use ashlar_settlement::signer::{LocalKey, Signer as _};
use ashlar_settlement::{Config, Events, Settlement, SettlementEvent};
use ashlar_types::sign::WalletSecret;
use ashlar_types::{Address as Owner, BatchNumber, Deployment, Input, MarketId, SystemCommand, Time, to_bytes};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};

const PROGRAM: ProgramHash = ProgramHash([0x5b; 32]);
const TYPE: u8 = 1;
const BLOCK: Duration = Duration::from_millis(100);

/// Knows the only right proof of these public values.
struct Knowing;

fn right(public_values: &[u8]) -> Vec<u8> {
    public_values.iter().rev().copied().collect()
}

impl Verifier for Knowing {
    fn verify(&self, claim: &Claim<'_>) -> Result<(), VerifyError> {
        match claim.proof == right(claim.public_values) && claim.program == PROGRAM {
            true => Ok(()),
            false => Err(VerifyError::Invalid { why: "it is not right".to_owned() }),
        }
    }
}

fn quorum() -> Quorum {
    let signer = |byte: u8| Attestor::new(WalletSecret::new(&[byte; 32]).expect("a secret"), Arc::new(Knowing));
    Quorum::new((1..=3).map(signer).collect(), 2)
}

fn terms(operator: Address, genesis: &Genesis) -> Terms {
    let (_, header) = Capture::new(Deployment { chain_id: 0, settlement: Owner([0; 20]) }, genesis);
    let members = quorum().members().into_iter().map(|member| Address::from(member.0)).collect();
    Terms {
        profile: Profile::Development,
        deployer: operator,
        proposer: operator,
        council: operator,
        operator,
        short_delay: 0,
        long_delay: 0,
        activation_delay: 0,
        version: ashlar_guest::VERSION,
        required: 1 << TYPE,
        programs: vec![ProgramTerms {
            proof_type: TYPE,
            program_hash: B256::repeat_byte(2),
            key: B256::from(PROGRAM.0),
            verifier: VerifierTerms::Attestation { members, threshold: 2 },
        }],
        state_root: B256::from(header.state_root_after.to_word()),
        genesis_time_ms: genesis.time.get(),
        drift_seconds: 60,
        custodians: Vec::new(),
        custody_threshold: 0,
        deadline_seconds: 3_600,
        grace_seconds: 3_600,
        forced_fee_min: 1_000,
        forced_per_block_max: 4,
    }
}

/// Headers of batches that each halt a market which is not there: a receipt, and nothing else.
fn batches(exchange: Deployment, genesis: &Genesis, count: u64) -> Vec<(BatchHeader, Vec<u8>)> {
    let (mut capture, mut header) = Capture::new(exchange, genesis);
    let one = Threads(std::num::NonZeroUsize::MIN);
    let each = (0..count).map(|number| {
        let time = Time::new(genesis.time.get() + number).expect("a time");
        let inputs = vec![Timed { time, input: Input::System(SystemCommand::Halt(MarketId::FIRST)) }];
        let captured = capture
            .capture(&header, header.version, inputs, &Signatures::new(), |_| Hash::ZERO, &one)
            .expect("a batch");
        header = captured.header;
        (captured.header, captured.batch)
    });
    each.collect()
}

fn proof_of(headers: &[BatchHeader]) -> KeptProof {
    let values = headers.iter().map(PublicValues::of).reduce(|a, b| a.join(&b).expect("they follow")).expect("one");
    let (first, last) = (headers[0], headers[headers.len() - 1]);
    KeptProof {
        first: first.number,
        last: last.number,
        target: Target { backend: BackendName::SP1, kind: ProofKind::Compressed },
        program: PROGRAM,
        values,
        header: last,
        measured: Measured::default(),
        proven_ms: 0,
        worker: "a test".to_owned(),
        proof: right(&to_bytes(&values)),
    }
}

/// The next event that matters here, if one comes in time.
async fn wait<T>(events: &mut Events, mut wanted: impl FnMut(SettlementEvent) -> Option<T>) -> Option<T> {
    let looking = async {
        while let Some(event) = events.next().await {
            if let Some(found) = wanted(event) {
                return Some(found);
            }
        }
        None
    };
    tokio::time::timeout(Duration::from_secs(60), looking).await.ok().flatten()
}

#[test]
fn two_of_three_signatures_over_many_batches_are_accepted_and_nothing_less() {
    let folder = std::env::temp_dir().join(format!("ashlar-attested-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&folder).with_worker_threads(2);
    runtime::Runner::new(config).start(|mut context| async move {
        let mining = Mining::Every { busy: BLOCK, idle: Duration::from_secs(1) };
        let chain = Devnet::start(&ChainConfig { mining, ..ChainConfig::default() }).expect("starts");
        let chain_id = ChainConfig::default().chain_id;
        let endpoint = Endpoint::new(&chain.url(), Duration::from_secs(10)).expect("an endpoint");
        let l1 = RpcL1::new(vec![endpoint], PoolConfig { chain_id, quorum: 1 });
        chain.mine().await.expect("a block");
        let first = l1.block(BlockAt::Number(1)).await.expect("answers").expect("is there");
        let genesis =
            Genesis { house_owner: Owner([9; 20]), time: Time::new(first.at().time * 1_000).expect("a time") };
        let key = alloy::hex::encode(DEVELOPMENT_ACCOUNTS[0].development_key);
        let operator = LocalKey::from_hex(&key, "a development account").expect("a key");
        let deploying = CourierConfig { poll_every: BLOCK, ..deploy_config(chain_id) };
        let terms = terms(operator.address(), &genesis);
        let deployed = deploy(&mut context, &l1, operator.clone(), terms, &deploying).await.expect("deploys");
        let settlement = Owner(deployed.addresses.settlement.0.0);
        let batches = batches(Deployment { chain_id, settlement }, &genesis, 3);
        let mut settling = Config::new(chain_id, deployed.addresses);
        settling.poll_every = BLOCK;
        let started = Settlement::start(context.child("settlement"), l1, operator, settling).await;
        let Settlement { mut handle, mut events, .. } = started.expect("starts");
        for (header, bytes) in &batches {
            let content = Bytes::copy_from_slice(bytes);
            handle.commit(header, DataRef::Calldata { content }).await.expect("is taken");
        }
        let committed =
            |event| matches!(event, SettlementEvent::Committed { batch, .. } if batch.get() == 3).then_some(());
        wait(&mut events, committed).await.expect("all are committed");

        let headers: Vec<_> = batches.iter().map(|(header, _)| *header).collect();
        let proof = proof_of(&headers);
        let attestation: Attestation = quorum().attest(&proof).expect("all of them sign");
        let enough = attestation.to_bytes()[..2 * ATTESTATION_BYTES].to_vec();
        let (kind, one) = (ProofType(TYPE), BatchNumber::new(1));

        // One signature, one signature twice, and signatures of another stretch: each is refused.
        let single = enough[..ATTESTATION_BYTES].to_vec();
        let twice = single.repeat(2);
        let other =
            quorum().attest(&proof_of(&headers[..2])).expect("signs").to_bytes()[..2 * ATTESTATION_BYTES].to_vec();
        for (what, bytes) in [("one", single), ("twice", twice), ("of two batches", other)] {
            handle.prove(kind, one, 3, bytes.into()).await.expect("is taken");
            let outcome = wait(&mut events, |event| match event {
                SettlementEvent::Failed { reason, .. } => Some(Ok(reason)),
                SettlementEvent::Proven { .. } => Some(Err(())),
                _ => None,
            });
            let refused = outcome.await.expect("an outcome");
            assert!(refused.is_ok(), "{what} was accepted");
        }

        // Two of three, once, over all three batches.
        handle.prove(kind, one, 3, enough.into()).await.expect("is taken");
        let proven = |event| match event {
            SettlementEvent::Proven { first, last, .. } => Some((first.get(), last.get())),
            _ => None,
        };
        assert_eq!(wait(&mut events, proven).await, Some((1, 3)));
        handle.finalize(BatchNumber::new(3)).await.expect("is taken");
        let finalized = |event| match event {
            SettlementEvent::Finalized { last, .. } => Some(last.get()),
            _ => None,
        };
        assert_eq!(wait(&mut events, finalized).await, Some(3));
    });
    // What cannot be removed is in a folder that the system empties.
    let _ = std::fs::remove_dir_all(&folder);
}
