use super::Cache;
use crate::{EgressError, Resolve, ResolveFuture};
use std::{
    future::{pending, poll_fn},
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Runtime},
    time::{advance, sleep},
};

const LIMIT: Duration = Duration::from_secs(2);

/// What the resolver does when it is asked.
#[derive(Clone, Copy)]
enum Script {
    Answer(u8),
    AnswerAfter(Duration, u8),
    Fail(io::ErrorKind),
    Nothing,
    Hang,
    Panic,
}

/// A resolver that follows a script; its last line is repeated for ever.
struct Scripted {
    script: Mutex<Vec<Script>>,
    asked: Arc<AtomicUsize>,
}

impl Resolve for Scripted {
    fn resolve<'a>(&'a self, _name: &'a str) -> ResolveFuture<'a> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut script = self.script.lock().expect("not poisoned");
        let line = if script.len() > 1 { script.remove(0) } else { script[0] };
        Box::pin(async move {
            match line {
                Script::Answer(last) => Ok(vec![address(last)]),
                Script::AnswerAfter(time, last) => {
                    sleep(time).await;
                    Ok(vec![address(last)])
                }
                Script::Fail(kind) => Err(kind.into()),
                Script::Nothing => Ok(Vec::new()),
                Script::Hang => pending().await,
                Script::Panic => panic!("the resolver is broken"),
            }
        })
    }
}

fn address(last: u8) -> SocketAddr {
    ([192, 0, 2, last], 0).into()
}

fn cache(script: &[Script]) -> (Arc<Cache>, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let resolver = Scripted { script: Mutex::new(script.to_vec()), asked: Arc::clone(&asked) };
    (Arc::new(Cache::new(Box::new(resolver))), asked)
}

async fn ask(cache: &Arc<Cache>) -> String {
    match cache.addresses("name.example", LIMIT).await {
        Ok(addresses) => {
            addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(" ")
        }
        Err(EgressError::Dns { name, source }) => format!("{name}: {}", source.kind()),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(start_paused = true)]
async fn callers_at_the_same_time_share_one_look_up() {
    let (cache, asked) = cache(&[Script::AnswerAfter(Duration::from_secs(1), 1), Script::Panic]);
    let (first, second, third) = tokio::join!(ask(&cache), ask(&cache), ask(&cache));
    assert_eq!([first, second, third], ["192.0.2.1", "192.0.2.1", "192.0.2.1"]);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn case_does_not_tell_names_apart() {
    let (cache, asked) = cache(&[Script::Answer(1)]);
    for name in ["name.example", "NAME.example", "Name.Example"] {
        assert!(cache.addresses(name, LIMIT).await.is_ok());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_hangs_costs_the_limit_and_no_more() {
    let (cache, _) = cache(&[Script::Hang]);
    let start = tokio::time::Instant::now();
    assert_eq!(ask(&cache).await, "no answer from the resolver in time");
    assert_eq!(start.elapsed(), LIMIT);
}

#[tokio::test(start_paused = true)]
async fn a_look_up_outlives_the_caller_who_gave_up() {
    let (cache, asked) = cache(&[Script::AnswerAfter(Duration::from_secs(5), 1)]);
    assert_eq!(ask(&cache).await, "no answer from the resolver in time");
    advance(Duration::from_secs(3)).await;
    assert_eq!(ask(&cache).await, "192.0.2.1");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_never_ends_ends_after_half_a_minute() {
    let (cache, asked) = cache(&[Script::Hang, Script::Answer(1)]);
    assert_eq!(ask(&cache).await, "no answer from the resolver in time");
    sleep(Duration::from_millis(28_500)).await;
    assert_eq!(ask(&cache).await, "no answer from the resolver in time", "the failed look-up is remembered");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(ask(&cache).await, "192.0.2.1");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn an_old_answer_is_given_at_once_and_renewed_behind_the_callers_back() {
    let (cache, asked) = cache(&[Script::Answer(1), Script::AnswerAfter(Duration::from_secs(1), 2)]);
    assert_eq!(ask(&cache).await, "192.0.2.1");
    sleep(Duration::from_secs(31)).await;
    let start = tokio::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(ask(&cache).await, "192.0.2.1");
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    sleep(Duration::from_millis(1_001)).await;
    assert_eq!(ask(&cache).await, "192.0.2.2");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn the_last_good_answer_is_kept_while_the_resolver_fails_or_hangs() {
    for broken in [Script::Fail(io::ErrorKind::NotFound), Script::Nothing, Script::Hang, Script::Panic] {
        let (cache, asked) = cache(&[Script::Answer(1), broken]);
        for _ in 0..10 {
            assert_eq!(ask(&cache).await, "192.0.2.1");
            sleep(Duration::from_secs(60)).await;
        }
        assert!(asked.load(Ordering::Relaxed) >= 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_names_the_name_and_the_cause() {
    for (broken, cause) in [
        (Script::Fail(io::ErrorKind::NotFound), "name.example: entity not found"),
        (Script::Nothing, "name.example: entity not found"),
        (Script::Panic, "name.example: other error"),
    ] {
        let (cache, asked) = cache(&[broken]);
        let (first, second) = tokio::join!(ask(&cache), ask(&cache));
        assert_eq!([first.as_str(), &second], [cause, cause]);
        assert_eq!(asked.load(Ordering::Relaxed), 1, "a failure is not asked for again at once");
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Lets a caller on this runtime start a look-up, and leave.
fn start_on(runtime: &Runtime, cache: &Arc<Cache>) {
    runtime.block_on(async {
        let mut caller = pin!(ask(cache));
        poll_fn(|context| {
            assert!(caller.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        tokio::task::yield_now().await;
    });
}

#[test]
fn a_look_up_of_a_runtime_that_ended_is_taken_over_by_those_who_wait() {
    let (cache, asked) = cache(&[Script::Hang, Script::Answer(1)]);
    let ending = runtime();
    start_on(&ending, &cache);
    let answer = runtime().block_on(async {
        let mut waiting = pin!(ask(&cache));
        poll_fn(|context| {
            assert!(waiting.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        ending.shutdown_background();
        waiting.await
    });
    assert_eq!((answer.as_str(), asked.load(Ordering::Relaxed)), ("192.0.2.1", 2));
}

#[test]
fn an_answer_is_shared_by_runtimes() {
    let (cache, asked) = cache(&[Script::Answer(1)]);
    assert_eq!(runtime().block_on(ask(&cache)), "192.0.2.1");
    assert_eq!(runtime().block_on(ask(&cache)), "192.0.2.1");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_refresh_of_a_runtime_that_ended_is_started_again() {
    let (cache, asked) = cache(&[Script::Answer(1), Script::Hang, Script::Answer(2)]);
    let paused = || Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    let first = paused();
    first.block_on(async {
        assert_eq!(ask(&cache).await, "192.0.2.1");
        sleep(Duration::from_secs(31)).await;
        assert_eq!(ask(&cache).await, "192.0.2.1");
        tokio::task::yield_now().await;
    });
    drop(first);
    paused().block_on(async {
        // The clock of this runtime starts at the present again.
        sleep(Duration::from_secs(62)).await;
        assert_eq!(ask(&cache).await, "192.0.2.1");
        tokio::task::yield_now().await;
        assert_eq!(ask(&cache).await, "192.0.2.2");
    });
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}
