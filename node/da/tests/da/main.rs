//! Publishing and fetching over stores that die, lie and tear their files.

mod disk;
mod liars;
mod market;
