use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};

use Priority::{High, Low, Normal};

use super::pass::Shed;
use super::*;

fn gate(limit: u32, capacity: u32) -> Arc<Gate> {
    gate_begun(limit, capacity, Duration::ZERO)
}

/// A gate whose epoch was so long ago.
fn gate_begun(limit: u32, capacity: u32, ago: Duration) -> Arc<Gate> {
    let settings = QueueSettings::new(capacity, Order::Adaptive, Duration::from_secs(1));
    let epoch = Instant::now().checked_sub(ago).expect("the machine is older");
    Arc::new(Gate::new(limit, settings, epoch))
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// One that waits, with how often it was woken.
struct Client {
    waiter: Waiter,
    woken: Arc<Count>,
}

impl Client {
    #[track_caller]
    fn wait(gate: &Arc<Gate>, priority: Priority, now: Duration) -> Self {
        let Entered::Waits(waiter) = gate.enter(priority, now) else { panic!("it does not wait") };
        let mut client = Self { waiter, woken: Arc::default() };
        assert!(client.poll().is_pending());
        client
    }

    fn poll(&mut self) -> Poll<Result<Pass, Shed>> {
        let waker = Waker::from(Arc::clone(&self.woken));
        self.waiter.poll(&Context::from_waker(&waker))
    }

    fn woken(&self) -> usize {
        self.woken.0.load(SeqCst)
    }

    /// The place that it was woken for.
    #[track_caller]
    fn served(&mut self) -> Pass {
        assert_eq!(self.woken(), 1);
        match self.poll() {
            Poll::Ready(Ok(pass)) => pass,
            other => panic!("{other:?}"),
        }
    }
}

#[track_caller]
fn check(gate: &Gate, active: u32, waiting: u32) {
    assert_eq!((gate.active(), gate.waiting()), (active, waiting), "active, waiting");
}

#[track_caller]
fn pass(gate: &Arc<Gate>) -> Pass {
    gate.try_enter().expect("a place is free")
}

const NOW: Duration = Duration::ZERO;

#[test]
fn places_are_taken_and_given_back() {
    let gate = gate(2, 0);
    let (first, second) = (pass(&gate), pass(&gate));
    assert!(gate.try_enter().is_none());
    check(&gate, 2, 0);
    drop(first);
    check(&gate, 1, 0);
    let third = pass(&gate);
    drop((second, third));
    check(&gate, 0, 0);
}

#[test]
fn who_finds_no_place_in_the_queue_is_refused() {
    let gate = gate(1, 1);
    let _in = pass(&gate);
    let _waits = Client::wait(&gate, Normal, NOW);
    let Entered::Refused { retry_after } = gate.enter(Normal, NOW) else { panic!("it is not refused") };
    assert_eq!(retry_after, Duration::from_secs(1));
    assert_eq!(
        gate.retry_after(Duration::from_secs(20)),
        Duration::from_secs(20),
        "nobody was served in that time"
    );
    check(&gate, 1, 1);
}

#[test]
fn a_place_goes_to_the_next_that_waits() {
    let gate = gate(1, 10);
    let first = pass(&gate);
    let mut normal = Client::wait(&gate, Normal, NOW);
    let mut high = Client::wait(&gate, High, NOW);
    check(&gate, 1, 2);
    drop(first);
    check(&gate, 1, 1);
    assert!(gate.try_enter().is_none(), "nobody overtakes those that wait");
    let second = high.served();
    assert!(normal.poll().is_pending());
    assert_eq!(normal.woken(), 0);
    drop(second);
    let third = normal.served();
    check(&gate, 1, 0);
    assert!(normal.poll().is_pending(), "it is served once");
    drop((high, normal));
    check(&gate, 1, 0);
    drop(third);
    check(&gate, 0, 0);
}

#[test]
fn who_was_served_before_it_asked_is_served() {
    let gate = gate(1, 10);
    let first = pass(&gate);
    let Entered::Waits(mut waiter) = gate.enter(Normal, NOW) else { panic!("it does not wait") };
    drop(first);
    let served = waiter.poll(&Context::from_waker(Waker::noop()));
    assert!(matches!(served, Poll::Ready(Ok(_))));
    drop(served);
    check(&gate, 0, 0);
}

#[test]
fn who_stops_waiting_leaves_the_queue_at_once() {
    let gate = gate(1, 10);
    let first = pass(&gate);
    let early = Client::wait(&gate, Normal, NOW);
    let mut late = Client::wait(&gate, Normal, NOW);
    drop(early);
    check(&gate, 1, 1);
    drop(first);
    drop(late.served());
    check(&gate, 0, 0);
}

#[test]
fn who_stops_waiting_passes_its_place_on() {
    let gate = gate(1, 10);
    let first = pass(&gate);
    let early = Client::wait(&gate, Normal, NOW);
    let mut late = Client::wait(&gate, Normal, NOW);
    drop(first);
    assert_eq!((early.woken(), late.woken()), (1, 0));
    drop(early);
    drop(late.served());
    check(&gate, 0, 0);
}

#[test]
fn the_latest_waker_is_woken() {
    let gate = gate(1, 10);
    let first = pass(&gate);
    let mut client = Client::wait(&gate, Normal, NOW);
    let before = std::mem::take(&mut client.woken);
    assert!(client.poll().is_pending());
    assert_eq!(Arc::strong_count(&before), 1, "the former one is dropped");
    drop(first);
    assert_eq!(before.0.load(SeqCst), 0);
    drop(client.served());
}

#[test]
fn a_higher_priority_makes_a_lower_one_leave() {
    let gate = gate(1, 1);
    let _in = pass(&gate);
    let mut low = Client::wait(&gate, Low, NOW);
    let _high = Client::wait(&gate, High, NOW);
    check(&gate, 1, 1);
    assert_eq!(low.woken(), 1);
    let Poll::Ready(Err(Shed { retry_after })) = low.poll() else { panic!("it was not shed") };
    assert_eq!(retry_after, Duration::from_secs(1));
    drop(low);
    check(&gate, 1, 1);
}

#[test]
fn a_place_that_is_left_while_somebody_comes_is_not_lost() {
    let gate = gate(1, 10);
    let first = pass(&gate);
    assert!(gate.try_enter().is_none());
    // It is left without the lock, as nobody waits yet; whoever found none free looks again under the lock.
    drop(first);
    let Entered::Passed(pass) = gate.queue_up(Normal, NOW) else { panic!("it waits for nobody") };
    check(&gate, 1, 0);
    drop(pass);
    check(&gate, 0, 0);
}

#[test]
fn a_higher_limit_serves_those_that_wait() {
    let gate = gate(0, 10);
    let mut clients: Vec<_> = (0..4).map(|_| Client::wait(&gate, Normal, NOW)).collect();
    gate.set_limit(3);
    check(&gate, 3, 1);
    let passes: Vec<_> = clients.iter_mut().take(3).map(Client::served).collect();
    assert_eq!(clients[3].woken(), 0);
    gate.set_limit(4);
    let last = clients[3].served();
    drop((passes, last));
    check(&gate, 0, 0);
}

#[test]
fn a_lower_limit_lets_nobody_in_until_enough_have_left() {
    let gate = gate(4, 10);
    let mut passes: Vec<_> = (0..4).map(|_| pass(&gate)).collect();
    gate.set_limit(2);
    let mut client = Client::wait(&gate, Normal, NOW);
    passes.truncate(2);
    assert_eq!(client.woken(), 0);
    check(&gate, 2, 1);
    passes.truncate(1);
    let served = client.served();
    check(&gate, 2, 0);
    drop((passes, served));
    check(&gate, 0, 0);
    assert_eq!(gate.limit(), 2);
}

#[test]
fn an_overloaded_gate_serves_the_newest_and_gives_up_the_oldest() {
    let gate = gate_begun(1, 10, Duration::from_secs(3));
    let first = pass(&gate);
    let mut clients: Vec<_> = (0..3).map(|_| Client::wait(&gate, Normal, NOW)).collect();
    assert!(!gate.is_overloaded());
    // They have waited for three seconds.
    drop(first);
    check(&gate, 1, 1);
    assert!(gate.is_overloaded());
    let served = clients[2].served();
    assert_eq!(clients[0].woken(), 1);
    assert!(matches!(clients[0].poll(), Poll::Ready(Err(Shed { .. }))));
    assert_eq!(clients[1].woken(), 0, "one at a time");
    drop(served);
    drop(clients[1].served());
    check(&gate, 0, 0);
    assert!(!gate.is_overloaded());
}

#[test]
fn other_settings_of_the_queue_leave_those_that_wait_alone() {
    let gate = gate(1, 2);
    let first = pass(&gate);
    let mut clients = [Client::wait(&gate, Normal, NOW), Client::wait(&gate, Normal, NOW)];
    gate.set_queue(QueueSettings::new(0, Order::Fifo, Duration::from_secs(1)));
    assert!(matches!(gate.enter(Normal, NOW), Entered::Refused { .. }));
    drop(first);
    drop(clients[0].served());
    drop(clients[1].served());
    check(&gate, 0, 0);
}

/// A waker whose last clone holds a place, as one of a task's may.
struct Holder(#[expect(dead_code, reason = "it is dropped")] Mutex<Option<Pass>>);

impl Wake for Holder {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_waker_that_holds_a_place_may_be_dropped_anywhere() {
    let gate = gate(3, 10);
    let passes: Vec<_> = (0..3).map(|_| pass(&gate)).collect();
    let mut wakers = passes.into_iter().map(|pass| Waker::from(Arc::new(Holder(Mutex::new(Some(pass))))));
    let Entered::Waits(mut waiter) = gate.enter(Normal, NOW) else { panic!("it does not wait") };
    assert!(waiter.poll(&Context::from_waker(&wakers.next().unwrap())).is_pending());
    // The first waker goes, and its place comes to this very waiter; so the second is woken, and goes as well.
    assert!(waiter.poll(&Context::from_waker(&wakers.next().unwrap())).is_pending());
    let Poll::Ready(Ok(pass)) = waiter.poll(&Context::from_waker(Waker::noop())) else {
        panic!("not served")
    };
    check(&gate, 2, 0);
    gate.set_limit(2);
    let Entered::Waits(mut second) = gate.enter(Normal, NOW) else { panic!("it does not wait") };
    assert!(second.poll(&Context::from_waker(&wakers.next().unwrap())).is_pending());
    drop(second);
    check(&gate, 1, 0);
    drop((pass, waiter));
    check(&gate, 0, 0);
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread for a place.
fn block_on(mut waiter: Waiter) -> Result<Pass, Shed> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(served) = waiter.poll(&Context::from_waker(&waker)) {
            return served;
        }
        thread::park();
    }
}

#[test]
fn a_place_is_handed_over_to_another_thread() {
    let gate = gate(1, 1);
    let first = pass(&gate);
    thread::scope(|scope| {
        let other = scope.spawn(|| match gate.enter(Normal, NOW) {
            Entered::Waits(waiter) => block_on(waiter).is_ok(),
            entered => panic!("{entered:?}"),
        });
        while gate.waiting() == 0 {
            thread::yield_now();
        }
        drop(first);
        assert!(other.join().unwrap());
    });
    check(&gate, 0, 0);
}

#[test]
fn one_place_lets_one_through_at_a_time() {
    const THREADS: u32 = 8;
    const ROUNDS: u32 = 5_000;
    let gate = gate(1, THREADS);
    let (inside, served) = (AtomicU32::new(0), AtomicU32::new(0));
    // Relaxed suffices only since the passes themselves order what their holders do.
    let plain = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let pass = match gate.enter(Normal, gate.since_epoch(Instant::now())) {
                        Entered::Passed(pass) => Ok(pass),
                        Entered::Waits(waiter) => block_on(waiter),
                        Entered::Refused { .. } => panic!("there is room for all"),
                    };
                    let Ok(pass) = pass else { continue };
                    assert_eq!(inside.fetch_add(1, SeqCst), 0, "it is alone");
                    plain.store(plain.load(Relaxed) + 1, Relaxed);
                    assert_eq!(inside.fetch_sub(1, SeqCst), 1, "it is alone");
                    served.fetch_add(1, SeqCst);
                    drop(pass);
                }
            });
        }
    });
    check(&gate, 0, 0);
    assert_eq!(plain.load(Relaxed), served.load(SeqCst));
    // A machine that stalls for a while may have some shed, but never most.
    assert!(served.load(SeqCst) > THREADS * ROUNDS / 2);
}

