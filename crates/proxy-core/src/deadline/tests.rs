use std::sync::atomic::AtomicUsize;
use std::task::Wake;

use super::*;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl Count {
    fn of(slot: &Slot) -> Arc<Self> {
        let count = Arc::new(Self::default());
        slot.register(&Waker::from(Arc::clone(&count)));
        count
    }

    fn taken(&self) -> usize {
        self.0.swap(0, Relaxed)
    }
}

/// Deadlines at a time of so many ticks.
fn at(ticks: u32) -> Arc<Deadlines> {
    let deadlines = Deadlines::begun(Instant::now() - TICK * ticks - TICK / 2);
    deadlines.sweep();
    deadlines
}

#[test]
fn a_deadline_wakes_its_task_once_it_has_passed() {
    let deadlines = at(100);
    assert_eq!(deadlines.now(), 100);
    let (early, late, none) = (deadlines.slot(), deadlines.slot(), deadlines.slot());
    let counts = [&early, &late, &none].map(Count::of);
    early.set_at(100);
    late.set(Some(Ticks(50)));
    assert_eq!(late.at(), 150);
    none.set(None);
    deadlines.sweep();
    assert_eq!(counts.each_ref().map(|count| count.taken()), [1, 0, 0]);
    assert!(early.is_expired() && !late.is_expired() && !none.is_expired());
    deadlines.wake_all();
    assert_eq!(counts.each_ref().map(|count| count.taken()), [1, 1, 1]);
}

#[test]
fn a_task_that_was_woken_is_woken_again_at_its_next_deadline() {
    // A connection registers once, and has one deadline after another.
    let deadlines = at(10);
    let slot = deadlines.slot();
    let count = Count::of(&slot);
    for _ in 0..3 {
        slot.set_at(10);
        deadlines.sweep();
        assert_eq!(count.taken(), 1);
        slot.set(Some(Ticks(1000)));
        deadlines.sweep();
        assert_eq!(count.taken(), 0);
    }
}

#[test]
fn a_slot_that_is_given_back_wakes_nobody_and_is_used_again_clean() {
    let deadlines = at(10);
    let slot = deadlines.slot();
    let count = Count::of(&slot);
    slot.set_at(0);
    drop(slot);
    deadlines.sweep();
    deadlines.wake_all();
    assert_eq!(count.taken(), 0);
    let again = deadlines.slot();
    assert!(!again.is_expired());
    let count = Count::of(&again);
    deadlines.sweep();
    assert_eq!(count.taken(), 0);
}

#[test]
fn many_slots_are_all_their_own() {
    let deadlines = at(10);
    let slots: Vec<Slot> = (0..1000).map(|_| deadlines.slot()).collect();
    let counts: Vec<_> = slots.iter().map(Count::of).collect();
    for (number, slot) in slots.iter().enumerate() {
        slot.set_at(if number % 3 == 0 { 10 } else { 1000 });
    }
    deadlines.sweep();
    for (number, count) in counts.iter().enumerate() {
        assert_eq!(count.taken(), usize::from(number % 3 == 0), "{number}");
    }
    // A thousand more need no more room.
    let chunks = deadlines.state.lock().unwrap().chunks.len();
    drop(slots);
    let _slots: Vec<Slot> = (0..1000).map(|_| deadlines.slot()).collect();
    assert_eq!(deadlines.state.lock().unwrap().chunks.len(), chunks);
}

#[test]
fn a_duration_is_never_cut_short() {
    for (millis, ticks) in [(0, 1), (1, 2), (99, 2), (100, 2), (101, 3), (1000, 11), (10_000, 101)] {
        assert_eq!(Ticks::of(Duration::from_millis(millis)), Ticks(ticks), "{millis} ms");
    }
    assert_eq!(Ticks::of(Duration::MAX), Ticks(NEVER / 2 + 1));
    let deadlines = at(10);
    let slot = deadlines.slot();
    slot.set(Some(Ticks(u32::MAX)));
    assert!(!slot.is_expired());
}
