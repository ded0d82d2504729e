//! Publishing and fetching over stores that die, lie and tear their files; custodians behind sockets; archives.

mod archive;
mod custodians;
mod disk;
mod hostile;
mod liars;
mod market;
mod packed;
mod repair;
mod retained;
mod selection;
mod servers;
