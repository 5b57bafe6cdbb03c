use std::cell::Cell;
use std::collections::{HashSet, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use super::*;

/// An event that says which one it is.
fn numbered(number: u64) -> Event {
    RevisionTurned::new(RevisionTurn::Applied, Some(number), "", "").into()
}

fn number(event: &Event) -> u64 {
    match event {
        Event::RevisionTurned(turned) => turned.number.unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The numbers of all that waits.
fn waiting(subscription: &mut Subscription) -> Vec<u64> {
    std::iter::from_fn(|| subscription.try_recv()).map(|event| number(&event)).collect()
}

#[test]
fn events_come_in_order_and_what_finds_no_room_is_counted() {
    let events = Events::new();
    let mut subscription = events.subscribe(Interest::ALL, 8).unwrap();
    (0..20).for_each(|number| events.emit(numbered(number)));
    assert_eq!(subscription.lost(), 12);
    assert_eq!(waiting(&mut subscription), (0..8).collect::<Vec<_>>());
    (20..23).for_each(|number| events.emit(numbered(number)));
    assert_eq!(waiting(&mut subscription), [20, 21, 22]);
    assert_eq!(subscription.lost(), 12);
}

#[test]
fn what_nobody_wants_is_not_even_made() {
    let events = Events::new();
    let made = Cell::new(0);
    let emit = || {
        events.emit_with(Kind::RevisionApplied, || {
            made.set(made.get() + 1);
            numbered(1)
        });
    };
    emit();
    assert!(!events.wants(Kind::RevisionApplied) && made.get() == 0, "nobody listens");
    let mut other = events.subscribe(Kind::BackendMarked.into(), 8).unwrap();
    emit();
    assert!(!events.wants(Kind::RevisionApplied) && made.get() == 0, "they listen to something else");
    let mut first = events.subscribe(Kind::RevisionApplied.into(), 8).unwrap();
    let mut second = events.subscribe(Interest::ALL, 8).unwrap();
    emit();
    assert_eq!(made.get(), 1, "it is made once for all");
    assert_eq!((waiting(&mut first), waiting(&mut second), waiting(&mut other)), (vec![1], vec![1], vec![]));
    drop(first);
    assert!(events.wants(Kind::RevisionApplied) && events.wants(Kind::RequestCompleted));
    drop(second);
    assert!(!events.wants(Kind::RevisionApplied) && events.wants(Kind::BackendMarked));
    emit();
    assert_eq!(made.get(), 1, "those who listened have left");
}

#[test]
fn no_more_than_so_many_subscribe_and_who_leaves_makes_room() {
    let events = Events::new();
    let mut held: Vec<_> =
        (0..MOST_SUBSCRIPTIONS).map(|_| events.subscribe(Interest::ALL, 1).unwrap()).collect();
    let error = events.subscribe(Interest::ALL, 1).unwrap_err();
    assert_eq!(error.to_string(), "64 are subscribed to events already");
    held.pop();
    assert!(events.subscribe(Interest::ALL, 1).is_ok());
}

#[test]
fn a_capacity_is_held_within_its_bounds() {
    let events = Events::new();
    let mut least = events.subscribe(Interest::ALL, 0).unwrap();
    let most = events.subscribe(Interest::ALL, usize::MAX).unwrap();
    let emitted = LARGEST_CAPACITY as u64 + 3;
    (0..emitted).for_each(|number| events.emit(numbered(number)));
    assert_eq!((waiting(&mut least), least.lost()), (vec![0], emitted - 1));
    assert_eq!(most.lost(), 3);
}

/// Counts how often it is woken.
#[derive(Default)]
struct Counting(AtomicU64);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn who_reads_is_woken_only_where_it_waits() {
    let events = Events::new();
    let mut subscription = events.subscribe(Interest::ALL, 8).unwrap();
    let woken = Arc::new(Counting::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    events.emit(numbered(0));
    events.emit(numbered(1));
    assert_eq!(woken.0.load(Relaxed), 0, "nobody waits");
    for expected in [0, 1] {
        let mut receiving = std::pin::pin!(subscription.recv());
        let Poll::Ready(event) = receiving.as_mut().poll(&mut cx) else { panic!("it is there") };
        assert_eq!(number(&event), expected);
    }
    assert!(std::pin::pin!(subscription.recv()).poll(&mut cx).is_pending());
    (2..5).for_each(|number| events.emit(numbered(number)));
    assert_eq!(woken.0.load(Relaxed), 1, "once for all that came meanwhile");
    assert_eq!(waiting(&mut subscription), [2, 3, 4]);
}

#[test]
fn from_many_threads_each_event_is_received_in_its_order_or_lost_and_counted() {
    const THREADS: u64 = 8;
    const EACH: u64 = 20_000;
    let events = Events::new();
    let mut subscription = events.subscribe(Interest::ALL, 64).unwrap();
    let is_over = AtomicBool::new(false);
    let received = std::thread::scope(|scope| {
        let emit = |thread: u64| {
            let events = events.clone();
            move || (0..EACH).for_each(|turn| events.emit(numbered(thread * EACH + turn)))
        };
        let emitting: Vec<_> = (0..THREADS).map(|thread| scope.spawn(emit(thread))).collect();
        let is_over = &is_over;
        let reading = scope.spawn(move || {
            let mut received = Vec::new();
            loop {
                let was_over = is_over.load(Acquire);
                received.extend(waiting(&mut subscription));
                if was_over {
                    return (received, subscription.lost());
                }
            }
        });
        emitting.into_iter().for_each(|thread| thread.join().unwrap());
        is_over.store(true, Release);
        reading.join().unwrap()
    });
    let (received, lost) = received;
    assert_eq!(received.len() as u64 + lost, THREADS * EACH);
    let mut last = [None; THREADS as usize];
    for number in received {
        let place = &mut last[(number / EACH) as usize];
        assert!(place.is_none_or(|last| last < number), "{number} came behind {place:?}");
        *place = Some(number);
    }
}

#[test]
fn subscriptions_come_and_go_while_many_threads_emit() {
    let events = Events::new();
    let mut steady = events.subscribe(Interest::ALL, LARGEST_CAPACITY).unwrap();
    let is_over = AtomicBool::new(false);
    let emitted = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // At least once, however late the thread begins.
                loop {
                    events.emit(numbered(emitted.fetch_add(1, Relaxed)));
                    if is_over.load(Relaxed) {
                        break;
                    }
                }
            });
        }
        for turn in 0..2_000 {
            let mut passing = events.subscribe(Interest::ALL, 1 + turn % 7).unwrap();
            if turn % 2 == 0 {
                passing.try_recv();
            }
        }
        is_over.store(true, Relaxed);
    });
    let received = waiting(&mut steady);
    assert_eq!(received.len() as u64 + steady.lost(), emitted.load(Relaxed));
    assert_eq!(received.iter().collect::<HashSet<_>>().len(), received.len(), "none came twice");
    drop(steady);
    assert!(!events.wants(Kind::RevisionApplied) && events.bus.listeners.load().is_empty());
}

