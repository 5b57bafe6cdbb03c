//! Single misfortunes, and what follows from each to the millisecond.

mod told;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use health::BreakerSettings;
use http::Method;
use proxy_core::spec::{BreakerSpec, GateSpec, HedgeSpec, RouteSpec, Settings, UpstreamSpec};
use proxy_core::{Proxy, ProxyService};

use super::TICKS;
use super::client::{Got, Plan, ask};
use super::ledger::{Id, Ledger, Rules};
use super::network::{Condition, Network, WELL, upstream};
use super::watch::Watch;

const ONE: Duration = Duration::from_secs(1);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A proxy in front of simulated backends.
struct Rig {
    network: Arc<Network>,
    service: ProxyService,
    watch: Arc<Watch>,
}

impl Rig {
    fn new(sites: usize, change: impl FnOnce(&mut UpstreamSpec, &mut RouteSpec, &mut Settings)) -> Self {
        fastrand::seed(1);
        let (mut spec, mut route) = (upstream("app", 0..sites), RouteSpec::to("all", "app"));
        let mut settings = Settings::default();
        change(&mut spec, &mut route, &mut settings);
        let ledger = Arc::new(Ledger::new(Rules::default()));
        let network = Network::new(sites, Arc::clone(&ledger), 1);
        let timeout = settings.timeout;
        let builder = Proxy::builder().upstream(spec).route(route).settings(settings);
        let proxy = builder.connect(Arc::clone(&network) as _).workers(1).build().unwrap();
        let handle = proxy.handle();
        let watch = Watch { handle, ledger, bounds: Vec::new(), timeout, tolerance: TICKS, body_time: ONE };
        Self { network, service: proxy.service(), watch: Arc::new(watch) }
    }

    /// Has all sites behave so.
    fn set_all(&self, sites: usize, condition: Condition) {
        (0..sites).for_each(|site| self.network.set(site, condition));
    }

    async fn ask(&self, plan: Plan) -> Got {
        let got = ask(self.service.clone(), plan, Arc::clone(&self.watch)).await.unwrap();
        let faults = self.watch.ledger.faults();
        assert!(faults.is_empty(), "{faults:?}");
        got
    }

    async fn get(&self, id: Id) -> Got {
        self.ask(Plan::get(id, Duration::ZERO)).await
    }

    /// When a request was sent, and on which connection.
    fn sent(&self, id: Id) -> Vec<(Duration, u64)> {
        let sent = self.watch.ledger.when("sent").into_iter();
        sent.filter(|(_, _, of)| *of == id).map(|(at, line, _)| (at, line)).collect()
    }

    /// How many requests a site has received.
    fn received_at(&self, site: u64) -> usize {
        self.watch.ledger.received_at(site)
    }

    fn now(&self) -> Duration {
        self.watch.ledger.now()
    }
}

fn reason(got: &Got) -> Option<&str> {
    got.reason.as_deref()
}

