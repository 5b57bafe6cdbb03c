use super::Sticky;
use crate::{
    BackendView, ConsistentHash, First, LeastLatency, Needs, NoLoads, PickContext, Random, Strategy, Weight,
    token_of,
};
use std::sync::Arc;

const IDS: [&str; 4] = ["a", "b", "c", "d"];

fn backends() -> [BackendView<'static>; 4] {
    IDS.map(|id| BackendView::new(id, Weight::ONE))
}

fn context(token: u64) -> PickContext<'static> {
    PickContext::new(&NoLoads).with_affinity(Some(token))
}

#[test]
fn a_token_leads_to_its_backend_whatever_the_order_of_the_set() {
    let sticky = Sticky::new(First, b"secret", "shop");
    let mut backends = backends();
    for _ in 0..IDS.len() {
        backends.rotate_left(1);
        let picker = sticky.picker(&backends);
        for (index, backend) in backends.iter().enumerate() {
            assert_eq!(picker.pick(&context(token_of(b"secret", "shop", backend.id))), Some(index));
        }
    }
}

#[test]
fn the_inner_strategy_picks_for_new_clients_stale_tokens_and_retries() {
    let picker = Sticky::new(First, b"secret", "shop").picker(&backends());
    let own = context(token_of(b"secret", "shop", "c"));
    for (context, expected) in [
        (PickContext::new(&NoLoads), Some(0)),
        (context(token_of(b"secret", "shop", "gone")), Some(0)),
        (context(token_of(b"another", "shop", "c")), Some(0)),
        (context(token_of(b"secret", "cart", "c")), Some(0)),
        (own, Some(2)),
        (own.with_tried([2].into_iter().collect()), Some(0)),
        (own.with_tried([0, 2].into_iter().collect()), Some(1)),
        (own.with_tried([0, 1, 2, 3].into_iter().collect()), None),
    ] {
        assert_eq!(picker.pick(&context), expected, "{context:?}");
    }
}

#[test]
fn the_clients_of_a_backend_that_is_gone_are_spread_over_the_others() {
    let picker = Sticky::new(ConsistentHash::new(), b"secret", "shop").picker(&backends());
    let gone = context(token_of(b"secret", "shop", "gone"));
    let mut picked: Vec<_> = (0..64).filter_map(|n| picker.pick(&gone.with_entropy(n << 58))).collect();
    picked.sort_unstable();
    picked.dedup();
    assert_eq!(picked, [0, 1, 2, 3]);
}

#[test]
fn a_shared_strategy_of_any_kind_can_be_wrapped() {
    let inner: Arc<dyn Strategy> = Arc::new(LeastLatency);
    let sticky = Sticky::new(inner, &[], "shop");
    assert_eq!(sticky.needs(), Needs::NONE.with_latency(true));
    assert_eq!(sticky.picker(&backends()).pick(&context(token_of(&[], "shop", "d"))), Some(3));
}

#[test]
fn the_secret_is_not_shown() {
    let shown = format!("{:?}", Sticky::new(Random, b"hunter2", "shop"));
    assert_eq!(shown, r#"Sticky { inner: Random, upstream: "shop", .. }"#);
}
