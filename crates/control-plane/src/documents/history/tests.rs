use std::time::SystemTime;

use config::{Key, Kind};

use super::*;
use crate::changes::What;
use crate::store::Layer;

fn past(number: u64) -> Past {
    let revision = Revision {
        number,
        at: SystemTime::UNIX_EPOCH,
        by: "tester".into(),
        what: What::Write,
        changes: Vec::new(),
        pending_until: None,
    };
    let undo =
        vec![ObjectChange { key: Key::new(Kind::Route, number.to_string()), layer: Layer::Api, after: None }];
    let file = FileState { digest: format!("file {number}"), passed_over: None };
    Past { revision: Arc::new(revision), undo, file }
}

fn history(most: usize, numbers: &[u64]) -> History {
    let mut history = History::new(most);
    numbers.iter().for_each(|number| history.push(past(*number)));
    history
}

#[test]
fn the_way_back_undoes_the_newest_first() {
    let history = history(10, &[3, 4, 7, 8]);
    let (undo, file) = history.back_to(4).unwrap();
    assert_eq!(undo.iter().map(|change| change.key.id.as_str()).collect::<Vec<_>>(), ["8", "7"]);
    assert_eq!(file.digest, "file 4");
    assert!(history.back_to(8).unwrap().0.is_empty());
    assert!(history.back_to(5).is_none() && history.back_to(9).is_none());
}

#[test]
fn the_oldest_is_forgotten() {
    let history = history(3, &[1, 2, 3, 4]);
    let numbers: Vec<u64> = history.newest_first().map(|past| past.revision.number).collect();
    assert_eq!(numbers, [4, 3, 2]);
    assert!(history.get(1).is_none());
    assert_eq!(history.file_before(4).unwrap().digest, "file 3");
    assert!(history.file_before(2).is_none());
}

#[test]
fn what_is_told_of_a_revision_can_change() {
    let mut history = history(3, &[1, 2]);
    let mut revision = Revision::clone(&history.get(1).unwrap().revision);
    revision.by = "another".into();
    history.tell(revision);
    assert_eq!(history.get(1).unwrap().revision.by, "another");
}
