//! Looks at what a node stored of one batch: whether it can be read, is what the header says, and comes to the same when it is executed again.

use ashlar_batch::{BatchHeader, codec, data_root};
use ashlar_guest::{GuestError, NativePlatform, check};
use ashlar_state::{Fault, Key};
use ashlar_sync::{Finding, first_command, first_field};
use ashlar_types::Sequence;
use commonware_runtime::Storage;

use crate::build::Shelf;
use crate::outside::OutsideError;

/// What is wrong with what is stored of the batch of a header; nothing if all of it is as it was built. `published` is asked for the published
/// bytes of the batch if those that are stored are others.
pub async fn look_at_stored<E, P>(
    shelf: &Shelf<E>,
    header: &BatchHeader,
    published: impl FnOnce() -> P + Send,
) -> Result<Option<Finding>, OutsideError>
where
    E: Storage,
    P: Future<Output = Option<Vec<u8>>> + Send,
{
    let batch = header.number;
    let altered = |what: String| Ok(Some(Finding::Stored { batch, command: None, what }));
    let unread = |error: crate::error::NodeError| OutsideError::retry(error.to_string());
    let Some(progress) = shelf.progress(batch).await.map_err(unread)? else {
        return altered("its header cannot be read".to_owned());
    };
    let Some(sealed) = shelf.get(batch).await.map_err(unread)? else {
        return altered("its bytes are not whole".to_owned());
    };
    for stored in [&progress.header, sealed.header()] {
        if let Some((field, built, stored)) = first_field(header, stored) {
            return altered(format!("its header has {field} {stored}, and {built} was built"));
        }
    }
    let Ok(input) = sealed.input() else { return altered("its evidence cannot be read".to_owned()) };
    if data_root(input.batch).ok() != Some(header.data_root) {
        let published = published().await.filter(|bytes| data_root(bytes).ok() == Some(header.data_root));
        let command = published.and_then(|published| first_command(header.first_sequence, input.batch, &published));
        let what = "its data is not that of its data root".to_owned();
        return Ok(Some(Finding::Stored { batch, command, what }));
    }
    if let Err(error) = check(&input, &mut NativePlatform::default()) {
        let (place, key) = place_of(&error);
        let command = place.and_then(|place| command_of(header.first_sequence, input.batch, place));
        return Ok(Some(Finding::Evidence { batch, command, key, what: error.to_string() }));
    }
    if sealed.receipts().map(|tree| tree.root()) != Some(header.receipts_root) {
        return altered("its receipts are not those of its header".to_owned());
    }
    Ok(None)
}

/// Which input a guest refused, and the key that it asked for, as far as it says.
const fn place_of(error: &GuestError) -> (Option<usize>, Option<Key>) {
    match error {
        GuestError::Fault { input, fault } => {
            let key = match fault {
                Fault::HintKey { expected: key, .. }
                | Fault::HintPredecessor { key, .. }
                | Fault::Hidden { from: key, .. }
                | Fault::NoSuccessor { from: key } => Some(*key),
                _ => None,
            };
            (Some(*input), key)
        }
        GuestError::Incomplete { input, .. }
        | GuestError::NoSigner { input, .. }
        | GuestError::Signature { input, .. } => (Some(*input), None),
        _ => (None, None),
    }
}

/// The first command of an input.
fn command_of(first: Sequence, bytes: &[u8], place: usize) -> Option<Sequence> {
    let inputs = codec::iter(bytes).ok()?.map_while(Result::ok);
    let before: u64 = inputs.take(place).map(|timed| timed.input.commands() as u64).sum();
    Some(Sequence::new(first.get().saturating_add(before)))
}
