//! What was executed becomes durable here, and only then is it told to anyone.
//!
//! 1. An answer leaves after the sync that covers it, and after the signature that covers it (SPEC ).
//! 2. A write that fails ends the node: nothing after it is acknowledged, whatever was executed (SPEC Q-13).
//! 3. Readers that are slow are not waited for; the builder of batches is, so that memory stays bounded.

mod certificate;
mod committed;
mod keeper;
mod recall;
mod unwound;

pub use certificate::{CertificateError, GroupCertificate};
pub use committed::Committed;
pub(crate) use committed::Kept;
pub(crate) use keeper::{Audience, Executed, Keeper};
pub(crate) use recall::Recall;
pub use unwound::Unwinding;
pub(crate) use unwound::UnwindingStore;