/// What a subscription should hold.
struct Model {
    subscription: Subscription,
    interest: Interest,
    capacity: usize,
    waiting: VecDeque<Event>,
    lost: u64,
}

#[test]
fn a_random_walk_agrees_with_a_queue_for_each() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let events = Events::new();
    let mut models: Vec<Model> = Vec::new();
    for step in 0..50_000 {
        match random.u8(..100) {
            0..2 if models.len() < 10 => {
                let interest = Interest::of(random.u64(..));
                let capacity = random.usize(1..20);
                let subscription = events.subscribe(interest, capacity).unwrap();
                models.push(Model { subscription, interest, capacity, waiting: VecDeque::new(), lost: 0 });
            }
            2..4 if !models.is_empty() => drop(models.swap_remove(random.usize(..models.len()))),
            4..60 => {
                let event = samples()[random.usize(..samples().len())].clone();
                let kind = event.kind();
                events.emit(event.clone());
                for model in models.iter_mut().filter(|model| model.interest.has(kind)) {
                    if model.waiting.len() < model.capacity {
                        model.waiting.push_back(event.clone());
                    } else {
                        model.lost += 1;
                    }
                }
            }
            _ if !models.is_empty() => {
                let place = random.usize(..models.len());
                let model = &mut models[place];
                assert_eq!(model.subscription.try_recv(), model.waiting.pop_front(), "step {step}");
            }
            _ => {}
        }
        for kind in Kind::ALL {
            let is_wanted = models.iter().any(|model| model.interest.has(*kind));
            assert_eq!(events.wants(*kind), is_wanted, "step {step}");
        }
        assert!(models.iter().all(|model| model.subscription.lost() == model.lost), "step {step}");
    }
}

