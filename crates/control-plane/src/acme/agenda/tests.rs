use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Agenda;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn what_is_due_comes_up_once_the_earliest_first() {
    let mut agenda = Agenda::default();
    let (a, b, c): (Arc<str>, Arc<str>, Arc<str>) = ("a".into(), "b".into(), "c".into());
    agenda.put(&a, Some(at(3)));
    agenda.put(&b, Some(at(2)));
    agenda.put(&c, Some(at(9)));
    assert_eq!(agenda.first(), Some(at(2)));
    assert_eq!(agenda.take(at(1)), None);
    agenda.put(&c, Some(at(1)));
    let due: Vec<Arc<str>> = std::iter::from_fn(|| agenda.take(at(3))).collect();
    assert_eq!(due, [c, b, a]);
    assert_eq!(agenda.first(), None);
}

#[test]
fn a_name_has_one_time_however_often_it_is_put() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let names: Vec<Arc<str>> = (0..5).map(|number| Arc::from(format!("n{number}"))).collect();
    let mut agenda = Agenda::default();
    let mut model: HashMap<Arc<str>, SystemTime> = HashMap::new();
    for _ in 0..100_000 {
        let name = &names[random.usize(..names.len())];
        let time = at(random.u64(..20));
        match random.u8(..3) {
            0 => {
                agenda.put(name, Some(time));
                model.insert(Arc::clone(name), time);
            }
            1 => {
                agenda.put(name, None);
                model.remove(name);
            }
            _ => {
                let taken = agenda.take(time);
                let earliest = model.values().copied().min().filter(|&earliest| earliest <= time);
                assert_eq!(taken.as_ref().map(|name| model[name]), earliest, "seed {seed}");
                taken.map(|name| model.remove(&name));
            }
        }
        assert_eq!(agenda.first(), model.values().copied().min(), "seed {seed}");
        assert_eq!(agenda.time(name), model.get(name).copied(), "seed {seed}");
    }
}
