use std::cell::Cell;

use super::*;

#[test]
fn processes_that_end_meanwhile_are_asked_for_again() {
    let asked = Cell::new(0);
    let found = steady(|| {
        asked.set(asked.get() + 1);
        if asked.get() < 3 { bail!("gone") } else { Ok(asked.get()) }
    });
    assert_eq!(found.unwrap(), 3);
}
