//! From a signed message to a batch that a guest accepts.

use std::time::Duration;

use ashlar_api::door::{Act, BatchKey, Opening, Origin, Refusal, Signature, Signed, Stage};
use ashlar_guest::{NativePlatform, check};
use ashlar_replica::L1Block;
use ashlar_sequencer::{Node, NodeHandle, Parts, Rate, check_equivocation};
use ashlar_types::{Command, KeySlot, Reason, Scopes, Side, SystemCommand};
use commonware_runtime::{Clock, Runner, Supervisor, deterministic};

use super::world::*;

pub async fn start(context: &deterministic::Context) -> NodeHandle {
    Node::start(context.child("node"), config(), Parts::default()).await.expect("a node starts")
}

/// The root that leaves have, computed from nothing else.
pub fn root_of(leaves: &[(ashlar_state::Key, ashlar_state::Value)]) -> Vec<u8> {
    let map = ashlar_state::Map::<ashlar_state::Sha256Node>::from_sorted(leaves, &ashlar_state::Serial).unwrap();
    ashlar_batch::merkle::Digest::from_words(*map.root().words()).unwrap().to_word().to_vec()
}

#[test]
fn what_is_signed_is_executed_answered_receipted_and_batched() {
    deterministic::Runner::seeded(7).start(|context| async move {
        let node = start(&context).await;
        let door = node.door();
        node.inbox(opening(3)).await.unwrap();
        node.leaves().await.expect("the opening is durable");
        assert_eq!(door.account(account(3)).await.unwrap().unwrap().holdings.len(), 2);
        let mut traders: Vec<_> = (1..=3).map(|number| Trader::new(number, 5)).collect();
        let mut sent = Vec::new();
        for _ in 0..60 {
            for trader in &mut traders {
                sent.push(trader.send(&door).await.unwrap());
            }
        }
        let id = DEPLOYMENT.exchange_id();
        let key = door.venue().sequencer_key;
        for (signed, answered) in &sent {
            let receipt = node.receipt(answered.place.first).await.expect("a receipt of late");
            receipt.check(&id, &key).unwrap();
            assert_eq!(receipt.link.after(&id, &receipt.previous).0, answered.place.hash);
            assert_eq!(receipt.link.command_hash, answered.place.command_hash);
            assert!(check_equivocation(&id, &key, &receipt, &receipt).is_err());
            let again = door.submit(signed.clone(), ORIGIN).await.unwrap();
            assert_eq!((&again.lines, &again.place), (&answered.lines, &answered.place));
        }
        assert_eq!(node.metrics().repeats.get(), 180);
        context.sleep(Duration::from_secs(2)).await;
        let Some(number) = node.books().last_at(Stage::Published) else { panic!("no batch: {:?}", door.health()) };
        let leaves = node.leaves().await.unwrap();
        let last = node.books().header(number).unwrap();
        assert_eq!(last.state_root_after.to_word().to_vec(), root_of(&leaves));
        for batch in 1..=number.get() {
            let sealed = node.books().sealed(ashlar_types::BatchNumber::new(batch)).await.unwrap().unwrap();
            check(&sealed.input().unwrap(), &mut NativePlatform::default()).expect("a guest accepts the batch");
        }
        let sequence = sent[20].1.place.first;
        let proof = door.command_proof(sequence).await.unwrap().expect("a proof of a command");
        let batch = door.batch(BatchKey::Sequence(sequence)).await.unwrap().unwrap();
        assert_eq!((proof.batch.number, proof.sequence), (batch.number, sequence));
        node.stop().await.unwrap();
    });
}

#[test]
fn what_may_not_come_in_is_told_why() {
    deterministic::Runner::seeded(8).start(|context| async move {
        let mut config = config();
        config.limits.per_key = Rate { burst: 20, per_second: 1_000 };
        let node = Node::start(context.child("node"), config, Parts::default()).await.unwrap();
        let door = node.door();
        node.inbox(opening(2)).await.unwrap();
        node.leaves().await.expect("the opening is durable");
        let mut trader = Trader::new(1, 1);
        let next = door.tip().await.unwrap().next;
        // A stranger's signature costs nobody's allowance and takes no place.
        let good = trader.message();
        let (message, _, _) = good.clone().into_parts();
        let forged = Trader { number: 2, ..trader.clone() }.sign_as(message.clone());
        for _ in 0..50 {
            let refused = door.submit(forged.clone(), ORIGIN).await.unwrap_err();
            assert!(matches!(refused, Refusal::Signature(_)), "{refused:?}");
        }
        let unknown = Trader::new(9, 1).message();
        assert_eq!(door.submit(unknown, ORIGIN).await.unwrap_err(), Refusal::Inadmissible(Reason::UnknownAccount));
        let mut old = Trader::new(1, 1);
        old.epoch = 2;
        let old = old.message();
        assert_eq!(door.submit(old, ORIGIN).await.unwrap_err(), Refusal::Inadmissible(Reason::UnknownKey));
        let mut late = message.clone();
        late.header.not_after = ashlar_types::Time::new(1).unwrap();
        let late = trader.sign_as(late);
        assert_eq!(door.submit(late, ORIGIN).await.unwrap_err(), Refusal::Inadmissible(Reason::NotAfter));
        assert_eq!(door.tip().await.unwrap().next, next, "nothing of all this took a place");
        let first = door.submit(good, ORIGIN).await.unwrap().place.first;
        assert_eq!(first, next);
        let mut other = message;
        other.commands = vec![Command::DeadMan(ashlar_types::Time::NEVER)];
        let nonce = other.header.nonce;
        let other = trader.sign_as(other);
        assert_eq!(door.submit(other, ORIGIN).await.unwrap_err(), Refusal::NonceTaken { nonce, first });
        let limited = (0..60).map(|_| door.submit(trader.message(), ORIGIN)).collect::<Vec<_>>();
        let mut refused = 0;
        for answer in limited {
            refused += u32::from(matches!(answer.await, Err(Refusal::RateLimited { .. })));
        }
        assert!(refused > 20, "{refused} were refused for their rate");
        node.stop().await.unwrap();
    });
}

