//! The benchmark's queue of reports, as its C interface has it.

use core::ffi::c_void;

use ashlar_benchmark_engine::Report;

/// A queue of reports as the benchmark sees it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Transport {
    /// Makes one for at least so many reports.
    pub create: unsafe extern "C" fn(u32) -> *mut c_void,
    /// Writes a report; 0 if there is no room.
    pub push: unsafe extern "C" fn(*mut c_void, *const Report) -> i32,
    /// Reads up to so many reports.
    pub drain: unsafe extern "C" fn(*mut c_void, *mut Report, u32) -> u32,
    /// Publishes what was written.
    pub flush: unsafe extern "C" fn(*mut c_void),
    /// Destroys one.
    pub destroy: unsafe extern "C" fn(*mut c_void),
}