/// One of each kind.
fn samples() -> Vec<Event> {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
    let text = |text: &str| text.to_owned();
    let turned =
        |turn| RevisionTurned { at, turn, number: Some(7), by: text("ann"), summary: text("a route") };
    let circuit = |state| CircuitTurned { at, upstream: text("app"), backend: None, state };
    vec![
        RequestCompleted {
            at,
            request_id: text("r1"),
            route: Some(text("all")),
            upstream: None,
            backend: None,
            method: text("GET"),
            host: text("a.example"),
            tls_version: Some(text("TLSv1.3")),
            server_name: None,
            status: 404,
            reason: Some(crate::reason::Reason::NoRoute),
            took: Duration::from_millis(5),
            attempts: 0,
            bytes_in: 0,
            bytes_out: 10,
        }
        .into(),
        BackendMarked {
            at,
            upstream: text("app"),
            backend: text("a"),
            state: BackendState::Down,
            cause: Cause::Ejection,
            outage: crate::outage::Outage::EJECTED,
            detail: None,
        }
        .into(),
        BackendSet { at, upstream: text("app"), backend: text("a"), state: health::Manual::Dead }.into(),
        UpstreamResolved { at, upstream: text("app"), host: text("a.example"), addresses: 2 }.into(),
        circuit(CircuitState::Open).into(),
        circuit(CircuitState::HalfOpen).into(),
        circuit(CircuitState::Closed).into(),
        WorkerReplaced { at, worker: 1, outcome: text("panicked") }.into(),
        ListenerExhausted { at, port: 80, error: text("no files") }.into(),
        turned(RevisionTurn::Applied).into(),
        turned(RevisionTurn::Confirmed).into(),
        turned(RevisionTurn::Reverted).into(),
        turned(RevisionTurn::Refused).into(),
        ReloadFailed { at, path: text("a.yaml"), problems: 2, error: text("no\nroute") }.into(),
        CertificateReplaced {
            at,
            id: text("c"),
            names: vec![text("a"), text("b")],
            not_after: at,
            fingerprint: text("f0"),
        }
        .into(),
        CertificateExpiring { at, id: text("c"), names: vec![], not_after: at, has_expired: true }.into(),
        CertificateFailed { at, id: text("c"), error: text("no key"), is_served: false }.into(),
    ]
}

#[test]
fn every_kind_has_a_name_a_bit_and_an_event_of_its_own() {
    let kinds: Vec<_> = samples().iter().map(Event::kind).collect();
    assert_eq!(kinds, Kind::ALL);
    let names: HashSet<_> = kinds.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), kinds.len());
    assert_eq!(kinds.iter().fold(0, |bits, kind| bits | kind.bit()).count_ones() as usize, kinds.len());
}

#[test]
fn fields_tell_what_an_event_says() {
    let shown: Vec<_> = samples()
        .iter()
        .map(|event| {
            let mut text = format!("{}:", event.kind());
            event.fields(&mut |name, value| text += &format!(" {name}={value}"));
            assert_eq!(event.at(), SystemTime::UNIX_EPOCH + Duration::from_secs(86_400));
            text
        })
        .collect();
    assert_eq!(
        shown,
        [
            "request.completed: requestId=\"r1\" route=\"all\" method=\"GET\" host=\"a.example\" \
             tlsVersion=\"TLSv1.3\" status=404 reason=no_route took=5ms attempts=0 bytesIn=0 bytesOut=10",
            "backend.marked: upstream=\"app\" backend=\"a\" state=down cause=ejected outage=ejected",
            "backend.set: upstream=\"app\" backend=\"a\" state=dead",
            "upstream.resolved: upstream=\"app\" host=\"a.example\" addresses=2",
            "circuit.opened: upstream=\"app\" state=open",
            "circuit.half_open: upstream=\"app\" state=half_open",
            "circuit.closed: upstream=\"app\" state=closed",
            "worker.replaced: worker=1 outcome=\"panicked\"",
            "listener.exhausted: port=80 error=\"no files\"",
            "revision.applied: turn=applied revision=7 by=\"ann\" summary=\"a route\"",
            "revision.confirmed: turn=confirmed revision=7 by=\"ann\" summary=\"a route\"",
            "revision.reverted: turn=reverted revision=7 by=\"ann\" summary=\"a route\"",
            "revision.refused: turn=refused revision=7 by=\"ann\" summary=\"a route\"",
            "config.reload_failed: path=\"a.yaml\" problems=2 error=\"no\\nroute\"",
            "certificate.replaced: id=\"c\" names=[\"a\", \"b\"] notAfter=Fri, 02 Jan 1970 00:00:00 GMT \
             fingerprint=\"f0\"",
            "certificate.expiring: id=\"c\" names=[] notAfter=Fri, 02 Jan 1970 00:00:00 GMT hasExpired=true",
            "certificate.failed: id=\"c\" error=\"no key\" isServed=false",
        ]
    );
}

#[test]
fn a_time_that_no_calendar_has_is_shown_all_the_same() {
    for (time, expected) in [
        (SystemTime::UNIX_EPOCH - Duration::from_secs(1), "Thu, 01 Jan 1970 00:00:00 GMT"),
        (SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40), "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        assert_eq!(Value::Time(time).to_string(), expected);
    }
}

#[test]
fn kinds_are_found_by_name_and_by_what_they_are_about() {
    #[track_caller]
    fn check(name: &str, expected: &[Kind]) {
        let expected = (!expected.is_empty()).then(|| expected.iter().copied().collect::<Interest>());
        assert_eq!(Interest::named(name), expected, "{name}");
    }
    check("backend.set", &[Kind::BackendSet]);
    check("backend", &[Kind::BackendSet, Kind::BackendMarked]);
    check("circuit", &[Kind::CircuitOpened, Kind::CircuitHalfOpen, Kind::CircuitClosed]);
    check("circuit.", &[]);
    check("set", &[]);
    check("", &[]);
    check("Backend", &[]);
    assert!(Kind::ALL.iter().all(|kind| Interest::named(kind.name()) == Some((*kind).into())));
}
