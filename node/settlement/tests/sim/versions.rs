//! A version begins: what the registry lists is read at a block, commits of the version before are refused, and others take their place.

use ashlar_settlement::l1::BlockAt;
use ashlar_settlement::sim::{Contracts, Weather};
use ashlar_settlement::{Activation, Listing, RequestError, activations};
use ashlar_types::BatchNumber;
use commonware_runtime::{Runner as _, deterministic};

use super::exchange::{Journal, Node, addresses, block, chain, pool, second};

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
        let content = ashlar_settlement::contract::DataRef::Calldata { content: 4_u64.to_be_bytes().into() };
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
