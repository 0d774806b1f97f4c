//! How much memory a piece of code asks for.
//!
//! ```no_run
//! #[global_allocator]
//! static ALLOCATOR: osmia_testkit::alloc::Counting = osmia_testkit::alloc::Counting;
//!
//! let bytes = [7; 100];
//! let (outcome, peak) = osmia_testkit::alloc::peak(|| bytes.to_vec());
//! assert!(peak <= 64 * bytes.len() + 4096);
//! ```
#![expect(
    unsafe_code,
    reason = "an allocator is an unsafe trait; this one hands every call on to the system's"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    hint,
};

/// The system's allocator, counting per thread what is live and the most that ever was.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    /// Bytes live on this thread; below zero when it frees what another thread allocated.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: every method hands its arguments unchanged to `System` and returns what that returns; the counters are plain
// cells, constant-initialised and without a destructor, so that touching them neither allocates nor fails.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller's contract is the one of `System::alloc`.
        refused(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller's contract is the one of `System::alloc_zeroed`.
        refused(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrink(layout.size());
        // SAFETY: the caller's contract is the one of `System::dealloc`, and all memory here comes from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Old and new live side by side while the contents move.
        grow(size);
        // SAFETY: the caller's contract is the one of `System::realloc`, and all memory here comes from `System`.
        let moved = refused(unsafe { System.realloc(pointer, layout, size) }, size);
        if !moved.is_null() {
            shrink(layout.size());
        }
        moved
    }
}

/// Takes a request that the system refused out of what is live, but not out of the peak.
fn refused(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        shrink(size);
    }
    pointer
}

fn grow(size: usize) {
    let live = LIVE.get().saturating_add_unsigned(size);
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

fn shrink(size: usize) {
    LIVE.set(LIVE.get().saturating_sub_unsigned(size));
}

/// Runs `code` and returns what it returned and the most bytes that were live at once because of it, on this thread.
///
/// A single request for an absurd amount counts in full, even if the system refuses it.
///
/// # Panics
/// If [`Counting`] is not the test binary's global allocator: then nothing is counted.
pub fn peak<T>(code: impl FnOnce() -> T) -> (T, usize) {
    assert!(counts(), "osmia_testkit::alloc::Counting is not this binary's #[global_allocator]");
    let start = LIVE.get();
    PEAK.set(start);
    let value = code();
    (value, usize::try_from(PEAK.get() - start).unwrap_or(0))
}

fn counts() -> bool {
    let before = LIVE.get();
    let probe = hint::black_box(Box::new(1_u64));
    let counted = LIVE.get() != before;
    drop(probe);
    counted
}
