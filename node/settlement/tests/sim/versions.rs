//! A version begins: what the registry lists is read at a block, commits of the version before are refused, and others take their place.

use std::time::Duration;

use alloy::primitives::B256;
use ashlar_settlement::contract::DataRef;
use ashlar_settlement::l1::BlockAt;
use ashlar_settlement::signer::Signer as _;
use ashlar_settlement::sim::{Contracts, Orphans, Weather};
use ashlar_settlement::{Activation, Listing, RequestError, SettlementEvent, activations};
use ashlar_types::BatchNumber;
use commonware_runtime::{Clock as _, Runner as _, deterministic};

use super::exchange::{Journal, Node, addresses, block, chain, key, pool, second};

#[test]
fn a_commit_that_comes_too_late_gives_way_to_another() {
    deterministic::Runner::default().start(|context| async move {
        let chain = chain(5, 1, Weather::FAIR);
        chain.set_marks(1, 2);
        let l1 = pool(&chain, 1, 1);
        let mut node = Node::start(&context, l1.clone(), Journal::new()).await.unwrap();
        for _ in 0..3 {
            node.journal.build();
        }
        for _ in 0..6 {
            block(&context, &chain, &mut node).await;
        }
        assert_eq!(chain.contracts().unwrap().batches().0, 3);

        let listed = |at| activations(&l1, addresses().registry, at);
        let first = Activation { version: 1, from_batch: BatchNumber::new(0), not_before: 0 };
        let not_before = second(&context) + 1_000;
        let next = Activation { version: 2, from_batch: BatchNumber::new(4), not_before };
        let before = chain.head().unwrap().hash;
        chain.schedule_version(next);
        block(&context, &chain, &mut node).await;
        assert_eq!(listed(BlockAt::Latest).await.unwrap(), [first, next]);
        assert_eq!(listed(BlockAt::Hash(before)).await.unwrap(), [first], "as it was at that block");
        chain.cancel_version(2);
        block(&context, &chain, &mut node).await;
        assert_eq!(listed(BlockAt::Latest).await.unwrap(), [first], "what was taken back is not there");

        let next = Activation { not_before: second(&context) + 30, ..next };
        chain.schedule_version(next);
        for _ in 0..4 {
            block(&context, &chain, &mut node).await;
        }
        node.journal.build();
        node.journal.build();
        for _ in 0..4 {
            block(&context, &chain, &mut node).await;
        }
        assert_eq!(chain.contracts().unwrap().batches().0, 3, "L1 takes no batch of version 1 any more");
        let late = node.journal.headers.split_off(&4);
        let handle = &mut node.settlement.handle;
        let why = "version 2 has begun".to_owned();
        assert_eq!(handle.give_up(BatchNumber::new(4), why.clone()).await.unwrap(), 2);
        assert_eq!(handle.give_up(BatchNumber::new(4), why).await.unwrap(), 0, "there is nothing more to give up");
        let content = DataRef::Calldata { content: 4_u64.to_be_bytes().into() };
        let refused = handle.commit(&late[&4], content).await;
        assert!(matches!(refused, Err(RequestError::Invalid { batch: 4, .. })), "{refused:?}");

        let mut header = node.journal.build();
        header.version = 2;
        node.journal.headers.insert(4, header);
        node.journal.build();
        for _ in 0..12 {
            block(&context, &chain, &mut node).await;
        }
        node.check(&chain, "under version 2").await;

        // What reverted cost something too, and that is told.
        let told: Vec<B256> = node
            .events
            .iter()
            .filter_map(|event| match event {
                SettlementEvent::Paid { tx, .. } => Some(*tx),
                _ => None,
            })
            .collect();
        let mined = chain.mined_of(key().address());
        assert!(mined.iter().any(|(.., succeeded)| !succeeded), "the late commits were mined: {mined:?}");
        assert!(mined.iter().all(|(_, tx, _)| told.contains(tx)), "{mined:?}, {told:?}");
    });
}

