//! Ports that nobody has: below those that the system gives out by itself, so that no connection takes one before its server does.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// The first of them, and how many places there are.
const FIRST: u16 = 12_000;
const PLACES: u32 = 5_000;
/// Ports of a place: a node takes those behind its own for its gateway and its operator.
const EACH: u16 = 4;

/// An address on loopback that is free with those behind it.
pub fn free() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let place = std::process::id().wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PLACES;
        let first = FIRST + EACH * place as u16;
        let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if (first..first + EACH).all(|port| TcpListener::bind(address(port)).is_ok()) {
            return address(first);
        }
    }
}
