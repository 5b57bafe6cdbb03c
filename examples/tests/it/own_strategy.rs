use lb_strategies::conformance::Conformance;
use lb_strategies::{BackendView, Loads, PickContext, Strategy, Weight};
use proxyd_examples::own_strategy::{TwoChoices, proxy};
use proxyd_examples::trial::{Client, Running, backend};

use super::held::Held;

#[test]
fn two_choices_keeps_what_strategies_promise() {
    Conformance::new().check(&TwoChoices).unwrap();
}

#[test]
fn load_counts_in_relation_to_weight() {
    struct InFlight([u32; 2]);
    impl Loads for InFlight {
        fn in_flight(&self, index: usize) -> u32 {
            self.0[index]
        }
    }
    let backends = [1, 4]
        .map(|weight| BackendView::new(if weight == 1 { "a" } else { "b" }, Weight::new(weight).unwrap()));
    let picker = TwoChoices.picker(&backends);
    for entropy in [0, 1 << 32, 1 << 62, u64::MAX] {
        let pick = |loads: &InFlight| picker.pick(&PickContext::new(loads).with_entropy(entropy));
        assert_eq!(pick(&InFlight([1, 3])), Some(1));
        assert_eq!(pick(&InFlight([1, 5])), Some(0));
    }
}

#[tokio::test]
async fn a_busy_backend_is_passed_over() {
    let (one, two) = (Held::new(), Held::new());
    let backends =
        [backend("one", one.router("one")).await.unwrap(), backend("two", two.router("two")).await.unwrap()];
    let running = Running::start(proxy(backends).unwrap()).await.unwrap();
    let address = running.address;

    // Whichever gets the first request keeps it, and the other one gets all that follow.
    let waiting = tokio::spawn(async move { Client::connect(address).await?.get("/", &[]).await });
    let (busy, idle) = tokio::select! {
        () = one.came() => ((&one, "one"), (&two, "two")),
        () = two.came() => ((&two, "two"), (&one, "one")),
    };
    idle.0.release(20);
    let mut client = Client::connect(address).await.unwrap();
    for _ in 0..20 {
        assert_eq!(client.get("/", &[]).await.unwrap().body, idle.1);
    }
    busy.0.release(1);
    assert_eq!(waiting.await.unwrap().unwrap().body, busy.1);

    drop(client);
    running.stop().await.unwrap();
}
