//! The seam to a resolver.

use std::{future::Future, io, net::SocketAddr, pin::Pin};

/// The future of one look-up.
pub type ResolveFuture<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Finds the addresses of a name.
///
/// [`Egress`](crate::Egress) remembers answers, asks for one name once at a time and bounds the time, so an
/// implementation just asks. Every address that it gives is checked before it is dialled.
///
/// ```
/// use egress::{Egress, Policy, Resolve, ResolveFuture};
///
/// struct Everything;
///
/// impl Resolve for Everything {
///     fn resolve<'a>(&'a self, _name: &'a str) -> ResolveFuture<'a> {
///         Box::pin(async { Ok(vec![([192, 0, 2, 1], 0).into()]) })
///     }
/// }
///
/// let egress = Egress::with_resolver(Policy::default(), Everything);
/// ```
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of the name, best first. The ports do not count.
    ///
    /// # Errors
    ///
    /// Whatever kept it from being resolved; also if there is no such name. An empty answer counts as an
    /// error too.
    fn resolve<'a>(&'a self, name: &'a str) -> ResolveFuture<'a>;
}

/// The operating system's resolver (`getaddrinfo`): hosts file, name service switch, search domains, whatever
/// the machine is set up for.
///
/// # Tasks
///
/// Each look-up takes a thread of the calling runtime's blocking pool until it ends, even when nobody waits
/// for it any more. A runtime that is dropped waits for that thread; one that is shut down in the background
/// does not.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> ResolveFuture<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}