#[test]
fn a_storm_of_clients_that_come_and_go_leaves_nothing_behind() {
    let seed = fastrand::u64(..);
    let gate = gate(3, 5);
    let ends: [AtomicU32; 4] = Default::default();
    thread::scope(|scope| {
        for thread in 0..6_u64 {
            let (gate, ends) = (&gate, &ends);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed.wrapping_add(thread));
                let mut held = Vec::new();
                let mut waiting: Vec<Waiter> = Vec::new();
                for _ in 0..20_000 {
                    match random.u8(0..10) {
                        0..4 => {
                            let priority = [High, Normal, Low][random.usize(0..3)];
                            match gate.enter(priority, gate.since_epoch(Instant::now())) {
                                Entered::Passed(pass) => held.push(pass),
                                Entered::Waits(waiter) => waiting.push(waiter),
                                Entered::Refused { .. } => drop(ends[0].fetch_add(1, SeqCst)),
                            }
                        }
                        4..6 if !held.is_empty() => drop(held.swap_remove(random.usize(..held.len()))),
                        6 if !waiting.is_empty() => {
                            ends[1].fetch_add(1, SeqCst);
                            drop(waiting.swap_remove(random.usize(..waiting.len())));
                        }
                        7 if thread == 0 => gate.set_limit(random.u32(1..6)),
                        _ => waiting.retain_mut(|waiter| {
                            match waiter.poll(&Context::from_waker(Waker::noop())) {
                                Poll::Pending => true,
                                Poll::Ready(Ok(pass)) => {
                                    ends[2].fetch_add(1, SeqCst);
                                    held.push(pass);
                                    false
                                }
                                Poll::Ready(Err(_)) => {
                                    ends[3].fetch_add(1, SeqCst);
                                    false
                                }
                            }
                        }),
                    }
                }
            });
        }
    });
    assert_eq!((gate.active(), gate.waiting()), (0, 0), "seed {seed}");
    assert!(ends.iter().all(|end| end.load(SeqCst) > 0), "seed {seed}: {ends:?}");
    assert!(gate.lock().is_empty(), "seed {seed}");
}

