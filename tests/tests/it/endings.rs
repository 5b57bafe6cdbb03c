//! How the proxy ends: signals, and what is in flight.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use harness::{Backend, Connection, Document, PATIENCE, Proxyd};

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/// A backend that says when a request has come, and answers when it is told to.
fn held() -> (Backend, Receiver<()>, Sender<()>) {
    let (come, has_come) = channel();
    let (go, gone) = channel::<()>();
    let state = Mutex::new((come, gone));
    let backend = Backend::start(move |session| {
        while session.request().is_ok() {
            let (come, gone) = &*state.lock().unwrap();
            let _ = come.send(());
            if gone.recv_timeout(PATIENCE).is_err() {
                return;
            }
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    (backend, has_come, go)
}

/// A connection that has had a request answered and waits for the next one. Its end tells that draining has begun.
fn rested(proxyd: &Proxyd, has_come: &Receiver<()>, go: &Sender<()>) -> Connection {
    let mut resting = proxyd.connect();
    resting.ask(GET);
    has_come.recv_timeout(PATIENCE).unwrap();
    go.send(()).unwrap();
    assert!(!resting.response().unwrap().closes());
    resting
}

#[test]
fn what_is_in_flight_is_finished_and_the_exit_code_is_0() {
    for is_interrupt in [false, true] {
        let (backend, has_come, go) = held();
        let proxyd = Proxyd::start(&Document::to(&backend));
        let mut resting = rested(&proxyd, &has_come, &go);
        let mut client = proxyd.connect();
        client.ask(GET);
        has_come.recv_timeout(PATIENCE).unwrap();
        if is_interrupt {
            proxyd.interrupt();
        } else {
            proxyd.terminate();
        }
        assert_eq!(resting.rest().0, b"");
        go.send(()).unwrap();
        let answer = client.response().unwrap();
        assert_eq!((answer.text().as_str(), answer.closes()), ("ok", true));
        assert!(!client.goes_on());
        assert_eq!(proxyd.wait().code, Some(0));
    }
}

#[test]
fn connections_at_rest_are_closed_at_once_and_new_ones_refused() {
    let (backend, has_come, go) = held();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let address = proxyd.address();
    let mut resting = rested(&proxyd, &has_come, &go);
    let mut silent = proxyd.connect();
    let mut busy = proxyd.connect();
    busy.ask(GET);
    has_come.recv_timeout(PATIENCE).unwrap();
    proxyd.terminate();
    assert_eq!(resting.rest().0, b"");
    assert_eq!(silent.rest().0, b"");
    let harness::Socket::Tcp(address) = address else { panic!("{address:?}") };
    assert!(std::net::TcpStream::connect_timeout(&address, PATIENCE).is_err());
    go.send(()).unwrap();
    assert_eq!(busy.response().unwrap().text(), "ok");
    assert_eq!(proxyd.wait().code, Some(0));
}

#[test]
fn a_head_that_is_half_there_may_still_be_finished() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut other = proxyd.connect();
    other.ask(GET);
    assert!(other.response().is_ok());
    let mut client = proxyd.connect();
    client.ask("GET / HTTP/1.1\r\n");
    // The proxy has read what was sent before, as it served a request since; there is one worker.
    other.ask(GET);
    assert!(other.response().is_ok());
    proxyd.terminate();
    assert_eq!(other.rest().0, b"");
    client.send("Host: a.test\r\n\r\n");
    let answer = client.response().unwrap();
    assert_eq!((answer.status(), answer.closes()), (200, true));
    assert_eq!(proxyd.wait().code, Some(0));
}

/// The system had accepted it before the signal came: it is a connection like any other.
#[test]
fn a_connection_that_was_made_before_the_signal_is_served() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend));
    assert_eq!(proxyd.get("/").status(), 200);
    proxyd.pause();
    let mut client = proxyd.connect();
    client.ask(GET);
    proxyd.terminate();
    proxyd.go_on();
    assert_eq!(client.response().unwrap().status(), 200);
    assert_eq!(proxyd.wait().code, Some(0));
}

#[test]
fn a_hangup_ends_nothing() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend));
    assert_eq!(proxyd.get("/").status(), 200);
    proxyd.hang_up();
    proxyd.log().wait_for("SIGHUP", 1);
    assert_eq!(proxyd.get("/").status(), 200);
    assert_eq!(proxyd.stop().code, Some(0));
}

#[test]
fn a_second_signal_ends_at_once() {
    let (backend, has_come, _go) = held();
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("drainTimeout: 1h"));
    let mut client = proxyd.connect();
    client.ask(GET);
    has_come.recv_timeout(PATIENCE).unwrap();
    proxyd.terminate();
    proxyd.log().wait_for("draining", 1);
    proxyd.terminate();
    assert_eq!(proxyd.wait().code, Some(0));
    assert!(client.response().is_err());
}

#[test]
fn draining_has_an_end() {
    let (backend, has_come, _go) = held();
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("drainTimeout: 300ms"));
    let mut client = proxyd.connect();
    client.ask(GET);
    has_come.recv_timeout(PATIENCE).unwrap();
    assert_eq!(proxyd.stop().code, Some(0));
    assert!(client.response().is_err());
}

#[test]
fn no_request_is_lost_while_the_proxy_ends() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("workers: 2"));
    let address = proxyd.address();
    let (begun, has_begun) = channel();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (address, begun) = (address.clone(), begun.clone());
            std::thread::spawn(move || {
                let mut client = Connection::to(&address);
                for number in 0.. {
                    client.ask(GET);
                    match client.response() {
                        Ok(answer) if answer.closes() => return,
                        Ok(answer) => assert_eq!(answer.status(), 200),
                        // Between two requests the connection was at rest, and that is no loss.
                        Err(harness::Broken::End(_)) => return,
                        Err(broken) => panic!("request {number} was lost: {broken:?}"),
                    }
                    if number == 20 {
                        begun.send(()).unwrap();
                    }
                }
            })
        })
        .collect();
    for _ in 0..4 {
        has_begun.recv_timeout(PATIENCE).unwrap();
    }
    assert_eq!(proxyd.stop().code, Some(0));
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn bodies_in_flight_are_finished_both_ways() {
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let backend = Backend::start(move |session| {
        while let Ok(head) = session.head() {
            if head.target() != "/slow" {
                session.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
            session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
            gone.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            let Ok(request) = session.body(head) else { return };
            session.send(format!("{:x}\r\n{}\r\n0\r\n\r\n", request.body.len(), request.text()));
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut resting = proxyd.connect();
    resting.ask(GET);
    assert!(resting.response().is_ok());
    let mut client = proxyd.connect();
    client.ask("POST /slow HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nhello");
    assert_eq!(client.head().unwrap().status(), 200);
    proxyd.terminate();
    assert_eq!(resting.rest().0, b"");
    client.send("again");
    go.send(()).unwrap();
    assert_eq!(client.rest().0, b"4\r\nhalf\r\na\r\nhelloagain\r\n0\r\n\r\n");
    assert_eq!(proxyd.wait().code, Some(0));
}
