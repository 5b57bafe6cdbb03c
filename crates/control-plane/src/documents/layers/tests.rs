use config::Kind;
use serde_json::json;

use super::*;

fn key(id: &str) -> Key {
    Key::new(Kind::Route, id)
}

fn held(id: &str, sequence: u64, host: &str) -> Held {
    let value = json!({ "id": id, "vHost": host, "respond": { "status": 200 } });
    let object = Object::from_json(key(id), &value, "a test", &|_| None).unwrap();
    Held { sequence, value: Arc::new(value), object }
}

fn layer(all: &[(&str, u64, &str)]) -> BTreeMap<Key, Held> {
    all.iter().map(|(id, sequence, host)| (key(id), held(id, *sequence, host))).collect()
}

fn order(layers: &Layers) -> Vec<String> {
    layers
        .in_order()
        .into_iter()
        .map(|(owner, key, held)| format!("{} {} {}", key.id, owner.as_str(), held.value["vHost"]))
        .collect()
}

#[test]
fn the_apis_stands_where_the_files_stood_and_its_others_behind() {
    let file = layer(&[("b", 1, "b.file"), ("a", 2, "a.file"), ("c", 3, "c.file")]);
    let api = layer(&[("z", 1, "z.api"), ("a", 2, "a.api"), ("y", 3, "y.api")]);
    let expected =
        ["b file \"b.file\"", "a api \"a.api\"", "c file \"c.file\"", "z api \"z.api\"", "y api \"y.api\""];
    assert_eq!(order(&Layers::of(file, api)), expected);
}

#[test]
fn steps_lead_from_one_state_to_another() {
    let before = Layers::of(layer(&[("a", 1, "1"), ("b", 2, "2")]), layer(&[("c", 1, "3")]));
    let after = Layers::of(layer(&[("b", 1, "2"), ("d", 2, "4")]), layer(&[("c", 1, "5")]));
    let mut layers = before.clone();
    let undo = layers.take_all(after.steps_from(&before));
    assert_eq!(order(&layers), order(&after));
    layers.take_all(undo);
    assert_eq!(order(&layers), order(&before));
    assert!(after.steps_from(&after).is_empty());
}

#[test]
fn a_draft_changes_nothing_and_knows_what_would_be() {
    let layers = Layers::of(layer(&[("a", 1, "1")]), layer(&[("b", 4, "2")]));
    let mut draft = Draft::new(&layers);
    draft.put(held("c", 0, "3").object, json!({ "vHost": "3" }));
    draft.put(held("a", 0, "4").object, json!({ "vHost": "4" }));
    draft.remove(key("b"));
    let effective =
        |id: &str| draft.effective(&key(id)).map(|(owner, held)| (owner, held.value["vHost"].clone()));
    assert_eq!(effective("a"), Some((Owner::Api, json!("4"))));
    assert_eq!(effective("b"), None);
    let sequences = |id: &str| draft.get(Owner::Api, &key(id)).map(|held| held.sequence);
    assert_eq!((sequences("c"), sequences("a")), (Some(4 + ROOM), Some(4 + 2 * ROOM)), "behind all others");
    let mut keys = draft.api_keys();
    keys.sort();
    assert_eq!(keys, [key("a"), key("c")]);
    let steps = draft.into_steps();
    assert_eq!(steps.iter().map(|step| step.key.id.as_str()).collect::<Vec<_>>(), ["c", "a", "b"]);
}

#[test]
fn what_comes_to_nothing_is_no_step() {
    let layers = Layers::of(BTreeMap::new(), layer(&[("b", 4, "2")]));
    let mut draft = Draft::new(&layers);
    let same = layers.get(Owner::Api, &key("b")).unwrap().clone();
    draft.remove(key("b"));
    draft.put(same.object, Value::clone(&same.value));
    draft.put(held("c", 0, "3").object, json!({}));
    draft.remove(key("c"));
    assert!(draft.into_steps().is_empty());
}

/// The API's routes that are said, put in another order: the order that comes of it, and how many were touched.
fn arranged(layers: &Layers, ids: &[&str]) -> (String, usize) {
    let mut draft = Draft::new(layers);
    draft.arrange(&ids.iter().map(|id| key(id)).collect::<Vec<_>>());
    let steps = draft.into_steps();
    let touched = steps.len();
    let mut after = layers.clone();
    after.take_all(steps);
    (after.in_order().into_iter().map(|(_, key, _)| key.id.as_str()).collect(), touched)
}

#[test]
fn what_is_arranged_is_moved_where_it_must_be() {
    let (a, b, c) = (("a", ROOM, "a"), ("b", 2 * ROOM, "b"), ("c", 3 * ROOM, "c"));
    let layers = Layers::of(layer(&[("f", 1, "f")]), layer(&[a, b, c]));
    for (wanted, expected, touched) in [
        (&["a", "b", "c"][..], "fabc", 0),
        (&["b", "c", "a"], "fbca", 1),
        (&["c", "a", "b"], "fcab", 1),
        (&["a", "c", "b"], "facb", 1),
        (&["c", "b", "a"], "fcba", 2),
        (&["c"], "fabc", 0),
        (&["none"], "fabc", 0),
    ] {
        assert_eq!(arranged(&layers, wanted), (expected.into(), touched), "{wanted:?}");
    }
}

#[test]
fn where_there_is_no_room_what_follows_is_moved() {
    let layers = Layers::of(layer(&[]), layer(&[("a", 1, "a"), ("b", 2, "b"), ("c", 3, "c"), ("d", 4, "d")]));
    assert_eq!(arranged(&layers, &["d", "a", "b", "c"]), ("dabc".into(), 4));
    assert_eq!(arranged(&layers, &["a", "b", "d", "c"]), ("abdc".into(), 2));
    assert_eq!(arranged(&layers, &["b", "c", "d", "a"]), ("bcda".into(), 1));
}

#[test]
fn a_new_object_finds_its_place() {
    let layers = Layers::of(layer(&[]), layer(&[("a", 1, "a"), ("b", ROOM, "b")]));
    let mut draft = Draft::new(&layers);
    draft.put(held("n", 0, "n").object, json!({ "vHost": "n" }));
    draft.arrange(&["a", "n", "b"].map(key));
    let steps = draft.into_steps();
    assert_eq!(steps.len(), 1);
    let mut after = layers.clone();
    after.take_all(steps);
    assert_eq!(after.in_order().into_iter().map(|(_, key, _)| key.id.as_str()).collect::<String>(), "anb");
}

#[test]
fn rises_are_the_longest() {
    for (numbers, expected) in [
        (&[][..], &[][..]),
        (&[5], &[0]),
        (&[1, 2, 3], &[0, 1, 2]),
        (&[3, 1, 2], &[1, 2]),
        (&[2, 2], &[1]),
        (&[10, 9, 2, 5, 3, 7, 101, 18], &[2, 4, 5, 7]),
    ] {
        assert_eq!(longest_rise(numbers), expected, "{numbers:?}");
    }
}
