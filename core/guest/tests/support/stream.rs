//! Endless flows, cut into batches as a sequencer cuts them: what the guest would refuse takes no place.

use ashlar_batch::{SIGNATURE_BYTES, Timed};
use ashlar_exchange::{Exchange, LeafStore, Line, Store};
use ashlar_guest::{Authority, consult};
use ashlar_harness::Output;
use ashlar_harness::flow::Flow as Stream;
use ashlar_state::Overlay;
use ashlar_types::sign::wallet_digest;
use ashlar_types::{Input, Time, from_bytes, to_bytes};

use super::{Book, DEPLOYMENT, Flow, Node, Recorded};

impl Node {
    /// Makes a batch of the next inputs of a stream. `None` if none of them may be in one.
    pub fn seal_stream(&mut self, stream: &mut dyn Stream, inputs: usize) -> Option<Recorded> {
        let mut flow = Book::new().begin();
        let mut index = self.index.clone();
        let mut live = Exchange::new(LeafStore::open(Overlay::new(&self.map), &mut index));
        for _ in 0..inputs {
            let (time, input) = stream.produce();
            let time = time.max(live.store.clock().time);
            if !may_have_a_place(&mut live.store, time, &input, &mut flow) {
                continue;
            }
            let mut lines: Vec<Line> = Vec::new();
            live.apply(time, &input, &mut lines);
            for line in lines {
                stream.observe(&match line {
                    Line::Event(event) => Output::Event(event),
                    Line::Receipt(receipt) => Output::Receipt(receipt),
                });
            }
            flow.inputs.push(Timed { time, input });
        }
        (!flow.inputs.is_empty()).then(|| self.seal(flow))
    }
}

/// Whether an input may be in a batch; if it is a message, its signature is added: for a session key anything, for a wallet the owner.
fn may_have_a_place<S: Store>(store: &mut S, time: Time, input: &Input, flow: &mut Flow) -> bool {
    // A flow also makes up values that no bytes can carry.
    if from_bytes::<Input>(&to_bytes(input)).as_ref() != Ok(input) {
        return false;
    }
    let message = match input {
        Input::System(_) => return true,
        Input::Inbox { index, time: of_entry, .. } => {
            let clock = store.clock();
            return index.get() == clock.inbox_cursor && *of_entry <= time && *of_entry >= clock.inbox_time;
        }
        Input::Message(message) => message,
    };
    let mut signature = [0; SIGNATURE_BYTES];
    match consult(store, &message.header) {
        None => return false,
        Some(Authority::Session) => {}
        Some(Authority::Wallet(_)) if wallet_digest(&DEPLOYMENT, message).is_err() => return false,
        Some(Authority::Wallet(owner)) => signature[..20].copy_from_slice(&owner.0),
    }
    flow.signatures.push(signature);
    true
}
