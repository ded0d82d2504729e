//! Connections that strangers open to a server.
//!
//! 1. So many are open at once, and so many of them from one address. Of whoever is turned away nothing is remembered.
//! 2. One that takes nothing of what it is being sent for too long is ended.
//! 3. All of them end when the server is stopped or dropped.
#![forbid(unsafe_code)]

mod places;
mod serving;
mod unstalled;

pub use places::{Place, Places};
pub use serving::{Opened, Serving};
pub use unstalled::Unstalled;
