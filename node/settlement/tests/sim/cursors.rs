//! Where a client begins that starts again.

use std::time::Duration;

use ashlar_settlement::inbox::InboxMark;
use ashlar_settlement::sim::{BLOCK_SECONDS, SimChain};
use ashlar_settlement::{Config, Noted, Settlement};
use commonware_runtime::{Clock as _, Runner as _, Supervisor as _, deterministic};

use super::exchange::{Journal, Node, begun, block, config, deposit, key, pool};

const FINAL_BEHIND: u64 = 4;
const BLOCKS: u64 = 60;

/// Starts a client that was told so much, and lets it come to the head. How many blocks it followed.
async fn blocks_followed(
    context: &deterministic::Context,
    chain: &SimChain,
    journal: &Journal,
    noted: Noted,
) -> (Node, u64) {
    let config = Config { noted, ..config(journal) };
    let settlement = Settlement::start(context.child("settlement"), pool(chain, 1, 1), key(), config).await.unwrap();
    let mut node = Node { journal: journal.clone(), settlement, events: Vec::new() };
    context.sleep(Duration::from_secs(BLOCK_SECONDS)).await;
    node.listen();
    let blocks = node.settlement.handle.status().await.unwrap().blocks;
    (node, blocks)
}

/// Ends it, and lets it give back what it had open.
async fn stop(context: &deterministic::Context, node: &Node) {
    node.settlement.task.abort();
    context.sleep(Duration::from_secs(1)).await;
}

#[test]
fn a_client_begins_where_nothing_would_be_news() {
    deterministic::Runner::seeded(51).start(|context| async move {
        let (chain, mut node) = begun(&context, 51, (1, FINAL_BEHIND)).await;
        for number in 0..BLOCKS {
            if number % 3 == 0 {
                chain.enter(deposit(number));
            }
            block(&context, &chain, &mut node).await;
            if number % 2 == 0 {
                node.journal.build();
                node.ask().await.unwrap();
            }
        }
        for _ in 0..2 * FINAL_BEHIND {
            block(&context, &chain, &mut node).await;
        }
        node.check(&chain, "before").await;
        stop(&context, &node).await;
        let (journal, whole) = (node.journal.clone(), chain.head().unwrap().number);
        assert!(whole > BLOCKS);

        let finalized = chain.contracts().unwrap().batches().2;
        let inbox: Vec<_> = journal
            .headers
            .values()
            .rev()
            .map(|header| InboxMark { next: header.inbox_next.get(), hash: header.inbox_hash.0 })
            .collect();
        let all = Noted { finalized, inbox: inbox.clone() };
        let nothing = Noted::default();
        // Entries that the caller consumed of another chain: no block of this one stands where it does.
        let others = inbox.iter().map(|mark| InboxMark { hash: [7; 32], ..*mark }).collect();
        let strange = Noted { finalized, inbox: others };
        let behind = Noted { finalized: finalized / 2, inbox };
        for (noted, most, least, what) in [
            (all, FINAL_BEHIND + 1, 1, "everything is noted"),
            (behind, 2 * whole / 3, whole / 3, "half of the batches are noted"),
            (strange, whole + 1, whole - 4, "the inbox is another"),
            (nothing, whole + 1, whole - 4, "nothing is noted"),
        ] {
            let (mut node, followed) = blocks_followed(&context, &chain, &journal, noted).await;
            assert!((least..=most).contains(&followed), "{what}: {followed} of {whole} blocks were followed");
            node.check(&chain, what).await;
            stop(&context, &node).await;
        }
    });
}
