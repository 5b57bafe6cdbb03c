use super::Weight;

#[test]
fn weights_range_from_1_to_65535() {
    for (value, expected) in
        [(0, None), (1, Some(1)), (65_535, Some(65_535)), (65_536, None), (u32::MAX, None)]
    {
        assert_eq!(Weight::new(value).map(Weight::get), expected, "{value}");
    }
}

#[test]
fn a_backend_about_which_nothing_is_said_weighs_1() {
    assert_eq!(Weight::default().get(), 1);
    assert_eq!((Weight::ONE.get(), Weight::MAX.get()), (1, 65_535));
}
