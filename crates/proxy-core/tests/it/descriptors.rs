//! What happens where the process may open no further file. The limit is the whole process's, so this test runs
//! itself once more, alone.

use std::fs::File;
use std::process::Command;

use super::rig::*;
use proxy_core::Proxy;
use proxy_core::spec::{Action, RouteSpec};
use rustix::process::{Resource, getrlimit, setrlimit};

const ALONE: &str = "PROXY_CORE_TEST_ALONE";

#[test]
fn connections_wait_while_no_file_can_be_opened() {
    if std::env::var_os(ALONE).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(alone());
    }
    let me = std::env::current_exe().unwrap();
    let name = "it::descriptors::connections_wait_while_no_file_can_be_opened";
    let output = Command::new(me).args(["--exact", name, "--nocapture"]).env(ALONE, "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

async fn alone() {
    let action = Action::Respond { status: 200, content_type: String::new(), body: "hello".to_owned() };
    let mut running = Running::start(Proxy::builder().route(RouteSpec::new("hello", action))).await;
    let mut first = running.client().await;
    ask(&mut first).await;
    // The system has it; the proxy cannot take it.
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(200);
    setrlimit(Resource::Nofile, limit).unwrap();
    let (filled, mut waiting) = fill(&running).await;
    // The proxy is in no hurry to try again, and serves whom it has.
    for _ in 0..3 {
        ask(&mut first).await;
    }
    assert_eq!(running.handle.connections(), 1);
    drop(filled);
    ask(&mut waiting).await;
    assert_eq!(running.handle.connections(), 2);

    // The end comes all the same where nothing changes for the better.
    let (_filled, _waiting) = fill(&running).await;
    ask(&mut first).await;
    running.stop();
    assert_eq!(first.remains().await, "");
    assert_eq!(waiting.remains().await, "");
    running.end().await;
}

async fn ask(client: &mut Peer) {
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.message().await.1, "hello");
}

/// Opens files until no more can be opened, with one connection among them that the proxy has not accepted yet.
async fn fill(running: &Running) -> (Vec<File>, Peer) {
    let mut filled = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        filled.push(file);
    }
    // One for the client's side of the connection, and none for the proxy's.
    filled.pop();
    let waiting = Peer::connect(running.port).await;
    (filled, waiting)
}
