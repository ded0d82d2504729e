//! Data that is not on L1, through the whole line: coded, signed for by custodians, committed by their signatures, found again by an auditor and
//! by an empty machine. And data in blobs, as long as L1's nodes keep them.

mod blobs;
mod custodian;
#[path = "../support/exchange.rs"]
mod exchange;
mod folders;
#[path = "../support/keys.rs"]
mod keys;
mod node;
mod parts;
#[path = "../support/ports.rs"]
mod ports;
#[path = "../support/process.rs"]
mod process;
mod processes;
