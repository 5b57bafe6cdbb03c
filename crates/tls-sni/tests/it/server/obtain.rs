//! Certificates that are obtained while a client waits.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use tls_sni::{Certificates, HandshakeFailure, Obtain, Served, Server, UnknownName};
use tokio::io::{AsyncWriteExt, duplex};
use tokio::sync::Notify;

use super::rig::{Authority, client, feed, hello, nameless, settings, shake, table, visit};

/// Obtains a certificate once it is told to.
struct Desk {
    certificates: Certificates,
    /// What it is going to have; `None` where there will be none.
    served: Option<Served>,
    /// What it says.
    says: bool,
    asked: Mutex<Vec<String>>,
    may_go_on: Notify,
    dropped: AtomicUsize,
}

impl Desk {
    fn new(certificates: &Certificates, served: Option<Served>, says: bool) -> Arc<Self> {
        Arc::new(Self {
            certificates: certificates.clone(),
            served,
            says,
            asked: Mutex::default(),
            may_go_on: Notify::new(),
            dropped: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

struct Dropped<'a>(&'a AtomicUsize);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Obtain for Desk {
    fn obtain<'a>(&'a self, name: &'a str) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async move {
            let _dropped = Dropped(&self.dropped);
            self.asked.lock().unwrap().push(name.to_owned());
            self.may_go_on.notified().await;
            if let Some(served) = &self.served {
                self.certificates.put("acme:new", served.clone());
            }
            self.says
        })
    }
}

#[tokio::test]
async fn a_handshake_waits_for_the_certificate_that_it_needs() {
    let authority = Authority::new("ours");
    let certificates = table(vec![authority.issue(&["a.test"]).served()]);
    let server = Server::new(certificates.clone(), &settings()).unwrap();
    let desk = Desk::new(&certificates, Some(authority.issue(&["new.test"]).served()), true);
    server.obtain_by(Arc::clone(&desk) as Arc<dyn Obtain>);

    let client = client(&authority);
    let mut handshake = Box::pin(shake(&server, &client, "New.Test"));
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..10 {
        assert!(handshake.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(desk.asked(), ["new.test"]);
    // Others do not wait for it.
    visit(&server, &client, "a.test").await;
    desk.may_go_on.notify_one();
    let session = handshake.await.session();
    assert_eq!(session.server_name.as_deref(), Some("new.test"));
    // It is known from now on.
    visit(&server, &client, "new.test").await;
    assert_eq!(desk.asked().len(), 1);
}

#[tokio::test]
async fn a_name_for_which_there_will_be_none_is_refused() {
    let authority = Authority::new("ours");
    let served = authority.issue(&["new.test"]).served();
    // What was obtained meanwhile may be for somebody else, or have gone again.
    for (served, says) in [(None, false), (None, true), (Some(served), true)] {
        let certificates = table(vec![]);
        let server = Server::new(certificates.clone(), &settings()).unwrap();
        let desk = Desk::new(&certificates, served, says);
        desk.may_go_on.notify_one();
        server.obtain_by(Arc::clone(&desk) as Arc<dyn Obtain>);
        let ends = shake(&server, &client(&authority), "other.test").await;
        assert_eq!(ends.failure(), HandshakeFailure::UnknownName);
        assert_eq!(ends.alert().await, rustls::AlertDescription::UnrecognisedName);
        assert_eq!(desk.asked(), ["other.test"]);
    }
}

#[tokio::test]
async fn nothing_is_obtained_for_known_names_or_for_none() {
    let authority = Authority::new("ours");
    let certificates = table(vec![authority.issue(&["a.test", "*.wild.test"]).as_default()]);
    let server = Server::new(certificates.clone(), &settings()).unwrap();
    let desk = Desk::new(&certificates, None, false);
    server.obtain_by(Arc::clone(&desk) as Arc<dyn Obtain>);
    visit(&server, &client(&authority), "a.test").await;
    visit(&server, &client(&authority), "x.wild.test").await;
    visit(&server, &nameless(&authority), "a.test").await;
    certificates.replace_matching("", Vec::new());
    assert_eq!(
        shake(&server, &nameless(&authority), "a.test").await.failure(),
        HandshakeFailure::UnknownName
    );
    assert_eq!(desk.asked(), [""; 0]);
}

#[tokio::test]
async fn one_is_obtained_even_where_unknown_names_get_the_default() {
    let authority = Authority::new("ours");
    let names = ["new.test", "other.test"];
    let default = authority.issue(&names);
    let obtained = authority.issue(&["new.test"]);
    let mut served = default.as_default();
    served.names = Some(vec!["a.test".to_owned()]);
    let certificates = table(vec![served]);
    let mut settings = settings();
    settings.unknown_name = UnknownName::Default;
    let server = Server::new(certificates.clone(), &settings).unwrap();
    let desk = Desk::new(&certificates, Some(obtained.served()), true);
    server.obtain_by(Arc::clone(&desk) as Arc<dyn Obtain>);
    desk.may_go_on.notify_one();
    assert_eq!(shake(&server, &client(&authority), "new.test").await.shown(), obtained.der);
    // Where there is none, it is the default after all.
    desk.may_go_on.notify_one();
    assert_eq!(shake(&server, &client(&authority), "other.test").await.shown(), default.der);
    assert_eq!(desk.asked(), names);
}

#[tokio::test]
async fn the_first_that_is_set_counts() {
    let authority = Authority::new("ours");
    let certificates = table(vec![]);
    let server = Server::new(certificates.clone(), &settings()).unwrap();
    let (first, second) = (Desk::new(&certificates, None, false), Desk::new(&certificates, None, false));
    server.clone().obtain_by(Arc::clone(&first) as Arc<dyn Obtain>);
    server.obtain_by(Arc::clone(&second) as Arc<dyn Obtain>);
    first.may_go_on.notify_one();
    let (failure, _) = feed(&server, &hello(&client(&authority), "new.test")).await;
    assert_eq!(failure, HandshakeFailure::UnknownName);
    assert_eq!((first.asked().len(), second.asked().len()), (1, 0));
}

#[tokio::test]
async fn who_bounds_the_time_ends_the_waiting() {
    let authority = Authority::new("ours");
    let certificates = table(vec![]);
    let server = Server::new(certificates.clone(), &settings()).unwrap();
    let desk = Desk::new(&certificates, None, false);
    server.obtain_by(Arc::clone(&desk) as Arc<dyn Obtain>);
    let (near, mut far) = duplex(64 * 1024);
    far.write_all(&hello(&client(&authority), "new.test")).await.unwrap();
    let mut handshake = Box::pin(server.accept(near));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(handshake.as_mut().poll(&mut cx).is_pending());
    assert_eq!((desk.asked().len(), desk.dropped.load(Ordering::Relaxed)), (1, 0));
    drop(handshake);
    assert_eq!(desk.dropped.load(Ordering::Relaxed), 1);
}
