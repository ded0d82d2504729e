//! What a prover's worker and its coordinator say to each other (docs/spec/proving.md).
//!
//! A worker is a process of its own, built in a workspace of its own, because provers do not share their dependencies. So this crate
//! brings next to none: the standard library, a hash, and an encoding.
//!
//! 1. Both sides show that they know a shared token before anything but a greeting is read, and every later frame
//!    carries a tag under keys of that connection, so that nobody else can put one in, take one out or repeat one (R-2, R-3).
//! 2. Decoding is total: every byte is consumed, every length has a bound in [`limits`], and what is read is copied only after its
//!    length was compared with what is there (R-1, R-4).
//! 3. Nothing here waits or opens anything, but for [`serve`] and [`Client`], which block: the one is a worker's whole `main`, the other a
//!    coordinator for one job at a time, which can start its worker too.
//!
//! ```no_run
//! use ashlar_prover_wire::{Backend, ServeError, Worker};
//! fn main_of_a_worker(backend: impl Backend) -> Result<(), ServeError> {
//!     Worker::from_environment()?.serve(backend)
//! }
//! ```
#![forbid(unsafe_code)]

pub mod limits;

mod error;

mod bytes;

mod name;

mod evidence;

mod message;

mod auth;

mod frame;

mod session;

mod backend;

mod serve;

mod worker;

mod client;

mod process;

pub use auth::{NONCE_BYTES, Token, TokenError};
pub use backend::{Backend, Watch};
pub use client::{Client, ClientError, Listening};
pub use error::{Failure, FailureKind, WireError};
pub use evidence::Evidence;
pub use frame::{FrameHeader, HEADER_BYTES};
pub use message::{Answer, Description, JobId, Measured, Proved, Question, ToCoordinator, ToWorker};
pub use name::{BackendName, ProgramHash, ProofKind};
pub use process::{Process, StartError};
pub use serve::{ServeError, serve};
pub use session::{Coordinator, Established, Opener, Sealer};
pub use worker::{ADDRESS_VARIABLE, TOKEN_VARIABLE, Worker};
