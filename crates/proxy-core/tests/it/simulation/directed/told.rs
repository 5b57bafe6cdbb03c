//! What events tell of misfortunes.

use health::{Manual, OutlierSettings};
use proxy_core::events::{Event, Interest, Subscription};
use proxy_core::spec::OutlierSpec;

use super::*;

impl Rig {
    fn listen(&self, about: &str) -> Subscription {
        self.watch.handle.events().subscribe(Interest::named(about).unwrap(), 1024).unwrap()
    }
}

/// All that was told, without ids and times of requests.
fn told(subscription: &mut Subscription) -> Vec<String> {
    assert_eq!(subscription.lost(), 0);
    std::iter::from_fn(|| subscription.try_recv()).map(|event| shown(&event)).collect()
}

fn shown(event: &Event) -> String {
    let mut shown = event.kind().to_string();
    event.fields(&mut |name, value| {
        if !["requestId", "took", "bytesIn", "bytesOut"].contains(&name) {
            shown += &format!(" {name}={value}");
        }
    });
    shown
}

#[tokio::test(start_paused = true)]
async fn a_request_is_told_of_with_who_was_asked() {
    let rig = Rig::new(2, |upstream, _, _| upstream.retries = 1);
    rig.get(0).await;
    let mut requests = rig.listen("request");
    rig.get(1).await;
    rig.set_all(2, Condition::Dead);
    rig.get(2).await;
    rig.get(3).await;
    let of = "request.completed route=\"all\" upstream=\"app\"";
    let told = told(&mut requests);
    let [answered, failed, nobody] = &*told else { panic!("{told:?}") };
    assert!(answered.starts_with(&format!("{of} backend=\"s")), "{answered}");
    assert!(answered.ends_with("method=\"GET\" host=\"sim\" status=200 attempts=1"), "{answered}");
    assert!(failed.starts_with(&format!("{of} backend=\"s")), "{failed}");
    // One of them was on the connection that was kept.
    assert!(failed.ends_with("status=502 reason=connect_refused attempts=3"), "{failed}");
    assert_eq!(*nobody, format!("{of} method=\"GET\" host=\"sim\" status=503 reason=no_backend attempts=0"));
}

#[tokio::test(start_paused = true)]
async fn a_circuit_is_told_of_at_each_turn() {
    for of_backend in [false, true] {
        let settings = BreakerSettings { consecutive: Some(3), open: 5 * ONE, ..BreakerSettings::default() };
        let rig = Rig::new(1, |upstream, _, _| {
            let breaker = Some(BreakerSpec::new(settings, 10 * ONE));
            upstream.retries = 0;
            if of_backend {
                upstream.backend_breaker = breaker;
            } else {
                upstream.breaker = breaker;
            }
        });
        let mut circuit = rig.listen("circuit");
        rig.set_all(1, Condition::BreaksBeforeHead);
        for id in 0..4 {
            rig.get(id).await;
        }
        tokio::time::sleep(5 * ONE + ms(10)).await;
        // The probe fails.
        rig.get(10).await;
        tokio::time::sleep(5 * ONE + ms(10)).await;
        rig.set_all(1, WELL);
        rig.get(11).await;
        rig.get(12).await;
        let whose = if of_backend { "upstream=\"app\" backend=\"s0\"" } else { "upstream=\"app\"" };
        let [open, half_open, closed] =
            [("opened", "open"), ("half_open", "half_open"), ("closed", "closed")]
                .map(|(kind, state)| format!("circuit.{kind} {whose} state={state}"));
        let expected = [&open, &half_open, &open, &half_open, &closed].map(String::clone);
        assert_eq!(told(&mut circuit), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_is_told_of_when_it_goes_and_when_it_is_back() {
    let rig = Rig::new(1, |_, _, _| {});
    let mut backends = rig.listen("backend");
    rig.set_all(1, Condition::Dead);
    rig.get(0).await;
    rig.set_all(1, WELL);
    tokio::time::sleep(10 * ONE).await;
    rig.watch.handle.set_backend("app", "s0", Manual::Dead).unwrap();
    rig.watch.handle.set_backend("app", "s0", Manual::Ready).unwrap();
    assert!(rig.watch.handle.set_backend("app", "s1", Manual::Ready).is_err());
    let of = "upstream=\"app\" backend=\"s0\"";
    assert_eq!(
        told(&mut backends),
        [
            format!("backend.marked {of} state=down cause=connect outage=connect_failed"),
            format!("backend.marked {of} state=up cause=connect"),
            format!("backend.set {of} state=dead"),
            format!("backend.set {of} state=ready"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_ejection_is_told_of_and_so_is_its_end() {
    let rig = Rig::new(2, |upstream, _, _| {
        let settings = OutlierSettings { consecutive_errors: Some(2), ..OutlierSettings::default() };
        upstream.outliers = Some(OutlierSpec::new(settings, None));
        upstream.retries = 0;
    });
    let mut backends = rig.listen("backend.marked");
    rig.network.set(0, Condition::Busy(None));
    for id in 0..8 {
        rig.get(id).await;
    }
    rig.network.set(0, WELL);
    tokio::time::sleep(600 * ONE).await;
    let of = "backend.marked upstream=\"app\" backend=\"s0\"";
    assert_eq!(
        told(&mut backends),
        [format!("{of} state=down cause=ejected outage=ejected"), format!("{of} state=up cause=ejected"),]
    );
}
