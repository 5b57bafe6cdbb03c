//! A route that shares its requests out among several upstreams.

use std::sync::Arc;

use crate::affinity::Cookie;
use crate::incoming::Incoming;
use crate::snapshot::{BuildError, Choice};
use crate::spec::Sticky;
use crate::upstream::Upstream;

/// Upstreams with weights.
#[derive(Debug)]
pub(crate) struct Split {
    shares: Box<[Share]>,
    total: u64,
    cookie: Option<Cookie>,
    fallback: Option<Arc<Upstream>>,
}

#[derive(Debug)]
struct Share {
    upstream: Arc<Upstream>,
    /// The sum of the weights up to this one, itself included.
    up_to: u64,
    weight: u32,
    token: u64,
}

impl Split {
    pub(crate) fn compile(
        route: &str,
        upstreams: &[(String, u32)],
        sticky: Option<&Sticky>,
        fallback: Option<Arc<Upstream>>,
        find: &dyn Fn(&str) -> Result<Arc<Upstream>, BuildError>,
    ) -> Result<Self, BuildError> {
        let cookie = sticky.map(Cookie::compile);
        let mut total = 0;
        let mut shares = Vec::with_capacity(upstreams.len());
        for (name, weight) in upstreams {
            total += u64::from(*weight);
            let token = cookie.as_ref().map_or(0, |cookie| cookie.token_of(route, name));
            shares.push(Share { upstream: find(name)?, up_to: total, weight: *weight, token });
        }
        if total == 0 {
            return Err(BuildError::Split { route: route.to_owned() });
        }
        Ok(Self { shares: shares.into(), total, cookie, fallback })
    }

    /// The upstream of a request: the one that its client had, or one by weight.
    pub(crate) fn choose(&self, incoming: &Incoming) -> Option<Choice<'_>> {
        let had = self.cookie.as_ref().and_then(|cookie| cookie.token(incoming));
        // An upstream of weight 0 keeps the clients that it has, and gets no others.
        if let Some(share) = had.and_then(|had| self.shares.iter().find(|share| share.token == had)) {
            return Some(Choice { upstream: &share.upstream, to_keep: None });
        }
        let drawn = fastrand::u64(..self.total);
        let share = self.shares.get(self.shares.partition_point(|share| share.up_to <= drawn))?;
        let to_keep = self.cookie.as_ref().map(|cookie| (cookie, share.token));
        Some(Choice { upstream: &share.upstream, to_keep })
    }

    /// The first upstream that has a weight.
    pub(crate) fn first(&self) -> Option<&Upstream> {
        self.shares.iter().find(|share| share.weight > 0).map(|share| &*share.upstream)
    }

    pub(crate) fn fallback(&self) -> Option<&Upstream> {
        self.fallback.as_deref()
    }

    /// All upstreams, the fallback among them.
    pub(crate) fn upstreams(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.shares.iter().map(|share| &share.upstream).chain(&self.fallback)
    }
}
