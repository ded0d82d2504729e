//! The operator's server: its own port, a token, and a line in the audit log for every change.
//!
//! 1. Without the token nothing is said, not even which paths there are.
//! 2. Every change is a POST, and is written to the log before and after it is made.

mod audit;
mod log;
mod server;
mod token;

pub use audit::{Audit, AuditLine};
pub use log::{Log, LogLine};
pub use server::{ActBody, Admin, router};
pub use token::{Token, TokenError};
