//! Who must have signed a message, by the state just before it (U-4).

use ashlar_exchange::Store;
use ashlar_types::{Address, Header, Signer};

/// Whose signature a message needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Authority {
    /// That of the session key that the row asked for last holds.
    Session,
    /// That of the wallet of this owner.
    Wallet(Address),
}

/// Looks up who must have signed a message. `None` if there is no such signer: then the message must not be in a batch.
///
/// A guest asks this before it applies a message. So whoever records a witness must ask it too, at the same places, for the
/// witness to have these rows and hints; and whoever orders messages must leave out those for which there is nobody.
pub fn consult<S: Store>(store: &mut S, header: &Header) -> Option<Authority> {
    match header.signer {
        Signer::Owner => store.owner(header.account).map(Authority::Wallet),
        Signer::Session { slot, epoch } => {
            let key = store.key(header.account, slot)?;
            (key.is_set && key.epoch == epoch).then_some(Authority::Session)
        }
    }
}
