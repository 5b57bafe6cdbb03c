use Priority::{High, Low, Normal};

use super::*;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn settings(capacity: u32, order: Order) -> QueueSettings {
    QueueSettings::new(capacity, order, Duration::from_secs(1))
}

/// A target of 50 ms and an interval of 100 ms.
fn queue(capacity: u32, order: Order) -> Queue<u32> {
    Queue::new(settings(capacity, order))
}

/// Pushes tickets that must find room.
fn fill(queue: &mut Queue<u32>, now: Duration, tickets: &[(Priority, u32)]) -> Vec<Id> {
    let push = |(priority, ticket): &(Priority, u32)| match queue.push(*priority, *ticket, now) {
        Pushed::Queued(id) => id,
        other => panic!("{ticket}: {other:?}"),
    };
    tickets.iter().map(push).collect()
}

fn drain(queue: &mut Queue<u32>, now: Duration) -> Vec<u32> {
    std::iter::from_fn(|| queue.pop(now).next).collect()
}

#[test]
fn higher_priorities_go_first_and_each_in_the_order_it_came() {
    for order in [Order::Adaptive, Order::Fifo] {
        let mut queue = queue(10, order);
        fill(&mut queue, ms(0), &[(Low, 1), (Normal, 2), (High, 3), (Low, 4), (Normal, 5), (High, 6)]);
        assert_eq!(drain(&mut queue, ms(10)), [3, 6, 2, 5, 1, 4]);
        assert_eq!(queue.pop(ms(10)), Popped { next: None, shed: Vec::new() });
    }
}

#[test]
fn a_full_queue_makes_room_at_the_cost_of_the_oldest_of_the_lowest() {
    let mut queue = queue(4, Order::Fifo);
    fill(&mut queue, ms(0), &[(Low, 1), (Normal, 2), (Low, 3), (High, 4)]);
    assert_eq!(queue.push(Low, 5, ms(1)), Pushed::Full(5));
    assert!(matches!(queue.push(Normal, 6, ms(1)), Pushed::Shed(_, 1)));
    assert!(matches!(queue.push(High, 7, ms(1)), Pushed::Shed(_, 3)));
    assert_eq!(queue.push(Normal, 8, ms(1)), Pushed::Full(8));
    assert!(matches!(queue.push(High, 9, ms(1)), Pushed::Shed(_, 2)));
    assert!(matches!(queue.push(High, 10, ms(1)), Pushed::Shed(_, 6)));
    assert_eq!(queue.push(High, 11, ms(1)), Pushed::Full(11));
    assert_eq!(drain(&mut queue, ms(2)), [4, 7, 9, 10]);
}

#[test]
fn a_queue_without_capacity_takes_nobody() {
    let mut queue = queue(0, Order::Adaptive);
    assert_eq!(queue.push(High, 1, ms(0)), Pushed::Full(1));
    assert!(queue.is_empty());
}

#[test]
fn who_leaves_is_neither_served_nor_found_again() {
    let mut queue = queue(10, Order::Adaptive);
    let ids = fill(&mut queue, ms(0), &[(Normal, 1), (Normal, 2), (Low, 3)]);
    assert_eq!(queue.remove(ids[0]), Some(1));
    assert_eq!(queue.remove(ids[0]), None);
    assert_eq!(queue.remove(ids[2]), Some(3));
    assert_eq!(drain(&mut queue, ms(0)), [2]);
    assert_eq!(queue.remove(ids[1]), None);
}

#[test]
fn an_overloaded_queue_serves_the_newest_of_the_highest_and_sheds_the_oldest_of_the_lowest() {
    let mut queue = queue(10, Order::Adaptive);
    fill(&mut queue, ms(0), &[(Normal, 1), (Normal, 2), (Low, 3), (Low, 4), (Normal, 5)]);
    assert_eq!(queue.pop(ms(149)), Popped { next: Some(1), shed: vec![] });
    assert_eq!(queue.pop(ms(150)), Popped { next: Some(5), shed: vec![3] });
    assert!(queue.is_overloaded());
    fill(&mut queue, ms(240), &[(Normal, 6)]);
    assert_eq!(queue.pop(ms(249)), Popped { next: Some(6), shed: vec![] });
    assert_eq!(queue.pop(ms(250)), Popped { next: Some(2), shed: vec![4] });
    assert!(!queue.is_overloaded(), "it is empty");
}