#[test]
fn a_flood_is_told_so_and_costs_nobody_else() {
    deterministic::Runner::seeded(14).start(|context| async move {
        let mut config = config();
        config.waiting_max = 1;
        config.limits.per_peer = Rate { burst: 100, per_second: 10 };
        let node = Node::start(context.child("node"), config, Parts::default()).await.unwrap();
        let door = node.door();
        node.inbox(opening(2)).await.unwrap();
        node.leaves().await.expect("the opening is durable");
        let mut trader = Trader::new(1, 1);
        let mut one = || trader.sign(vec![place(Side::Buy, 960, 1, 0)]);
        // All at once, of which one finds room.
        let messages: Vec<_> = (0..60).map(|_| one()).collect();
        let answers: Vec<_> = messages.iter().map(|signed| door.submit(signed.clone(), ORIGIN)).collect();
        let mut shed = Vec::new();
        for (signed, answer) in messages.into_iter().zip(answers) {
            match answer.await {
                Ok(_) => {}
                Err(Refusal::Overloaded { retry_ms }) => {
                    assert!(retry_ms > 0);
                    shed.push(signed);
                }
                Err(refusal) => panic!("{refusal:?}"),
            }
        }
        assert!(shed.len() > 40, "{} were shed", shed.len());
        assert_eq!(node.metrics().turned_away(), shed.len() as u64);
        // Whoever waits and sends the same again is answered.
        context.sleep(Duration::from_millis(20)).await;
        door.submit(shed.pop().unwrap(), ORIGIN).await.expect("there is room");
        // What is shed is paid for as well: the address has less than 40 left, and some come back.
        let mut wait_ms = 0;
        for _ in 0..60 {
            if let Err(refusal) = door.submit(one(), ORIGIN).await {
                let Refusal::RateLimited { retry_ms } = refusal else { panic!("{refusal:?}") };
                wait_ms = retry_ms;
            }
        }
        assert!((1..=100).contains(&wait_ms), "{wait_ms}");
        let elsewhere = Origin { ip: "10.0.0.9".parse().unwrap() };
        door.submit(one(), elsewhere).await.expect("another address has its own allowance");
        context.sleep(Duration::from_millis(wait_ms.into())).await;
        door.submit(one(), ORIGIN).await.expect("after the wait that it was told");
        node.stop().await.unwrap();
    });
}

#[test]
fn keys_change_hands_at_their_place() {
    deterministic::Runner::seeded(9).start(|context| async move {
        let node = start(&context).await;
        let door = node.door();
        node.inbox(opening(2)).await.unwrap();
        node.leaves().await.expect("the opening is durable");
        let mut trader = Trader::new(1, 1);
        trader.send(&door).await.unwrap();
        let register = trader.sign_by_wallet(1, Command::RegisterKey(grant(1, 2)));
        door.submit(register, ORIGIN).await.unwrap();
        let refused = trader.send(&door).await.unwrap_err();
        assert_eq!(refused, Refusal::Inadmissible(Reason::UnknownKey));
        (trader.epoch, trader.nonce) = (2, 0);
        trader.send(&door).await.unwrap();
        let revoke = trader.sign(vec![Command::RevokeKey(KeySlot::FIRST)]);
        door.submit(revoke, ORIGIN).await.unwrap();
        assert_eq!(trader.send(&door).await.unwrap_err(), Refusal::Inadmissible(Reason::UnknownKey));
        let facts = door.account(account(1)).await.unwrap().unwrap();
        assert_eq!((facts.keys[0].public, facts.keys[0].scopes, facts.owner_nonce), ([0; 32], Scopes::default(), 1));
        let foreign = Trader::new(2, 1).sign_by_wallet(1, Command::OpenSubAccount);
        let (message, _, _) = foreign.into_parts();
        let by_another = Signed::new(message, Signature::Owner([1; 65])).unwrap();
        assert!(matches!(door.submit(by_another, ORIGIN).await.unwrap_err(), Refusal::Signature(_)));
        node.stop().await.unwrap();
    });
}

