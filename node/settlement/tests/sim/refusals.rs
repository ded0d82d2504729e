//! What is wrong with a configuration is said in one sentence, and nothing is sent.

use alloy::primitives::Address;
use ashlar_settlement::rpc::{Pool, PoolConfig};
use ashlar_settlement::signer::LocalKey;
use ashlar_settlement::sim::Weather;
use ashlar_settlement::{Config, Settlement, SetupError, StopReason};
use commonware_runtime::{Runner as _, Supervisor as _, deterministic};

use super::exchange::{CHAIN_ID, addresses, chain, key, pool};

fn refused(change: impl FnOnce(&mut Config), signer: LocalKey, balance: u128) -> String {
    deterministic::Runner::default().start(|context| async move {
        let chain = chain(1, 1, Weather::FAIR);
        chain.set_balance(balance);
        let mut config = Config::new(CHAIN_ID, addresses());
        change(&mut config);
        let started = Settlement::start(context.child("x"), pool(&chain, 1, 1), signer, config).await;
        let Err(StopReason::Setup(error)) = started else { panic!("it must be refused") };
        assert_eq!(chain.pooled(), 0, "nothing is sent");
        let words = error.to_string();
        assert!(!words.contains('\n') && words.len() < 260, "one sentence: {words}");
        words
    })
}

#[test]
fn each_mistake_has_its_sentence() {
    let other = || LocalKey::from_hex(&"11".repeat(32), "the test").unwrap();
    let wrong_chain = refused(|config| config.chain_id = 5, key(), 1);
    assert!(wrong_chain.contains("chain 1337") && wrong_chain.contains('5'), "{wrong_chain}");
    let nothing_there = refused(|config| config.addresses.bridge = Address::repeat_byte(9), key(), 1);
    assert!(nothing_there.contains("no contract") && nothing_there.contains("bridge"), "{nothing_there}");
    let swap = |config: &mut Config| config.addresses.settlement = config.addresses.bridge;
    let wrong_contract = refused(swap, key(), 1);
    assert!(wrong_contract.contains("is not the settlement contract"), "{wrong_contract}");
    let missing_role = refused(|_| {}, other(), 1);
    assert!(missing_role.contains("is not the operator"), "{missing_role}");
    let empty = refused(|_| {}, key(), 0);
    assert!(empty.contains("0 wei") && empty.contains("send it ether"), "{empty}");
}

#[test]
fn an_endpoint_of_another_chain_is_never_listened_to() {
    deterministic::Runner::default().start(|context| async move {
        let chain = chain(1, 1, Weather::FAIR);
        let l1 = Pool::new(vec![chain.endpoint(0)], PoolConfig { chain_id: 5, quorum: 1 });
        let config = Config::new(CHAIN_ID, addresses());
        let started = Settlement::start(context.child("x"), l1, key(), config).await;
        let Err(StopReason::Setup(SetupError::L1(error))) = started else { panic!("it must be refused") };
        assert!(error.to_string().contains("serves chain 1337, not 5"), "{error}");
    });
}
