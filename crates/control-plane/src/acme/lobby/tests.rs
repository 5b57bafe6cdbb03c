use std::time::{Duration, SystemTime};

use tokio::sync::oneshot::error::TryRecvError;

use super::{ASKED_AT_ONCE, Lobby, MOST_DENIED, MOST_NAMES, ObtainError};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn all_who_wait_for_a_name_are_answered_and_it_is_looked_into_once() {
    let mut lobby = Lobby::default();
    let mut all: Vec<_> = (0..3).map(|_| lobby.wait("a.example", at(0)).unwrap()).collect();
    assert_eq!(lobby.take().as_deref(), Some("a.example"));
    assert_eq!(lobby.take(), None);
    all.push(lobby.wait("a.example", at(1)).unwrap());
    assert_eq!(lobby.take(), None);
    lobby.looked_into();
    lobby.answer("a.example", Ok(()), at(2));
    for receiver in &mut all {
        assert_eq!(receiver.try_recv().unwrap(), Ok(()));
    }
}

#[test]
fn a_no_is_remembered_for_a_minute() {
    let mut lobby = Lobby::default();
    let mut receiver = lobby.wait("a.example", at(0)).unwrap();
    lobby.take().unwrap();
    lobby.answer("a.example", Err(ObtainError::Denied), at(5));
    assert_eq!(receiver.try_recv().unwrap(), Err(ObtainError::Denied));
    assert_eq!(lobby.wait("a.example", at(64)).unwrap_err(), ObtainError::Denied);
    assert!(lobby.wait("a.example", at(65)).is_ok());
}

#[test]
fn no_other_refusal_is_remembered() {
    let mut lobby = Lobby::default();
    let _waiting = lobby.wait("a.example", at(0)).unwrap();
    lobby.answer("a.example", Err(ObtainError::Unanswered), at(0));
    assert!(lobby.wait("a.example", at(0)).is_ok());
}

#[test]
fn not_more_than_so_many_noes_are_remembered() {
    let mut lobby = Lobby::default();
    for number in 0..=MOST_DENIED {
        let name = format!("n{number}.example");
        let _waiting = lobby.wait(&name, at(0)).unwrap();
        lobby.answer(&name, Err(ObtainError::Denied), at(0));
    }
    assert_eq!((lobby.denied.len(), lobby.denied_until.len()), (MOST_DENIED, MOST_DENIED));
    assert!(lobby.wait("n0.example", at(1)).is_ok(), "the oldest is forgotten");
    assert_eq!(lobby.wait("n1.example", at(1)).unwrap_err(), ObtainError::Denied);
    // Those whose time is over make room for one.
    let _waiting = lobby.wait("last.example", at(100)).unwrap();
    lobby.answer("last.example", Err(ObtainError::Denied), at(100));
    assert_eq!((lobby.denied.len(), lobby.denied_until.len()), (1, 1));
}

#[test]
fn names_that_are_waited_for_and_asked_for_are_bounded() {
    let mut lobby = Lobby::default();
    let mut all = Vec::new();
    for number in 0..MOST_NAMES {
        all.push(lobby.wait(&format!("n{number}.example"), at(0)).unwrap());
    }
    assert_eq!(lobby.wait("more.example", at(0)).unwrap_err(), ObtainError::Busy);
    all.push(lobby.wait("n0.example", at(0)).expect("it is waited for already"));
    let taken: Vec<_> = std::iter::from_fn(|| lobby.take()).collect();
    assert_eq!(taken.len(), ASKED_AT_ONCE);
    lobby.looked_into();
    assert!(lobby.take().is_some());
    lobby.answer("n0.example", Ok(()), at(0));
    assert!(lobby.wait("more.example", at(0)).is_ok());
}

#[test]
fn clients_that_have_gone_leave_nothing_behind() {
    let mut lobby = Lobby::default();
    for _ in 0..100 {
        drop(lobby.wait("a.example", at(0)).unwrap());
    }
    assert_eq!(lobby.waiting["a.example"].len(), 1);
}

#[test]
fn nobody_waits_where_nobody_works() {
    let mut lobby = Lobby::default();
    let mut waiting = lobby.wait("a.example", at(0)).unwrap();
    lobby.close();
    assert_eq!(waiting.try_recv().unwrap_err(), TryRecvError::Closed);
    assert_eq!(lobby.wait("a.example", at(0)).unwrap_err(), ObtainError::Stopped);
    assert_eq!(lobby.take(), None);
}
