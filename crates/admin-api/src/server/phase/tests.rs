use std::time::Duration;

use tokio::time::advance;

use super::*;

#[tokio::test(start_paused = true)]
async fn each_stage_has_its_deadline() {
    let deadlines = Deadlines::default();
    let phase = Arc::new(Phase::new(deadlines));
    let start = Instant::now();
    assert_eq!(phase.until(), Some(start + deadlines.head));
    advance(Duration::from_secs(3)).await;
    phase.received();
    assert_eq!(phase.until(), Some(Instant::now() + deadlines.head));
    // Further bytes of the head do not put it off.
    advance(Duration::from_secs(3)).await;
    phase.received();
    assert_eq!(phase.until(), Some(start + Duration::from_secs(3) + deadlines.head));
    assert_eq!(phase.idle_since(), Some(start));
    let busy = phase.begin();
    assert_eq!((phase.until(), phase.idle_since(), phase.is_answering()), (None, None, true));
    assert!(!phase.flushed());
    advance(Duration::from_secs(100)).await;
    drop(busy);
    assert_eq!((phase.until(), phase.idle_since(), phase.is_answering()), (None, None, false));
    assert!(phase.flushed());
    assert!(!phase.flushed());
    assert_eq!(phase.until(), Some(Instant::now() + deadlines.idle));
    assert_eq!(phase.idle_since(), Some(Instant::now()));
}
