use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use admin_api::{AdminAddress, AdminServer, AdminSettings, BindError, Role};
use tokio::net::UnixStream;

use super::house::{House, ask, request};
use super::tokens::token;

fn at(path: &Path) -> AdminSettings {
    AdminSettings::new(AdminAddress::Unix(path.to_owned()))
}

#[tokio::test]
async fn the_system_says_who_asks_over_a_unix_socket() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run/admin.sock");
    let mut settings = at(&path);
    settings.tokens = vec![token("eyes", "secret", Role::Read)];
    let house = House::open(settings);
    assert_eq!(house.address, AdminAddress::Unix(path.clone()));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let uid = rustix::process::geteuid().as_raw();
    let connect = || UnixStream::connect(&path);
    let answer = ask(connect().await.unwrap(), request("GET /who", "", "")).await;
    assert_eq!(answer.body, format!("uid:{uid} Write"));
    let shown = ask(connect().await.unwrap(), request("GET /who", "Authorization: Bearer secret", "")).await;
    assert_eq!(shown.body, "eyes Read");
    let wrong = ask(connect().await.unwrap(), request("GET /who", "Authorization: Bearer x", "")).await;
    assert_eq!(wrong.verdict(), "401 auth_invalid");
    let foreign = ask(connect().await.unwrap(), request("GET /who", "Host: evil.example", "")).await;
    assert_eq!(foreign.verdict(), "421 foreign_host");
}

#[tokio::test]
async fn of_two_servers_one_listens_and_its_file_goes_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let mut house = House::open(at(&path));
    assert!(matches!(AdminServer::bind(at(&path)), Err(BindError::InUse { .. })));
    let answer = ask(UnixStream::connect(&path).await.unwrap(), request("GET /who", "", "")).await;
    assert_eq!(answer.status, 200);
    house.stop();
    house.ended().await;
    assert!(!path.exists());
    drop(AdminServer::bind(at(&path)).unwrap());
    assert!(!path.exists());
}
