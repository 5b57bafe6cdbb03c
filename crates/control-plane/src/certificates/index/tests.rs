use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{Index, Step};

fn step(path: &str) -> Step {
    let path = Path::new(path);
    Step { dir: path.parent().unwrap().to_owned(), name: path.file_name().unwrap().to_owned() }
}

fn names<'f>(files: impl Iterator<Item = &'f Arc<Path>>) -> BTreeSet<String> {
    files.map(|file| file.display().to_string()).collect()
}

/// A long random walk against a plain list of who leads through what.
#[test]
fn the_index_agrees_with_the_trails() {
    let entries: Vec<_> = (0..3).flat_map(|dir| (0..3).map(move |name| format!("/{dir}/{name}"))).collect();
    let files: Vec<Arc<Path>> = (0..6).map(|file| Path::new(&format!("/f{file}")).into()).collect();
    let (mut index, mut model) = (Index::default(), BTreeMap::<String, Vec<String>>::new());
    let mut word = 7_u64;
    let mut random = |below: usize| {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        usize::try_from(word % below as u64).unwrap()
    };
    for _ in 0..5_000 {
        if random(4) == 0 {
            let kept: Vec<_> = files.iter().filter(|_| random(2) == 0).cloned().collect();
            let missing = index.keep(&kept);
            model.retain(|file, _| kept.iter().any(|kept| *kept.display().to_string() == *file));
            let known: Vec<_> =
                kept.iter().filter(|file| !model.contains_key(&file.display().to_string())).collect();
            assert_eq!(names(missing.iter()), names(known.into_iter()));
        } else {
            let file = &files[random(files.len())];
            let trail: Vec<_> = (0..random(4)).map(|_| entries[random(entries.len())].clone()).collect();
            let is_new = index.put(file, trail.iter().map(|entry| step(entry)).collect());
            let before = model.insert(file.display().to_string(), trail.clone());
            assert_eq!(is_new, before != Some(trail));
        }
        let leads = |test: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
            model
                .iter()
                .filter(|(_, trail)| trail.iter().any(|entry| test(entry)))
                .map(|(file, _)| file.clone())
                .collect()
        };
        for entry in &entries {
            assert_eq!(names(index.through(Path::new(entry))), leads(&|other| other == entry));
        }
        for dir in ["/0", "/1", "/2"] {
            let within = leads(&|entry| entry.starts_with(dir));
            assert_eq!(names(index.within(Path::new(dir))), within);
            assert_eq!(index.has_dir(Path::new(dir)), !within.is_empty());
            assert_eq!(index.dirs().contains(Path::new(dir)), !within.is_empty());
        }
    }
}
