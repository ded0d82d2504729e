//! Our ring in the shape of the benchmark's transport.

use core::ffi::c_void;
use std::sync::Mutex;

use ashlar_benchmark_engine::{Record, Report, Reports, Unpacker};
use ashlar_report_ring::{Reader, Writer, ring};

use crate::abi::Transport;

/// Both ends of a ring, until the engine takes the one it writes to.
struct Handle {
    writer: Mutex<Option<Writer<Record>>>,
    reader: Mutex<(Reader<Record>, Unpacker)>,
}

/// The transport that the engine offers the benchmark.
pub static RING: Transport = Transport { create, push, drain, flush, destroy };

/// The end to write to.
#[derive(Debug)]
pub struct Ring(Writer<Record>);

impl Reports for Ring {
    #[inline(always)]
    fn push(&mut self, record: Record) {
        self.0.push(record);
    }

    fn flush(&mut self) {
        self.0.publish();
    }
}

/// Takes the end to write to out of a handle, once.
///
/// # Safety
/// `handle` is null or came from `create` and was not destroyed.
pub unsafe fn writer(handle: *mut c_void) -> Option<Ring> {
    // SAFETY: as the caller promises, it is null or leads to a `Handle`.
    let handle = unsafe { handle.cast::<Handle>().as_ref() }?;
    handle.writer.lock().ok()?.take().map(Ring)
}

unsafe extern "C" fn create(capacity: u32) -> *mut c_void {
    let (writer, reader) = ring(capacity as usize);
    let handle = Handle { writer: Mutex::new(Some(writer)), reader: Mutex::new((reader, Unpacker::default())) };
    Box::into_raw(Box::new(handle)).cast()
}

/// The engine writes to the ring itself.
unsafe extern "C" fn push(_: *mut c_void, _: *const Report) -> i32 {
    0
}

unsafe extern "C" fn drain(handle: *mut c_void, out: *mut Report, max: u32) -> u32 {
    // SAFETY: the benchmark hands back what `create` made.
    let Some(handle) = (unsafe { handle.cast::<Handle>().as_ref() }) else { return 0 };
    let Ok(mut reader) = handle.reader.lock() else { return 0 };
    let (reader, unpacker) = &mut *reader;
    let count = reader.read(max as usize, |index, record| {
        // SAFETY: `out` has room for `max` reports, and `index` is below that.
        unsafe { out.add(index).write(unpacker.unpack(record)) };
    });
    count as u32
}

/// The engine publishes when it is flushed itself.
unsafe extern "C" fn flush(_: *mut c_void) {}

unsafe extern "C" fn destroy(handle: *mut c_void) {
    if !handle.is_null() {
        // SAFETY: the benchmark destroys what `create` made, once.
        drop(unsafe { Box::from_raw(handle.cast::<Handle>()) });
    }
}