#[tokio::test(start_paused = true)]
async fn where_all_are_dead_nobody_waits_and_the_next_probe_brings_them_back() {
    let rig = Rig::new(2, |_, _, _| {});
    rig.set_all(2, Condition::Dead);
    let got = rig.get(0).await;
    assert_eq!((got.status, reason(&got)), (502, Some("connect_refused")));
    let died = rig.now();
    let got = rig.get(1).await;
    assert_eq!((got.status, reason(&got), got.took), (503, Some("no_backend"), Duration::ZERO));
    assert_eq!(got.retry_after.as_deref(), Some("1"));
    // Probes come after one second and after two more, each a tenth sooner at the most.
    tokio::time::sleep(ms(1500)).await;
    rig.set_all(2, WELL);
    assert_eq!(rig.get(2).await.status, 503);
    tokio::time::sleep((died + 3 * ONE + ms(10)).saturating_sub(rig.now())).await;
    assert_eq!(rig.get(3).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_says_when_to_come_again_is_taken_at_its_word() {
    let rig = Rig::new(2, |_, _, _| {});
    rig.set_all(2, Condition::Busy(Some(2)));
    let asking = async {
        let got = rig.get(0).await;
        assert_eq!((got.status, reason(&got)), (200, None));
        assert!(got.took >= 2 * ONE && got.took < 2 * ONE + ms(10), "{got:?}");
    };
    let recovering = async {
        tokio::time::sleep(ONE).await;
        rig.set_all(2, WELL);
    };
    tokio::join!(asking, recovering);
    assert_eq!(rig.sent(0).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_would_come_too_late_is_not_waited_for() {
    let rig = Rig::new(2, |_, _, settings| settings.timeout = ms(1500));
    rig.set_all(2, Condition::Busy(Some(2)));
    let got = rig.get(0).await;
    assert_eq!((got.status, got.retry_after.as_deref()), (503, Some("2")));
    assert!(got.took < ms(10), "{got:?}");
    assert_eq!(rig.sent(0).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn waits_before_retries_are_random_within_bounds_that_double() {
    let rig = Rig::new(4, |upstream, _, _| {
        upstream.outliers = None;
        upstream.retries = 3;
        upstream.retry.backoff = ms(100);
        upstream.retry.longest_backoff = ms(300);
        upstream.retry.budget_percent = 100;
    });
    rig.set_all(4, Condition::Busy(None));
    let mut longest = [Duration::ZERO; 3];
    for id in 0..50 {
        assert_eq!(rig.get(id).await.status, 503);
        let sent = rig.sent(id);
        assert_eq!(sent.len(), 4);
        for (at, longest) in longest.iter_mut().enumerate() {
            *longest = (*longest).max(sent[at + 1].0 - sent[at].0);
        }
        // Enough requests pay in for retries of their own.
        tokio::time::sleep(2 * ONE).await;
    }
    for (longest, most) in longest.into_iter().zip([100, 200, 300]) {
        // A connect may be within.
        assert!(longest <= ms(most + 3) && longest > ms(most * 4 / 5), "{longest:?} of {most} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hedged_request_is_answered_by_the_second_backend_and_the_first_is_left() {
    let rig = Rig::new(2, |_, route, _| route.hedge = Some(HedgeSpec::default()));
    rig.set_all(2, Condition::Well(ms(40)));
    for id in 0..100 {
        assert_eq!(rig.get(id).await.status, 200);
        assert_eq!(rig.sent(id).len(), 1);
    }
    rig.network.set(0, Condition::Well(5 * ONE));
    for id in 100..104 {
        let got = rig.get(id).await;
        // The second attempt has taken a turn, so that each request comes to the slow one first.
        let [(first, line), (second, other)] = rig.sent(id)[..] else { panic!("{:?}", rig.sent(id)) };
        // The 95th percentile is known to within an eighth.
        assert!(second - first >= ms(36) && second - first <= ms(46), "{:?}", second - first);
        assert!(got.status == 200 && got.took >= ms(76) && got.took <= ms(90), "{got:?}");
        let closed = rig.watch.ledger.when("closed").into_iter().find(|(_, closed, _)| *closed == line);
        assert_eq!(closed.map(|(at, _, _)| at), Some(rig.now()), "the first is not waited for");
        assert_ne!(line, other);
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_refuses_and_a_half_open_one_lets_exactly_one_through() {
    let settings = BreakerSettings { consecutive: Some(3), open: 5 * ONE, ..BreakerSettings::default() };
    let rig = Rig::new(2, |upstream, _, _| {
        upstream.breaker = Some(BreakerSpec::new(settings, 10 * ONE));
        upstream.retries = 0;
    });
    rig.set_all(2, Condition::BreaksBeforeHead);
    for id in 0..3 {
        let got = rig.get(id).await;
        assert_eq!((got.status, reason(&got)), (502, Some("upstream_reset")));
    }
    rig.set_all(2, Condition::Well(ms(500)));
    let got = rig.get(3).await;
    assert_eq!((got.status, reason(&got), got.took), (503, Some("circuit_open"), Duration::ZERO));
    assert_eq!(got.retry_after.as_deref(), Some("5"));
    tokio::time::sleep(ms(4990)).await;
    assert_eq!(reason(&rig.get(4).await), Some("circuit_open"));
    tokio::time::sleep(ms(20)).await;
    let all = join_all((10..20).map(|id| rig.get(id))).await;
    let (passed, refused): (Vec<_>, Vec<_>) = all.iter().partition(|got| got.status == 200);
    assert_eq!((passed.len(), refused.len()), (1, 9));
    assert!(refused.iter().all(|got| reason(got) == Some("circuit_open")));
    assert_eq!((10..20).map(|id| rig.sent(id).len()).sum::<usize>(), 1);
    assert!(join_all((20..30).map(|id| rig.get(id))).await.iter().all(|got| got.status == 200));
}

#[tokio::test(start_paused = true)]
async fn who_has_waited_too_long_for_a_turn_is_refused_at_the_tick() {
    let rig = Rig::new(1, |_, route, _| route.gate = Some(GateSpec::at(1)));
    rig.set_all(1, Condition::Well(10 * ONE));
    let second = async {
        tokio::time::sleep(ms(250)).await;
        rig.get(1).await
    };
    let third = async {
        tokio::time::sleep(ms(260)).await;
        rig.get(2).await
    };
    let (first, second, third) = tokio::join!(rig.get(0), second, third);
    assert_eq!(first.status, 200);
    // It came within the third tick, and waits for ten whole ones.
    assert_eq!((second.status, reason(&second), second.took), (503, Some("queue_timeout"), ms(1050)));
    assert_eq!((third.status, reason(&third), third.took), (503, Some("queue_full"), Duration::ZERO));
    assert!(second.retry_after.is_some() && third.retry_after.is_some());
    assert!(rig.sent(1).is_empty() && rig.sent(2).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_came_back_gets_its_share_bit_by_bit() {
    let rig = Rig::new(2, |upstream, _, _| upstream.slow_start = Some(10 * ONE));
    rig.network.set(0, Condition::Dead);
    while rig.watch.handle.backends("app")[0].outage.is_none() {
        rig.get(0).await;
    }
    rig.network.set(0, WELL);
    while !rig.watch.handle.backends("app")[0].outage.is_none() {
        tokio::time::sleep(ms(1)).await;
    }
    let mut shares = Vec::new();
    for second in 0..13 {
        let before = rig.received_at(0);
        for turn in 0..200 {
            rig.get(1000 + second * 200 + turn).await;
            tokio::time::sleep(ms(5)).await;
        }
        shares.push((rig.received_at(0) - before) / 2);
    }
    // A tenth of the weight is a ninth of the other's share, half of it a third of all.
    for (second, least, most) in [(0, 7, 12), (5, 30, 40), (11, 49, 51), (12, 49, 51)] {
        assert!((least..=most).contains(&shares[second]), "{shares:?} in percent, by seconds");
    }
    assert!(shares.windows(2).all(|two| two[0] <= two[1] + 2), "{shares:?}");
}

#[tokio::test(start_paused = true)]
async fn what_must_not_be_repeated_goes_on_no_connection_that_is_known_to_be_closed() {
    let rig = Rig::new(1, |upstream, _, _| upstream.max_idle_connections = 8);
    rig.network.set(0, Condition::ClosesIdle);
    for id in 0..10 {
        let got = rig.ask(Plan { method: Method::POST, ..Plan::get(id, Duration::ZERO) }).await;
        assert_eq!((got.status, rig.sent(id).len()), (200, 1));
        tokio::time::sleep(ms(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_gives_a_request_no_time_that_it_did_not_take() {
    for method in [Method::GET, Method::PUT, Method::POST] {
        let rig = Rig::new(2, |upstream, _, settings| {
            settings.timeout = ONE;
            upstream.connect_timeout = ms(900);
        });
        rig.network.set(0, Condition::BlackHole);
        rig.network.set(1, Condition::Mute);
        for id in 0..2 {
            let got = rig
                .ask(Plan {
                    has_body: method != Method::GET,
                    method: method.clone(),
                    ..Plan::get(id, Duration::ZERO)
                })
                .await;
            assert_eq!((got.status, reason(&got)), (504, Some("request_timeout")));
            assert!(got.took >= ONE && got.took <= ONE + TICKS, "{method} {got:?}");
        }
    }
}
