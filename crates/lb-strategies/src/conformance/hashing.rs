//! Checks of strategies that send the same affinity to the same backend.

use super::{
    Violation,
    cases::{Case, Entropy},
};
use crate::{BackendView, NoLoads, PickContext, Picker, Strategy};

/// Affinities per set.
const AFFINITIES: usize = 500;
/// Backends per set that are removed, one at a time.
const REMOVED: usize = 4;

/// An affinity and the id of the backend that it goes to.
type Owned<'a> = (u64, &'a str);

/// The order of the set and the rest of the context do not matter; a backend that is removed or tried moves
/// its own affinities alone.
pub(super) fn check(strategy: &dyn Strategy, case: &Case, seed: u64) -> Result<(), Violation> {
    let mut entropy = Entropy::new(seed);
    let affinities: Vec<u64> = (0..AFFINITIES).map(|_| entropy.next()).collect();
    let backends = case.backends();
    let picker = strategy.picker(&backends);
    let owner = |affinity: u64| {
        let index = picker.pick(&PickContext::new(&NoLoads).with_affinity(Some(affinity)));
        (affinity, name(&backends, index))
    };
    let owned: Vec<Owned<'_>> = affinities.into_iter().map(owner).collect();

    check_order(strategy, case, &owned, &mut entropy)?;
    for _ in 0..REMOVED.min(case.count()) {
        let without = entropy.next() as usize % case.count();
        check_removal(strategy, case, &owned, without)?;
        check_exclusion(&*picker, case, &owned, without)?;
    }
    Ok(())
}

fn check_order(
    strategy: &dyn Strategy,
    case: &Case,
    owned: &[Owned<'_>],
    entropy: &mut Entropy,
) -> Result<(), Violation> {
    let mut shuffled = case.backends();
    for _ in 0..2 {
        shuffled.sort_by_cached_key(|_| entropy.next());
        let picker = strategy.picker(&shuffled);
        for &(affinity, owner) in owned {
            let context = entropy.context(&NoLoads, 0).with_affinity(Some(affinity));
            let picked = name(&shuffled, picker.pick(&context));
            if picked != owner {
                let (first, second) = (owner.to_owned(), picked.to_owned());
                return Err(Violation::Unstable { set: case.to_string(), affinity, first, second });
            }
        }
    }
    Ok(())
}

fn check_removal(
    strategy: &dyn Strategy,
    case: &Case,
    owned: &[Owned<'_>],
    without: usize,
) -> Result<(), Violation> {
    let mut left = case.backends();
    let removed = left.remove(without);
    let picker = strategy.picker(&left);
    check_kept(case, owned, removed.id, |affinity| {
        name(&left, picker.pick(&PickContext::new(&NoLoads).with_affinity(Some(affinity))))
    })
}

fn check_exclusion(
    picker: &dyn Picker,
    case: &Case,
    owned: &[Owned<'_>],
    without: usize,
) -> Result<(), Violation> {
    let backends = case.backends();
    let Some(excluded) = backends.get(without) else { return Ok(()) };
    let context = PickContext::new(&NoLoads).with_tried([without].into_iter().collect());
    check_kept(case, owned, excluded.id, |affinity| {
        name(&backends, picker.pick(&context.with_affinity(Some(affinity))))
    })
}

/// Every affinity that is not this backend's own goes where it went before.
fn check_kept<'a>(
    case: &Case,
    owned: &[Owned<'_>],
    without: &str,
    pick: impl Fn(u64) -> &'a str,
) -> Result<(), Violation> {
    for &(affinity, owner) in owned.iter().filter(|(_, owner)| *owner != without) {
        let picked = pick(affinity);
        if picked != owner {
            return Err(Violation::Disrupted {
                set: case.to_string(),
                affinity,
                without: without.to_owned(),
                from: owner.to_owned(),
                to: picked.to_owned(),
            });
        }
    }
    Ok(())
}

fn name<'a>(backends: &[BackendView<'a>], index: Option<usize>) -> &'a str {
    index.and_then(|index| backends.get(index)).map_or("none", |backend| backend.id)
}