#[test]
fn a_long_walk_keeps_the_count_and_leaves_no_place_idle() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let gate = gate(4, 8);
    let mut held: Vec<Pass> = Vec::new();
    let mut clients: Vec<Client> = Vec::new();
    for step in 0..100_000 {
        let at = format!("seed {seed}, step {step}");
        match random.u8(0..100) {
            0..45 => {
                let has_place = gate.active() < gate.limit() && gate.waiting() == 0;
                match gate.enter([High, Normal, Low][random.usize(0..3)], gate.since_epoch(Instant::now())) {
                    Entered::Passed(pass) => {
                        assert!(has_place, "{at}");
                        held.push(pass);
                    }
                    Entered::Waits(waiter) => {
                        assert!(!has_place, "{at}");
                        clients.push(Client { waiter, woken: Arc::default() });
                        assert!(clients.last_mut().unwrap().poll().is_pending(), "{at}");
                    }
                    Entered::Refused { .. } => assert_eq!(gate.waiting(), 8, "{at}"),
                }
            }
            45..80 if !held.is_empty() => drop(held.swap_remove(random.usize(..held.len()))),
            80..90 if !clients.is_empty() => drop(clients.swap_remove(random.usize(..clients.len()))),
            90..93 => gate.set_limit(random.u32(0..8)),
            _ => clients.retain_mut(|client| {
                let was_woken = client.woken() > 0;
                let polled = client.poll();
                assert_eq!(polled.is_ready(), was_woken, "{at}");
                held.extend(match polled {
                    Poll::Ready(Ok(pass)) => Some(pass),
                    Poll::Ready(Err(_)) => None,
                    Poll::Pending => return true,
                });
                false
            }),
        }
        let waiting = clients.iter().filter(|client| client.woken() == 0).count();
        assert_eq!(gate.waiting() as usize, waiting, "{at}");
        assert!(gate.active() as usize >= held.len(), "{at}");
        assert!(gate.waiting() == 0 || gate.active() >= gate.limit(), "{at}: a place is idle");
    }
    drop((held, clients));
    assert_eq!((gate.active(), gate.waiting()), (0, 0), "seed {seed}");
}
