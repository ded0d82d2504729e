//! The journal on a disk that tears, fails and forgets: what was synced is there, what is damaged is named.

mod crash;
mod damage;
mod order;
mod world;
