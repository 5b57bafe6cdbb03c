//! What is relayed.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use harness::{Backend, Ending, PATIENCE, Proxyd};

use super::place::{document, echo, exchange, greeted, is_echoed, much, start};

#[test]
fn bytes_pass_in_both_directions_as_they_come() {
    let backend = echo("e");
    let proxyd = start(&[&backend]);
    let (mut client, _) = greeted(&proxyd);
    for text in [
        "hello",
        "\0\r\n\r\n\0",
        "GET / HTTP/1.1\r\n\r\n",
        "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
        "\x16\x03\x01",
    ] {
        is_echoed(&mut client, text);
    }
    client.half_close();
    assert_eq!(client.rest(), (Vec::new(), Ending::Closed));
}

#[test]
fn a_backend_may_speak_first() {
    let backend = Backend::start(|session| {
        session.send("220 mail.test ESMTP\r\n");
        let hello = session.connection.exactly(13);
        session.send(if hello.is_ok_and(|hello| hello == b"EHLO a.test\r\n") {
            "250 ok\r\n"
        } else {
            "500\r\n"
        });
        session.hold();
    });
    let proxyd = start(&[&backend]);
    let mut client = proxyd.connect();
    assert_eq!(client.exactly(21).unwrap(), b"220 mail.test ESMTP\r\n");
    client.send("EHLO a.test\r\n");
    assert_eq!(client.exactly(8).unwrap(), b"250 ok\r\n");
}

#[test]
fn each_direction_ends_by_itself() {
    // The client ends first, and is answered then.
    let backend = Backend::start(|session| {
        let (all, _) = session.connection.rest();
        session.send(format!("{} bytes", all.len()));
    });
    let proxyd = start(&[&backend]);
    let mut client = proxyd.connect();
    client.send("question");
    client.half_close();
    assert_eq!(client.rest(), (b"8 bytes".to_vec(), Ending::Closed));

    // The backend ends first, and hears the rest.
    let (heard, is_heard) = channel();
    let heard = Mutex::new(heard);
    let backend = Backend::start(move |session| {
        session.send("all that there is");
        session.connection.half_close();
        heard.lock().unwrap().send(session.connection.rest()).unwrap();
    });
    let proxyd = start(&[&backend]);
    let mut client = proxyd.connect();
    assert_eq!(client.rest(), (b"all that there is".to_vec(), Ending::Closed));
    client.send("thank you");
    client.half_close();
    let came = is_heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!(came, (b"thank you".to_vec(), Ending::Closed));
    assert_eq!(proxyd.stop().code, Some(0));
}

#[test]
fn a_client_that_says_nothing_and_ends_is_still_answered() {
    let backend = Backend::start(|session| {
        let (all, ending) = session.connection.rest();
        session.send(format!("{all:?} {ending:?}"));
    });
    let proxyd = start(&[&backend]);
    let mut client = proxyd.connect();
    client.half_close();
    assert_eq!(client.rest(), (b"[] Closed".to_vec(), Ending::Closed));
}

#[test]
fn much_passes_in_both_directions_at_once() {
    let (up, down) = (much(8 << 20), much(7 << 20));
    let (for_backend, expected) = (down.clone(), up.clone());
    let backend = Backend::start(move |session| exchange(&mut session.connection, &for_backend, &expected));
    let proxyd = start(&[&backend]);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| exchange(&mut proxyd.connect(), &up, &down));
        }
    });
    backend.wait_for_ends(3);
    assert_eq!(proxyd.stop().connections("upstream_reset"), 0);
}

/// What one side does not take is not kept for it without a bound.
#[test]
fn a_side_that_does_not_read_takes_no_memory() {
    let (go, goes) = channel::<()>();
    let goes = Mutex::new(goes);
    let backend = Backend::start(move |session| {
        let _ = goes.lock().unwrap().recv_timeout(PATIENCE);
        let (count, _) = session.connection.count_rest();
        session.send(count.to_string());
    });
    let proxyd = start(&[&backend]);
    let mut client = proxyd.connect();
    let mut writer = client.writer();
    let before = proxyd.memory("VmRSS");
    let sending = std::thread::spawn(move || {
        let part = much(1 << 20);
        let is_sent = (0..64).all(|_| writer.try_send(&part).is_ok());
        writer.half_close();
        is_sent
    });
    // Another one is served meanwhile, which shows that the proxy has gone on.
    let other = echo("e");
    let beside = start(&[&other]);
    is_echoed(&mut greeted(&beside).0, "hello");
    let grown = proxyd.memory("VmHWM").saturating_sub(before);
    go.send(()).unwrap();
    assert!(sending.join().unwrap(), "not all was taken");
    assert_eq!(client.rest().0, (64 << 20).to_string().as_bytes());
    let grown = grown.max(proxyd.memory("VmHWM").saturating_sub(before));
    assert!(grown < 16 << 20, "{grown} bytes more");
}

#[test]
fn a_reset_of_one_side_is_one_of_the_other() {
    let (heard, is_heard) = channel();
    let heard = Mutex::new(heard);
    let backend = Backend::start(move |session| {
        session.send("x");
        heard.lock().unwrap().send(session.connection.rest().1).unwrap();
    });
    let proxyd = start(&[&backend]);
    let (client, _) = greeted(&proxyd);
    client.reset();
    assert_eq!(is_heard.recv_timeout(PATIENCE).unwrap(), Ending::Reset);

    let backend = Backend::start(|session| {
        session.send("x");
        let _ = session.connection.exactly(1);
        session.reset();
    });
    let proxyd = start(&[&backend]);
    let (mut client, _) = greeted(&proxyd);
    client.send("y");
    assert_eq!(client.rest(), (Vec::new(), Ending::Reset));
    let ended = proxyd.stop();
    assert_eq!(ended.connections("upstream_reset"), 1, "{:#?}", ended.log);
}

#[test]
fn many_connections_are_kept_apart() {
    let backends = [echo("a"), echo("b")];
    let document = document(&backends.each_ref(), "", "").proxy("workers: 2");
    let proxyd = Proxyd::start(&document);
    std::thread::scope(|scope| {
        for number in 0..32 {
            let proxyd = &proxyd;
            scope.spawn(move || {
                let (mut client, _) = greeted(proxyd);
                for round in 0..20 {
                    is_echoed(&mut client, &format!("{number}/{round};"));
                }
                client.half_close();
                assert_eq!(client.rest(), (Vec::new(), Ending::Closed));
            });
        }
    });
    assert_eq!(backends[0].connections() + backends[1].connections(), 32);
}
