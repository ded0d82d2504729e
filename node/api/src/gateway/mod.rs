//! The binary gateway: messages in their canonical bytes over one TCP connection (docs/api.md has the frames).
//!
//! 1. A frame says its length first, and one that is longer than any message is never read.
//! 2. Messages are answered as they are ready; when too many wait, the connection is read no further.
//! 3. A client that does not take its answers is let go; its last will is handed in as by the stream.

mod frame;
mod server;

pub use frame::{
    Frame, FrameError, HEADER_BYTES, Kind, put_answer, put_refusal, read_answer, read_refusal, read_submit,
};
pub use frame::{GatewayAnswer, put_submit};
pub use server::listen;
