use std::time::Duration;

use super::*;

fn within(seconds: u64) -> How {
    let mut how = How::by("tester");
    how.confirm = Some(Duration::from_secs(seconds));
    how
}

fn try_put(served: &Served, id: &str, how: &How) -> Result<Applied, ChangeError> {
    served.documents.apply(&put(route(id), to_app(&format!("{id}.test")), Condition::None), how)
}

/// Runs the documents until nothing waits any more.
async fn run_until_settled(served: &Served) {
    let settled = async {
        while served.documents.pending().is_some() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = served.documents.run() => {}
        () = settled => {}
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_confirms_is_taken_back() {
    let place = Place::new();
    let served = place.open_with("");
    let before = served.view().document(None);
    let applied = try_put(&served, "x", &within(60)).unwrap();
    assert!(applied.pending_until.is_some() && served.is_served("x"));
    run_until_settled(&served).await;
    assert_eq!(served.view().document(None), before);
    assert!(!served.is_served("x"));
    let last = &served.documents.revisions()[0];
    assert_eq!((last.number, last.what.as_str()), (3, "revert"));
    drop(served);
    // What ran may take a moment to let go of the directory.
    while matches!(place.try_open(), Err(OpenError::State(ChangeError::InUse { .. }))) {
        std::thread::yield_now();
    }
    assert_eq!(place.open().listed(Kind::Route), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_confirmed_stays() {
    let place = Place::new();
    let served = place.open_with("");
    let applied = try_put(&served, "x", &within(60)).unwrap();
    let wrong = served.documents.confirm(applied.revision + 1, "tester");
    assert!(matches!(wrong, Err(ChangeError::NotPending { .. })));
    served.documents.confirm(applied.revision, "tester").unwrap();
    assert!(served.documents.pending().is_none());
    assert!(matches!(
        served.documents.confirm(applied.revision, "tester"),
        Err(ChangeError::NotPending { .. })
    ));
    tokio::time::advance(Duration::from_secs(120)).await;
    assert!(served.is_served("x"));
    drop(served);
    assert_eq!(place.open().listed(Kind::Route), ["x api"]);
}

#[tokio::test(start_paused = true)]
async fn too_late_is_too_late() {
    let place = Place::new();
    let served = place.open_with("");
    let applied = try_put(&served, "x", &within(60)).unwrap();
    tokio::time::advance(Duration::from_secs(61)).await;
    let late = served.documents.confirm(applied.revision, "tester");
    assert!(matches!(late, Err(ChangeError::NotPending { .. })));
}

#[tokio::test(start_paused = true)]
async fn other_writes_wait_meanwhile() {
    let place = Place::new();
    let served = place.open_with("");
    try_put(&served, "x", &within(60)).unwrap();
    let refused = try_put(&served, "y", &How::by("tester"));
    assert!(matches!(refused, Err(ChangeError::Pending { revision: 2, .. })));
    assert!(matches!(served.documents.roll_back(1, &How::by("t")), Err(ChangeError::Pending { .. })));
    assert!(matches!(served.documents.reload("t"), Err(ChangeError::Pending { .. }) | Ok(_)));
    run_until_settled(&served).await;
    try_put(&served, "y", &How::by("tester")).unwrap();
}

/// A start after one that ended with the route `x`, and with `y` unconfirmed.
fn over_an_unconfirmed_one(place: &Place) -> Opening {
    let served = place.open_with("");
    try_put(&served, "x", &How::by("tester")).unwrap();
    try_put(&served, "y", &within(60)).unwrap();
    drop(served);
    place.try_open().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_restart_before_the_confirmation_starts_the_revision_before() {
    let place = Place::new();
    let opening = over_an_unconfirmed_one(&place);
    let told = opening.problems().join("\n");
    assert!(told.contains("revision 3 was not confirmed"), "{told}");
    let served = Served::of(opening);
    assert_eq!(served.listed(Kind::Route), ["x api"]);
    try_put(&served, "z", &How::by("tester")).unwrap();
    drop(served);
    assert_eq!(place.open().listed(Kind::Route), ["x api", "z api"]);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_may_be_on_trial_as_well() {
    let place = Place::new();
    let served = place.open_with("");
    try_put(&served, "x", &How::by("tester")).unwrap();
    served.documents.roll_back(1, &within(60)).unwrap();
    assert!(!served.is_served("x"));
    run_until_settled(&served).await;
    assert!(served.is_served("x"));
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_over_an_unconfirmed_revision_all_goes_on() {
    let place = Place::new();
    let served = Served::of(over_an_unconfirmed_one(&place));
    let told = |served: &Served| -> Vec<String> {
        let all = served.documents.revisions();
        all.iter().map(|one| format!("{} {} {}", one.number, one.what.as_str(), one.by)).collect()
    };
    let before = ["4 revert proxyd", "3 write tester", "2 write tester", "1 start file"];
    assert_eq!(told(&served), before);
    let applied = try_put(&served, "z", &within(60)).unwrap();
    assert_eq!(applied.revision, 5);
    served.documents.confirm(5, "tester").unwrap();
    let applied = try_put(&served, "w", &within(60)).unwrap();
    assert_eq!(applied.revision, 6);
    tokio::time::advance(Duration::from_secs(61)).await;
    run_until_settled(&served).await;
    assert_eq!(try_put(&served, "v", &How::by("tester")).unwrap().revision, 8);
    let all = told(&served);
    assert_eq!(all[..4], ["8 write tester", "7 revert proxyd", "6 write tester", "5 write tester"]);
    assert_eq!(all[4..], before);
    served.documents.roll_back(2, &How::by("tester")).unwrap();
    assert_eq!(served.listed(Kind::Route), ["x api"]);
    drop(served);
    while matches!(place.try_open(), Err(OpenError::State(ChangeError::InUse { .. }))) {
        std::thread::yield_now();
    }
    let again = place.open();
    assert_eq!(told(&again)[1..], all);
    assert_eq!(again.listed(Kind::Route), ["x api"]);
    again.documents.roll_back(5, &How::by("tester")).unwrap();
    assert_eq!(again.listed(Kind::Route), ["x api", "z api"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_back_is_served_as_it_was_whatever_became_of_files() {
    let place = Place::new();
    let secret = secrets::pair("a.test");
    let pem = place.dir.path().join("a.pem");
    fs::write(&pem, format!("{}{}", secret.0, secret.1)).unwrap();
    let served = place.open_with(&format!("certificates: [{{ id: a.test, cert: {} }}]", pem.display()));
    let (cert, key) = secrets::pair("a.test");
    let change = put(secrets::key(), json!({ "cert": cert, "key": key }), Condition::None);
    served.documents.apply(&change, &within(60)).unwrap();
    fs::remove_file(&pem).unwrap();
    tokio::time::advance(Duration::from_secs(61)).await;
    run_until_settled(&served).await;
    assert_eq!(served.listed(Kind::Certificate), ["a.test file"]);
    assert!(served.documents.pending().is_none());
}
