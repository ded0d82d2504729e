//! Provers as processes: where their workers are found, how they are started, who may connect, and who checks what they say.

mod backend;
mod coordinator;
mod launch;
mod members;
mod policies;
mod policy;
mod session;
mod unix;
mod verifier;

pub use backend::{Backend, find_worker, release_programs};
pub use coordinator::{Coordination, Provers};
pub use launch::{LocalWorker, Supervised};
pub use members::{load_members, load_or_make_token, read_token};
pub use policies::{Ahead, Asked, Learnt, Policies, look_ahead};
pub use policy::{EXECUTE_ONLY_TYPE, Policy, SignerKeys};
pub use session::Session;
pub use unix::UnixDoor;
pub use verifier::verifier_of;
