//! Snapshots, replay and ordering anew, over histories of real flows.

mod anew;
mod diffs;
mod replay;
mod snapshots;
mod world;
