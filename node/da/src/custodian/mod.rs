//! A node that keeps parts of batches for others and signs for them (docs/spec/da.md, D-8 on).
//!
//! 1. Only who is listed may write, for one exchange, and a body is not read before its writer is known.
//! 2. Nothing is kept that was not checked: every row stands alone under the commitment, and the rows of the custodian's own place are all
//!    there. Only then, and when all of it is durable, is it signed for.
//! 3. Everybody may read, as fast as an allowance for each address permits. What is read is proven by itself, so there is nothing to hide and
//!    nothing to believe.
//! 4. What may be sent, held and asked is bounded by [`crate::limits`] and by the policy.

mod allowance;
mod keep;
mod local;
mod policy;
pub(crate) mod refusal;
mod routes;
mod server;
pub(crate) mod wire;

pub use ashlar_connections::Serving;
pub use keep::{Custodian, Standing};
pub use local::Local;
pub use policy::{Place, Policy};
pub use refusal::Refusal;
pub(crate) use refusal::hex_of;
pub use server::listen;
