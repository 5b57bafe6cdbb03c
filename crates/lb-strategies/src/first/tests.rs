use super::First;
use crate::{BackendView, NoLoads, PickContext, Strategy, Weight};

#[test]
fn requests_go_to_the_first_backend_and_retries_to_the_next() {
    let backends = ["a", "b", "c"].map(|id| BackendView::new(id, Weight::ONE));
    let picker = First.picker(&backends);
    for (tried, expected) in
        [(&[] as &[usize], Some(0)), (&[0], Some(1)), (&[1], Some(0)), (&[0, 1], Some(2)), (&[0, 1, 2], None)]
    {
        for entropy in 0..10 {
            let context = PickContext::new(&NoLoads).with_entropy(entropy).with_sequence(entropy);
            let context = context.with_tried(tried.iter().copied().collect());
            assert_eq!(picker.pick(&context), expected, "{tried:?}");
        }
    }
}
