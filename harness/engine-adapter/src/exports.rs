//! The functions the benchmark calls. It calls all of them from one thread, and none before `engine_init` has returned.

use core::cell::UnsafeCell;
use core::ffi::c_void;

use ashlar_benchmark_engine::{Cancel, Engine, Modify, NewOrder, Reports};
use ashlar_book::BookConfig;
use ashlar_types::Side;

use crate::abi::Transport;

#[cfg(feature = "harness-queue")]
type Output = crate::queue::Queue;
#[cfg(not(feature = "harness-queue"))]
type Output = crate::transport::Ring;

/// Orders the benchmark's book may hold, as a market of the exchange, and for how many there is memory at once.
const ORDERS_MAX: u32 = ashlar_types::limits::MARKET_ORDERS_MAX;
const ORDERS_TOUCHED: u32 = 1 << 18;

/// As the live engine's process has it.
#[global_allocator]
static MEMORY: ashlar_report_ring::HugePages = ashlar_report_ring::HugePages;

struct Slot(UnsafeCell<Option<Engine<Output>>>);

// SAFETY: the benchmark calls the functions below from one thread.
unsafe impl Sync for Slot {}

static ENGINE: Slot = Slot(UnsafeCell::new(None));

/// Does something with the engine, if there is one.
#[inline(always)]
fn with<T>(nothing: T, act: impl FnOnce(&mut Engine<Output>) -> T) -> T {
    // SAFETY: one thread calls, and no call of these functions happens inside another.
    match unsafe { &mut *ENGINE.0.get() } {
        Some(engine) => act(engine),
        None => nothing,
    }
}

/// Makes the engine.
///
/// # Safety
/// As the benchmark's interface says: `transport` and `handle` belong together and outlive the engine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_init(seed: u64, transport: *const Transport, handle: *mut c_void) {
    #[cfg(feature = "harness-queue")]
    // SAFETY: as the caller promises.
    let output = unsafe { crate::queue::Queue::new(transport, handle) };
    #[cfg(not(feature = "harness-queue"))]
    // SAFETY: the benchmark hands back what our transport created.
    let output = unsafe {
        let _ = transport;
        crate::transport::writer(handle)
    };
    let config = BookConfig { orders_max: ORDERS_MAX, touched: ORDERS_TOUCHED, hash_key: seed };
    // SAFETY: one thread calls.
    unsafe { *ENGINE.0.get() = output.map(|output| Engine::new(config, output)) };
}

/// Unmakes the engine.
#[unsafe(no_mangle)]
pub extern "C" fn engine_shutdown() {
    // SAFETY: one thread calls.
    unsafe { *ENGINE.0.get() = None };
}

/// A new order.
#[unsafe(no_mangle)]
pub extern "C" fn engine_on_new_order(order: &NewOrder) {
    with((), |engine| engine.new_order(order));
}

/// A cancellation.
#[unsafe(no_mangle)]
pub extern "C" fn engine_on_cancel(cancel: &Cancel) {
    with((), |engine| engine.cancel(cancel));
}

/// A modification.
#[unsafe(no_mangle)]
pub extern "C" fn engine_on_modify(modify: &Modify) {
    with((), |engine| engine.modify(modify));
}

/// Publishes every report.
#[unsafe(no_mangle)]
pub extern "C" fn engine_flush() {
    with((), |engine| Reports::flush(&mut engine.reports));
}

/// The highest bid.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_best_bid() -> i64 {
    with(None, |engine| engine.best(Side::Buy)).unwrap_or(i64::MIN)
}

/// The lowest ask.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_best_ask() -> i64 {
    with(None, |engine| engine.best(Side::Sell)).unwrap_or(i64::MAX)
}

/// How much rests at a price.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_depth_at(price: i64, side: u8) -> u64 {
    with(0, |engine| engine.depth(Side::from_bit(side as u64), price))
}

/// The transport the benchmark is to use.
#[cfg(not(feature = "harness-queue"))]
#[unsafe(no_mangle)]
pub extern "C" fn engine_get_transport() -> *const Transport {
    &raw const crate::transport::RING
}
