use super::*;

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_swap_lasts_until_its_certificate_is_shown() {
    let start = Instant::now();
    let mut rotation = Rotation::new(3, start);
    assert_eq!((rotation.next(), rotation.waiting(start)), (1, None));
    rotation.replaced(start);
    assert_eq!(rotation.waiting(start + 5 * MS), Some(5 * MS));
    // The one before may still be shown.
    assert_eq!(rotation.show(0, 0, start + 6 * MS), Ok(()));
    assert_eq!((rotation.swaps(), rotation.waiting(start + 6 * MS)), (0, Some(6 * MS)));
    assert_eq!(rotation.show(1, 0, start + 7 * MS), Ok(()));
    assert_eq!((rotation.swaps(), rotation.waiting(start + 7 * MS), rotation.next()), (1, None, 2));
    // Once is enough.
    assert_eq!(rotation.show(1, 0, start + 9 * MS), Ok(()));
    let swap = rotation.close(0, None);
    assert_eq!((swap.swaps, swap.max_us), (1, 7_000.0));
}

#[test]
fn a_certificate_that_was_replaced_does_not_come_back() {
    let start = Instant::now();
    let mut rotation = Rotation::new(3, start);
    rotation.replaced(start);
    let before = rotation.turn();
    rotation.show(1, before, start).unwrap();
    let after = rotation.turn();
    // A handshake that was under way meanwhile may end as it began.
    assert_eq!(rotation.show(0, before, start), Ok(()));
    assert!(rotation.show(0, after, start).unwrap_err().contains("the certificate 0 was shown"));
    // Nor does one come before its turn.
    assert!(rotation.show(2, after, start).is_err());
}

#[test]
fn turns_begin_again() {
    let start = Instant::now();
    let mut rotation = Rotation::new(2, start);
    for (turn, certificate) in [1, 0, 1, 0].into_iter().enumerate() {
        assert_eq!(rotation.next(), certificate);
        rotation.replaced(start);
        rotation.show(certificate, turn as u64, start + MS).unwrap();
    }
    let swap = rotation.close(3, Some("it".to_owned()));
    assert_eq!((swap.swaps, swap.p50_us, swap.failed), (4, 1_000.0, 3));
}
