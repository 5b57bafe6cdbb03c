//! Threads that have time.

/// Has the thread that calls give way to those that serve traffic: a change that is being compiled must not keep a request waiting
/// for its turn on the same core. It still gets its share where all cores are busy.
pub(crate) fn give_way() {
    // Where that is not allowed, it competes with the others.
    let _ = rustix::process::nice(NICE);
}

/// A tenth or so of the share of a thread that does not give way: setpriority(2), sched(7).
const NICE: i32 = 10;