#[test]
fn readers_open_where_the_feed_begins() {
    deterministic::Runner::seeded(10).start(|context| async move {
        let node = start(&context).await;
        let door = node.door();
        node.inbox(opening(2)).await.unwrap();
        node.leaves().await.expect("the opening is durable");
        let mut trader = Trader::new(1, 3);
        for _ in 0..30 {
            trader.send(&door).await.unwrap();
        }
        let Opening { standing, mut feed, .. } = door.open().await.unwrap();
        assert_eq!((standing.assets.len(), standing.markets.len(), standing.fees.len()), (2, 1, 1));
        assert!(!standing.orders.is_empty());
        let mut next = standing.next;
        for _ in 0..10 {
            trader.send(&door).await.unwrap();
            let block = feed.recv().await.unwrap();
            assert_eq!(block.first, next, "the feed goes on where the opening ends");
            next = block.next();
        }
        node.stop().await.unwrap();
    });
}

#[test]
fn the_operator_is_obeyed_and_written_down() {
    deterministic::Runner::seeded(11).start(|context| async move {
        let node = start(&context).await;
        let (door, operator) = (node.door(), node.operator());
        node.inbox(opening(1)).await.unwrap();
        node.leaves().await.expect("the opening is durable");
        let mut trader = Trader::new(1, 3);
        operator.act(Act::Halt(MARKET)).await.unwrap();
        let answered = trader.send(&door).await.unwrap().1;
        assert!(format!("{:?}", answered.lines).contains("MarketState"), "{answered:?}");
        node.system(SystemCommand::Resume(MARKET)).await.unwrap();
        operator.act(Act::Pause { service: "state-updater".to_owned() }).await.unwrap();
        assert!(operator.act(Act::Pause { service: "nobody".to_owned() }).await.is_err());
        operator.act(Act::BatchNow).await.unwrap();
        context.sleep(Duration::from_secs(3)).await;
        assert_eq!(node.books().last_at(Stage::Built), None, "the builder rests");
        operator.act(Act::Resume { service: "state-updater".to_owned() }).await.unwrap();
        context.sleep(Duration::from_secs(1)).await;
        assert!(node.books().last_at(Stage::Built).is_some());
        operator.act(Act::KillSwitch { stop: true }).await.unwrap();
        assert!(matches!(trader.send(&door).await, Err(Refusal::Closed { .. })));
        operator.act(Act::KillSwitch { stop: false }).await.unwrap();
        let next = door.tip().await.unwrap().next;
        operator.act(Act::StopAtSequence(Some(next))).await.unwrap();
        assert!(matches!(trader.send(&door).await, Err(Refusal::Closed { .. })));
        operator.act(Act::StopAtSequence(None)).await.unwrap();
        trader.send(&door).await.unwrap();
        assert!(operator.inspect("batch-producer").await.unwrap().len() > 2);
        assert_eq!(node.metrics().audits.get(), 9, "a change that fails is written down as well");
        let mut text = String::new();
        door.metrics(&mut text);
        assert!(text.contains("ashlar_answer_seconds_count"));
        node.stop().await.unwrap();
    });
}

/// SPEC U-1 from the other side: whoever replays batches comes to the same headers.
#[test]
fn another_node_follows() {
    deterministic::Runner::seeded(12).start(|context| async move {
        let leader = start(&context).await;
        let door = leader.door();
        leader.inbox(opening(2)).await.unwrap();
        leader.leaves().await.expect("the opening is durable");
        let mut trader = Trader::new(1, 3);
        for _ in 0..40 {
            trader.send(&door).await.unwrap();
            context.sleep(Duration::from_millis(30)).await;
        }
        context.sleep(Duration::from_secs(1)).await;
        let last = leader.books().last_at(Stage::Built).unwrap();
        assert!(last.get() > 2, "several batches");
        let mut config = config();
        config.partition = "follower".to_owned();
        config.mode = ashlar_sequencer::Mode::Following { from: ashlar_types::BatchNumber::new(1) };
        let follower = Node::start(context.child("follower"), config, Parts::default()).await.unwrap();
        assert!(matches!(follower.door().submit(trader.message(), ORIGIN).await, Err(Refusal::Closed { .. })));
        for number in 1..=last.get() {
            let sealed = leader.books().sealed(ashlar_types::BatchNumber::new(number)).await.unwrap().unwrap();
            let input = sealed.input().unwrap();
            let batch = ashlar_batch::codec::decode_all(input.batch).unwrap();
            let signatures = ashlar_batch::Signatures::from_bytes(batch.messages(), input.signatures).unwrap();
            follower.follow(sealed.header(), batch.inputs, &signatures, L1Block::default()).await.unwrap();
            assert_eq!(follower.books().header(sealed.header().number), Some(*sealed.header()));
        }
        follower.stop().await.unwrap();
        leader.stop().await.unwrap();
    });
}
