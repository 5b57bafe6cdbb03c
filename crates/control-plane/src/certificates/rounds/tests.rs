use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use proxy_core::events::{Event, Events, Interest};
use tempfile::TempDir;
use tls_sni::{Certificates, Served};
use tokio::time::timeout;

use super::*;
use crate::certificates::load::load;
use crate::certificates::made::{DAY, Made, lasting, made, now};
use crate::certificates::source::Origin;

/// A keeper that follows files in a folder.
struct Kept {
    keeper: Keeper,
    root: PathBuf,
    time: Arc<Mutex<SystemTime>>,
    /// What was done before it ran.
    made: u64,
    _folder: TempDir,
}

impl Kept {
    /// One that follows these pairs of files, after they were made.
    fn new(make: impl FnOnce(&Path), pairs: &[(&str, Option<&str>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        make(&root);
        let time = Arc::new(Mutex::new(now()));
        let clock = Arc::clone(&time);
        let keeper = Keeper::with_clock(Certificates::new(), None, move || *clock.lock().unwrap());
        let file = |name: &str| Origin::File(root.join(name));
        let source = |(chain, key): &(&str, Option<&str>)| {
            Source::new(format!("file:{chain}"), file(chain), key.map(file))
        };
        let loaded = load(pairs.iter().map(source).collect(), now());
        assert_eq!(loaded.failures().count(), 0);
        keeper.follow(&loaded);
        let made = *keeper.shared.done.borrow();
        Self { keeper, root, time, made, _folder: folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn is_served(&self, made: &Made) -> bool {
        let all = self.keeper.certificates().list();
        let fingerprint = made.fingerprint();
        all.iter().any(|(_, served)| served.certificate.fingerprint() == fingerprint)
    }

    fn error(&self) -> Option<String> {
        self.keeper.list().into_iter().find_map(|status| status.last_error)
    }

    /// Waits until something is so.
    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let mut done = self.keeper.shared.done.subscribe();
        let waiting = async {
            while !is_so(self) {
                done.changed().await.unwrap();
            }
        };
        let waited = timeout(Duration::from_secs(1800), waiting);
        waited.await.unwrap_or_else(|_| panic!("{what} does not come; error: {:?}", self.error()));
    }

    async fn until_served(&self, made: &Made) {
        self.until("the certificate", |kept| kept.is_served(made) && kept.error().is_none()).await;
    }

    async fn until_error(&self, message: &str) {
        self.until(message, |kept| kept.error().is_some_and(|error| error.contains(message))).await;
    }

    /// Waits for the first rounds to be over: that of a new document, and that of the first sweep.
    async fn until_begun(&self) {
        let made = self.made;
        self.until("the first rounds", |kept| *kept.keeper.shared.done.borrow() > made + 1).await;
    }

    /// Waits for whatever is wrong to be told.
    async fn until_quiet(&self) {
        self.until("quiet", |kept| kept.keeper.shared.book().deadline().is_none()).await;
    }

    /// Runs the keeper beside a test.
    async fn run(&self, test: impl Future<Output = ()>) {
        tokio::select! {
            never = self.keeper.run() => match never {},
            () = test => {}
        }
    }
}

/// The same within real time, in which no sweep comes to the aid of the watch.
async fn watched(kept: &Kept, test: impl Future<Output = ()>) {
    let ran = timeout(Duration::from_secs(30), kept.run(test)).await;
    assert!(ran.is_ok(), "something does not come; error: {:?}", kept.error());
}

#[tokio::test]
async fn a_file_that_changes_is_served_anew() {
    let kept = Kept::new(|root| made("a.test").write(&root.join("a.pem")), &[("a.pem", None)]);
    let path = kept.path("a.pem");
    watched(&kept, async {
        let next = made("a.test");
        next.replace(&path);
        kept.until_served(&next).await;
        let next = made("a.test");
        next.write(&path);
        kept.until_served(&next).await;
        let next = made("a.test");
        fs::remove_file(&path).unwrap();
        kept.until_error("No such file").await;
        next.write(&path);
        kept.until_served(&next).await;
        assert_eq!(kept.keeper.certificates().list().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn no_change_leaves_a_name_without_its_certificate() {
    let kept = Kept::new(|root| made("a.test").write(&root.join("a.pem")), &[("a.pem", None)]);
    let table = kept.keeper.certificates().clone();
    let is_over = Arc::new(AtomicBool::new(false));
    let is_enough = Arc::clone(&is_over);
    let looks = std::thread::spawn(move || {
        while !is_enough.load(Ordering::Relaxed) {
            assert!(table.has("a.test"));
        }
    });
    watched(&kept, async {
        for _ in 0..10 {
            let next = made("a.test");
            next.write(&kept.path("a.pem"));
            kept.until_served(&next).await;
            fs::write(kept.path("a.pem"), "").unwrap();
            kept.until_error("it is empty").await;
        }
    })
    .await;
    is_over.store(true, Ordering::Relaxed);
    looks.join().unwrap();
}

#[tokio::test]
async fn a_secret_of_kubernetes_is_swapped_as_a_whole() {
    let write = |root: &Path, dir: &str, made: &Made| {
        fs::create_dir(root.join(dir)).unwrap();
        fs::write(root.join(dir).join("tls.crt"), &made.chain).unwrap();
        fs::write(root.join(dir).join("tls.key"), &made.key).unwrap();
    };
    let make = |root: &Path| {
        write(root, "..1", &made("a.test"));
        symlink("..1", root.join("..data")).unwrap();
        symlink("..data/tls.crt", root.join("tls.crt")).unwrap();
        symlink("..data/tls.key", root.join("tls.key")).unwrap();
    };
    let kept = Kept::new(make, &[("tls.crt", Some("tls.key"))]);
    watched(&kept, async {
        for number in 2..6 {
            let next = made("a.test");
            write(&kept.root, &format!("..{number}"), &next);
            symlink(format!("..{number}"), kept.path("..data_tmp")).unwrap();
            fs::rename(kept.path("..data_tmp"), kept.path("..data")).unwrap();
            fs::remove_dir_all(kept.path(&format!("..{}", number - 1))).unwrap();
            kept.until_served(&next).await;
            // What the links lead to now is watched.
            let next = made("a.test");
            fs::write(kept.path(&format!("..{number}/tls.crt")), &next.chain).unwrap();
            fs::write(kept.path(&format!("..{number}/tls.key")), &next.key).unwrap();
            kept.until_served(&next).await;
        }
    })
    .await;
}

#[tokio::test]
async fn half_of_a_pair_is_not_served() {
    let first = made("a.test");
    let make = |root: &Path| {
        fs::write(root.join("a.crt"), &first.chain).unwrap();
        fs::write(root.join("a.key"), &first.key).unwrap();
    };
    let kept = Kept::new(make, &[("a.crt", Some("a.key"))]);
    watched(&kept, async {
        let next = made("a.test");
        fs::write(kept.path("a.crt"), &next.chain).unwrap();
        kept.until_error("does not belong").await;
        assert!(kept.is_served(&first));
        fs::write(kept.path("a.key"), &next.key).unwrap();
        kept.until_served(&next).await;
        assert!(!kept.is_served(&first));
    })
    .await;
}

#[tokio::test]
async fn what_is_of_no_use_leaves_what_was_served() {
    let first = made("a.test");
    let kept = Kept::new(|root| first.write(&root.join("a.pem")), &[("a.pem", None)]);
    let path = kept.path("a.pem");
    let expired = lasting("a.test", now() - 2 * DAY, now() - DAY);
    watched(&kept, async {
        for (text, message) in [
            ("", "it is empty"),
            ("-----BEGIN CERTIFICATE-----\n!", "PEM is broken"),
            (&*first.chain, "no private key"),
            (&*expired.both(), "has expired"),
            (&*"x".repeat(300_000), "larger than 256 kB"),
        ] {
            fs::write(&path, text).unwrap();
            kept.until_error(message).await;
            assert!(kept.is_served(&first));
        }
        fs::remove_file(&path).unwrap();
        kept.until_error("No such file").await;
        fs::create_dir(&path).unwrap();
        kept.until_error("not a regular file").await;
        fs::remove_dir(&path).unwrap();
        first.write(&path);
        kept.until_served(&first).await;
    })
    .await;
}

#[tokio::test]
async fn what_another_document_names_is_watched() {
    let make = |root: &Path| {
        made("a.test").write(&root.join("a.pem"));
        fs::create_dir(root.join("other")).unwrap();
        made("b.test").write(&root.join("other/b.pem"));
    };
    let kept = Kept::new(make, &[("a.pem", None)]);
    watched(&kept, async {
        kept.until_begun().await;
        let source = Source::new("file:b.pem", Origin::File(kept.path("other/b.pem")), None);
        let loaded = load(vec![source], now());
        // It changes between that it is loaded and that it is followed.
        let next = made("b.test");
        next.replace(&kept.path("other/b.pem"));
        kept.keeper.follow(&loaded);
        kept.until_served(&next).await;
        let next = made("b.test");
        next.replace(&kept.path("other/b.pem"));
        kept.until_served(&next).await;
        assert_eq!(kept.keeper.certificates().list().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_certificate_of_several_sources_changes_in_all() {
    let kept = Kept::new(
        |root| {
            made("a.test").write(&root.join("a.pem"));
            symlink("a.pem", root.join("b.pem")).unwrap();
        },
        &[("a.pem", None), ("b.pem", None)],
    );
    watched(&kept, async {
        let next = made("a.test");
        next.replace(&kept.path("a.pem"));
        let is_everywhere = |kept: &Kept| {
            let all = kept.keeper.certificates().list();
            all.iter().all(|(_, served)| *served == Served::new(next.certificate()))
        };
        kept.until("both", is_everywhere).await;
    })
    .await;
}

// From here on time is skipped whenever nothing is to be done.

#[tokio::test(start_paused = true)]
async fn what_no_event_tells_is_found_by_the_sweep() {
    // A file that is written by another name than the one that is watched.
    let make = |root: &Path| {
        fs::create_dir(root.join("other")).unwrap();
        made("a.test").write(&root.join("other/name.pem"));
        fs::hard_link(root.join("other/name.pem"), root.join("a.pem")).unwrap();
    };
    let kept = Kept::new(make, &[("a.pem", None)]);
    kept.run(async {
        for _ in 0..3 {
            let began = Instant::now();
            let next = made("a.test");
            next.write(&kept.path("other/name.pem"));
            kept.until_served(&next).await;
            assert!(began.elapsed() <= 2 * SWEEP, "{:?}", began.elapsed());
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_begins_later_is_served_then() {
    let first = made("a.test");
    let kept = Kept::new(|root| first.write(&root.join("a.pem")), &[("a.pem", None)]);
    kept.run(async {
        let next = lasting("a.test", now() + DAY, now() + 90 * DAY);
        next.replace(&kept.path("a.pem"));
        kept.until_error("not valid yet").await;
        kept.until_quiet().await;
        assert!(kept.is_served(&first));
        *kept.time.lock().unwrap() = now() + DAY;
        kept.until_served(&next).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_stays_wrong_is_looked_at_again_until_it_is_told() {
    let kept = Kept::new(|root| made("a.test").write(&root.join("a.pem")), &[("a.pem", None)]);
    kept.run(async {
        fs::write(kept.path("a.pem"), "").unwrap();
        kept.until_error("it is empty").await;
        let began = Instant::now();
        assert!(kept.keeper.shared.book().deadline().is_some());
        kept.until_quiet().await;
        assert_eq!(began.elapsed().as_secs(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_keeper_may_be_stopped_and_run_again() {
    let kept = Kept::new(|root| made("a.test").write(&root.join("a.pem")), &[("a.pem", None)]);
    for _ in 0..3 {
        let next = made("a.test");
        next.replace(&kept.path("a.pem"));
        kept.run(kept.until_served(&next)).await;
    }
}

#[tokio::test]
async fn failures_and_what_ends_soon_are_told_to_those_who_listen() {
    let kept = Kept::new(|root| made("a.test").write(&root.join("a.pem")), &[("a.pem", None)]);
    let events = Events::new();
    let mut told = events.subscribe(Interest::named("certificate").unwrap(), 8).unwrap();
    kept.keeper.tell(events);
    watched(&kept, async {
        fs::write(kept.path("a.pem"), "").unwrap();
        let Event::CertificateFailed(failed) = told.recv().await else { panic!("it has failed") };
        assert_eq!((&*failed.id, failed.is_served), ("file:a.pem", true));
        assert!(failed.error.contains("it is empty"), "{failed:?}");
    })
    .await;
    for (days, has_expired) in [(85, false), (91, true)] {
        *kept.time.lock().unwrap() = now() + days * DAY;
        kept.keeper.shared.tell_of_expiry();
        let Some(Event::CertificateExpiring(ending)) = told.try_recv() else { panic!("it ends soon") };
        assert_eq!((&*ending.id, &*ending.names), ("file:a.pem", &["a.test".to_owned()][..]));
        assert_eq!((ending.not_after, ending.has_expired), (now() + 90 * DAY, has_expired));
        assert_eq!(told.try_recv(), None);
    }
}