#[test]
fn an_overload_ends_with_a_short_wait() {
    let mut queue = queue(10, Order::Adaptive);
    fill(&mut queue, ms(0), &[(Normal, 1), (Normal, 2), (Normal, 3)]);
    fill(&mut queue, ms(150), &[(Normal, 4), (Normal, 5)]);
    assert_eq!(queue.pop(ms(150)), Popped { next: Some(5), shed: vec![1] });
    fill(&mut queue, ms(151), &[(Normal, 6)]);
    assert_eq!(queue.pop(ms(160)), Popped { next: Some(6), shed: vec![] });
    assert_eq!(queue.pop(ms(250)), Popped { next: Some(4), shed: vec![2] });
    fill(&mut queue, ms(250), &[(Normal, 7)]);
    assert_eq!(queue.pop(ms(260)), Popped { next: Some(7), shed: vec![] });
    fill(&mut queue, ms(300), &[(Normal, 8), (Normal, 9)]);
    assert_eq!(queue.pop(ms(300)), Popped { next: Some(9), shed: vec![] });
    fill(&mut queue, ms(321), &[(Normal, 10)]);
    // The last of the old ones goes; those that are left wait for a short time only.
    assert_eq!(queue.pop(ms(321)), Popped { next: Some(10), shed: vec![3] });
    assert!(!queue.is_overloaded());
    fill(&mut queue, ms(321), &[(Normal, 11)]);
    assert_eq!(drain(&mut queue, ms(322)), [8, 11]);
}

#[test]
fn the_last_one_is_served_however_long_it_waited() {
    let mut queue = queue(10, Order::Adaptive);
    fill(&mut queue, ms(0), &[(Low, 1)]);
    assert_eq!(queue.pop(ms(60_000)), Popped { next: Some(1), shed: vec![] });
}

#[test]
fn a_fifo_queue_keeps_its_order_and_sheds_nobody() {
    let mut queue = queue(10, Order::Fifo);
    fill(&mut queue, ms(0), &[(Normal, 1), (Low, 2), (Normal, 3)]);
    for (ticket, now) in [(1, 1000), (3, 2000), (2, 90_000)] {
        assert_eq!(queue.pop(ms(now)), Popped { next: Some(ticket), shed: vec![] });
        assert!(!queue.is_overloaded());
    }
}

#[test]
fn other_settings_cost_nobody_its_place() {
    let mut queue = queue(3, Order::Adaptive);
    fill(&mut queue, ms(0), &[(Normal, 1), (Normal, 2), (Normal, 3)]);
    queue.set(settings(1, Order::Fifo));
    assert_eq!(queue.len(), 3);
    assert_eq!(queue.push(Normal, 4, ms(0)), Pushed::Full(4));
    assert_eq!(drain(&mut queue, ms(500)), [1, 2, 3]);
    fill(&mut queue, ms(500), &[(Normal, 5)]);
}

#[test]
fn who_is_refused_learns_when_the_queue_will_have_been_served() {
    let mut queue = queue(1000, Order::Fifo);
    for ticket in 0..1000 {
        queue.push(Normal, ticket, ms(0));
    }
    assert_eq!(queue.retry_after(ms(0)), ms(1000), "at least a second");
    for pop in 1..=100 {
        queue.pop(ms(pop * 10));
    }
    let retry_after = queue.retry_after(ms(1000));
    assert!(retry_after.abs_diff(ms(9000)) < ms(5), "{retry_after:?}");
    assert_eq!(queue.retry_after(ms(1_000_000)), ms(60_000), "at most a minute");
}

#[test]
fn the_bounds_follow_the_timeout() {
    let check = |timeout, target, interval| {
        let settings = QueueSettings::new(1, Order::Adaptive, ms(timeout));
        assert_eq!((settings.target, settings.interval), (ms(target), ms(interval)), "of {timeout} ms");
    };
    check(1000, 50, 100);
    check(10_000, 500, 1000);
    check(20, 5, 100);
}

/// What a queue should do, as plainly as can be.
struct Model {
    order: Order,
    capacity: usize,
    /// In the order of their coming.
    waiting: Vec<(Id, Duration, u32)>,
    above_since: Option<Duration>,
}

