use control_plane::changes::{Entry, Owner};

use super::*;

/// A small random source.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn random_route(dice: &mut Dice) -> Value {
    let host = ["a.test", "b.test", "*.test", "*", "bad host"][dice.roll(5) as usize];
    match dice.roll(4) {
        0 => json!({ "vHost": host, "respond": { "status": 200 } }),
        1 => json!({ "vHost": host, "backends": [{ "hostname": "127.0.0.1", "port": 9000 + dice.roll(3) }] }),
        2 => json!({ "vHost": host, "upstream": format!("u{}", dice.roll(3)) }),
        _ => json!({ "vHost": host, "upstream": "app", "headers": { "X-A": dice.roll(3).to_string() } }),
    }
}

fn random_edit(dice: &mut Dice) -> Edit {
    let condition = Condition::None;
    let key = match dice.roll(3) {
        0 => upstream(&format!("u{}", dice.roll(3))),
        _ => route(&format!("r{}", dice.roll(5))),
    };
    if dice.roll(4) == 0 {
        return Edit::Remove { key, condition };
    }
    let value = match key.kind {
        Kind::Upstream => json!({ "backends": [{ "hostname": "127.0.0.1", "port": 9000 + dice.roll(3) }] }),
        _ => random_route(dice),
    };
    Edit::Put { key, value, condition }
}

fn shuffle(dice: &mut Dice, list: &mut [Value]) {
    for place in (1..list.len()).rev() {
        list.swap(place, dice.roll(place as u64 + 1) as usize);
    }
}

/// The ids of the routes that the file has, whoever shadows them.
fn of_file(served: &Served) -> Vec<String> {
    let view = served.view();
    let routes = view.of_kind(Kind::Route);
    let is_files = |entry: &&Arc<Entry>| entry.owner == Owner::File || view.shadowed(&entry.key).is_some();
    routes.filter(is_files).map(|entry| entry.key.id.clone()).collect()
}

/// The ids of the routes that the API alone has, in order.
fn ids(document: &Value, of_file: &[String]) -> Vec<String> {
    let ids = document["routes"].as_array().unwrap().iter().map(|route| route["id"].as_str().unwrap());
    ids.filter(|id| !of_file.iter().any(|known| known == id)).map(str::to_owned).collect()
}

/// What the engine serves, as far as it can be told.
fn engine(served: &Served) -> String {
    let blueprint = served.documents.control().handle().blueprint();
    let routes: Vec<_> = blueprint.routes.iter().map(|route| format!("{route:?}")).collect();
    let upstreams: Vec<_> = blueprint.upstreams.iter().map(|upstream| format!("{upstream:?}")).collect();
    format!("{routes:#?}{upstreams:#?}")
}

#[test]
fn whatever_is_done_a_restart_serves_the_same() {
    let seed = 7;
    let mut dice = Dice(seed);
    let place = Place::new();
    let file = |dice: &mut Dice| {
        let mut text = String::from("routes:\n");
        for id in 0..=dice.roll(3) {
            text.push_str(&format!("  - {{ id: r{id}, vHost: f{}.test, upstream: app }}\n", dice.roll(3)));
        }
        text
    };
    let text = file(&mut dice);
    let mut served = place.open_with(&text);
    for step in 0..400 {
        match dice.roll(20) {
            0 => {
                place.write(&format!("{UPSTREAM}{}", file(&mut dice)));
                let _ = served.documents.reload("walk");
            }
            1 => {
                let numbers: Vec<u64> = served.documents.revisions().iter().map(|one| one.number).collect();
                let to = numbers[dice.roll(numbers.len() as u64) as usize];
                let _ = served.documents.roll_back(to, &How::by("walk"));
            }
            2 => {
                let mut value = served.view().document(None);
                let of_file = of_file(&served);
                shuffle(&mut dice, value["routes"].as_array_mut().unwrap());
                let wanted = ids(&value, &of_file);
                let change = Change::of(Edit::Document { value, condition: Condition::None });
                served.documents.apply(&change, &How::by("walk")).unwrap();
                assert_eq!(ids(&served.view().document(None), &of_file), wanted, "seed {seed}, step {step}");
            }
            _ => {
                let edits = (0..=dice.roll(2)).map(|_| random_edit(&mut dice)).collect();
                let _ = served.documents.apply(&Change { edits }, &How::by("walk"));
            }
        }
        if dice.roll(8) == 0 {
            let before = (served.view().document(None), engine(&served), served.listed(Kind::Route));
            drop(served);
            served = place.open();
            let after = (served.view().document(None), engine(&served), served.listed(Kind::Route));
            assert_eq!(before, after, "seed {seed}, step {step}");
        }
    }
}
