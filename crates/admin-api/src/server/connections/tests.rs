use std::time::Duration;

use tokio::time::advance;

use super::*;
use crate::server::settings::Deadlines;

struct One {
    phase: Arc<Phase>,
    go: CancellationToken,
    slot: Option<Slot>,
}

fn come(connections: &Arc<Connections>) -> One {
    let phase = Arc::new(Phase::new(Deadlines::default()));
    let go = CancellationToken::new();
    let slot = connections.admit(Arc::clone(&phase), go.clone());
    One { phase, go, slot }
}

#[tokio::test(start_paused = true)]
async fn the_one_that_was_idle_for_the_longest_time_makes_room() {
    let connections = Arc::new(Connections::new(3));
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(come(&connections));
        advance(Duration::from_secs(1)).await;
    }
    // The first has been answered since, and the second is being answered.
    drop(all[0].phase.begin());
    assert!(all[0].phase.flushed());
    let _busy = all[1].phase.begin();
    assert!(come(&connections).slot.is_some());
    let gone: Vec<_> = all.iter().map(|one| one.go.is_cancelled()).collect();
    assert_eq!(gone, [false, false, true]);
}

#[tokio::test]
async fn where_all_are_at_work_nobody_makes_room() {
    let connections = Arc::new(Connections::new(2));
    let (a, b) = (come(&connections), come(&connections));
    let busy = (a.phase.begin(), b.phase.begin());
    assert!(come(&connections).slot.is_none());
    drop(busy);
    // Their answers are still being taken.
    assert!(come(&connections).slot.is_none());
    assert!(a.phase.flushed());
    assert!(come(&connections).slot.is_some());
    assert!(a.slot.is_some() && b.slot.is_some());
}

#[tokio::test]
async fn those_that_take_long_to_go_are_bounded() {
    let connections = Arc::new(Connections::new(2));
    let all: Vec<_> = (0..100).map(|_| come(&connections)).collect();
    let admitted = all.iter().filter(|one| one.slot.is_some()).count();
    assert_eq!(admitted, 2 + MAX_LEAVING);
    drop(all);
    assert!(connections.table().open.is_empty());
}
