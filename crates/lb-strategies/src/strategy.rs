//! The two traits, and strategies made of closures.

use crate::{BackendView, Needs, PickContext};
use std::{fmt, sync::Arc};

/// Decides which backend gets a request, by building a [`Picker`] for a set of backends.
///
/// A strategy is asked for a picker whenever the set of eligible backends changes: at the start, when a
/// backend dies, comes back, is added, removed or given another weight. Between two changes the picker alone
/// is used, by many threads at once.
///
/// # What the caller sees to
///
/// The slice holds exactly the backends that may get requests now. Health, draining, limits of connections
/// and everything else that makes a backend ineligible was dealt with before, so that every strategy works
/// with every way of judging health. Ids are unique within a slice. The order of the slice is the order of
/// the configuration and may change from call to call; what must not depend on it (a hash ring) is built over
/// the ids.
///
/// # What a strategy sees to
///
/// * It keeps nothing that was learnt: load and latency come with each pick ([`PickContext::loads`]), so
///   building a picker anew loses nothing.
/// * It is total: an empty slice gives a picker that always answers `None`.
/// * Building may take time and memory, linear in the number of backends or a little more. It happens apart
///   from traffic.
///
/// # Example
///
/// The backend with the fewest requests in flight, the first one of several:
///
/// ```
/// use lb_strategies::{BackendView, PickContext, Picker, Strategy};
///
/// struct LeastInFlight;
///
/// impl Strategy for LeastInFlight {
///     fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
///         let count = backends.len();
///         Box::new(move |context: &PickContext<'_>| {
///             let untried = (0..count).filter(|&index| !context.tried.contains(index));
///             untried.min_by_key(|&index| context.loads.in_flight(index))
///         })
///     }
/// }
/// ```
///
/// The `conformance` module (feature `test-util`) checks these promises and those of [`Picker`] for any
/// strategy.
pub trait Strategy: Send + Sync {
    /// A picker over these backends. Its answers are indexes into this slice.
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker>;

    /// What the pickers read of the loads, beyond the requests in flight of a backend. What is not needed may
    /// not be measured, and then reads as `None`.
    ///
    /// # Defaults
    ///
    /// [`Needs::ALL`], so that a strategy which says nothing gets everything.
    fn needs(&self) -> Needs {
        Needs::ALL
    }
}

/// A shared strategy is one, too.
impl<S: Strategy + ?Sized> Strategy for Arc<S> {
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        (**self).picker(backends)
    }

    fn needs(&self) -> Needs {
        (**self).needs()
    }
}

/// Picks one backend of the set that it was built for.
///
/// A pick is a function of its context and of nothing else: the same context gives the same answer. It takes
/// no lock, allocates nothing, never waits and reads no clock and no random source; time and random bits are
/// part of the context. Many threads pick at once.
///
/// Closures of the right signature are pickers.
pub trait Picker: Send + Sync {
    /// The index of the backend that gets this request; `None` only if every backend of the set was tried.
    ///
    /// The answer is never in [`PickContext::tried`].
    fn pick(&self, context: &PickContext<'_>) -> Option<usize>;
}

impl<F> Picker for F
where
    F: Fn(&PickContext<'_>) -> Option<usize> + Send + Sync,
{
    #[inline]
    fn pick(&self, context: &PickContext<'_>) -> Option<usize> {
        self(context)
    }
}

/// A strategy made of a closure that builds a picker, which may be a closure too.
///
/// ```
/// use lb_strategies::{BackendView, PickContext, from_fn};
///
/// let first = from_fn(|backends: &[BackendView<'_>]| {
///     let count = backends.len();
///     move |context: &PickContext<'_>| (0..count).find(|&index| !context.tried.contains(index))
/// });
/// # let _: &dyn lb_strategies::Strategy = &first;
/// ```
pub const fn from_fn<F, P>(build: F) -> FromFn<F>
where
    F: Fn(&[BackendView<'_>]) -> P + Send + Sync,
    P: Picker + 'static,
{
    FromFn(build)
}

/// The strategy that [`from_fn`] makes. It needs everything, since nobody can look into the closure.
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

impl<F, P> Strategy for FromFn<F>
where
    F: Fn(&[BackendView<'_>]) -> P + Send + Sync,
    P: Picker + 'static,
{
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        Box::new((self.0)(backends))
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").finish_non_exhaustive()
    }
}