impl Model {
    fn oldest(&self) -> Option<Duration> {
        self.waiting.iter().map(|(_, since, _)| *since).min()
    }

    fn is_overloaded(&mut self, now: Duration) -> bool {
        let oldest = self.oldest().filter(|_| self.order == Order::Adaptive);
        self.above_since = match oldest {
            Some(oldest) if now - oldest >= ms(50) => self.above_since.or(Some(oldest + ms(50))),
            _ => None,
        };
        self.above_since.is_some_and(|since| now - since >= ms(100))
    }

    fn take(&mut self, place: usize) -> u32 {
        let (_, _, ticket) = self.waiting.remove(place);
        if self.waiting.is_empty() {
            self.above_since = None;
        }
        ticket
    }

    fn take_next(&mut self, now: Duration) -> Option<u32> {
        let is_overloaded = self.is_overloaded(now);
        let highest = self.waiting.iter().map(|(id, ..)| id.priority as u8).min()?;
        let mut of_highest =
            (0..self.waiting.len()).filter(|place| self.waiting[*place].0.priority as u8 == highest);
        let place = if is_overloaded { of_highest.next_back() } else { of_highest.next() };
        place.map(|place| self.take(place))
    }

    fn take_lowest(&mut self) -> Option<u32> {
        let lowest = self.waiting.iter().map(|(id, ..)| id.priority as u8).max()?;
        let place = self.waiting.iter().position(|(id, ..)| id.priority as u8 == lowest)?;
        Some(self.take(place))
    }
}

#[test]
fn a_long_walk_loses_and_repeats_no_ticket() {
    let seed = fastrand::u64(..);
    for order in [Order::Adaptive, Order::Fifo] {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut model = Model { order, capacity: 30, waiting: Vec::new(), above_since: None };
        let mut queue = queue(30, order);
        let (mut now, mut shed, mut served_newest) = (ms(0), 0, 0);
        for step in 0..100_000_u32 {
            let at = format!("seed {seed}, {order:?}, step {step}");
            // Calm and storm in turn.
            let arrivals = if step / 1000 % 2 == 0 { 40 } else { 60 };
            now += Duration::from_micros(random.u64(0..8_000));
            match random.u8(0..100) {
                dice if dice < arrivals => {
                    let priority = [High, Normal, Normal, Low][random.usize(0..4)];
                    let is_full = model.waiting.len() >= model.capacity;
                    let lowest = model.waiting.iter().map(|(id, ..)| id.priority as u8).max();
                    match queue.push(priority, step, now) {
                        Pushed::Queued(id) => {
                            assert!(!is_full, "{at}");
                            model.waiting.push((id, now, step));
                        }
                        Pushed::Shed(id, ticket) => {
                            assert!(is_full && lowest > Some(priority as u8), "{at}");
                            // The newcomer first: the queue never was empty.
                            model.waiting.push((id, now, step));
                            assert_eq!(model.take_lowest(), Some(ticket), "{at}");
                        }
                        Pushed::Full(ticket) => {
                            assert!(is_full && lowest <= Some(priority as u8) && ticket == step, "{at}");
                        }
                    }
                }
                dice if dice < 95 => {
                    let oldest = model.waiting.first().map(|(.., ticket)| *ticket);
                    let popped = queue.pop(now);
                    served_newest += u32::from(popped.next > oldest);
                    assert_eq!(popped.next, model.take_next(now), "{at}");
                    for ticket in popped.shed {
                        shed += 1;
                        assert!(model.is_overloaded(now), "{at}");
                        assert_eq!(model.take_lowest(), Some(ticket), "{at}");
                    }
                    assert_eq!(queue.is_overloaded(), model.is_overloaded(now), "{at}");
                }
                _ if model.waiting.is_empty() => {}
                _ => {
                    let place = random.usize(..model.waiting.len());
                    let (id, ..) = model.waiting[place];
                    assert_eq!(queue.remove(id), Some(model.take(place)), "{at}");
                    assert_eq!(queue.remove(id), None, "{at}");
                }
            }
            assert_eq!(queue.len(), model.waiting.len(), "{at}");
            assert!(queue.len() <= 30, "{at}");
        }
        assert_eq!(shed > 0, order == Order::Adaptive, "seed {seed}: {shed} shed");
        assert!(served_newest > 0, "seed {seed}");
    }
}
