//! What events cost those who have nobody to tell them to. A program of its own, as its allocator counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use proxy_core::events::{Events, Kind, RevisionTurn, RevisionTurned};

/// The system's allocator, counting for each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "the trait is unsafe to implement; both calls are passed on as they are")]
// SAFETY: the same contract as `System`, to which everything is passed on.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `System` through `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(events: &Events) -> usize {
    let before = ALLOCATIONS.get();
    for number in 0..1_000 {
        events.emit_with(Kind::RevisionApplied, || {
            RevisionTurned::new(RevisionTurn::Applied, Some(number), "somebody", "something")
        });
    }
    ALLOCATIONS.get() - before
}

#[test]
fn an_event_that_nobody_wants_allocates_nothing() {
    let events = Events::new();
    assert_eq!(allocations(&events), 0);
    let other = events.subscribe(Kind::BackendMarked.into(), 8).unwrap();
    assert_eq!(allocations(&events), 0);
    drop(other);
    let _listening = events.subscribe(Kind::RevisionApplied.into(), 8).unwrap();
    assert!(allocations(&events) > 0, "the count counts");
}
