use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify::event::{
    AccessKind, AccessMode, CreateKind, DataChange, Flag, ModifyKind, RemoveKind, RenameMode,
};
use notify::{Event, EventKind};
use tokio::time::{Instant, sleep, timeout};

use super::{Changed, Changes};
use crate::certificates::trail::Step;

const WRITTEN: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));

/// Changes of two files, one of which is a link.
fn changes() -> Changes {
    let changes = Changes::default();
    let step = |dir: &str, name: &str| Step { dir: dir.into(), name: name.into() };
    changes.index(|index| {
        index.put(&file("/a/a.pem"), vec![step("/a", "a.pem"), step("/b", "a1.pem")]);
        index.put(&file("/b/b.pem"), vec![step("/b", "b.pem")]);
    });
    changes
}

fn file(path: &str) -> Arc<Path> {
    Path::new(path).into()
}

fn hear(changes: &Changes, kind: EventKind, path: &str) {
    changes.hear(Ok(Event::new(kind).add_path(path.into())));
}

#[track_caller]
fn check(kind: EventKind, path: &str, files: &[&str], lost: &[&str]) {
    let changes = changes();
    hear(&changes, kind, path);
    let expected = Changed {
        files: files.iter().map(|path| file(path)).collect(),
        lost: lost.iter().map(Into::into).collect(),
        is_overrun: false,
    };
    assert_eq!(changes.take(), expected, "{kind:?} {path}");
    assert_eq!(changes.take(), Changed::default(), "it is taken once");
}

#[test]
fn an_entry_concerns_the_files_that_lead_through_it() {
    check(WRITTEN, "/a/a.pem", &["/a/a.pem"], &[]);
    check(WRITTEN, "/b/a1.pem", &["/a/a.pem"], &[]);
    check(WRITTEN, "/b/b.pem", &["/b/b.pem"], &[]);
    check(WRITTEN, "/b/access.log", &[], &[]);
    check(WRITTEN, "/c/a.pem", &[], &[]);
    for kind in [
        EventKind::Create(CreateKind::File),
        EventKind::Remove(RemoveKind::File),
        EventKind::Modify(ModifyKind::Name(RenameMode::To)),
        EventKind::Access(AccessKind::Close(AccessMode::Write)),
    ] {
        check(kind, "/b/b.pem", &["/b/b.pem"], &[]);
    }
}

#[test]
fn to_read_a_file_changes_nothing() {
    for kind in [AccessKind::Open(AccessMode::Any), AccessKind::Close(AccessMode::Read), AccessKind::Read] {
        check(EventKind::Access(kind), "/b/b.pem", &[], &[]);
        check(EventKind::Access(kind), "/b", &[], &[]);
    }
}

#[test]
fn a_directory_that_goes_is_lost_with_what_leads_through_it() {
    check(EventKind::Remove(RemoveKind::Folder), "/b", &["/a/a.pem", "/b/b.pem"], &["/b"]);
    check(EventKind::Modify(ModifyKind::Name(RenameMode::From)), "/a", &["/a/a.pem"], &["/a"]);
    check(EventKind::Modify(ModifyKind::Metadata(notify::event::MetadataKind::Any)), "/a", &[], &[]);
    check(EventKind::Remove(RemoveKind::Folder), "/c", &[], &[]);
}

#[test]
fn what_the_system_does_not_tell_is_known_to_be_missing() {
    for event in
        [Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)), Err(notify::Error::generic("broken"))]
    {
        let changes = changes();
        changes.hear(event);
        assert!(changes.take().is_overrun);
    }
}

#[tokio::test(start_paused = true)]
async fn changes_are_gathered_for_a_moment() {
    let changes = changes();
    let began = Instant::now();
    let ticks = async {
        for path in ["/a/a.pem", "/b/b.pem"] {
            sleep(Duration::from_millis(8)).await;
            hear(&changes, WRITTEN, path);
        }
    };
    tokio::join!(changes.gathered(), ticks);
    assert_eq!(began.elapsed(), Duration::from_millis(8 + 20));
    assert_eq!(changes.take().files.len(), 2, "both are of one round");
    let nothing = timeout(Duration::from_secs(3600), changes.gathered()).await;
    assert!(nothing.is_err(), "nothing is left");
}

#[tokio::test(start_paused = true)]
async fn what_comes_without_an_end_is_not_waited_for() {
    let changes = changes();
    let began = Instant::now();
    let noise = async {
        loop {
            hear(&changes, WRITTEN, "/a/a.pem");
            sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        () = changes.gathered() => assert_eq!(began.elapsed(), Duration::from_millis(20)),
        () = noise => {}
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_nothing_to_us_wakes_nobody() {
    let changes = changes();
    hear(&changes, EventKind::Access(AccessKind::Open(AccessMode::Any)), "/a/a.pem");
    hear(&changes, WRITTEN, "/a/access.log");
    assert!(timeout(Duration::from_secs(3600), changes.gathered()).await.is_err());
}
