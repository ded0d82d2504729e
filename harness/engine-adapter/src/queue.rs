//! The benchmark's own queue, for a comparison of engines and not of queues.

use core::ffi::c_void;

use ashlar_benchmark_engine::{Record, Report, Reports, Unpacker};

use crate::abi::Transport;

/// The end to write to of a queue that the benchmark made.
#[derive(Debug)]
pub struct Queue {
    push: unsafe extern "C" fn(*mut c_void, *const Report) -> i32,
    handle: *mut c_void,
    unpacker: Unpacker,
}

impl Queue {
    /// # Safety
    /// `transport` is null or leads to a transport, and `handle` to a queue of it; both outlive the engine.
    pub unsafe fn new(transport: *const Transport, handle: *mut c_void) -> Option<Queue> {
        // SAFETY: as the caller promises.
        let transport = unsafe { transport.as_ref() }?;
        Some(Queue { push: transport.push, handle, unpacker: Unpacker::default() })
    }
}

impl Reports for Queue {
    #[inline(always)]
    fn push(&mut self, record: Record) {
        let report = self.unpacker.unpack(record);
        // SAFETY: `new` was promised a queue that outlives the engine.
        while unsafe { (self.push)(self.handle, &report) } == 0 {
            core::hint::spin_loop();
        }
    }
}
