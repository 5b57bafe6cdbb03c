use super::*;

#[test]
fn addresses_are_told_as_they_are_written() {
    for (address, text) in [
        (ListenAddress::Tcp("127.0.0.1:80".parse().unwrap()), "127.0.0.1:80"),
        (ListenAddress::Tcp("[::1]:80".parse().unwrap()), "[::1]:80"),
        (ListenAddress::Unix("/run/x".into()), "unix:/run/x"),
    ] {
        assert_eq!(address.to_string(), text);
    }
}

#[test]
fn each_worker_has_a_socket_of_its_own_at_the_one_port() {
    let address = ListenAddress::Tcp("127.0.0.1:0".parse().unwrap());
    let listeners = Listeners::bind(&[address], 3).unwrap();
    let [Bound::Tcp { address, sockets }] = &*listeners.bound else { panic!("{listeners:?}") };
    assert_eq!(sockets.len(), 3);
    assert!(sockets.iter().all(|socket| socket.local_addr().unwrap() == *address));
    assert_eq!(listeners.addresses().collect::<Vec<_>>(), [ListenAddress::Tcp(*address)]);
    // No worker at all is one.
    assert_eq!(Listeners::bind(&[], 0).unwrap().workers, 1);
}

#[test]
fn a_file_that_is_no_socket_is_never_replaced() {
    let path = std::env::temp_dir().join(format!("proxy-core-file-{}", std::process::id()));
    std::fs::write(&path, "precious").unwrap();
    let error = Listeners::bind(&[ListenAddress::Unix(path.clone())], 1).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen at unix:{}", path.display()));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn the_end_of_a_worker_is_told_however_it_came() {
    let (ended, mut endings) = mpsc::unbounded_channel();
    let telling = |number| Telling { number, ended: ended.clone(), outcome: "panicked" };
    telling(1).tell("ended");
    let poisoned = telling(2);
    let thread = std::thread::spawn(move || {
        let _telling = poisoned;
        std::panic::resume_unwind(Box::new("poison"));
    });
    assert!(thread.join().is_err());
    assert_eq!(endings.try_recv(), Ok((1, "ended")));
    assert_eq!(endings.try_recv(), Ok((2, "panicked")));
}
