//! The backend that a client had before.

#[cfg(test)]
mod tests;

use crate::{BackendView, Needs, PickContext, Picker, Strategy, token_of};
use std::fmt;

/// The backend that the request's affinity names, as long as it is in the set; otherwise another strategy's.
///
/// [`PickContext::affinity`] is a token, [`token_of`] a backend, as the caller reads it out of a cookie. If a
/// backend of the set has that token and was not tried, it is picked. Otherwise the inner strategy picks, and
/// the caller gives the client the token of the backend that it got. The inner strategy does not see the
/// token: a hash of it would send all clients of a backend that is gone to one and the same other one.
///
/// Looking a token up takes time logarithmic in the number of backends; nothing is kept per client.
///
/// ```
/// use lb_strategies::{
///     BackendView, LeastRequests, NoLoads, PickContext, Sticky, Strategy, Weight, token_of,
/// };
///
/// let backends = ["a", "b", "c"].map(|id| BackendView::new(id, Weight::ONE));
/// let picker = Sticky::new(LeastRequests, b"secret", "shop").picker(&backends);
///
/// let cookie = token_of(b"secret", "shop", "b");
/// assert_eq!(picker.pick(&PickContext::new(&NoLoads).with_affinity(Some(cookie))), Some(1));
/// ```
#[derive(Clone)]
pub struct Sticky<S> {
    inner: S,
    secret: Box<[u8]>,
    upstream: Box<str>,
}

impl<S: Strategy> Sticky<S> {
    /// Sticks to the tokens made with this secret (an empty one is none) for the upstream of this name, and
    /// asks the inner strategy for all other requests.
    #[must_use]
    pub fn new(inner: S, secret: &[u8], upstream: &str) -> Self {
        Self { inner, secret: secret.into(), upstream: upstream.into() }
    }
}

impl<S: Strategy> Strategy for Sticky<S> {
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        let token = |backend: &BackendView<'_>| token_of(&self.secret, &self.upstream, backend.id);
        let mut tokens: Box<[(u64, usize)]> =
            backends.iter().enumerate().map(|(index, backend)| (token(backend), index)).collect();
        tokens.sort_unstable();
        Box::new(StickyPicker { tokens, inner: self.inner.picker(backends) })
    }

    fn needs(&self) -> Needs {
        self.inner.needs()
    }
}

impl<S: fmt::Debug> fmt::Debug for Sticky<S> {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sticky")
            .field("inner", &self.inner)
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

struct StickyPicker {
    /// Sorted by token.
    tokens: Box<[(u64, usize)]>,
    inner: Box<dyn Picker>,
}

impl Picker for StickyPicker {
    #[inline]
    fn pick(&self, context: &PickContext<'_>) -> Option<usize> {
        let Some(token) = context.affinity else { return self.inner.pick(context) };
        self.find(token)
            .filter(|&index| !context.tried.contains(index))
            .or_else(|| self.inner.pick(&context.with_affinity(None)))
    }
}

impl StickyPicker {
    fn find(&self, token: u64) -> Option<usize> {
        let place = self.tokens.binary_search_by_key(&token, |&(token, _)| token).ok()?;
        self.tokens.get(place).map(|&(_, index)| index)
    }
}
