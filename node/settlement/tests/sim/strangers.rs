//! Somebody else sends from the operator's account, and the pool forgets: every intent is done all the same, and once.

use ashlar_settlement::signer::Signer as _;
use ashlar_settlement::sim::{Orphans, Weather};
use commonware_runtime::{Runner as _, deterministic};

use super::exchange::{Journal, Node, begun, block, chain, key, pool};

/// Blocks go by until everything is done, and client and chain agree about all of it.
async fn settled(
    context: &deterministic::Context,
    node: &mut Node,
    chain: &ashlar_settlement::sim::SimChain,
    what: &str,
) {
    for _ in 0..16 {
        block(context, chain, node).await;
    }
    node.check(chain, what).await;
}

#[test]
fn an_intent_whose_nonce_a_stranger_used_takes_another_once_that_is_final() {
    deterministic::Runner::seeded(31).start(|context| async move {
        let (chain, mut node) = begun(&context, 31, (1, 4)).await;
        assert_eq!(chain.pooled(), 1, "the commit is on its way");
        chain.empty_pool();
        chain.use_nonce(key().address());
        block(&context, &chain, &mut node).await;
        assert_eq!(chain.contracts().unwrap().batches().0, 0, "the nonce went to somebody else");
        // As long as L1 may leave the stranger's block the intent waits: it could be mined after all.
        block(&context, &chain, &mut node).await;
        assert!(chain.mined_of(key().address()).is_empty());
        settled(&context, &mut node, &chain, "after a stranger's transaction").await;
        let of_batch = chain.mined_of(key().address());
        assert_eq!(of_batch.len(), 3, "one commit, one proof, one finalization: {of_batch:?}");
    });
}

#[test]
fn a_nonce_that_nobody_has_any_more_is_filled() {
    deterministic::Runner::seeded(32).start(|context| async move {
        let chain = chain(32, 1, Weather::FAIR);
        chain.set_marks(1, 1_000);
        chain.mine(1);
        let mut node = Node::start(&context, pool(&chain, 1, 1), Journal::new()).await.unwrap();
        chain.use_nonce(key().address());
        block(&context, &chain, &mut node).await;
        node.journal.build();
        node.ask().await.unwrap();
        assert_eq!(chain.pooled(), 1, "the commit has the nonce after the stranger's");
        // L1 leaves the block of the stranger's transaction, and nobody sends that again: the commit would wait for ever.
        chain.reorg(1, 1, Orphans::AllDropped).unwrap();
        settled(&context, &mut node, &chain, "after a gap").await;
        let mined = chain.mined_of(key().address());
        assert_eq!(mined.len(), 4, "what fills the gap, one commit, one proof, one finalization: {mined:?}");
        assert!(mined.iter().all(|(.., succeeded)| *succeeded));
    });
}

#[test]
fn what_the_pool_forgot_is_sent_again() {
    deterministic::Runner::seeded(33).start(|context| async move {
        let chain = chain(33, 1, Weather::FAIR);
        chain.set_marks(1, 1_000);
        chain.mine(1);
        let mut node = Node::start(&context, pool(&chain, 1, 1), Journal::new()).await.unwrap();
        for _ in 0..3 {
            block(&context, &chain, &mut node).await;
            node.journal.build();
            node.ask().await.unwrap();
            chain.empty_pool();
        }
        settled(&context, &mut node, &chain, "after a forgetful pool").await;
        assert!(chain.mined_of(key().address()).iter().all(|(.., succeeded)| *succeeded));
    });
}
