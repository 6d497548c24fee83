//! Memory of `ArrayBuffer`s, counted for each isolate: V8's own heap limit leaves it out.

#![expect(unsafe_code, reason = "V8 takes its allocator as a table of C functions")]

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use deno_core::v8;

/// Buffers are aligned for any element type, and for vector instructions.
const ALIGNMENT: usize = 16;

/// Bytes in the buffers of one isolate, and how many there may be.
#[derive(Debug)]
pub(super) struct BufferMeter {
    used: AtomicUsize,
    max: usize,
}

impl BufferMeter {
    pub(super) fn new(max: usize) -> Arc<BufferMeter> {
        Arc::new(BufferMeter { used: AtomicUsize::new(0), max })
    }

    /// Bytes that are in use.
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether a buffer of `length` bytes would be given.
    pub(super) fn has_room(&self, length: usize) -> bool {
        self.used().saturating_add(length) <= self.max
    }

    /// Counts `length` bytes, unless they are too many.
    fn take(&self, length: usize) -> bool {
        let taken = |used: usize| used.checked_add(length).filter(|sum| *sum <= self.max);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok()
    }

    fn give_back(&self, length: usize) {
        self.used.fetch_sub(length, Ordering::Relaxed);
    }
}

/// An allocator that gives buffers while `meter` has room, and says "out of memory" above.
pub(super) fn allocator(meter: &Arc<BufferMeter>) -> v8::UniqueRef<v8::Allocator> {
    // SAFETY: the handle is an `Arc` of the type that the table's functions expect; the table's
    // `drop` takes it back, once, when V8 is done with the allocator.
    unsafe { v8::new_rust_allocator(Arc::into_raw(Arc::clone(meter)), &TABLE) }
}

static TABLE: v8::RustAllocatorVtable<BufferMeter> =
    v8::RustAllocatorVtable { allocate, allocate_uninitialized, free, drop: drop_meter };

fn layout(length: usize) -> Option<Layout> {
    // A layout of no bytes must not be asked for.
    Layout::from_size_align(length.max(1), ALIGNMENT).ok()
}

unsafe extern "C" fn allocate(meter: &BufferMeter, length: usize) -> *mut c_void {
    let Some(layout) = layout(length).filter(|_| meter.take(length)) else { return null_mut() };
    // SAFETY: the layout has at least one byte.
    settle(meter, length, unsafe { alloc_zeroed(layout) })
}

unsafe extern "C" fn allocate_uninitialized(meter: &BufferMeter, length: usize) -> *mut c_void {
    let Some(layout) = layout(length).filter(|_| meter.take(length)) else { return null_mut() };
    // SAFETY: the layout has at least one byte. V8 writes the bytes before a script reads them.
    settle(meter, length, unsafe { alloc(layout) })
}

/// Takes the bytes off the count again where the system gave none.
fn settle(meter: &BufferMeter, length: usize, memory: *mut u8) -> *mut c_void {
    if memory.is_null() {
        meter.give_back(length);
    }
    memory.cast()
}

unsafe extern "C" fn free(meter: &BufferMeter, memory: *mut c_void, length: usize) {
    let Some(layout) = layout(length) else { return };
    // SAFETY: V8 frees what the two functions above gave, with the length that it asked for, so
    // memory and layout belong together.
    unsafe { dealloc(memory.cast(), layout) };
    meter.give_back(length);
}

unsafe extern "C" fn drop_meter(meter: *const BufferMeter) {
    // SAFETY: the pointer came from `Arc::into_raw` in `allocator`, and V8 calls this once.
    drop(unsafe { Arc::from_raw(meter) });
}

/// Gives memory that was freed back to the system, as far as the C library holds it.
pub(super) fn return_memory() {
    // SAFETY: glibc's `malloc_trim` may be called at any time, from any thread.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}
