use super::*;

fn is_overwritten<T: ZeroizeOnDrop>(value: T) -> T {
    value
}

/// What is left of it cannot be looked at without `unsafe`; this does not compile once nothing overwrites it.
#[test]
fn the_memory_of_a_secret_is_overwritten() {
    let secret = is_overwritten(Secret::new("hunter2"));
    assert_eq!((secret.expose(), format!("{secret} {secret:?}").as_str()), ("hunter2", "*** ***"));
}
