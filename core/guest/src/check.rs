//! One batch, or several in a row, from evidence to public values.

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, PublicValues, data_root};
use ashlar_state::Digest as StateDigest;
use ashlar_types::{ExchangeId, Sequence, WithdrawalIndex};

use crate::error::GuestError;
use crate::input::GuestInput;
use crate::packed::unpack_inputs;
use crate::platform::Platform;
use crate::run::{Ran, run};

/// The version from which on the rules are those of this program. A later version may have them too: L1 says of each version which program proves it, so
/// a program is replaced without a change of the rules by a version of its own. Rules that change begin with a version that older programs never prove.
pub const VERSION: u32 = 1;

/// Checks one batch, and gives what a proof of it says in public.
pub fn check<P: Platform>(input: &GuestInput<'_>, platform: &mut P) -> Result<PublicValues, GuestError> {
    let GuestInput { parent, header, .. } = input;
    if header.version < VERSION {
        return Err(GuestError::Version { expected: VERSION, got: header.version });
    }
    let exchange_id = input.deployment.exchange_id();
    if header.exchange_id != exchange_id {
        return Err(GuestError::Exchange { expected: exchange_id.0, got: header.exchange_id.0 });
    }
    header.follows(parent)?;
    let data_root = data_root(input.batch)?;
    let ran = run(input, platform)?;
    let roots = ran.table.prove::<P::Node>()?;
    let (expected, got) = (parent.state_root_after, of_state(&roots.before));
    if expected != got {
        return Err(GuestError::StateBefore { expected, got });
    }
    let computed = computed(input, exchange_id, data_root, of_state(&roots.after), &ran);
    same(&computed, header)?;
    Ok(PublicValues::of(header))
}

/// Checks batches of which each follows the one before, and gives what one proof of all of them says in public.
pub fn check_many<'a, P: Platform>(
    inputs: impl IntoIterator<Item = GuestInput<'a>>,
    platform: &mut P,
) -> Result<PublicValues, GuestError> {
    let mut whole: Option<PublicValues> = None;
    for input in inputs {
        let next = check(&input, platform)?;
        whole = Some(match whole {
            Some(before) => before.join(&next)?,
            None => next,
        });
    }
    whole.ok_or(GuestError::NoBatches)
}

/// Checks the batches whose packing these words are. This is what a guest's `main` calls.
pub fn check_packed<P: Platform>(words: &[u64], platform: &mut P) -> Result<PublicValues, GuestError> {
    check_many(unpack_inputs(words)?, platform)
}

/// The header that the batch comes to. Only the DA commitment is taken as it is claimed (U-9).
fn computed(
    input: &GuestInput<'_>,
    exchange_id: ExchangeId,
    data_root: Digest,
    state_root_after: Digest,
    ran: &Ran<'_>,
) -> BatchHeader {
    let GuestInput { parent, header, .. } = input;
    BatchHeader {
        // The public values say which it is, and whoever takes them knows which program proves it.
        version: header.version,
        exchange_id,
        number: parent.number.next(),
        // `follows` has compared it with the parent's hash.
        parent_hash: header.parent_hash,
        state_root_before: parent.state_root_after,
        state_root_after,
        data_root,
        da_commitment: header.da_commitment,
        signatures_root: ran.signatures_root,
        receipts_root: ran.roots.receipts,
        withdrawals_root: ran.roots.withdrawals,
        withdrawals_next: WithdrawalIndex::new(ran.clock.withdrawals),
        inbox_next: ran.inbox.next,
        inbox_hash: ran.inbox.hash,
        // The batch's own beginning has been compared with the header's.
        first_sequence: header.first_sequence,
        next_sequence: Sequence::new(ran.clock.next_sequence),
        first_time: header.first_time,
        last_time: ran.clock.time,
    }
}

/// Both crates keep a digest as seven words of which the last byte is zero.
fn of_state(digest: &StateDigest) -> Digest {
    Digest::from_words(*digest.words()).unwrap_or(Digest::EMPTY)
}

fn same(computed: &BatchHeader, claimed: &BatchHeader) -> Result<(), GuestError> {
    if computed == claimed {
        return Ok(());
    }
    match computed.first_difference(claimed) {
        Some((field, expected, got)) => Err(GuestError::Header { field, expected, got }),
        // Headers have one encoding, so this is not reached.
        None => Err(GuestError::Header { field: "encoding", expected: [0; 32], got: [0; 32] }),
    }
}
