//! Answers of the resolver, remembered and shared.

mod names;

#[cfg(test)]
mod tests;

use crate::{EgressError, Resolve};
use names::{Answer, Asked, Names, Started};
use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// A look-up that takes longer has failed. Longer than the system's resolver takes to give up by itself.
const LOOKUP_LIMIT: Duration = Duration::from_secs(30);
/// How often a caller takes over a look-up that somebody else dropped, before it is told of a failure. One
/// runtime ends seldom, eight in a row never.
const MOST_TAKEOVERS: usize = 8;

/// The names, and the resolver that is asked for them.
pub(crate) struct Cache {
    resolver: Box<dyn Resolve>,
    names: Mutex<Names>,
}

impl Cache {
    pub(crate) fn new(resolver: Box<dyn Resolve>) -> Self {
        Self { resolver, names: Mutex::new(Names::new(LOOKUP_LIMIT)) }
    }

    /// The addresses of a name: at once if they are known, otherwise within `limit`.
    pub(crate) async fn addresses(
        self: &Arc<Self>,
        name: &str,
        limit: Duration,
    ) -> Result<Arc<[SocketAddr]>, EgressError> {
        // Case does not tell names apart (RFC 4343).
        let lower = name.bytes().any(|byte| byte.is_ascii_uppercase()).then(|| name.to_ascii_lowercase());
        let name = lower.as_deref().unwrap_or(name);
        self.answer(name, self.ask(name), limit).await
    }

    /// The addresses that a name has now, looked up within `limit` whatever is known already. Where that fails, what
    /// is known stays known.
    pub(crate) async fn addresses_anew(
        self: &Arc<Self>,
        name: &str,
        limit: Duration,
    ) -> Result<Arc<[SocketAddr]>, EgressError> {
        let name = name.to_ascii_lowercase();
        let (asked, started) = self.names().ask_anew(&name, Instant::now());
        self.start(started);
        self.answer(&name, asked, limit).await
    }

    async fn answer(
        self: &Arc<Self>,
        name: &str,
        asked: Asked,
        limit: Duration,
    ) -> Result<Arc<[SocketAddr]>, EgressError> {
        let outcome = match asked {
            Asked::Known(addresses) => return Ok(addresses),
            Asked::Failed(error) => Err(error),
            pending => match timeout(limit, self.wait(name, pending)).await {
                Ok(outcome) => outcome,
                Err(_) => return Err(EgressError::DnsTimeout),
            },
        };
        outcome.map_err(|source| match source.kind() {
            io::ErrorKind::TimedOut => EgressError::DnsTimeout,
            _ => EgressError::Dns { name: name.to_owned(), source },
        })
    }

    /// Waits for a look-up, one's own or another's, and starts it again if it was dropped.
    async fn wait(self: &Arc<Self>, name: &str, mut asked: Asked) -> Answer {
        for _ in 0..MOST_TAKEOVERS {
            match asked {
                Asked::Known(addresses) => return Ok(addresses),
                Asked::Failed(error) => return Err(error),
                Asked::Pending(mut lookup) => {
                    if let Ok(answer) = lookup.wait_for(Option::is_some).await
                        && let Some(answer) = answer.clone()
                    {
                        return answer;
                    }
                }
            }
            asked = self.ask(name);
        }
        Err(Arc::new(io::ErrorKind::Interrupted.into()))
    }

    /// Asks the names, and starts the look-up if one is wanted.
    fn ask(self: &Arc<Self>, name: &str) -> Asked {
        // Bound first: starting a look-up may drop it at once, which takes the lock again.
        let (asked, started) = self.names().ask(name, Instant::now());
        self.start(started);
        asked
    }

    fn start(self: &Arc<Self>, started: Option<Started>) {
        if let Some(started) = started {
            tokio::spawn(Lookup { cache: Arc::clone(self), started: Some(started) }.run());
        }
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        // Nothing can panic half-way through a change of the names, so a poisoned lock guards whole ones.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A look-up that is under way. However it ends, those who wait for it learn of it.
struct Lookup {
    cache: Arc<Cache>,
    /// Taken when the answer is there.
    started: Option<Started>,
}

impl Lookup {
    async fn run(mut self) {
        let Some(name) = self.started.as_ref().map(|started| Arc::clone(started.name())) else { return };
        let answer = match timeout(LOOKUP_LIMIT, resolve_guarded(&*self.cache.resolver, &name)).await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(io::ErrorKind::NotFound.into()),
            Ok(answer) => answer,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        self.settle(answer);
    }

    fn settle(&mut self, answer: io::Result<Vec<SocketAddr>>) {
        if let Some(started) = self.started.take() {
            self.cache.names().settle(&started, answer, Instant::now());
        }
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        if let Some(started) = self.started.take() {
            // The runtime ended. Whoever waits on another one takes over.
            self.cache.names().abandon(&started);
        }
    }
}

/// Asks a resolver, which is a stranger's code: its panic is a failed look-up. Were it left to unwind, those
/// who wait would take over and start it again.
async fn resolve_guarded(resolver: &dyn Resolve, name: &str) -> io::Result<Vec<SocketAddr>> {
    let mut answer = pin!(async { resolver.resolve(name).await });
    poll_fn(|context| {
        let poll = AssertUnwindSafe(|| answer.as_mut().poll(context));
        catch_unwind(poll).unwrap_or_else(|_| Poll::Ready(Err(io::ErrorKind::Other.into())))
    })
    .await
}