/// A node that is started again before L1 has taken what stands in place of a batch does not hand in the one that it gave up; on another chain it may.
#[test]
fn what_was_given_up_stays_so_over_a_restart_until_l1_leaves_blocks() {
    deterministic::Runner::seeded(7).start(|context| async move {
        let chain = chain(7, 1, Weather::FAIR);
        chain.set_marks(1, 1_000);
        let mut node = Node::start(&context, pool(&chain, 1, 1), Journal::new()).await.unwrap();
        block(&context, &chain, &mut node).await;
        let header = node.journal.build();
        node.ask().await.unwrap();
        assert_eq!(node.settlement.handle.give_up(BatchNumber::new(1), "it is too late".into()).await.unwrap(), 1);
        node.journal.headers.split_off(&1);
        // What was on its way is replaced by what does nothing, some blocks below the head.
        for _ in 0..4 {
            block(&context, &chain, &mut node).await;
        }
        assert_eq!(chain.contracts().unwrap().batches().0, 0);
        node.settlement.task.abort();
        context.sleep(Duration::from_secs(1)).await;

        let mut node = Node::start(&context, pool(&chain, 1, 1), node.journal.clone()).await.unwrap();
        block(&context, &chain, &mut node).await;
        let content = || DataRef::Calldata { content: 1_u64.to_be_bytes().into() };
        let refused = node.settlement.handle.commit(&header, content()).await;
        assert!(matches!(refused, Err(RequestError::Invalid { batch: 1, .. })), "{refused:?}");
        chain.reorg(1, 1, Orphans::AllDropped).unwrap();
        block(&context, &chain, &mut node).await;
        node.settlement.handle.commit(&header, content()).await.unwrap();
        node.journal.headers.insert(1, header);
        for _ in 0..4 {
            block(&context, &chain, &mut node).await;
        }
        assert_eq!(chain.contracts().unwrap().batches().0, 1, "on another chain it may be handed in");
    });
}

/// A listing says what proves each version. What has begun is not asked for again on the same chain, and what has not is, since it may have been taken back and
/// announced anew.
#[test]
fn a_listing_says_which_program_proves_which_version() {
    deterministic::Runner::default().start(|context| async move {
        let chain = chain(6, 1, Weather::FAIR);
        let l1 = pool(&chain, 1, 1);
        let mut node = Node::start(&context, l1.clone(), Journal::new()).await.unwrap();
        block(&context, &chain, &mut node).await;
        let not_before = second(&context) + 30;
        chain.schedule_version(Activation { version: 2, from_batch: BatchNumber::new(4), not_before });
        block(&context, &chain, &mut node).await;
        let head = || chain.head().unwrap().at();
        let programs = |listing: &Listing| {
            let of = |version: &ashlar_settlement::Version| (version.begins.version, version.programs[0].key);
            listing.versions.iter().map(of).collect::<Vec<_>>()
        };
        let known = |version| (version, Contracts::program_of(version));
        let listing = Listing::read(&l1, addresses().registry, head(), None).await.unwrap();
        assert_eq!(programs(&listing), [known(1), known(2)]);
        let one = listing.versions[1].programs[0];
        assert_eq!((listing.versions[1].programs.len(), one.proof_type, one.hash), (1, 0, known(2).1));

        // Told apart by what nobody named.
        let mut marked = listing.clone();
        marked.versions.iter_mut().for_each(|version| version.programs[0].key = Contracts::program_of(9));
        let again = Listing::read(&l1, addresses().registry, head(), Some(&marked)).await.unwrap();
        assert_eq!(programs(&again), [(1, known(9).1), known(2)], "the second has not begun");
        for _ in 0..4 {
            block(&context, &chain, &mut node).await;
        }
        marked.at = head();
        assert!(marked.at.time >= not_before);
        let again = Listing::read(&l1, addresses().registry, head(), Some(&marked)).await.unwrap();
        assert_eq!(programs(&again), [(1, known(9).1), (2, known(9).1)], "it has by now");
    });
}
