//! Where the data of a batch goes: what is in the chain gives the batch back, byte for byte.

use alloy::consensus::{SidecarBuilder, SidecarCoder as _, SimpleCoder, Transaction as _, Typed2718 as _};
use alloy::primitives::{B256, Bytes};
use alloy::providers::{DynProvider, Provider as _};
use alloy::rpc::types::Filter;
use alloy::sol_types::{SolCall as _, SolEvent as _};
use ashlar_batch::data_root;
use ashlar_contracts::abi::ISettlement;
use ashlar_types::Side;
use commonware_runtime::{Runner as _, tokio as runtime};

use crate::chain::Chain;
use crate::operator::Operator;
use crate::stories::open;
use crate::world::World;

/// The kinds of data that the contract names.
const CALLDATA: u8 = 0;
const UNBOUND_BLOBS: u8 = 2;

#[test]
fn calldata_and_blobs_give_the_batch_back() {
    let storage = std::env::temp_dir().join(format!("ashlar-l1-publishing-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&storage).with_worker_threads(2);
    runtime::Runner::new(config).start(async |context| {
        let world = World::build("publishing", Chain::ethrex()).await;
        let (mut operator, mut alice, _) = open(&context, &world).await;
        let l1 = world.l1();
        for (number, blobs) in [(1, false), (2, true), (3, false), (4, true)] {
            operator.blobs = blobs;
            let header = operator.batch(vec![alice.order(Side::Sell, 200_000 + number, 10)]).await;
            let published = if blobs { blobs_of(&l1, &operator, number).await } else { calldata_of(&l1, number).await };
            assert_eq!(published, operator.bytes, "batch {number}");
            assert_eq!(data_root(&published).expect("a batch"), header.data_root);
        }
        let all = operator.parent_number();
        operator.settle(all).await;
    });
    drop(std::fs::remove_dir_all(&storage));
}

/// The commit of a batch: what the event says, and its transaction.
async fn commit_of(l1: &DynProvider, number: u64) -> (ISettlement::BatchCommitted, alloy::rpc::types::Transaction) {
    let filter = Filter::new().event_signature(ISettlement::BatchCommitted::SIGNATURE_HASH).from_block(0);
    let logs = l1.get_logs(&filter).await.expect("answers");
    let found = logs.iter().find_map(|log| {
        let event = ISettlement::BatchCommitted::decode_log(&log.inner).expect("an event").data;
        (event.header.number == number).then_some((event, log.transaction_hash.expect("mined")))
    });
    let (event, hash) = found.unwrap_or_else(|| panic!("batch {number} is not committed"));
    (event, l1.get_transaction_by_hash(hash).await.expect("answers").expect("mined"))
}

async fn calldata_of(l1: &DynProvider, number: u64) -> Vec<u8> {
    let (event, transaction) = commit_of(l1, number).await;
    assert_eq!((event.kind, event.blobs.len()), (CALLDATA, 0));
    let call = ISettlement::commitCalldataCall::abi_decode(transaction.input()).expect("the call");
    call.content.to_vec()
}

/// The chain keeps hashes of blobs only, so what they were is made again and compared with those.
async fn blobs_of(l1: &DynProvider, operator: &Operator<'_>, number: u64) -> Vec<u8> {
    let (event, transaction) = commit_of(l1, number).await;
    assert_eq!(event.kind, UNBOUND_BLOBS);
    assert!(transaction.inner.is_eip4844() && transaction.max_fee_per_blob_gas().is_some());
    let sidecar = SidecarBuilder::<SimpleCoder>::from_slice(&operator.bytes).build_7594().expect("a sidecar");
    let hashes: Vec<B256> = sidecar.versioned_hashes().collect();
    assert_eq!(event.blobs, hashes, "the contract noted the blobs of the transaction");
    assert_eq!(transaction.blob_versioned_hashes(), Some(&hashes[..]));
    assert_eq!(sidecar.blobs.len() * 128, sidecar.cell_proofs.len(), "a proof for each cell");
    let content = SimpleCoder::default().decode_all(&sidecar.blobs).expect("decodes");
    content.into_iter().map(Bytes::from).fold(Vec::new(), |all, part| [all, part.to_vec()].concat())
}
