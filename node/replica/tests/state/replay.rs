use ashlar_exchange::HotConfig;
use ashlar_replica::{HotReplay, ReplayError, Shadow, Silent};
use ashlar_state::Serial;
use ashlar_types::{AccountId, Sequence};

use crate::world::history;

#[test]
fn both_ways_of_replay_come_to_the_state_that_was_live() {
    let mut history = history(1, 6, 800);
    let mut hot = HotReplay::from_snapshot(&history.genesis, HotConfig::default()).expect("a state");
    for (header, bytes) in &history.batches {
        let commands = hot.batch(bytes, &mut Silent).expect("a batch");
        assert_eq!(commands, header.next_sequence.get() - header.first_sequence.get());
        assert_eq!(hot.root(&Serial).expect("sorted"), header.state_root_after);
    }
    assert_eq!(hot.exchange.store.leaves(), history.live.store.leaves());
    let (_, again) = &history.batches[2];
    let error = hot.batch(again, &mut Silent).expect_err("it was executed before");
    assert!(matches!(error, ReplayError::Sequence { .. }), "{error}");
}

#[test]
fn a_message_of_nobody_and_an_inbox_entry_out_of_order_are_no_history() {
    let history = history(2, 2, 50);
    let (_, bytes) = &history.batches[1];
    let (setup, _) = &history.batches[0];
    let run = |change: &dyn Fn(&mut ashlar_batch::Batch)| {
        let mut shadow = Shadow::from_snapshot(history_start());
        let (_, first) = &history.batches[0];
        shadow.run(first, setup, &Serial).expect("the setup");
        let mut batch = ashlar_batch::codec::decode_all(bytes).expect("a batch");
        change(&mut batch);
        shadow.run(&ashlar_batch::codec::encode(&batch).expect("a batch"), setup, &Serial)
    };
    run(&|_| ()).expect("it is as it was");
    let error = run(&|batch| {
        let message = batch.inputs.iter_mut().find_map(|timed| match &mut timed.input {
            ashlar_types::Input::Message(message) => Some(message),
            _ => None,
        });
        message.expect("a message").header.account = AccountId::new(1_000_000).expect("in range");
    });
    assert!(matches!(error, Err(ReplayError::NoSigner { .. })), "{error:?}");
    let error = run(&|batch| batch.first_sequence = Sequence::new(1));
    assert!(matches!(error, Err(ReplayError::Sequence { .. })), "{error:?}");
}

fn history_start() -> ashlar_replica::Snapshot {
    history(2, 0, 0).genesis
}
